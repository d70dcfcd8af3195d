"""Finds where an analyzer's morphemes stand in the text, also where the analyzer changed their form.

Mecab and Okt return surfaces; Komoran, Hannanum and Kkma return dictionary forms ('했다' → '하', '았', '다'). A surface is
found where it stands; whatever lies between two surfaces is aligned letter by letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from bot.components.jamo import letters

Span = tuple[int, int]

_AHEAD = 8
"""Morphemes to look ahead for the next one that stands in the text unchanged."""
_REACH = 40
"""Characters within which that one must stand."""


def align(forms: Sequence[str], text: str) -> list[Span]:
    """A half-open span of `text` for each form, in characters.

    Starts and ends never decrease, every span is non-empty and inside the text. Spans overlap where several morphemes
    share a syllable ('했' is both '하' and '았').

    Args:
        forms: the morphemes in the order of the text, none blank.
        text: what was analysed; must have a character that is not blank if there are forms.

    Raises:
        ValueError: there are forms, and the text is blank.
    """
    if not forms:
        return []
    if not text.strip():
        raise ValueError("cannot align morphemes with a blank text")
    spans: list[Span] = []
    index = position = 0
    while index < len(forms):
        position = _skip_blanks(text, position)
        if text.startswith(forms[index], position):
            spans.append((position, position + len(forms[index])))
            position = spans[-1][1]
            index += 1
            continue
        until, stop = _next_anchor(forms, index, text, position)
        spans += _by_letters(forms[index:until], text, position, stop)
        index, position = until, stop
    return _repair(spans, text)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _next_anchor(forms: Sequence[str], index: int, text: str, position: int) -> tuple[int, int]:
    """The next form that can be trusted to stand unchanged, and where; (all forms, end of text) if there is none."""
    for ahead in range(index + 1, min(index + 1 + _AHEAD, len(forms))):
        form = forms[ahead]
        skipped = sum(map(len, forms[index:ahead]))
        at = text.find(form, position, position + min(_REACH, 3 * skipped + 2) + len(form))
        # a single syllable may stand anywhere: trust it only about where the forms before it would end
        if at > position and (len(form) > 1 or at - position <= skipped + 1):
            return ahead, at
    return len(forms), len(text)


def _by_letters(forms: Sequence[str], text: str, start: int, stop: int) -> list[Span]:
    """Spans inside [start, stop) by the longest common letters; (-1, -1) for a form without a common letter."""
    owners = [i for i, form in enumerate(forms) for char in form for _ in letters(char)]
    source = [letter for form in forms for char in form for letter in letters(char)]
    places = [i for i in range(start, stop) for _ in letters(text[i])]
    target = [letter for i in range(start, stop) for letter in letters(text[i])]
    spans: list[Span] = [(-1, -1)] * len(forms)
    for block in SequenceMatcher(None, source, target, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            owner, place = owners[block.a + offset], places[block.b + offset]
            first, last = spans[owner]
            spans[owner] = (place if first < 0 else min(first, place), max(last, place + 1))
    return spans


def _repair(spans: list[Span], text: str) -> list[Span]:
    """Gives forms without a place what lies between their neighbours, and makes starts and ends monotone."""
    fixed: list[Span] = []
    low_start = low_end = 0
    for index, (start, end) in enumerate(spans):
        if start < 0:
            following = next((s for s, _ in spans[index + 1 :] if s >= 0), len(text))
            start = _skip_blanks(text, low_end)
            end = following
            while end > start and text[end - 1].isspace():
                end -= 1
            if end <= start:
                start, end = max(low_end - 1, 0), max(low_end, 1)
        start = max(start, low_start)
        end = max(end, low_end, start + 1)
        fixed.append((start, end))
        low_start, low_end = start, end
    return fixed
