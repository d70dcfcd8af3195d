"""Hangul syllables as letters: '했다' → 'ㅎㅐㅆㄷㅏ'."""

from __future__ import annotations

from functools import lru_cache

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS: tuple[str, ...] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


@lru_cache(maxsize=16_384)
def letters(char: str) -> str:
    """The letters of one character; a character that is no Hangul syllable is returned as it is."""
    code = ord(char) - 0xAC00
    if not 0 <= code < 11_172:
        return char
    return _LEADS[code // 588] + _VOWELS[code // 28 % 21] + _FINALS[code % 28]


def decompose(text: str) -> str:
    """`text` with every Hangul syllable replaced by its two or three letters."""
    return "".join(map(letters, text))
