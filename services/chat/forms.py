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


_SKIP = re.compile(
    r"^(?:건너\s?뛰\S*|모름|모르[겠게]\S*|몰라\S*|잘\s?(?:모르|몰라)\S*|(?:딱히\s?)?없(?:음|어요?|습니다|네요|는데요?)|패스|스킵|"
    r"기억\s?(?:이\s?)?안\s?\S+|안\s?찍\S*|skip|pass|don'?t know|no|none|不知道|跳过|没有)[\s.!~ㅠㅜ]*$",
    re.IGNORECASE,
)
_CANCEL = re.compile(
    r"^(?:/cancel|(?:신고|접수|민원)?\s?(?:취소|그만|중단)\S*(?:\s\S{1,6})?|안\s?할[래게]\S*|됐어\S*|처음으로\S*|cancel|stop|取消)[\s.!~]*$",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?:상담[원사]|담당자|직원|공무원|사람)\S{0,3}\s?(?:이랑|하고|한테|과|와|을|를|으로|에게)?\s?(?:좀\s?)?"
    r"(?:연결|바꿔|통화|불러|이야기|얘기|상담)|human|real person|人工|转人工",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^(?:/affirm|네+|넵|넹|예+|응+|어+|ㅇㅇ|그래\S*|맞\S*|좋\S*|확인|접수\S*(?:\s\S{1,6})?|신고해\S*|해\s?(?:주세요|줘\S*)|부탁\S*|"
    r"(?:네|예)[\s,]+\S{1,12}(?:\s\S{1,8})?|ok(?:ay)?|yes|y|yep|是的?|好的?|对)[\s.!~ㅎㅋ]*$",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^(?:/deny|아니\S*(?:\s\S{1,12}){0,2}|아뇨\S*|노+|틀[렸려]\S*|고칠\S*|수정\S*|바꿀\S*|잘못\S*|no|n|nope|不是?)[\s.!~]*$",
    re.IGNORECASE,
)
_PLATE = re.compile(r"(?<!\d)(?:[가-힣]{2}\s?)?\d{2,3}\s?[가-힣]\s?\d{4}(?!\d)")
_TIME_WORDS = re.compile(
    r"\d|오늘|어제|그제|아까|방금|지금|현재|계속|항상|매일|매번|밤|낮|새벽|아침|점심|저녁|오전|오후|주말|평일|요일|"
    r"지난|이번|며칠|몇\s?달|작년|올해|한\s?달|일주일|하루|늘|자주|수시|today|now|yesterday|every|night|morning|今天|昨天|现在|每天",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"\[(?:전화번호|이메일)\]|(?<!\d)0\d{1,2}[\s.-]?\d{3,4}[\s.-]?\d{4}(?!\d)|\S+@\S+\.\S+")


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


def interpret(slot: Slot, text: str, *, tries: int) -> Answer:
    """What `text` says in answer to the question for `slot`, asked `tries` times without success before."""
    said = " ".join(text.split())
    if _CANCEL.match(said):
        return Answer(Outcome.CANCEL)
    if _PERSON.search(said) and letters(said) < 40:
        return Answer(Outcome.PERSON)
    if _SKIP.match(said):
        if not slot.required:
            return Answer(Outcome.SKIPPED)
        return _reask(slot, said, tries)
    problem = _problem(slot.name, said)
    if problem is None:
        return Answer(Outcome.FILLED, _tidy(slot.name, said))
    if not slot.required and _NO.match(said):
        return Answer(Outcome.SKIPPED)
    return _reask(slot, said, tries)


def _reask(slot: Slot, said: str, tries: int) -> Answer:
    if tries < PATIENCE:
        return Answer(Outcome.REASK, slot.name)
    if not slot.required:
        return Answer(Outcome.SKIPPED)
    return Answer(Outcome.FILLED, f"{said[:200]} (담당자 확인 필요)")


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
    said = " ".join(text.split())
    if _CANCEL.match(said):
        return Answer(Outcome.CANCEL)
    if _PERSON.search(said):
        return Answer(Outcome.PERSON)
    for slot in intent.slots:
        name = SLOT_NAMES[slot.name]
        if re.search(rf"{re.escape(name)}\S{{0,2}}\s?(?:고치|수정|바꾸|변경|틀|잘못|다시)", said):
            return Answer(Outcome.CORRECT, slot.name)
    if _NO.match(said):
        return Answer(Outcome.CHOOSE_CORRECTION)
    if _YES.match(said):
        return Answer(Outcome.FILE)
    return Answer(Outcome.REASK, CONFIRM)


def summary(intent: Intent, filled: dict[str, str | None]) -> str:
    """What will be filed, for the citizen to check."""
    lines = [f"· 분류: {intent.ko}"]
    for slot in intent.slots:
        value = filled.get(slot.name)
        if value and value != SKIPPED:
            lines.append(f"· {SLOT_NAMES[slot.name]}: {value}")
    return "\n".join(lines)
