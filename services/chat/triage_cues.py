"""The cue book: nlu_data/emergency/cues.yml, read and checked."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from yaml import ScalarNode

from services.chat.marked_yaml import Entry, load
from services.chat.triage_patterns import Pattern, Vocabulary, WordLists, any_of, compile_patterns, literal


@dataclass(frozen=True)
class Group:
    """Cues of one kind of danger, in the order in which they are tried.

    `whole`: messages that say only this. `at_word`: a cue counts only where a word begins, in a text with spaces.
    """

    name: str
    intent: str
    cues: tuple[Pattern, ...]
    whole: frozenset[str]
    phrases: tuple[Pattern, ...]
    at_word: bool


@dataclass(frozen=True)
class Context:
    """Words that excuse a cue of `groups`: `before` and `after` them by so many characters, in the whole message, or in
    all of it that comes before the words (`earlier`), whatever sentence it is in.
    """

    name: str
    words: tuple[Pattern, ...]
    before: int
    after: int
    whole_message: bool
    earlier: bool
    stops: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    groups: frozenset[str]


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
    vocabulary: Vocabulary


def load_cue_book(path: Path, intents: frozenset[str]) -> CueBook:
    """Read and compile cues.yml for these intents. Raises ExpertFileError with the line of the first mistake."""
    root = load(path).known_fields({"version", "words", "exceptions", "pleas", "groups"})
    if root["version"].number() != 1:
        raise root["version"].error("only version 1 is known")
    lists = {name: tuple(item.text() for item in entry.items()) for name, entry in root["words"].fields().items()}
    exceptions = root["exceptions"].known_fields(
        {"phrases", "people", "endings", "endings_after", "endings_kept", "contexts"}
    )
    groups = tuple(_group(entry, lists, intents) for entry in root["groups"].items())
    names = frozenset(group.name for group in groups)
    contexts = tuple(_context(entry, lists, names) for entry in exceptions["contexts"].items())
    phrases = compile_patterns(exceptions["phrases"], lists)
    people = compile_patterns(exceptions["people"], lists)
    pleas = compile_patterns(root["pleas"], lists)
    between = any_of(exceptions["endings_after"])
    return CueBook(
        groups=groups,
        phrases=phrases,
        people=people,
        endings=re.compile(f"(?:{between})?(?:{any_of(exceptions['endings'])})"),
        endings_kept=re.compile(f"(?:{between})?(?:{any_of(exceptions['endings_kept'])})"),
        contexts=contexts,
        pleas=pleas,
        vocabulary=Vocabulary(_all_patterns(groups, contexts, (*phrases, *people, *pleas))),
    )


def _group(entry: Entry, lists: WordLists, intents: frozenset[str]) -> Group:
    fields = entry.known_fields({"name", "intent", "cues"}, {"whole", "phrases", "at_word"})
    if fields["intent"].text() not in intents:
        raise fields["intent"].error(f"{fields['intent'].text()!r} is no intent at urgency 3 in the taxonomy")
    languages = fields["cues"].fields().values()
    whole = list(fields["whole"].items()) if "whole" in fields else []
    return Group(
        name=fields["name"].text(),
        intent=fields["intent"].text(),
        cues=tuple(cue for language in languages for cue in compile_patterns(language, lists, misspelt=True)),
        whole=frozenset(literal(item, item.text()) for item in whole),
        phrases=_optional(fields, "phrases", lists),
        at_word="at_word" in fields and fields["at_word"].flag(),
    )


def _context(entry: Entry, lists: WordLists, groups: frozenset[str]) -> Context:
    fields = entry.known_fields({"name", "words", "reach"}, {"stops", "unless", "only_for", "not_for"})
    before, after, anywhere = _reach(fields["reach"])
    return Context(
        name=fields["name"].text(),
        words=compile_patterns(fields["words"], lists),
        before=before,
        after=after,
        whole_message=anywhere == "message",
        earlier=anywhere == "earlier",
        stops=_optional(fields, "stops", lists),
        unless=_optional(fields, "unless", lists),
        groups=(_named(fields["only_for"], groups) if "only_for" in fields else groups)
        - (_named(fields["not_for"], groups) if "not_for" in fields else frozenset()),
    )


def _optional(fields: dict[str, Entry], name: str, lists: WordLists) -> tuple[Pattern, ...]:
    return compile_patterns(fields[name], lists) if name in fields else ()


def _reach(entry: Entry) -> tuple[int, int, str]:
    """`message` or `earlier`, or how many characters before and after the word a cue is excused."""
    if isinstance(entry.node, ScalarNode) and entry.text() in ("message", "earlier"):
        return 0, 0, entry.text()
    fields = entry.known_fields({"before", "after"})
    return fields["before"].number(), fields["after"].number(), ""


def _named(entry: Entry, groups: frozenset[str]) -> frozenset[str]:
    items = list(entry.items())
    for item in items:
        if item.text() not in groups:
            raise item.error(f"no group is named {item.text()!r}")
    return frozenset(item.text() for item in items)


def _all_patterns(groups: Iterable[Group], contexts: Iterable[Context], others: Iterable[Pattern]) -> Iterator[Pattern]:
    for group in groups:
        yield from (*group.cues, *group.phrases)
    for context in contexts:
        yield from (*context.words, *context.stops, *context.unless)
    yield from others
