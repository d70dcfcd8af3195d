"""What a citizen's first message already tells of that the form would ask. Pure functions: no Rasa, no database.

A wrong answer written down is worse than a question: whatever may mean two things, or two people, is left for the form to
ask. Each value is in the citizen's words, as an answer to the form is, and has passed the form's own reading of it. What
was measured stands in nlu_data/DATASHEET.md; tests/services/chat/test_details.py holds to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from services.chat import forms, persons
from services.chat.forms import Outcome
from services.chat.moments import moment
from services.chat.persons import Subject
from services.chat.places import place
from services.chat.regions import residence
from services.taxonomy import Slot

# Slots of a person, true of everything that the same message asks for.
PERSONAL = ("region", "age_band", "household")

# Stricter than the form's own pattern: in a sentence a word may stand before the number, and an amount may look like one.
_PLATE = re.compile(
    r"(?<![\d가-힣])(?:(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)\s?\d{1,2}|\d{2,3})\s?"
    r"[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호배아바사자육해공국합]\s?\d{4}"
    r"(?!\d|\s?(?:원|번지|호|세대|명|개|년|미터|m|만|천))"
)


def details(text: str, slots: Sequence[Slot], *, now: datetime) -> dict[str, str]:
    """Slot → what `text` (masked, as it was said) clearly tells for it, for those of `slots` that can be known so.

    `now`, the time of the message, decides whether a date is past.
    """
    said = forms.one_line(text)
    has_place = any(slot.name == "location" for slot in slots)
    readers: dict[str, Callable[[], str | None]] = {
        "location": lambda: place(said),
        "when": lambda: moment(said, now=now, errand=not has_place),
        "vehicle": lambda: _plate(said),
        "region": lambda: residence(said, of_parent=persons.subject(said) is Subject.PARENT),
        "age_band": lambda: persons.age(said),
        "household": lambda: persons.household(said),
    }
    found: dict[str, str] = {}
    for slot in slots:
        value = readers[slot.name]() if slot.name in readers else None
        if value is None or "[" in value:  # what masking has put in is no answer
            continue
        answer = forms.interpret(slot, value, tries=0)
        if answer.outcome is Outcome.FILLED and answer.value:
            found[slot.name] = answer.value
    return found


def _plate(text: str) -> str | None:
    plates = {match.group().replace(" ", "") for match in _PLATE.finditer(text)}
    return plates.pop() if len(plates) == 1 else None


__all__ = ["PERSONAL", "details"]
