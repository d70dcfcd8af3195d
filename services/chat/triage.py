"""Emergency triage: is a life at risk now, and which phone line helps? Deterministic, before anything else is asked.

Source of the rules: nlu_data/emergency/cues.yml (cues and exceptions), nlu_data/taxonomy.yml (the line of an intent) and
nlu_data/emergency/cards.yml (what the citizen then reads). In doubt about a present danger it alarms.

    ExpertFileError (services.chat.marked_yaml)   a data file is malformed; says the file and the line
"""

import re
import sys
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from services.chat.marked_yaml import Entry, ExpertFileError, load
from services.chat.triage_cues import Context, CueBook, Group, Pattern, Span, load_cue_book
from services.chat.triage_text import SENTENCE_END, read

__all__ = ["CardText", "Emergency", "EmergencyCards", "ExpertFileError", "Language", "Triage"]

Language = Literal["ko", "en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
LIFE_AT_RISK: Final = 3
_FIRST_SENTENCE: Final = re.compile(f"[^{SENTENCE_END}]+")


@dataclass(frozen=True)
class Emergency:
    """line: the phone line to give first ("119"); cue: the citizen's words that say so; intent: of the taxonomy."""

    line: str
    cue: str
    intent: str


class Triage:
    """The compiled cue book. One instance serves every thread: nothing changes after loading."""

    def __init__(self, book: CueBook, lines: dict[str, str]) -> None:
        self._book = book
        self._lines = lines

    @classmethod
    def load(cls, cues_path: Path, taxonomy_path: Path) -> "Triage":
        """Read cues.yml and taxonomy.yml. Raises ExpertFileError (file and line) when either is malformed, OSError when missing."""
        lines = _emergency_lines(taxonomy_path)
        return cls(load_cue_book(cues_path, frozenset(lines)), lines)

    def check(self, text: str) -> Emergency | None:
        """The emergency that a message reports, or None. Takes any string, lone surrogates too, and never raises."""
        reading = read(text)
        folded = reading.folded
        present = self._book.present(folded)
        exceptions = _Exceptions(self._book, folded, present)
        for group in self._book.groups:
            if span := _first_cue(group, folded, present, exceptions):
                return Emergency(self._lines[group.intent], reading.surface(*span), group.intent)
        return None


def _first_cue(group: Group, folded: str, present: set[str], exceptions: "_Exceptions") -> Span | None:
    first_sentence = _FIRST_SENTENCE.search(folded)
    if first_sentence and first_sentence[0] in group.whole:
        return first_sentence.span()
    for pattern in group.cues:
        if pattern.possible(present):
            for span in pattern.spans(folded):
                if not exceptions.excuse(group, span):
                    return span
    return None


class _Exceptions:
    """What excuses a cue in one message. Each kind is worked out when the first cue asks, and then kept as a mask:
    one byte a character, 1 where a cue does not count."""

    def __init__(self, book: CueBook, folded: str, present: set[str]) -> None:
        self._book, self._folded, self._present = book, folded, present
        self._masks: dict[str, bytearray] = {}
        self._plea: bool | None = None
        self._people_at: list[int] | None = None

    def excuse(self, group: Group, span: Span) -> bool:
        """Whether an exception covers the cue at this span."""
        start, end = span
        return (
            1 in self._phrase_mask("", self._book.phrases)[start:end]
            or 1 in self._phrase_mask(group.name, group.phrases)[start:end]
            or self._hypothetical(end)
            or self._in_context(group, span)
        )

    def _hypothetical(self, end: int) -> bool:
        kept = self._book.endings_kept.match(self._folded, end)
        return not kept and self._book.endings.match(self._folded, end) is not None

    def _in_context(self, group: Group, span: Span) -> bool:
        if self._plea is None:
            self._plea = bool(self._find(self._book.pleas))
        if self._plea:
            return False
        start, end = span
        return any(
            group.name in context.groups and 0 not in self._context_mask(context)[start:end]
            for context in self._book.contexts
        )

    def _phrase_mask(self, name: str, phrases: tuple[Pattern, ...]) -> bytearray:
        if name not in self._masks:
            mask = bytearray(len(self._folded))
            for start, end in self._find(phrases):
                if not start < _next(self._people(), start + 1) < end:
                    mask[start:end] = b"\1" * (end - start)
            self._masks[name] = mask
        return self._masks[name]

    def _people(self) -> list[int]:
        """Where a person enters: an idiom or a thing's name does not reach across (나무 옆에서 할머니가 쓰러졌어요)."""
        if self._people_at is None:
            self._people_at = sorted(start for start, _ in self._find(self._book.people))
        return self._people_at

    def _context_mask(self, context: Context) -> bytearray:
        key = f"context {context.name}"
        if key not in self._masks:
            self._masks[key] = self._shade(context)
        return self._masks[key]

    def _shade(self, context: Context) -> bytearray:
        mask = bytearray(len(self._folded))
        words = self._find(context.words)
        if not words:
            return mask
        now = sorted(start for start, _ in self._find(context.unless))
        if context.whole_message:
            return mask if now else bytearray(b"\1" * len(mask))
        stops = sorted(start for start, _ in self._find(context.stops))
        for start, end in words:
            low, high = self._sentence(start, end)
            if low <= _next(now, low) < high:
                continue
            left = max(low, start - context.before)
            right = min(high, end + context.after, _next(stops, end))
            mask[left:right] = b"\1" * (right - left)
        return mask

    def _sentence(self, start: int, end: int) -> Span:
        high = self._folded.find(SENTENCE_END, end)
        return self._folded.rfind(SENTENCE_END, 0, start) + 1, len(self._folded) if high < 0 else high

    def _find(self, patterns: tuple[Pattern, ...]) -> list[Span]:
        possible = (pattern for pattern in patterns if pattern.possible(self._present))
        return [span for pattern in possible for span in pattern.spans(self._folded)]


def _next(places: list[int], position: int) -> int:
    """The first of the sorted places at or after the position; beyond every text when there is none."""
    index = bisect_left(places, position)
    return places[index] if index < len(places) else sys.maxsize


def _emergency_lines(path: Path) -> dict[str, str]:
    """Intents at urgency 3 and their lines, from taxonomy.yml."""
    intents = load(path).known_fields({"version", "intents"})["intents"].fields()
    fields = {name: entry.fields() for name, entry in intents.items()}
    return {
        name: _line(intents[name], field)
        for name, field in fields.items()
        if "urgency" in field and field["urgency"].number() == LIFE_AT_RISK
    }


def _line(intent: Entry, fields: dict[str, Entry]) -> str:
    if "line" not in fields:
        raise intent.error("an intent at urgency 3 needs a line")
    return fields["line"].text()


@dataclass(frozen=True)
class CardText:
    """What a citizen reads: a title, at most six short lines, and whether the page offers a quick exit."""

    title: str
    text: str
    quick_exit: bool


class EmergencyCards:
    """The emergency cards of nlu_data/emergency/cards.yml, in Korean, English and Chinese."""

    def __init__(self, cards: dict[tuple[str, Language], CardText]) -> None:
        self._cards = cards

    @classmethod
    def load(cls, cards_path: Path, taxonomy_path: Path) -> "EmergencyCards":
        """Read cards.yml. Raises ExpertFileError (file and line) when it is malformed or an urgent intent has no card."""
        root = load(cards_path).known_fields({"version", "cards"})
        entries = root["cards"].fields()
        if missing := _emergency_lines(taxonomy_path).keys() - entries.keys():
            raise root["cards"].error(f"no card for {', '.join(sorted(missing))}")
        return cls({(intent, lang): _card(entry, lang) for intent, entry in entries.items() for lang in LANGUAGES})

    def card(self, intent: str, lang: Language = "ko") -> CardText:
        """The card of an urgent intent. Raises KeyError for an intent without one."""
        return self._cards[intent, lang]


def _card(entry: Entry, lang: Language) -> CardText:
    fields = entry.known_fields(set(LANGUAGES), {"quick_exit"})
    words = fields[lang].known_fields({"title", "text"})
    quick_exit = fields["quick_exit"].flag() if "quick_exit" in fields else False
    return CardText(words["title"].text(), words["text"].text().strip(), quick_exit)
