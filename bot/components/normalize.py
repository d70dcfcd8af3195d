"""Normalised text that still knows where each of its characters came from.

Citizens write 'ㅋㅋㅋㅋㅋ', full-width digits, decomposed Hangul (macOS) and half emoji (lone surrogates). Analyzers and
encoders want none of that, while Rasa wants offsets in the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

REPLACEMENT = "\ufffd"
JAMO_RUN = 2
"""Longest run of one compatibility jamo that is kept: 'ㅋㅋㅋㅋ' → 'ㅋㅋ'."""
OTHER_RUN = 3
"""Longest run of any other character but digits that is kept: '!!!!!!' → '!!!'."""

_PLAIN = re.compile(r"(?!.*(.)\1{3})[가-힣!-~](?:[가-힣!-~]| (?! |$))*", re.DOTALL)
"""Most texts: syllables, ASCII and single blanks, no long runs; normalising leaves them as they are."""
_FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


@dataclass(frozen=True)
class NormalizedText:
    """`text`, and for each of its characters the half-open span of the original that it stands for.

    `starts` and `ends` have the length of `text`, count in characters of the original, and never decrease.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def surface_span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original of the non-empty span [start, end) of `text`.

        Raises:
            IndexError: the span is empty or lies outside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise IndexError(f"[{start}, {end}) is not a non-empty span of {len(self.text)} characters")
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=256)
def normalize(text: str) -> NormalizedText:
    """NFKC (compatibility jamo kept), jamo and character runs squeezed, blanks joined, surrogates replaced.

    The result has no blank at either end. A text of blanks and invisible characters only becomes ''.
    """
    if _PLAIN.fullmatch(text):
        return NormalizedText(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    return _normalize(text)


def _normalize(text: str) -> NormalizedText:
    out: list[tuple[str, int, int]] = []
    run = 0
    for start, end in _clusters(text):
        for char in _compose(text[start:end]):
            if char == " ":
                if out and out[-1][0] != " ":
                    out.append((char, start, end))
                continue
            run = run + 1 if out and out[-1][0] == char else 1
            if run > _longest_run(char):
                # the run's last kept character stands for the rest of the run, too
                out[-1] = (char, out[-1][1], end)
                continue
            out.append((char, start, end))
    if out and out[-1][0] == " ":
        out.pop()
    return NormalizedText("".join(c for c, _, _ in out), tuple(s for _, s, _ in out), tuple(e for _, _, e in out))


def _longest_run(char: str) -> int:
    if "\u3131" <= char <= "\u318e":
        return JAMO_RUN
    return len(char) * 1_000_000 if char.isdigit() else OTHER_RUN


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans that must be normalised together: a base with its combining marks, a syllable with its conjoining jamo."""
    if text.isascii():
        return [(i, i + 1) for i in range(len(text))]
    spans: list[tuple[int, int]] = []
    for i, char in enumerate(text):
        if spans and i and (unicodedata.combining(char) or "\u1160" <= char <= "\u11ff"):
            spans[-1] = (spans[-1][0], i + 1)
        else:
            spans.append((i, i + 1))
    return spans


@lru_cache(maxsize=65_536)
def _compose(cluster: str) -> str:
    """One cluster normalised: '' for what is invisible, ' ' for blanks and controls."""
    out = []
    for char in cluster if "\u3131" <= cluster[0] <= "\u318e" else unicodedata.normalize("NFKC", cluster):
        category = unicodedata.category(char)
        if category == "Cs":
            out.append(REPLACEMENT)
        elif category == "Cf" or char in "\ufe0e\ufe0f":
            continue
        elif category in ("Cc", "Zs", "Zl", "Zp") or char.isspace():
            out.append(" ")
        else:
            out.append(_CONJOINING_TO_LETTER.get(char, char))
    return "".join(out)


def _conjoining_to_letter() -> dict[str, str]:
    """Conjoining jamo → the compatibility letter, so that a lone 'ㅋ' in any encoding is the same character."""
    table = {chr(0x11A8 + i): letter for i, letter in enumerate(_FINALS)}
    for code in range(0x3131, 0x318F):
        conjoining = unicodedata.normalize("NFKC", chr(code))
        if len(conjoining) == 1 and conjoining != chr(code):
            table.setdefault(conjoining, chr(code))
    return table


_CONJOINING_TO_LETTER = _conjoining_to_letter()
