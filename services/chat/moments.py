"""The point in time that a message tells for what happened, in the citizen's words.

korean_datetime finds the expressions; here is decided which of them is when it happened. Nothing is, where a habit is told
(매일, 밤마다, 요즘), where only an hour or a month is, where somebody reported something then (어제 신고했는데), or where two are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import korean_datetime
from korean_datetime import Cycle, Grain, Kind, ParseOptions, TemporalExpression

_PAST = ParseOptions(cycle=Cycle.PAST)
_PRECISE = (Grain.DAY, Grain.HOUR, Grain.MINUTE, Grain.SECOND)

_HABIT = re.compile(
    r"매일|매번|매주|매달|매월|매년|날마다|맨날|만날|[가-힣]마다|마다\s|항상|(?<![가-힣])늘\s|자꾸|자주|요즘|요새|번번이|수시로|때마다|평소|허구한|이면\s?꼭|만\s?되면|일이면|가끔|종종|하루\s?종일|"
    r"\d+\s?(?:일|주|달|개월|년|시간)\s?(?:째|넘게|내내)|(?:며칠|몇\s?[가-힣]+|이틀|사흘|나흘|열흘|보름|한\s?달|일주일)\s?(?:째|넘게|내내|동안)"
)
# A day that is told as such: not 월요일 alone, which may be every Monday, nor 추석 or 8일.
_DAY = re.compile(
    r"오늘|금일|어제|어저께|그제|그저께|그끄저께|어젯밤|엊저녁|간밤|지난밤|방금|(?:\d|[일이삼사오유육칠팔구시십])\s?월\s?(?:\d{1,2}|[일이삼사오육칠팔구십]{1,3})\s?일|\d{4}[-./년]|(?:지난|저번|이번)\s?(?:주\s?)?[월화수목금토일]요일|"
    r"(?:시간|분|일|틀|흘|새|루|주일|주)\s?전|(?:지난|저번)\s?달\s?\S{1,3}일"
)
_NUMBERS_ONLY = re.compile(r"\d{1,2}\s?[-./]\s?\d{1,2}")
# Words for a day that korean_datetime does not count as one.
_JUST_NOW = re.compile(r"(?:아까|좀\s?전|조금\s?전|방금\s?전|엊그제|엊그저께)(?:에)?(?![가-힣]{2})")
_ROUND = re.compile(r"\s?(?:쯤|경|무렵|즈음|정도|전후)")
_MORE = re.compile(
    r"(?:\s(?:출근길|퇴근길|등굣길|하굣길|출근\s?시간|퇴근\s?시간|점심\s?시간|저녁\s?시간|출근\s?시간대|퇴근\s?시간대|한밤중|늦게|일찍))?(?:\s?(?:쯤|경|무렵|즈음|정도|전후))?(?:\s?사이)?(?:부터)?"
)
_EDGE = re.compile(
    r"(?:에서?|에요|에는|에만|에도|은|는|의|이|도|만|이었[가-힣]*|였[가-힣]*|입니다|이에요|예요|인데|이고|이요|요|께|날)?(?![가-힣A-Za-z0-9])"
)
_NOT_THEN = re.compile(
    r"\s?(?:까지|마다|[은는도](?![가-힣])|이후|이래|처럼|같은|보다|따라|만\s?해도|날짜|자로|하루(?!\s?종일)|장사|그\s|만든|산\s|넌\s|빌린\s|당장|바로\s|이나\s|이라도|중으로|안에|내로)"
)
# What was done then was an errand about it.
_REPORTED = re.compile(
    r"(?:신고|접수|민원|건의|제보)(?:[을를도은는]?\s?(?:했|하니|하러|한\s|한지|하고|해\s?(?:놓|두|뒀|봤)|넣|올렸|냈|드렸|드린|남겼|까지|된|됐|되었|완료))"
)
_CALLED = re.compile(
    r"전화|문의|연락|통화|물어|여쭤|상담|문자|방문|답변|안내|말씀|얘기|이야기|부탁|알아보|가입|신청|이사|입주|발급|검색|찾아보|(?<![가-힣])들었|읽었|봤더니|알게|알았|"
    r"퇴원|고쳤|고쳐|수리|치웠|치우고|설치|공사했|점검|다녀갔"
)
_NOW = re.compile(r"지금(?:\s(?!당장|바로|신고|전화|신청|문의|사는|살고|이라도|말)[^.!?\n]{2,60})")
_GOING_ON = re.compile(
    r"(?:고|어|아|해|여|져|려|워|와|놔|둬|춰|켜|[가-힣])\s?있(?:어|습|는데|네|음|다|고)|는\s?중|중(?:이[에네고]|인데|입니다)|나고\s?있|(?:납니다|나네요|들려요|들립니다|해요|합니다|하네요|하는데요|난리)[\s.!~ㅠ]*$"
)
_ONLY_DAY = re.compile(r"오늘|금일|어제|어저께|방금")
_DATE_ON_IT = re.compile(r"(?:기한|기간|제조일?|생산일?|만료일?|마감일?|생일|날짜[가이는은]?|출생일?)[이가은는]?\s?$")
_SENTENCE = re.compile(r"[.!?\n…]")
_REACH = 40


@dataclass(frozen=True)
class _Moment:
    start: int
    end: int
    is_hour: bool


def moment(text: str, *, now: datetime, errand: bool) -> str | None:
    """When it happened. `errand`: a call or a visit may be the very thing that happened."""
    if _HABIT.search(text):
        return None
    found = list(_moments(text, now))
    days = [item for item in found if not item.is_hour]
    if not days:
        return _now(text, errand=errand)
    if any(_is_other(text, item, errand=errand) for item in days) or len({text[i.start : i.end] for i in days}) != 1:
        return None
    day = days[0]
    hours = [item for item in found if item.is_hour and item.start > day.end]
    if re.search(r"\d|시|밤|새벽|아침|점심|저녁|낮|오전|오후|방금|전", text[day.start : day.end]) or not hours:
        return text[day.start : day.end]
    if len(hours) > 1 or _SENTENCE.search(text[day.end : hours[0].start]):
        return text[day.start : day.end] if hours[0].start - day.end > _REACH else None
    return f"{text[day.start : day.end]} {text[hours[0].start : hours[0].end]}"


def _moments(text: str, now: datetime) -> Iterator[_Moment]:
    expressions = korean_datetime.parse_all(text, now=now, options=_PAST)
    taken = [expression.span for expression in expressions]
    for match in _JUST_NOW.finditer(text):
        after = next((e for e in expressions if 0 <= e.span[0] - match.end() <= 1), None)
        if after is not None and after.kind is Kind.TIME:
            yield _Moment(match.start(), _end(text, after.span[1]), is_hour=False)
            taken.remove(after.span)
        elif match.group().rstrip("에")[-1] == "전" or match.group().startswith("엊"):
            yield _Moment(match.start(), len(match.group().rstrip("에")) + match.start(), is_hour=False)
            taken = [span for span in taken if not span[0] < match.end() <= span[1] + 2]
    for expression in expressions:
        start, end = expression.span
        if expression.span not in taken or expression.grain not in _PRECISE:
            continue
        if expression.kind is Kind.TIME and expression.text not in ("지난밤", "간밤"):
            if _closed(text, _end(text, end)):
                yield _Moment(start, _end(text, end), is_hour=True)
        elif _tells_day(expression, now) and not (start and re.match(r"[가-힣A-Za-z0-9-]", text[start - 1])):
            yield _Moment(start, _end(text, end), is_hour=False)


def _tells_day(expression: TemporalExpression, now: datetime) -> bool:
    told = expression.text
    if _NUMBERS_ONLY.fullmatch(told) or _DAY.search(told) is None:
        return False
    if expression.is_range and expression.kind is Kind.DATE:
        return False
    return bool(expression.start.date() <= now.date())


def _end(text: str, end: int) -> int:
    more = _MORE.match(text, end)
    return more.end() if more and _closed(text, more.end()) else end


def _closed(text: str, end: int) -> bool:
    return _EDGE.match(text, end) is not None


def _is_other(text: str, item: _Moment, *, errand: bool) -> bool:
    """Whether that is when something else happened, or no point in time at all."""
    after = text[item.end :]
    if _DATE_ON_IT.search(text[: item.start]):
        return True
    if not _closed(text, item.end) or _NOT_THEN.match(after):
        return True
    if _ONLY_DAY.fullmatch(text[item.start : item.end]) and _SENTENCE.search(text[: item.start]):
        return True  # later in a story, a mere 오늘 tells of something beside it
    clause = _SENTENCE.split(after)[0][:_REACH]
    return _REPORTED.search(clause) is not None or (not errand and _CALLED.search(clause) is not None)


def _now(text: str, *, errand: bool) -> str | None:
    match = _NOW.search(text)
    if match is None or errand or "?" in text or not _GOING_ON.search(_SENTENCE.split(match.group())[0]):
        return None
    return "지금"
