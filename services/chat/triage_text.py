"""How the triage reads a message: one spelling for what sounds the same, no spaces, sentences kept apart.

A folded text has one character for every character kept, so that a match can be shown in the citizen's own words.
Rules of the folding, each of them there because people in a hurry type so:

- NFKC first (full-width letters, decomposed Hangul); then lower case; Latin and Cyrillic letters lose their accents;
- Hangul: double and clustered finals become single (났 낫 낳 → 낫, 않 안 → 안), ㅙ ㅚ ㅞ one vowel,
  ㅕ ㅑ ㅛ ㅠ after ㅈ ㅉ ㅊ plain (졌 → 젓);
- spaces go, but stay single between two letters of an alphabet ("on fire"), where words have no other border;
- lone jamo (ㅠㅠ, ㅋㅋ), punctuation, emoji, control characters and lone surrogates go;
- . ! ? and line breaks become the sentence end SENTENCE_END; two dots or more are hesitation, not an end.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

SENTENCE_END = "\n"
_DROPPED = "\0"
_HANGUL_FIRST, _HANGUL_LAST = 0xAC00, 0xD7A3
_VOWELS, _FINALS = 21, 28
# In Unicode's order of Hangul vowels and finals (Unicode Standard, section 3.12).
_VOWEL_TABLE = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINAL_TABLE = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


def _indices(table: str, pairs: str) -> dict[int, int]:
    return {table.index(pair[0]): table.index(pair[1]) for pair in pairs.split()}


_VOWEL_FOLD = _indices(_VOWEL_TABLE, "ㅙㅚ ㅞㅚ")
_VOWEL_FOLD_AFTER_PALATAL = _indices(_VOWEL_TABLE, "ㅑㅏ ㅕㅓ ㅛㅗ ㅠㅜ")
_CONTRACTED = {"ㅣ": "ㅕ", "ㅜ": "ㅝ", "ㅗ": "ㅘ"}
_PALATALS = frozenset({12, 13, 14})
_FINAL_FOLD = _indices(_FINAL_TABLE, "ㄲㄱ ㄳㄱ ㅋㄱ ㄺㄱ ㄵㄴ ㄶㄴ ㄼㄹ ㄽㄹ ㄾㄹ ㅀㄹ ㄻㅁ ㄿㅂ ㅄㅂ ㅍㅂ ㅆㅅ ㅎㅅ")
_ENDS = frozenset(".!?。！？।\n\r\u2028\u2029")
_HESITATION = re.compile(r"\.{2,}|…+")
_KEPT_SPACE = "\1"
# Beyond this average, a text was written without spaces (Korean words have three syllables, Chinese has no spaces).
_WORD_LENGTH_AT_MOST = 6
_WORD_GAP = re.compile(rf"(?<=[a-z\u0430-\u045f]){_DROPPED}* [ {_DROPPED}]*(?=[a-z\u0430-\u045f])")


@dataclass(frozen=True)
class Reading:
    """A message as the triage sees it: `folded` to match on, and the way back to what was written."""

    folded: str
    original: str
    marked: str

    def surface(self, start: int, end: int) -> str:
        """The citizen's own words (after NFKC) behind folded[start:end]."""
        return self.original[self._kept[start] : self._kept[end - 1] + 1]

    def begins_word(self, place: int) -> bool:
        """Whether folded[place] begins a word, by the spaces that the citizen typed."""
        index = self._kept[place]
        return index == 0 or self.original[index - 1].isspace()

    @cached_property
    def spaced(self) -> bool:
        """Whether the citizen typed spaces between words, so that begins_word can be asked."""
        return len(self._kept) < _WORD_LENGTH_AT_MOST * len(self.original.split())

    @cached_property
    def _kept(self) -> list[int]:
        return [index for index, char in enumerate(self.marked) if char != _DROPPED]


def read(text: str) -> Reading:
    """Fold any string; never raises, lone surrogates included."""
    original = unicodedata.normalize("NFKC", text)
    paused = _HESITATION.sub(lambda match: " " * len(match[0]), original)
    marked = _mark_gaps(paused.translate(_FOLDING))
    return Reading(marked.replace(_DROPPED, ""), original, marked)


def vowel_table(old: str, new: str) -> dict[int, str]:
    """A table for str.translate that swaps one Hangul vowel for another in every syllable."""
    swap = (_VOWEL_TABLE.index(new) - _VOWEL_TABLE.index(old)) * _FINALS
    codes = range(_HANGUL_FIRST, _HANGUL_LAST + 1)
    return {
        code: chr(code + swap)
        for code in codes
        if (code - _HANGUL_FIRST) // _FINALS % _VOWELS == _VOWEL_TABLE.index(old)
    }


def conjugations(word: str) -> tuple[str, ...]:
    """Other forms of a folded verb that ends in an open syllable: 올라가 → 올라갔 올라갑 올라감, 쓰러지 → 쓰러져 쓰러졌 too.

    Empty for a word that ends otherwise. Nouns get forms that nobody writes, which does no harm.
    """
    index = ord(word[-1]) - _HANGUL_FIRST
    if not 0 <= index <= _HANGUL_LAST - _HANGUL_FIRST or index % _FINALS:
        return ()
    vowel = _VOWEL_TABLE[index // _FINALS % _VOWELS]
    open_syllables = [word[-1]]
    if vowel in _CONTRACTED:
        change = _VOWEL_TABLE.index(_CONTRACTED[vowel]) - _VOWEL_TABLE.index(vowel)
        open_syllables.append(chr(ord(word[-1]) + change * _FINALS))
    forms = [*open_syllables[1:], chr(ord(open_syllables[-1]) + _FINAL_TABLE.index("ㅆ"))]
    forms += [chr(ord(word[-1]) + _FINAL_TABLE.index(final)) for final in "ㅂㅁ"]
    return tuple(read(word[:-1] + form).folded for form in forms)


def _mark_gaps(folded: str) -> str:
    """Drop the spaces, but keep one between two words of an alphabet."""
    kept = _WORD_GAP.sub(lambda gap: _KEPT_SPACE + _DROPPED * (len(gap[0]) - 1), folded)
    return kept.replace(" ", _DROPPED).replace(_KEPT_SPACE, " ")


class _Folding(dict[int, str]):
    """The table for str.translate, filled as characters turn up; the basic plane only, so that it stays small."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if code < 0x10000:
            self[code] = folded
        return folded


def _fold(char: str) -> str:
    if char in _ENDS:
        return SENTENCE_END
    if _HANGUL_FIRST <= ord(char) <= _HANGUL_LAST:
        return _fold_syllable(ord(char) - _HANGUL_FIRST)
    category = unicodedata.category(char)
    if category.startswith("Z") or char == "\t":
        return " "
    if category[0] not in "LMN" or 0x1100 <= ord(char) <= 0x11FF or "\ufe00" <= char <= "\ufe0f":
        return _DROPPED
    return _fold_letter(char)


def _fold_letter(char: str) -> str:
    lower = char.lower()
    if "\u0300" <= char <= "\u036f":
        return _DROPPED
    if lower in ("đ", "ð"):
        return "d"
    if char < "\u0530" or "\u1e00" <= char <= "\u1eff":
        return unicodedata.normalize("NFD", lower)[0]
    return lower[0]


def _fold_syllable(index: int) -> str:
    initial, rest = divmod(index, _VOWELS * _FINALS)
    vowel, final = divmod(rest, _FINALS)
    vowel = _VOWEL_FOLD.get(vowel, vowel)
    if initial in _PALATALS:
        vowel = _VOWEL_FOLD_AFTER_PALATAL.get(vowel, vowel)
    final = _FINAL_FOLD.get(final, final)
    return chr(_HANGUL_FIRST + (initial * _VOWELS + vowel) * _FINALS + final)


_FOLDING = _Folding()
