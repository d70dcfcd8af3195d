"""What a citizen's answer to a form's question means. Pure functions: no Rasa, no database.

A form asks the slots of its intent in the taxonomy's order, then asks to confirm. Every answer is one of the outcomes
below; nothing a citizen says is an error.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import korean_datetime

from services.chat.enums import Language
from services.taxonomy import Intent, Slot

CONFIRM = "confirm"
SKIPPED = "건너뜀"
# After so many useless answers to a required question, whatever was said is taken down for a person to sort out.
PATIENCE = 2

SLOT_NAMES: dict[str, str] = {
    "location": "위치",
    "when": "일시",
    "photo": "사진",
    "contact": "연락처",
    "vehicle": "차량 번호",
    "detail": "내용",
    "region": "지역",
    "age_band": "연령대",
    "household": "가구",
    "language": "언어",
}
SLOT_NAMES_IN: dict[Language, dict[str, str]] = {
    Language.KO: SLOT_NAMES,
    Language.EN: {
        "location": "place",
        "when": "time",
        "photo": "photo",
        "contact": "contact",
        "vehicle": "vehicle number",
        "detail": "details",
        "region": "region",
        "age_band": "age group",
        "household": "household",
        "language": "language",
    },
    Language.ZH: {
        "location": "地点",
        "when": "时间",
        "photo": "照片",
        "contact": "联系方式",
        "vehicle": "车牌号",
        "detail": "内容",
        "region": "地区",
        "age_band": "年龄段",
        "household": "家庭",
        "language": "语言",
    },
}
_KIND: dict[Language, str] = {Language.KO: "분류", Language.EN: "about", Language.ZH: "类别"}
# What masking and the form put into an answer, for those who cannot read Korean; the officer gets the Korean words.
_UNCLEAR = "(담당자 확인 필요)"
_LABELS_IN: dict[Language, dict[str, str]] = {
    Language.KO: {},
    Language.EN: {
        _UNCLEAR: "(an officer will check this)",
        "[주민등록번호]": "[registration number]",
        "[외국인등록번호]": "[residence card number]",
        "[전화번호]": "[phone number]",
        "[카드번호]": "[card number]",
        "[계좌번호]": "[account number]",
        "[여권번호]": "[passport number]",
        "[운전면허번호]": "[driving licence number]",
        "[이메일]": "[email]",
    },
    Language.ZH: {
        _UNCLEAR: "（由工作人员确认）",
        "[주민등록번호]": "[居民登记号]",
        "[외국인등록번호]": "[外国人登录号]",
        "[전화번호]": "[电话号码]",
        "[카드번호]": "[卡号]",
        "[계좌번호]": "[账号]",
        "[여권번호]": "[护照号]",
        "[운전면허번호]": "[驾照号]",
        "[이메일]": "[邮箱]",
    },
}


class Outcome(StrEnum):
    FILLED = "filled"
    SKIPPED = "skipped"
    REASK = "reask"
    CANCEL = "cancel"
    PERSON = "person"
    FILE = "file"
    CORRECT = "correct"
    CHOOSE_CORRECTION = "choose_correction"


@dataclass(frozen=True)
class Answer:
    """`value` is what is taken down (FILLED), the slot to ask again (CORRECT), or a hint for the citizen (REASK)."""

    outcome: Outcome
    value: str | None = None


_FRILLS = re.compile(r"^[^\w/]+|(?:[^\w/]|[ㅋㅎㅠㅜ])+$")
# Words that a citizen says about the answer itself, each as the whole answer: a place may well be called 취소선.
_SKIP = re.compile(
    r"(?:(?:사진|연락처|전화번호|번호|차량\s?번호|시간|날짜|위치|주소|내용)(?:은|는|이|가|을|를|도)?\s?)?"
    r"(?:(?:그냥|일단|이건|그건|딱히|따로|저도|정확히는?|전혀|아직)\s?){0,2}"
    r"(?:건너\s?[뛰뛸뜀]\S*(?:\s주\S*)?|(?:다음(?:으로)?\s?)?넘[어기길]\S*(?:\s?(?:갈|가|주)\S*)?|생략\S*(?:\s?주\S*)?|"
    r"(?:잘\s?)?(?:모름|모르겠\S*|모르는\S*|모릅니다|모르네요|모르지만|몰라\S*|몰랐\S*)(?:\s?[요네]\S?)?|"
    r"(?:필요\s?)?(?:없음|없어|없네|없다|없는데|없습니다|없거든|없을)\S{0,3}|패스\S*|스킵\S*|"
    r"(?:기억|생각)(?:이|은)?\s?(?:잘\s?)?(?:안\s?\S+|없\S*|나지\s?않\S*)|"
    r"(?:못|안)\s?(?:찍|남기|남길|적|알려|밝히|쓸|쓰|말|할|하)\S*(?:\s?(?:싶|줄|게|않)\S*)?|찍지\s?(?:못|않)\S*|"
    r"(?:남기|알려\s?주|알려주|밝히|적|말하)고\s?싶지\s?않\S*|(?:please\s)?skip(?:\s(?:it|this|that))?(?:\splease)?|pass|(?:i\s)?(?:do\snot|don['’]?t)\s(?:know|remember|have\s(?:it|any|one|(?:a\s)?(?:photo|picture|number)s?))|"
    r"(?:i['’]?m\s|i\sam\s)?not\ssure|no\sidea|no|none|nothing|no\s(?:photo|picture|contact|phone|number)s?|"
    r"(?:我)?(?:不知道|不清楚|不记得(?:了)?|不太清楚|忘了|没有?拍)|(?:请)?跳过(?:吧)?|(?:我)?没有(?:了|照片|联系方式|车牌号|电话)?|无)",
    re.IGNORECASE,
)
_CANCEL = re.compile(
    r"/cancel|(?:(?:네|예|아니요?|그냥|이거|이|그럼|죄송하지만|죄송해요)\s)*"
    r"(?:(?:신고|접수|민원)(?:는|은|을|를)?\s?)?"
    r"(?:(?:취소|중단)(?:요|할\S*|해\S*|하\S*|합\S*|했\S*|시켜\S*|부탁\S*|좀)?|"
    r"그만(?:요|둘\S*|두\S*|할\S*|해\S*|하\S*)?)(?:\s?(?:주\S*|줘\S*|할\S*|하고\s?싶\S*|싶\S*|부탁\S*|해\S*|두\S*|둘\S*))?|"
    r"(?:(?:신고|접수|민원)(?:는|은|을|를)?\s?)?안\s?할[래게]\S*|(?:신고|접수)하지\s?(?:마|말|않)\S*(?:\s?주\S*)?|"
    r"(?:이제\s?)?(?:됐어|됐습|됐으|되었)\S*|처음으로(?:\s?(?:가|돌아)\S*)?|"
    r"(?:please\s|no,?\s)?(?:i\s(?:want|would\slike)\sto\s)?(?:cancel|stop)(?:\s(?:it|this|that|please|the\s(?:report|case|form|filing)))?(?:\splease)?|"
    r"never\s?mind|forget\s(?:it|about\sit)|do(?:n['’]?t|\snot)\s(?:file|submit|send)\s(?:it|this)|"
    r"(?:我)?(?:想|要)?(?:请)?取消(?:提交|申请|举报|吧|了)?|算了(?:吧)?|不(?:提交|举报|申请|用)了|别提交(?:了)?",
    re.IGNORECASE,
)
# A wish for a person, not a complaint about one: "직원이랑 통화했는데 불친절했어요" is a report.
_PERSON = re.compile(
    r"(?:상담[원사]|담당자|직원|공무원|사람)(?:\s?분)?(?:이랑|하고|한테|에게|과|와|을|를|으로|이|님\S?)?\s?(?:좀\s?|직접\s?)?"
    r"(?:연결|바꿔|통화|불러|이야기|얘기|상담|대화|말)(?:을|를)?\s?(?:좀\s?)?"
    r"(?:해\s?(?:주\S*|줘\S*)?|하고\s?싶\S*|하고파\S*|할\s?(?:수|래|게)\S*(?:\s?있\S*)?|시켜\S*(?:\s?주\S*)?|부탁\S*(?:\s?드\S*)?|원\S*|"
    r"주\S*|줘\S*|가능\S*|좀|요|바라\S*)?[\s.!?~]*$|"
    r"(?:상담[원사]|사람)(?:\s?연결)?[\s.!?~]*$|\b(?:talk|speak)\b.*\b(?:human|person|agent)\b|real person|"
    r"\b(?:talk|speak|connect|transfer)\b.*\b(?:person|officer|operator|someone)(?:\splease|\snow)?[\s.!?]*$|^(?:a\s)?human(?:\splease)?$|"
    r"(?:(?:转|转接|找|要|接)\s?(?:人工|真人|工作人员)|^人工)(?:服务|客服)?(?:谈|聊|说话|吧)?[\s。.!！~]*$",
    re.IGNORECASE,
)
_YES_WORD = (
    r"(?:/affirm|네+|넵+|넹|예+|응+|어+|웅|ㅇㅇ+|ㅇㅋ|그래\S{0,2}|그렇게\S{0,6}|맞(?:(?:아|습|네|는|음|구)\S{0,3})?|좋(?:아|습|네)\S{0,3}|확인\S{0,3}|"
    r"이대로|그대로|빨리|꼭|제발|다|잘|정확\S{0,4}|"
    r"(?:접수|신고|제출)(?:할게\S*|해\S*|하\S{0,4}|부탁\S*|요|시켜\S*)?|해(?:주\S{0,4}|줘\S{0,2}|요)?|진행\S{0,5}|보내\S{0,4}|올려\S{0,4}|"
    r"주세요|주십시오|줘\S{0,2}|주시면|드려요|드립니다|부탁\S*|감사\S*|고마\S*|됩니다|돼요|"
    r"ok(?:ay)?|yes|y|yep|yeah|sure|please|go\sahead|(?:file|submit|send)(?:\s(?:it|this))?(?:\snow)?|"
    r"(?:that['’]?s\s|that\sis\s|it['’]?s\s|it\sis\s|all\s|looks\s|everything\sis\s)?(?:correct|right|good|fine)|confirm(?:ed)?|"
    r"是的?|好的?|对的?|可以(?:的)?|没问题|没错|正确|确认(?:提交)?|(?:请|就这样|这样)?(?:提交|受理)(?:吧)?|就这样(?:吧)?|行|嗯)"
)
_YES = re.compile(rf"{_YES_WORD}(?:\s{_YES_WORD}){{0,5}}", re.IGNORECASE)
_NOT = re.compile(
    r"안\s?(?:[할해돼되맞]|접수|신고)|않|지\s?(?:마|말)|말아|아니|아뇨|잠[깐시]|취소|그만|보류|기다|나중|틀[렸려린]|don['’]?t|not|\bno\b|wrong|wait|later|cancel|不|别|等|取消",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:/deny|아니\S*(?:\s\S{1,12}){0,2}|아뇨\S*(?:\s\S{1,12}){0,2}|노+|ㄴㄴ+|틀[렸려린]\S*(?:\s\S{1,6})?|고[칠치쳐]\S*(?:\s\S{1,6})?|"
    r"수정\S*(?:\s\S{1,6})?|바[꿀꾸꿔]\S*(?:\s\S{1,6})?|잘못\S*(?:\s\S{1,6})?|n|nope|"
    r"no(?:,?\s(?:please\s)?(?:let\sme\s|i\s(?:want|need)\sto\s)?(?:change|correct|fix)(?:\s(?:it|this|something))?)?|"
    r"(?:no,?\s)?(?:(?:something|it|this|that)(?:['’]?s|\sis)\s)?(?:wrong|not\s(?:right|correct))|(?:change|correct|fix)\s(?:it|something)|"
    r"不是?(?:的)?|(?:不对|不行|有错|错了|不正确)(?:[,，]?\s?我?(?:想|要|需要)?(?:修改|更正|改)(?:一下|吧)?)?|"
    r"我?(?:想|要|需要)?(?:修改|更正|改)(?:一下|吧)?)",
    re.IGNORECASE,
)
_BARE_NO = re.compile(r"아니(?:요|오|여|야|에요|예요|용)?|아뇨|노+|ㄴㄴ+|no|nope|不是?", re.IGNORECASE)
_CHANGE = (
    r"\S{0,2}\s?(?:다시|좀|정보\S?|설명\S?)?\s?(?:고[치칠쳐친]|수정|바[꾸꿀꿔뀌]|변경|틀|잘못|다시|다르|달라|다른|아니)"
)
# The same in English and Chinese: a word for changing, then the part; or the part, then what is wrong with it.
_CHANGE_FIRST = r"(?:change|correct|fix|edit|update|修改|更改|更正|改(?:一下|变)?)\s?(?:the\s|my\s)?"
_WRONG_AFTER = (
    r"\s?(?:(?:is|was)\s(?:wrong|not\s(?:right|correct)|incorrect)|不对|错了|有误|不正确|写错|要改|需要(?:修改|更改))"
)
_ALSO_CALLED_ABROAD: dict[str, str] = {
    "location": "place|location|address|地点|位置|地址",
    "when": "time|date|时间|日期",
    "photo": "photo|picture|照片",
    "contact": "contact|phone(?:\\snumber)?|e-?mail|联系方式|电话(?:号码)?|邮箱",
    "vehicle": "(?:vehicle|car|plate|licen[cs]e)(?:\\s(?:plate|number))?|车牌(?:号)?|车号",
    "detail": "details?|description|text|内容|说明",
    "region": "region|city|district|地区",
    "age_band": "age(?:\\sgroup)?|年龄(?:段)?",
    "household": "household|family|家庭|家人",
    "language": "language|语言",
}
# What else people call a slot when they want it corrected.
_ALSO_CALLED: dict[str, str] = {
    "location": "위치|주소|장소|곳",
    "when": "일시|시간|날짜|시각",
    "contact": "연락처|전화번호|전화|이메일|메일",
    "vehicle": "차량\\s?번호|차\\s?번호|번호판",
    "detail": "내용|설명",
}
_PLATE = re.compile(r"(?<!\d)(?:[가-힣]{2}\s?)?\d{2,3}\s?[가-힣]\s?\d{4}(?!\d)")
_TIME_WORDS = re.compile(
    r"\d|오늘|어제|그제|아까|방금|(?:조금|좀)\s?전|지금|현재|계속|항상|매일|매번|밤|낮|새벽|아침|점심|저녁|오전|오후|주말|평일|요일|"
    r"지난|이번|며칠|몇\s?달|작년|올해|한\s?달|일주일|하루|늘|자주|수시|"
    r"today|now|yesterday|tonight|every|night|morning|afternoon|evening|\bnoon|week|month|\bday|always|often|\bago\b|all\sday|since|o'?clock|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|今天|昨天|昨晚|前天|现在|刚才|刚刚|每天|每晚|早上|上午|中午|下午|晚上|夜里|半夜|凌晨|周末|星期|"
    r"[上这本每下]个?周|[上这本每]个?月|一直|经常|总是|最近|[一二三四五六七八九十两几][点天号日月周]",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\[(?:전화번호|이메일)\]|(?<!\d)0\d{1,2}[\s.-]?\d{3,4}[\s.-]?\d{4}(?!\d)|[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63})+"
)


def letters(text: str) -> int:
    """How many letters and digits, without lone jamo such as ㅋㅋ: what carries meaning."""
    return sum(
        1
        for char in unicodedata.normalize("NFC", text)
        if char.isalnum() and not ("\u3131" <= char <= "\u318e") and not ("\u1100" <= char <= "\u11ff")
    )


def slots_of(intent: Intent) -> tuple[Slot, ...]:
    return intent.slots


def next_slot(intent: Intent, filled: dict[str, str | None]) -> str:
    """The first question without an answer; CONFIRM when all have one."""
    for slot in intent.slots:
        if filled.get(slot.name) is None:
            return slot.name
    return CONFIRM


def one_line(text: str) -> str:
    """The answer on one line, in composed Korean: some keyboards and file names send letters taken apart."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _core(said: str) -> str:
    """The answer without what carries no meaning at its ends: marks, emoji, ㅠㅠ; "/affirm" and "ㅇㅇ" stay."""
    kept = _FRILLS.sub("", said)
    return kept or said


def interpret(slot: Slot, text: str, *, tries: int) -> Answer:
    """What `text` says in answer to the question for `slot`, asked `tries` times without success before."""
    said = one_line(text)
    core = _core(said)
    if _CANCEL.fullmatch(core):
        return Answer(Outcome.CANCEL)
    if _PERSON.search(core) and letters(said) < 40:
        return Answer(Outcome.PERSON)
    if _SKIP.fullmatch(core):
        if not slot.required:
            return Answer(Outcome.SKIPPED)
        return _reask(slot, said, tries)
    if not slot.required and _BARE_NO.fullmatch(core):
        return Answer(Outcome.SKIPPED)
    if _problem(slot.name, said) is None:
        return Answer(Outcome.FILLED, _tidy(slot.name, said))
    return _reask(slot, said, tries)


def _reask(slot: Slot, said: str, tries: int) -> Answer:
    if tries < PATIENCE:
        return Answer(Outcome.REASK, slot.name)
    if not slot.required:
        return Answer(Outcome.SKIPPED)
    return Answer(Outcome.FILLED, f"{said[:200]} {_UNCLEAR}")


def _problem(name: str, said: str) -> str | None:
    if name == "contact":
        return None if _CONTACT.search(said) else "contact"
    if name == "vehicle":
        return None if _PLATE.search(said) or letters(said) >= 4 else "vehicle"
    if name == "when":
        return None if _TIME_WORDS.search(said) or korean_datetime.parse_all(said) else "when"
    enough = {"location": 2, "detail": 4, "photo": 2}.get(name, 1)
    return None if letters(said) >= enough else name


def _tidy(name: str, said: str) -> str:
    if name == "vehicle":
        plate = _PLATE.search(said)
        if plate and letters(said) - letters(plate.group()) <= 6:
            return plate.group().replace(" ", "")
    return said[:1000]


def interpret_confirmation(intent: Intent, text: str) -> Answer:
    """What `text` says to "shall I file it like this?"."""
    said = one_line(text)
    core = _core(said)
    if _CANCEL.fullmatch(core):
        return Answer(Outcome.CANCEL)
    if _PERSON.search(core):
        return Answer(Outcome.PERSON)
    for slot in intent.slots:
        names = _ALSO_CALLED.get(slot.name, re.escape(SLOT_NAMES[slot.name]))
        abroad = _ALSO_CALLED_ABROAD[slot.name]
        if re.search(rf"(?:{names}){_CHANGE}", said) or re.search(
            rf"{_CHANGE_FIRST}(?:{abroad})(?![a-z])|(?<![a-z])(?:{abroad}){_WRONG_AFTER}", said, re.IGNORECASE
        ):
            return Answer(Outcome.CORRECT, slot.name)
    if _NO.fullmatch(core):
        return Answer(Outcome.CHOOSE_CORRECTION)
    # Filing cannot be taken back unseen: every word of the answer has to say yes, and none no.
    asks = "?" in said or "？" in said
    if not asks and not _NOT.search(core) and _YES.fullmatch(one_line(re.sub("[,，、]", " ", core))):
        return Answer(Outcome.FILE)
    return Answer(Outcome.REASK, CONFIRM)


def summary(
    intent: Intent, filled: dict[str, str | None], *, language: Language = Language.KO, need: str | None = None
) -> str:
    """What will be filed, for the citizen to check. `need`: the need's name in that language."""
    lines = [_line(_KIND[language], need or intent.ko)]
    for slot in intent.slots:
        value = filled.get(slot.name)
        if value and value != SKIPPED:
            lines.append(_line(SLOT_NAMES_IN[language][slot.name], _readable(value, language)))
    return "\n".join(lines)


def _line(name: str, value: str) -> str:
    return f"· {name[0].upper()}{name[1:]}: {value}"


def _readable(value: str, language: Language) -> str:
    for korean, foreign in _LABELS_IN[language].items():
        value = value.replace(korean, foreign)
    return value
