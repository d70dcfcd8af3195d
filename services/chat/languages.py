"""Which language a citizen writes, or asks for. Pure functions; in doubt the conversation keeps the language it has."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from services.chat.enums import Language

# The widget's button "talk to a person" says this in every language (static/widget.js): it is no sign of a Korean.
WIDGET_PERSON_REQUEST = "상담원 연결해 주세요"

_NOT_WORDS = re.compile(
    r"https?://\S+|[^\s@]{1,64}@\S+|\[[^\]\s]{2,10}\]"
)  # addresses, and what masking left: [전화번호]
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_EDGES = "\"'“”‘’.,!?;:()…~"
# Words without which hardly an English sentence is made; the first group makes it a sentence and not a place.
_VERB = re.compile(
    r"i|i'm|i've|i'd|it|it's|that|that's|there|there's|this|these|those|is|are|was|were|am|be|been|has|have|had|do|does|did|"
    r"don't|doesn't|didn't|can|can't|could|would|should|will|won't|want|wants|need|needs|help|please|what|where|when|how|why|"
    r"who|which|my|we|our|you|your|they|he|she|get|got|know|think|live|lost|found|report|tell|speak"
)
_GLUE = re.compile(
    r"the|a|an|in|on|at|of|to|for|from|with|and|or|but|not|no|near|by|about|any|some|as|if|so|me|us|here"
)
_HELLO = frozenset({"hello", "hello there", "hi there", "good morning", "good afternoon", "good evening"})
_CHINESE_GLUE = frozenset("的了在是我你您他她有吗呢吧请不没这那们被和个到很要怎什么可以想能去来给把")
_KOREAN_SENTENCE = re.compile(r"(?:[요죠]|니다|니까|[해줘]라?|[가-힣]어|[가-힣]아|[는은]데)[\s.!?~ㅠㅜㅋㅎ…]*$")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")

_ENGLISH_NAME = r"english|영어|英语|英文"
_CHINESE_NAME = r"chinese|mandarin|중국어|중국말|中文|汉语|漢語|普通话|简体中文"
_KOREAN_NAME = r"korean|한국어|한국말|한글|우리말|韩语|韩文|韩国语"
_REQUEST = (
    r"(?:(?:can|could|may)\s(?:you|we|i)\s|do\syou\s|i\s(?:only\s|can\sonly\s)?|please\s|let'?s\s|请\s?|能不能\s?|可以\s?|我(?:只|想|要)?会?\s?|你会\s?)?"
    r"(?:(?:please\s)?(?:speak|talk|use|write|chat|continue|answer|reply|switch|change|prefer)(?:\s(?:to|in|into|with\sme\sin))?\s|in\s|"
    r"(?:用|说|讲|切换(?:到|成|为)?|换成|改成|转成|会说)\s?)?"
    r"(?:{name})"
    r"(?:\s?(?:으로|로))?"
    r"(?:\s(?:please|version|mode|instead|only)|\s?(?:회화|상담|안내|답변|대답|설명|말씀?)?(?:을|를)?\s?"
    r"(?:해|말해|답해|대답해|바꿔|변경해?|안내해|설명해|부탁|상담해)\S*(?:\s?(?:주|줘|드|가능)\S*)?|\s?주세요|\s?(?:할|될|되|가능)\S*(?:\s?있\S*)?|"
    r"\s?(?:回答|回复|交流|服务|对话|沟通|说|可以)?\s?(?:吗|吧|好吗)?)?"
)
_REQUESTS = {
    Language.EN: re.compile(_REQUEST.format(name=_ENGLISH_NAME), re.IGNORECASE),
    Language.ZH: re.compile(_REQUEST.format(name=_CHINESE_NAME), re.IGNORECASE),
    Language.KO: re.compile(_REQUEST.format(name=_KOREAN_NAME), re.IGNORECASE),
}


def requested(text: str) -> Language | None:
    """The language that a whole message asks for ("English please", "中文", "한국어로 해 주세요")."""
    said = " ".join(unicodedata.normalize("NFKC", text).replace(",", " ").split()).strip(_EDGES + " 。！？～")
    if not 0 < len(said) <= 40:
        return None
    return next((language for language, pattern in _REQUESTS.items() if pattern.fullmatch(said)), None)


@dataclass(frozen=True)
class _Letters:
    """What a message is made of: counts of letters by script, and its Latin words in lower case."""

    hangul: int
    han: int
    kana: int
    latin: int
    other: int
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> _Letters:
        counts = {"hangul": 0, "han": 0, "kana": 0, "latin": 0, "other": 0}
        for char in text:
            if char.isalpha() and (script := _script(char)):
                counts[script] += 1
        tokens = (token.strip(_EDGES).replace("’", "'") for token in text.split())
        return cls(**counts, words=tuple(token for token in tokens if _LATIN_WORD.fullmatch(token)))

    @property
    def english(self) -> tuple[int, int]:
        """How many of the words are English verbs and pronouns, and how many are common English words at all."""
        lower = [word.lower() for word in self.words]
        verbs = sum(_VERB.fullmatch(word) is not None for word in lower)
        return verbs, verbs + sum(_GLUE.fullmatch(word) is not None for word in lower)


def _script(char: str) -> str | None:
    if "가" <= char <= "힣":
        return "hangul"
    if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf":
        return "han"
    if "\u3040" <= char <= "\u30ff":
        return "kana"
    if char.isascii() or unicodedata.name(char, "").startswith("LATIN"):
        return "latin"
    if "\u3131" <= char <= "\u318e" or "\u1100" <= char <= "\u11ff":
        return None  # ㅋㅋ and half-typed letters say nothing
    return "other"


def detect(text: str, *, current: Language, asked: bool) -> Language:
    """The language to go on in after a message.

    `asked`: the message answers a question of the form. A place, a name or a number in other letters is then no change
    of language; a plain sentence is.
    """
    if text.strip() == WIDGET_PERSON_REQUEST:
        return current
    plain = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text))
    letters = _Letters.of(plain)
    if letters.hangul and 2 * letters.hangul >= letters.latin + 2 * letters.han:
        return Language.KO if _is_korean(plain, letters, asked=asked) else current
    if _is_chinese(plain, letters, asked=asked):
        return Language.ZH
    if _is_english(letters, asked=asked):
        return Language.EN
    if current is Language.KO and not asked and not letters.hangul and _is_foreign(letters):
        return Language.EN
    return current


def _is_korean(text: str, letters: _Letters, *, asked: bool) -> bool:
    if not asked:
        return letters.hangul >= 2
    return letters.hangul >= 6 and len(text.split()) >= 2 and _KOREAN_SENTENCE.search(text) is not None


def _is_chinese(text: str, letters: _Letters, *, asked: bool) -> bool:
    if letters.kana or letters.hangul or letters.han < 2 or letters.latin > 2 * letters.han:
        return False
    return not asked or (letters.han >= 4 and any(char in _CHINESE_GLUE for char in text))


def _is_english(letters: _Letters, *, asked: bool) -> bool:
    if letters.han or letters.kana or letters.other:
        return False
    verbs, common = letters.english
    if letters.hangul:  # an English sentence around a Korean name
        return len(letters.words) >= 4 and verbs >= 1 and common >= 3
    if asked:
        return len(letters.words) >= 4 and verbs >= 1 and common >= 2
    if " ".join(letters.words).lower() in _HELLO:
        return True
    return (len(letters.words) >= 2 and verbs >= 1) or (len(letters.words) >= 3 and common >= 1)


def _is_foreign(letters: _Letters) -> bool:
    """Words of some language that is written without Hangul; not Korean typed with the keyboard set to Latin letters."""
    if letters.kana >= 2 or letters.other >= 4:
        return True
    words = [_without_accents(word.lower()) for word in letters.words]
    if len(words) < 3 or not all(word.isascii() for word in words):
        return False
    together = "".join(words)
    vowels = sum(char in "aeiouy" for char in together)
    return vowels >= 0.3 * len(together) and not any(_CONSONANTS.search(word) for word in words)


def _without_accents(word: str) -> str:
    flat = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(char for char in flat if not unicodedata.combining(char))
