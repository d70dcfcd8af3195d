"""The cue book: nlu_data/emergency/cues.yml, read and compiled. Its header explains the pattern language to its authors."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yaml import ScalarNode

from services.chat.marked_yaml import Entry, load
from services.chat.triage_text import SENTENCE_END, read, vowel_table

# What may stand where a pattern has a space: one particle, in the standard language or a dialect.
_PARTICLES: Final = [
    "이",
    "가",
    "은",
    "는",
    "을",
    "를",
    "도",
    "만",
    "에",
    "의",
    "로",
    "으로",
    "에서",
    "에게",
    "한테",
    "께서",
    "께",
    "님",
    "님이",
    "님께서",
    "들",
    "들이",
    "들은",
    "들을",
    "이가",
    "라도",
    "이랑",
    "하고",
    "까지",
    "조차",
    "씨가",
    "서",
    "안에",
    "안에서",
    "쪽에",
    "쪽에서",
    "속에",
    "위에",
    "위에서",
    "앞에",
    "밑에",
    "밑에서",
]
_DEFAULT_REACH: Final = 12
_NEAR: Final = 60
_GAP: Final = re.compile(r"~(\d{0,2})")
_LONG_WORD: Final = 3
_E_TABLES: Final = tuple(vowel_table(old, new) for old, new in ("ㅐㅔ", "ㅔㅐ"))
_SPACED_BAR: Final = re.compile(r"\s*\|\s*")
_WORD_LIST: Final = re.compile(r"\{(\w+)\}")
_ALPHABET: Final = "a-z\u0430-\u045f"
_NOT_SENTENCE_END: Final = f"[^{SENTENCE_END}]"
_PARTICLE_GAP: Final = f"(?:{'|'.join(_PARTICLES)})? ?"

WordLists = Mapping[str, tuple[str, ...]]


Span = tuple[int, int]


@dataclass(frozen=True)
class Pattern:
    """One line of the cue book. `needs`: of each set, a message must hold one word before anything is worth searching."""

    needs: tuple[frozenset[str], ...]
    expression: re.Pattern[str]
    near: tuple[re.Pattern[str], ...]

    def possible(self, present: set[str]) -> bool:
        """Whether a message with these words of the book could match."""
        return not any(need.isdisjoint(present) for need in self.needs)

    def spans(self, folded: str) -> Iterator[Span]:
        """Every place where the pattern begins: also inside an earlier match, which an exception may have excused."""
        position = 0
        while match := self.expression.search(folded, position):
            start, end = match.span()
            low, high = max(0, start - _NEAR), end + _NEAR
            if all(other.search(folded, low, high) for other in self.near):
                yield start, end
            position = start + 1


@dataclass(frozen=True)
class Context:
    """Words that excuse a cue of `groups`: `before` and `after` them by so many characters, or in the whole message."""

    name: str
    words: tuple[Pattern, ...]
    before: int
    after: int
    whole_message: bool
    stops: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    groups: frozenset[str]


@dataclass(frozen=True)
class Group:
    """Cues of one kind of danger, in the order in which they are tried."""

    name: str
    intent: str
    cues: tuple[Pattern, ...]
    whole: frozenset[str]
    phrases: tuple[Pattern, ...]


@dataclass(frozen=True)
class CueBook:
    """The whole file, compiled."""

    groups: tuple[Group, ...]
    phrases: tuple[Pattern, ...]
    people: tuple[Pattern, ...]
    endings: re.Pattern[str]
    endings_kept: re.Pattern[str]
    contexts: tuple[Context, ...]
    pleas: tuple[Pattern, ...]
    words_by_key: Mapping[str, tuple[str, ...]]

    def present(self, folded: str) -> set[str]:
        """The book's words in a folded message: looked up by their first two characters, then searched one by one."""
        pairs = set(map(str.__add__, folded, folded[1:]))
        keys = (pairs | set(folded)) & self.words_by_key.keys()
        return {word for key in keys for word in self.words_by_key[key] if word in folded}


def load_cue_book(path: Path, intents: frozenset[str]) -> CueBook:
    """Read and compile cues.yml for these intents. Raises ExpertFileError with the line of the first mistake."""
    root = load(path).known_fields({"version", "words", "exceptions", "pleas", "groups"})
    if root["version"].number() != 1:
        raise root["version"].error("only version 1 is known")
    lists = _word_lists(root["words"])
    exceptions = root["exceptions"].known_fields(
        {"phrases", "people", "endings", "endings_after", "endings_kept", "contexts"}
    )
    groups = tuple(_group(entry, lists, intents) for entry in root["groups"].items())
    contexts = tuple(
        _context(entry, lists, frozenset(group.name for group in groups)) for entry in exceptions["contexts"].items()
    )
    phrases, people = _patterns(exceptions["phrases"], lists), _patterns(exceptions["people"], lists)
    pleas = _patterns(root["pleas"], lists)
    return CueBook(
        groups=groups,
        phrases=phrases,
        people=people,
        endings=re.compile(f"(?:{_any_of(exceptions['endings_after'])})?(?:{_any_of(exceptions['endings'])})"),
        endings_kept=re.compile(
            f"(?:{_any_of(exceptions['endings_after'])})?(?:{_any_of(exceptions['endings_kept'])})"
        ),
        contexts=contexts,
        pleas=pleas,
        words_by_key=_index(_all_patterns(groups, contexts, (*phrases, *people, *pleas))),
    )


def _word_lists(entry: Entry) -> dict[str, tuple[str, ...]]:
    return {name: tuple(item.text() for item in value.items()) for name, value in entry.fields().items()}


def _group(entry: Entry, lists: WordLists, intents: frozenset[str]) -> Group:
    fields = entry.known_fields({"name", "intent", "cues"}, {"whole", "phrases"})
    if fields["intent"].text() not in intents:
        raise fields["intent"].error(f"{fields['intent'].text()!r} is no intent at urgency 3 in the taxonomy")
    return Group(
        name=fields["name"].text(),
        intent=fields["intent"].text(),
        cues=tuple(
            pattern for cues in fields["cues"].fields().values() for pattern in _patterns(cues, lists, misspelt=True)
        ),
        whole=frozenset(_literal(item, item.text()) for item in fields["whole"].items())
        if "whole" in fields
        else frozenset(),
        phrases=_patterns(fields["phrases"], lists) if "phrases" in fields else (),
    )


def _context(entry: Entry, lists: WordLists, groups: frozenset[str]) -> Context:
    fields = entry.known_fields({"name", "words", "reach"}, {"stops", "unless", "only_for", "not_for"})
    before, after, whole_message = _reach(fields["reach"])
    return Context(
        name=fields["name"].text(),
        words=_patterns(fields["words"], lists),
        before=before,
        after=after,
        whole_message=whole_message,
        stops=_patterns(fields["stops"], lists) if "stops" in fields else (),
        unless=_patterns(fields["unless"], lists) if "unless" in fields else (),
        groups=(_named(fields["only_for"], groups) if "only_for" in fields else groups)
        - (_named(fields["not_for"], groups) if "not_for" in fields else frozenset()),
    )


def _reach(entry: Entry) -> tuple[int, int, bool]:
    """`message`, or how many characters before and after the word a cue is excused."""
    if isinstance(entry.node, ScalarNode) and entry.text() == "message":
        return 0, 0, True
    fields = entry.known_fields({"before", "after"})
    return fields["before"].number(), fields["after"].number(), False


def _named(entry: Entry, groups: frozenset[str]) -> frozenset[str]:
    items = list(entry.items())
    for item in items:
        if item.text() not in groups:
            raise item.error(f"no group is named {item.text()!r}")
    return frozenset(item.text() for item in items)


def _patterns(entry: Entry, lists: WordLists, *, misspelt: bool = False) -> tuple[Pattern, ...]:
    """Cues are also found misspelt; exceptions are not, for in doubt it alarms."""
    return tuple(_pattern(item, lists, misspelt=misspelt) for item in entry.items())


def _pattern(entry: Entry, lists: WordLists, *, misspelt: bool) -> Pattern:
    needs: list[frozenset[str]] = []
    expressions = [""]
    gap = ""
    for token in _SPACED_BAR.sub("|", entry.text()).split():
        if token == "+":  # noqa: S105
            expressions.append("")
            gap = ""
        elif reach := _GAP.fullmatch(token):
            gap = f"{_NOT_SENTENCE_END}{{0,{reach[1] or _DEFAULT_REACH}}}?"
        else:
            words = tuple(_alternatives(entry, token, lists))
            if misspelt:
                words = tuple(spelling for word in words for spelling in _spellings(word))
            expressions[-1] += gap + "(?:" + "|".join(map(_bounded, words)) + ")"
            gap = _PARTICLE_GAP
            needs.append(frozenset(word.removesuffix("*") for word in words))
    if not all(expressions):
        raise entry.error("a pattern needs words")
    first, *near = (re.compile(expression) for expression in expressions)
    return Pattern(tuple(needs), first, tuple(near))


def _alternatives(entry: Entry, token: str, lists: WordLists) -> Iterator[str]:
    for part in token.split("|"):
        if not (reference := _WORD_LIST.fullmatch(part)):
            yield _literal(entry, part)
        elif reference[1] in lists:
            yield from (_literal(entry, word) for word in lists[reference[1]])
        else:
            raise entry.error(f"no word list is named {reference[1]!r}")


def _literal(entry: Entry, word: str) -> str:
    folded = read(word.replace("_", " ")).folded
    if not folded or SENTENCE_END in folded:
        raise entry.error(f"{word!r} holds no word to look for")
    return folded + "*" if word.endswith("*") else folded


def _spellings(word: str) -> Iterator[str]:
    """ㅐ and ㅔ sound alike and are mistyped for each other; in words of three syllables or more this meets no other word."""
    yield word
    if len(word) >= _LONG_WORD:
        yield from {word.translate(table) for table in _E_TABLES} - {word}


def _bounded(word: str) -> str:
    """A word of an alphabet stands alone, unless it ends in *; Hangul, Chinese and Thai have no such border."""
    bare = word.removesuffix("*")
    before = f"(?<![{_ALPHABET}])" if re.match(f"[{_ALPHABET}]", bare) else ""
    after = f"(?![{_ALPHABET}])" if bare == word and re.search(f"[{_ALPHABET}]$", bare) else ""
    return before + re.escape(bare) + after


def _any_of(entry: Entry) -> str:
    return "|".join(re.escape(_literal(item, item.text())) for item in entry.items())


def _all_patterns(groups: Iterable[Group], contexts: Iterable[Context], others: Iterable[Pattern]) -> Iterator[Pattern]:
    for group in groups:
        yield from (*group.cues, *group.phrases)
    for context in contexts:
        yield from (*context.words, *context.stops, *context.unless)
    yield from others


def _index(patterns: Iterable[Pattern]) -> dict[str, tuple[str, ...]]:
    index: dict[str, set[str]] = {}
    for pattern in patterns:
        for word in frozenset[str]().union(*pattern.needs):
            index.setdefault(word[:2], set()).add(word)
    return {key: tuple(words) for key, words in index.items()}
