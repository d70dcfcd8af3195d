"""Texts rewritten: normalised further than the pipeline does, made noisier for augmentation, and cut into sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import yaml

from bot.components.jamo import decompose, letters
from bot.components.tokenizer import tokens_of
from bot.evaluate import DATA

Change = Callable[[str, random.Random], str]
"""A text and where to draw chances from to a changed text."""

_HANGUL = re.compile("[가-힣]")
_BLANK = re.compile("(?<=[가-힣]) (?=[가-힣])")
_LONE_LETTERS = re.compile("[\u3131-\u318e]+")
_REPEATED = re.compile(r"([^\d\s])\1+")
_VOWELS_ALIKE = str.maketrans("ㅒㅖㅐㅙㅞ", "ㅖㅖㅔㅚㅚ")
_SYLLABLE = re.compile("([ㄱ-ㅎ])([ㅏ-ㅣ])([ㄱ-ㅎ]?)(?![ㅏ-ㅣ])")
_FINALS_ALIKE = str.maketrans("ㄲㅋㄳㄺㅅㅆㅈㅊㅌㅎㅍㅄㄿㄵㄶㄼㄽㄾㅀㄻ", "ㄱㄱㄱㄱㄷㄷㄷㄷㄷㄷㅂㅂㅂㄴㄴㄹㄹㄹㄹㅁ")
"""How a final consonant sounds at the end of a syllable."""
_LEADS, _VOWELS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_MISTYPED_VOWELS = {
    "ㅐ": "ㅔ", "ㅔ": "ㅐ", "ㅖ": "ㅔ", "ㅚ": "ㅙ", "ㅙ": "ㅚ", "ㅞ": "ㅚ", "ㅢ": "ㅣ",
    "ㅡ": "ㅜ", "ㅓ": "ㅗ", "ㅗ": "ㅓ", "ㅏ": "ㅓ", "ㅝ": "ㅓ", "ㅟ": "ㅣ",
}  # fmt: skip
"""Vowels that sound alike or lie side by side."""
_MISTYPED_FINALS = {"ㅆ": "ㅅ", "ㄶ": "ㄴ", "ㅀ": "ㄹ", "ㅄ": "ㅂ", "ㄲ": "ㄱ", "ㅎ": "ㅅ", "ㅌ": "ㅅ", "ㅊ": "ㅅ"}
_ENDINGS = {
    "주세요": ("주십시오", "주시면 좋겠습니다", "줘요", "주실래요", "달라고요"),
    "합니다": ("해요", "함", "하네요", "한다"),
    "입니다": ("이에요", "임", "이네요"),
    "습니다": ("어요", "음", "네요", "다"),
    "습니까": ("나요", "는지요", "어요?"),
    "입니까": ("인가요", "인지요", "이에요?"),
    "인가요": ("입니까", "인지 궁금해요", "인지요", "임?"),
    "나요": ("는지요", "는지 궁금합니다", "남?", "어요?"),
    "싶어요": ("싶습니다", "싶은데요", "싶음"),
    "해요": ("합니다", "하네요", "함", "해"),
    "어요": ("습니다", "네요", "음", "어"),
    "아요": ("습니다", "네요", "음", "아"),
    "예요": ("입니다", "인데요", "임"),
    "이에요": ("입니다", "인데요", "임"),
    "네요": ("어요", "습니다", "음"),
    "는데요": ("습니다", "어요", "음"),
    "까요": ("까", "는지요", "려나요"),
    "려면": ("려고 하면", "려는데"),
    "하고": ("하며", "한 다음"),
    "해서": ("하니까", "하는 바람에", "하여"),
    "어서": ("으니까", "길래"),
}
_DIALECT = {
    "주세요": ("주이소", "주쇼잉", "줘유", "주시우"),
    "합니다": ("합니더", "허는구만유", "헌당께요"),
    "입니다": ("입니더", "이구만유", "이랑께요"),
    "습니다": ("심더", "구만유", "당께요", "수다"),
    "나요": ("능교", "남유", "는가요잉", "우꽈"),
    "인가요": ("인교", "인감유", "인가라"),
    "해요": ("해유", "한당께요", "합니더"),
    "어요": ("어유", "당께요", "심더"),
    "아요": ("아유", "당께요", "심더"),
    "네요": ("네유", "구마", "소잉"),
    "는데": ("는디", "구마는"),
    "는데요": ("는디요", "는디유"),
    "니까": ("니께", "니까네"),
    "하고": ("허고", "카고"),
    "어디": ("워디", "어데"),
    "어떻게": ("우째", "워떻게", "어찌코롬"),
    "왜": ("와", "워째"),
    "뭐": ("머", "뭣"),
    "그런데": ("근디", "그란데"),
    "할머니": ("할매", "할무니"),
    "할아버지": ("할배", "할부지"),
    "우리": ("우덜", "울"),
}
_REQUEST = re.compile(
    r"[?？]|까요?\W*$|나요\W*$|[가은]지요?\W*$|세요\W*$|십시오\W*$|바랍니다|부탁|싶|궁금|달라|줘요?\W*$|죠\W*$"
)
"""Marks of a sentence that asks for something."""


def without_lone_letters(text: str) -> str:
    """Laughs, tears and other letters outside syllables removed (ㅋㅋ, ㅠㅠ), a character that is repeated kept once."""
    return _REPEATED.sub(r"\1", _LONE_LETTERS.sub(" ", text)).strip() or text


def vowels_alike(text: str) -> str:
    """Hangul letters, with the vowels that writers confuse as one: ㅐ ㅔ, ㅒ ㅖ, ㅚ ㅙ ㅞ."""
    return decompose(text).translate(_VOWELS_ALIKE)


def sounds_alike(text: str) -> str:
    """The same, with each final consonant as it sounds at a syllable's end: 햇다, 했다 → ㅎㅔㄷㄷㅏ."""
    return _SYLLABLE.sub(lambda m: m[1] + m[2] + m[3].translate(_FINALS_ALIKE), vowels_alike(text))


def unspaced(text: str) -> str:
    """The text as one word."""
    return "".join(text.split())


def respaced(texts: Sequence[str]) -> list[str]:
    """Texts with the blanks that Kiwi would set; those without Hangul as they are."""
    korean = [i for i, text in enumerate(texts) if _HANGUL.search(text)]
    found = list(texts)
    for i, text in zip(korean, _kiwi().space([texts[i] for i in korean], reset_whitespace=True)):
        found[i] = text
    return found


def kiwi_morphemes(texts: Sequence[str], *, corrected: bool) -> list[list[str]]:
    """Kiwi's morphemes; corrected: where its language model is surer of another spelling, those of that spelling."""
    found = _kiwi().tokenize(texts, typos="basic_with_continual_and_lengthening" if corrected else None)
    return [[token.form for token in tokens] for tokens in found]


def split(texts: Sequence[str]) -> list[list[str]]:
    """The sentences of each text, as Kiwi finds them with and without full stops."""
    return [[sentence.text for sentence in found] for found in _kiwi().split_into_sents(texts)]


def asking(sentences: Sequence[str]) -> int:
    """Which sentence asks: the last that has a mark of it, else the last."""
    return next((i for i in reversed(range(len(sentences))) if _REQUEST.search(sentences[i])), len(sentences) - 1)


def noisy(text: str, chance: random.Random) -> str:
    """Blanks between syllables dropped, vowels and finals mistyped."""
    out = [_mistyped(char, chance) if chance.random() < 0.12 else char for char in text]
    return _BLANK.sub(lambda found: "" if chance.random() < 0.4 else found[0], "".join(out))


def without_particles(text: str, chance: random.Random) -> str:
    """Half of the particles dropped (Mecab's tags J...)."""
    kept, start = [], 0
    for token in tokens_of(text):
        if token.data["pos"].startswith("J") and token.start >= start and chance.random() < 0.5:
            kept.append(text[start : token.start])
            start = token.end
    return "".join([*kept, text[start:]])


def other_endings(text: str, chance: random.Random) -> str:
    """Endings replaced by others of the same meaning."""
    return _replaced(text, _ENDINGS, chance, 0.9)


def dialect(text: str, chance: random.Random) -> str:
    """Endings and words of the regions, and what elders and others call the things of nlu_data/synonyms.yml."""
    for standard, others in _synonyms().items():
        if standard in text and chance.random() < 0.6:
            text = text.replace(standard, chance.choice(others))
    return _replaced(text, _DIALECT, chance, 0.8)


def all_kinds(text: str, chance: random.Random) -> str:
    """One copy with half of the four kinds above, drawn for each text."""
    for change in chance.sample([dialect, other_endings, without_particles, noisy], 2):
        text = change(text, chance)
    return text


def copies(texts: Sequence[str], change: Change) -> list[str]:
    """One changed copy of each text, the same in every run."""
    return [change(text, random.Random(i)) or text for i, text in enumerate(texts)]  # noqa: S311


def _mistyped(char: str, chance: random.Random) -> str:
    parts = letters(char)
    if len(parts) < 2:
        return char
    lead, vowel, final = parts[0], parts[1], parts[2:] or " "
    if final in _MISTYPED_FINALS and chance.random() < 0.5:
        final = _MISTYPED_FINALS[final]
    else:
        vowel = _MISTYPED_VOWELS.get(vowel, vowel)
    return chr(0xAC00 + _LEADS.index(lead) * 588 + _VOWELS.index(vowel) * 28 + _FINALS.index(final))


def _replaced(text: str, table: dict[str, tuple[str, ...]], chance: random.Random, share: float) -> str:
    """Words' ends replaced as a table says, the longest first, each with a probability."""

    def other(found: re.Match[str]) -> str:
        return chance.choice(table[found[0]]) if chance.random() < share else found[0]

    return re.sub(rf"(?:{'|'.join(sorted(table, key=len, reverse=True))})(?![가-힣])", other, text)


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, list[str]]:
    read = yaml.safe_load((DATA / "synonyms.yml").read_text(encoding="utf-8"))
    return {str(standard): [str(word) for word in words] for standard, words in read["synonyms"].items()}


@lru_cache(maxsize=1)
def _kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=2, model_type="cong")
