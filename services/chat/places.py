"""The place that a message tells, in the citizen's words: one that an officer could find.

That is an address (중앙로 12, 봉천동 1234-5), or something with a name of its own (강남역 3번 출구, 한빛초등학교 앞, 망원시장 입구),
with what stands before it (서울 강남구) and after it (앞 횡단보도). A region alone is none, nor are 우리 집 앞, 여기, 동네 골목. Nothing is found
where a name is where somebody lives, comes from or goes to, or where two places are told. The words are in nlu_data/places.yml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.chat.place_words import excluded, words
from services.chat.regions import NEIGHBOURHOOD, Region, quarters, regions

_LETTER = "가-힣A-Za-z0-9"

_PLACES, _BUILDINGS, _CHAINS = (words(name).pattern for name in ("places", "buildings", "chains"))
_SIDES, _SPOTS, _THINGS = (words(name).pattern for name in ("sides", "spots", "things"))
_ONE_IN_A_QUARTER, _APART = words("one_in_a_quarter").pattern, words("apart").pattern
_NO_NAMES, _NO_STATIONS, _NO_ROADS = (excluded(name) for name in ("not_names", "not_stations", "not_roads"))
_MAYORS = words("mayors").whole

_BRIDGE = (
    r"(?!보행교|보도교|인도교|고가교|천주교|기독교|[가-힣]{0,3}(?:학|육|철|종|외)교)"
    r"[가-힣]{2,4}\d?교(?=\s?(?:밑|아래|위|남단|북단|하부|다리|난간))"
)
_NUMBERED = (
    r"\d{1,2}\s?번\s?(?:출구|출입구|게이트|승강장|홈|창구|가로등)|제?\d{1,2}(?:단지|공단|터미널|주차장)|"
    r"\d{1,4}\s?동\s?(?:과|와|이랑|하고)\s?\d{1,4}\s?동\s?사이|\d{1,4}\s?동(?:\s?\d{1,4}\s?호)?(?:\s?라인)?|[가나다라마바A-F]동(?:\s?\d{1,4}\s?호)?|\d{3,4}\s?호|"
    r"지하\s?\d{1,2}층|\d{1,2}층|\d{1,2}-\d{1,2}번?\s?(?:승강장|출입문)?"
)
_PIECE = (
    rf"(?:{_NUMBERED}|(?:바로\s)?(?!안내)(?:{_SIDES})|{_SPOTS}|{_THINGS}|(?:{_CHAINS})(?:\s?[가-힣]{{2,8}}점)?|"
    r"[가-힣]{1,4}\s?현장|[가-힣]{1,4}(?:주차장|공장|골목|화장실|공사장|현장|출입구|굴다리|광장|마트|약국|편의점|식당|슈퍼|은행|학원|교회|빌라|아파트|빌딩|상가|어린이집|유치원|주유소))"
)
_PARTICLE = (
    r"(?:에서는요?|에서도|에서만|에서부터|에서|에선|에는|에도|에만|에다가?|에요|에|의|은요?|는요?|이요|이|가|을|를|도|인데요?|인데여|입니다|임|"
    r"이에요|이예요|예요|이에여|이고요?|이구요|이며|이라서?|라서|이네요|으로|로|과|와|하고|이랑|랑|까지|부터|요)"
)
_EDGE = rf"(?=(?:{_PARTICLE})?(?![{_LETTER}]))"
_BEFORE = rf"(?<![{_LETTER}])"
_THEN = rf"(?=(?:{_PARTICLE})?(?![{_LETTER}])|\s?{_PIECE}{_EDGE}|\s?{_PIECE}\s?{_PIECE})"

_ROAD = re.compile(
    rf"{_BEFORE}(?P<name>(?:[가-힣]{{1,9}}?[가-힣]|종)(?:대로|로|길))(?:\s?\d{{1,4}}(?:번[가나다라마바사]?|[가나다라마바사])?\s?길)?\s?"
    rf"\d{{1,4}}(?:-\d{{1,4}})?(?:번지)?(?!가){_THEN}"
)
_BRANCH_ROAD = re.compile(
    rf"{_BEFORE}(?P<name>[가-힣]{{1,9}}?[가-힣](?:대로|로))\s?\d{{1,4}}(?:번[가나다라마바사]?|[가나다라마바사])?\s?길"
    rf"(?=\s?{_PIECE}{_EDGE})"
)
_ROAD_CROSSING = re.compile(rf"{_BEFORE}(?P<name>[가-힣]{{2,9}}대로)\s?(?:{_APART}){_THEN}")
_LOT = re.compile(rf"\s?(?:[가-힣]{{1,4}}리\s?)?(?:산\s?)?\d{{1,4}}(?:-\d{{1,4}})?(?:\s?번지)?{_THEN}")
_UNIT = re.compile(
    r"\s?(?:일|시|분|초|명|개|번(?!지)|원|대|살|세|년|월|주|달|미터|m|km|킬로|%|배|마리|건|도|만|천|백|회|째|호선|인|가구|차례|차로)"
)
_NAMED = re.compile(
    rf"{_BEFORE}(?P<name>[가-힣A-Za-z0-9·]{{2,12}}?|[동서남북중](?=구청))(?P<kind>{_BUILDINGS}|{_PLACES})"
    rf"(?={_EDGE}|\s?{_PIECE}{_EDGE}|\s?{_PIECE}\s?{_PIECE}|\s(?:{_BUILDINGS}|{_CHAINS}))"
)
_SCHOOL = re.compile(
    rf"{_BEFORE}(?P<name>[가-힣]{{2,5}})(?:초(?=\s?(?:앞|정문|후문|교문|옆|뒤|사거리|건너|맞은))|"
    r"[중고](?=\s?(?:정문|후문|교문))|대(?=\s?(?:정문|후문)))"
)
_BRANCH = re.compile(rf"{_BEFORE}(?:{_CHAINS})\s?[가-힣]{{2,8}}점{_EDGE}")
_KNOWN = re.compile(rf"{_BEFORE}(?:{words('known').pattern}){_THEN}")
_BRIDGES = re.compile(rf"{_BEFORE}{_BRIDGE}")
_CROSSING = re.compile(
    rf"(?<![가-힣])(?P<name>[가-힣]{{2,5}})\s(?P<kind>{_APART})(?={_EDGE}|\s?{_PIECE}{_EDGE}|\s?{_PIECE}\s?{_PIECE})"
)
_ESTATE = re.compile(rf"{_BEFORE}(?P<name>[가-힣0-9]{{2,8}})\s(?:아파트|빌라|오피스텔|맨션)\s?\d{{1,4}}\s?(?:동|단지)")
_DESCRIBED = re.compile(r"[은는의된한진운른간편앞옆뒤쪽번]$")
_NEAR = re.compile(rf"\s?(?:{_ONE_IN_A_QUARTER})")
_TAIL_AT = re.compile(rf"(?:\s?{_PIECE}|,\s?(?:{_NUMBERED})){{0,8}}{_EDGE}")
_LAST_SPOT = re.compile(rf"\s?(?:{_SPOTS}|{_THINGS}|[가-힣]{{1,4}}(?:공장|골목|공사장|\s?현장))$")
_LAST_THING = re.compile(rf"\s?(?:{_THINGS})$")
_THERE = re.compile(r"에|쪽|[인이]데|입니다|이[에고요]|예요|요(?![가-힣])|\s*(?:$|[.,!?~…ㅠㅜㅋㅎ)])")
_SAID_OF = re.compile(r"(?:[이가을를은는도의]|으로|로)(?![가-힣A-Za-z0-9])")
_TOWN_BEFORE = re.compile(
    r"(?<![가-힣])(?!\S*(?:택시|입구|출구|수구|상구|친구|(?:다섯|여섯|일곱|여덟|아홉)시|[활운행이노아자공작변]동)\s$)[가-힣]{2,4}(?:시|군|구|동)\s$"
)

# After a place: somebody lives or works there, goes there or comes from there, or deals with it.
_OF_OTHERS = r"\s(?:아이|애|할머니|할아버지|어르신|노인|분|사람|이웃|아저씨|아주머니|모자|부부)(?:들)?(?:이|가|께서|을|를|은|는|의|\s)"
_LIVED_IN = (
    rf"(?:에서|에|의)?\s?(?:(?:혼자|같이|함께|오래)\s)?(?:사는(?!{_OF_OTHERS})|살고|살아|살던|살았|삽니|산다|사시|사세|사십|거주|이사|태어|다니|다녔|다닙|"
    r"직원|상인|출신)"
)
_NOT_MEANT = r"\s?(?:말고|아니|처럼|보다|만큼|같은|같이|쪽으로|방향|방면|행\s|(?:우리|저희|제|내)\s)"
_GONE_TO = (
    r"(?:에서|에)\s?(?:약\s|한\s)?(?:근무|출근|퇴근|일하|일해|내려|내렸|내린|내리면|타고|탔|타려|타면|탑승|환승|갈아|출발|도착|가려|가는|가다|갔|가서|갈\s|가야|"
    r"오는|오다|왔|와서|\d+\s?(?:미터|m|M|분|키로|km))|(?:까지|으로|로|부터)(?![가-힣])|[을를]\s(?:자주|매일|가려|가기|가는|갔|다니|이용|좋아|산책)"
)
_DEALT_WITH = r"(?:에서|에)\s?(?:전화|문의|물어|신고|민원|접수|알아보|예약|퇴원|입원|치료|수술|진료|검사|상담|신청|졸업|입학|발급|안내|답변|연락)"
_NOT_THERE = re.compile(f"{_LIVED_IN}|{_NOT_MEANT}|{_GONE_TO}|{_DEALT_WITH}")
_BETWEEN = re.compile(r"(?:와|과|이랑|랑|하고|에서)\s$")
_BETWEEN_END = re.compile(r"\s?(?:까지\s)?(?:사이|중간|구간|가는\s?길|가는\s?방향|넘어가는\s?길)(?![가-힣]{2})")
_VAGUE_BEFORE = re.compile(r"(?:우리|저희|제가\s사는|내가\s사는|제|울)\s(?:동네\s)?$")
# Letters of a place; what is longer is a list of places.
_LONGEST = 60


@dataclass(frozen=True)
class _Found:
    """`building`: no place without a part or a side of it. `weak`: it has none; one end of a stretch at most."""

    start: int
    end: int
    building: bool = False
    weak: bool = False


def place(text: str) -> str | None:
    """The one place that the text clearly tells, as it is written there."""
    named = list(regions(text))
    wholes = [whole for core in _cores(text, named) if (whole := _whole(text, core, named)) is not None]
    merged = _merged(text, wholes)
    told = {
        text[found.start : found.end] for found in merged if not found.weak and not _NOT_THERE.match(text[found.end :])
    }
    only = told.pop() if len(told) == 1 else None
    return only if only is not None and len(only) <= _LONGEST else None


def _cores(text: str, named: list[Region]) -> Iterator[_Found]:
    """What makes a place findable, without what stands before and after it."""
    for match in _ROAD.finditer(text):
        if match["name"] not in _NO_ROADS and not _is_amount(text, match.end()):
            yield _Found(match.start(), match.end())
    for pattern in (_BRANCH_ROAD, _ROAD_CROSSING):
        for match in pattern.finditer(text):
            if match["name"] not in _NO_ROADS:
                yield _Found(match.start(), match.end(), building=pattern is _BRANCH_ROAD)
    for region in named:
        lot = _LOT.match(text, region.end) if region.level == NEIGHBOURHOOD else None
        if lot and not _is_amount(text, lot.end()):
            yield _Found(region.start, lot.end())
        near = _NEAR.match(text, region.end) if region.certain else None
        if near and _tail(text, near.end()) > near.end():
            yield _Found(region.start, near.end())
    for match in _NAMED.finditer(text):
        if _is_name(match["name"], match["kind"], text, match.end()):
            yield _Found(match.start(), match.end(), building=re.fullmatch(_PLACES, match["kind"]) is None)
    for match in _SCHOOL.finditer(text):
        if match["name"] not in _NO_NAMES:
            yield _Found(match.start(), match.end())
    yield from (_Found(match.start(), match.end(), building=True) for match in _KNOWN.finditer(text))
    for pattern in (_BRANCH, _BRIDGES):
        yield from (_Found(match.start(), match.end()) for match in pattern.finditer(text))
    for match in _CROSSING.finditer(text):
        name = match["name"]
        known = name in quarters() or any(region.end == match.end("name") for region in named if region.certain)
        if known and name not in _NO_NAMES and not (match["kind"] == "시장" and name in _MAYORS):
            yield _Found(match.start(), match.end())
    for match in _ESTATE.finditer(text):
        if match["name"] not in _NO_NAMES and not _DESCRIBED.search(match["name"]):
            yield _Found(match.start(), match.end())


def _is_amount(text: str, end: int) -> bool:
    """Whether the number that ends there counts something: 서로 3명, and not 중앙로 3 건물."""
    return _UNIT.match(text, end) is not None and re.match(rf"\s?{_PIECE}", text[end:]) is None


def _is_name(name: str, kind: str, text: str, end: int) -> bool:
    """Whether `name` sets this place apart from others of its kind."""
    if name in _NO_NAMES or name.isdigit() or (name[-1].isdigit() and kind != "단지"):
        return False
    if kind == "역" and f"{name}역" in _NO_STATIONS and not re.match(r"\s?\d{1,2}\s?번\s?출", text[end:]):
        return False
    return not (kind == "시장" and name in _MAYORS and _tail(text, end) == end)


def _tail(text: str, end: int, *, needed: bool = False) -> int:
    """The end of the pieces (3번 출구, 앞, 횡단보도) that follow.

    A last thing of which something is said (앞 도로가 파였어요) is what the message is about, and no part of the place unless one
    is `needed`.
    """
    match = _TAIL_AT.match(text, end)
    if match is None:
        return end
    last = match.end()
    about = _LAST_SPOT if _SAID_OF.match(text, last) else _LAST_THING if not _THERE.match(text, last) else None
    if about is not None and (spot := about.search(text, end, last)) is not None:
        return last if needed and spot.start() == end else spot.start()
    return last


def _whole(text: str, core: _Found, named: list[Region]) -> _Found | None:
    """The core with the regions before it and the pieces after it; None where it is `our` 초등학교."""
    start = core.start
    for region in named:
        if region.start < start and region.end <= start and re.fullmatch(r"[ ,]{0,2}", text[region.end : start]):
            start = region.start
    if start == core.start and (town := _TOWN_BEFORE.search(text[:start])):
        start = town.start()
    if _VAGUE_BEFORE.search(text[:start]):
        return None
    end = _tail(text, core.end, needed=core.building)
    return _Found(start, end, core.building, weak=core.building and end == core.end)


def _merged(text: str, found: list[_Found]) -> list[_Found]:
    """Places that overlap or stand side by side are one; so is what lies between two."""
    merged: list[_Found] = []
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        if not merged:
            merged.append(item)
            continue
        last = merged[-1]
        gap = text[last.end : item.start]
        if item.start <= last.end or re.fullmatch(r"[ ,]{0,2}", gap):
            merged[-1] = _Found(last.start, max(last.end, item.end), weak=last.weak and item.weak)
        elif _BETWEEN.fullmatch(gap) and (end := _BETWEEN_END.search(text, item.start, item.end + 8)):
            merged[-1] = _Found(last.start, max(item.end, end.end()))
        else:
            merged.append(item)
    return merged
