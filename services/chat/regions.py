"""The 시도, 시군구 and 읍면동 that a text names, and which of them a citizen clearly lives in or asks about.

Names come from nlu_data/gazetteer.tsv. Many are everyday words as well (양산 umbrella, 고성 shouting, 이동 moving), so a name
alone counts only where it can hardly be anything else; after a name of a higher level (경남 고성, 안산시 이동) every name does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.chat.place_words import words
from services.nlu.gazetteer import Municipality, municipalities

SIDO, CITY, DISTRICT, NEIGHBOURHOOD = range(4)
_LONGEST = 9

_NUMBERED = re.compile(r"([가-힣]{2,4}?)제?\d{1,2}(동)")
_STREET_SECTION = re.compile(r"(?<=동)\d가$")
# A 행정동, of which the list knows those with a number only: 파주시 운정동. Not 활동, 이동 ...
_UNLISTED = re.compile(
    r"\s[가-힣]{2,4}(?<![가-힣]활|[가-힣]운|[가-힣]행|[가-힣]이|[가-힣]노|[가-힣]아|[가-힣]자|[가-힣]공|[가-힣]작|[가-힣]변)동(?=\s|에|$|[,.])"
)
_WORDS = re.compile(r"[가-힣][가-힣0-9]*")


# What a name may mean: the number of a municipality, and on which level it or a part of it bears the name.
Meaning = tuple[int, int]


@dataclass(frozen=True)
class Region:
    """A name, or several of falling level in a row, as they stand in the text at `start` to `end`."""

    start: int
    end: int
    text: str
    meanings: frozenset[Meaning]
    names: int
    everyday: bool

    @property
    def level(self) -> int:
        return min(level for _, level in self.meanings)

    @property
    def certain(self) -> bool:
        """It can hardly be anything else."""
        return self.names > 1 or not self.everyday

    @property
    def unique(self) -> bool:
        """It names one 시군구, or a 시도 as such."""
        cities = {_city(municipalities()[number]) for number, _ in self.meanings}
        return self.level == SIDO or len(cities) == 1


def _city(row: Municipality) -> tuple[str, str]:
    return row.sido[0], row.sigungu[0][0]


@lru_cache(maxsize=1)
def _index() -> dict[str, frozenset[Meaning]]:
    found: defaultdict[str, set[Meaning]] = defaultdict(set)
    for number, row in enumerate(municipalities()):
        for name in _sido_names(row.sido):
            found[name].add((number, SIDO))
        for level, spellings in zip((CITY, DISTRICT), row.sigungu, strict=False):
            for name in spellings:
                found[name].add((number, level))
                if name[-1] in "시군" and len(name) > 2:
                    found[name[:-1]].add((number, level))
        for name in row.neighbourhoods:
            found[name].add((number, NEIGHBOURHOOD))
            if (whole := _STREET_SECTION.sub("", name)) != name:
                found[whole].add((number, NEIGHBOURHOOD))
    return {name: frozenset(meanings) for name, meanings in found.items()}


def _sido_names(sido: tuple[str, ...]) -> set[str]:
    """서울특별시, 서울시, 서울; 충청북도, 충북; 강원특별자치도, 강원도, 강원."""
    names = set(sido)
    for name in sido:
        short = f"{name[0]}{name[2]}" if name[1:3] in ("청북", "청남", "라북", "라남", "상북", "상남") else name[:2]
        names |= {short, f"{short}{name[-1]}"}
    return names


@lru_cache(maxsize=1)
def quarters() -> frozenset[str]:
    """읍면동 without their last syllable (신촌, 미아): how people call the crossroads of a quarter."""
    return frozenset(
        name[:-1]
        for name, meanings in _index().items()
        if len(name) > 2 and (NEIGHBOURHOOD in {m[1] for m in meanings})
    )


def regions(text: str) -> Iterator[Region]:
    """Every region that the text names, longest first at each place. What follows a name is not looked at."""
    position = 0
    for word in _WORDS.finditer(text):
        if word.start() >= position and (region := _region(text, word.start())) is not None:
            position = region.end
            yield region


def _region(text: str, start: int) -> Region | None:
    meanings: frozenset[Meaning] | None = None
    position, end, names, everyday = start, start, 0, False
    while (step := _name(text, position, meanings)) is not None:
        name, end, meanings = step
        everyday = names == 0 and _is_everyday(name, meanings)
        names += 1
        position = end
        while position < len(text) and text[position] in " ,":
            position += 1
    if meanings is None:
        return None
    if not everyday and NEIGHBOURHOOD not in {level for _, level in meanings}:
        unlisted = _UNLISTED.match(text, end)
        end = unlisted.end() if unlisted else end
    return Region(start, end, text[start:end], meanings, names, everyday)


def _name(text: str, start: int, above: frozenset[Meaning] | None) -> tuple[str, int, frozenset[Meaning]] | None:
    """The longest name at `start` that may lie in one of `above`: the name, its end, what it means there."""
    numbered = _NUMBERED.match(text, start)
    spellings = [(numbered.group(1) + numbered.group(2), numbered.end())] if numbered else []
    spellings += [(text[start:end], end) for end in range(min(start + _LONGEST, len(text)), start + 1, -1)]
    for name, end in spellings:
        meanings = _index().get(name, frozenset())
        if above is not None:
            meanings = frozenset(m for m in meanings if any(m[0] == a[0] and m[1] > a[1] for a in above))
        if meanings:
            return name, end, meanings
    return None


def _is_everyday(name: str, meanings: frozenset[Meaning]) -> bool:
    """Whether the name alone may well be none: listed as such, of two syllables, or like a verb in -면."""
    if name in _everyday():
        return True
    if name[-1] not in "시군구읍면동가" or SIDO in {level for _, level in meanings}:
        return False
    return len(name) < 3 or name[-1] in "읍면"


@lru_cache(maxsize=1)
def _everyday() -> frozenset[str]:
    return words("everyday_regions").whole


# The slot `region` ---------------------------------------------------------------------------------------------------

_KIN = (
    r"아들|딸|자식|자녀들?|며느리|사위|동생|누나|오빠|언니|형님?|친구|손주|손자|손녀|조카|이모|고모|삼촌|사촌|친척|친정|시댁|"
    r"남편|아내|와이프|집사람|애\s?엄마|애\s?아빠|사장님?|주인"
)
_PARENT = r"시어머니|시아버지|장모님?|장인|어머니|어머님|아버지|아버님|엄마|아빠|부모님?|할머니|할아버지|노모|어멍|아방"
_WITHIN = r"(?:\s?(?:혼자서?|홀로|계속|오래|쭉|지금|현재|같이|함께|둘이|단둘이|아이랑|전세로|월세로)\s)?"
_LIVES = re.compile(
    rf"(?:에서|에)?(?:{_WITHIN}\s?(?:사는(?!\s?(?:\S{{1,4}}\s)?(?:{_KIN}))|사시는|계시|계세|계셔|계신|사십니다|사세요|사셔[요서]|사시고|사신다|살아요|살아서|"
    r"살고(?!\s?싶)|살거든|살지만|살며|살면서|살구|산다|산다오|산께|산디|사요|사우|산지|산\s지|삽니다|거주)|\s?(?:주민|[시구군도]?민)(?:인데|이고|이에|입니|으로서|이\s))"
)
_HOME = re.compile(
    r"(?:저는|저희는|저희|제가|나는|여긴|여기는|여기|집은|집이|우리\s?집은?|사는\s?(?:곳|데)[은는]?|지역은|주소[는가]?|거주지[는가]?)\s(?:지금\s|현재\s)?$"
)
_IS = re.compile(r"(?:입니다|이에요|예요|이예요|에요|인데요?|이고요?|이구요|이요|요|임)?(?![가-힣A-Za-z0-9])")
_NEW_CLAUSE = re.compile(r"(?:^|[요다죠]|[,])\s*$")
_ONLY = re.compile(r"(?:입니다|이에요|예요|이예요|이고요|인데요)(?![가-힣])|에\s?(?:있어요|있습니다)")
_ASKED = re.compile(r"(?:에서는?|에는?|의)?(?![가-힣A-Za-z0-9])")
# Said of where somebody comes from or goes to.
_ELSEWHERE = re.compile(
    r"(?:에서|에)?\s?(?:말고|아니|출신|행|발|이사|태어|왔|온\s|올라|내려|다녀|다니|놀러|여행|출장|가서|갔|가야|가려|갈\s|간\s|가는|있는|와\s|차를|땅|"
    r"병원|대학|회사|직장|호텔|펜션|축제|맛집|날씨|한\s?달|사는|사시는|\S{1,3}\s병원)"
)
_GREETING = re.compile(r"(?:안녕하세요|안녕하십니까|저기요?|혹시|지금|오늘|수고하십니다)?[\s.,!~]*")
_SENTENCE_END = re.compile(r"[.!?…\n]")
# Letters of a message that asks one thing; in a story, a region named in passing is mostly somebody else's.
_SHORT = 40


def residence(text: str, *, of_parent: bool) -> str | None:
    """The region in which the person lives whom a message is about, or that a short question names first.

    None if that is not clear, or if two are told. `of_parent`: a parent's home counts, for nobody else is spoken of.
    """
    lives: set[str] = set()
    asked: set[str] = set()
    for region in regions(text):
        before, after = text[: region.start], text[region.end :]
        if not region.certain and not _LIVES.match(after):
            continue
        sentence = _SENTENCE_END.split(before)[-1]
        if region.unique and _says_only(sentence, after):
            asked.add(region.text)
        elif _is_others(sentence, of_parent=of_parent) or not region.unique:
            asked.add("")
        elif _LIVES.match(after) or (_HOME.search(sentence) and _IS.match(after)):
            lives.add(region.text)
        else:
            first = _GREETING.fullmatch(before) and sum(map(str.isalnum, text)) <= _SHORT
            plain = (
                first
                and (region.names > 1 or region.level < NEIGHBOURHOOD)
                and _ASKED.match(after)
                and not _ELSEWHERE.match(after)
            )
            asked.add(region.text if plain else "")
    told = lives or asked
    return (told.pop() or None) if len(told) == 1 else None


def _says_only(sentence: str, after: str) -> bool:
    """A sentence of its own that says nothing but the region: 창녕군입니다."""
    return _NEW_CLAUSE.search(sentence) is not None and _ONLY.match(after) is not None


def _is_others(sentence: str, *, of_parent: bool) -> bool:
    """Whether the subject that was named last is somebody else."""
    kin = _KIN if of_parent else f"{_KIN}|{_PARENT}"
    subjects = re.findall(
        rf"(저는|저희는|제가|저도|나는|내가|전\s)|({kin})(?:들|네)?(?:이(?!랑)|가|께서는?|은|는|도|\s)", sentence
    )
    return bool(subjects) and not subjects[-1][0]
