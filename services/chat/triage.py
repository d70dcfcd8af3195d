"""Emergency triage: is a life at risk now, and which phone line helps? Deterministic, before anything else is asked.

Source of the rules: nlu_data/emergency/cues.yml (cues and exceptions), nlu_data/taxonomy.yml (the line of an intent)
and nlu_data/emergency/cards.yml (what the citizen then reads). In doubt about a present danger it alarms.

    ExpertFileError (services.chat.marked_yaml)   a data file is malformed; says the file and the line
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from services.chat.marked_yaml import Entry, ExpertFileError, load
from services.chat.triage_cues import CueBook, Group, load_cue_book
from services.chat.triage_exceptions import Exceptions
from services.chat.triage_patterns import Message, Span
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
        """Read cues.yml and taxonomy.yml. Raises ExpertFileError (file, line) for a malformed one, OSError for none."""
        lines = _emergency_lines(taxonomy_path)
        return cls(load_cue_book(cues_path, frozenset(lines)), lines)

    def check(self, text: str) -> Emergency | None:
        """The emergency that a message reports, or None. Takes any string, lone surrogates too, and never raises."""
        reading = read(text)
        message = self._book.vocabulary.message(reading.folded)
        exceptions = Exceptions(self._book, message, reading)
        for group in self._book.groups:
            if span := _first_cue(group, message, exceptions):
                return Emergency(self._lines[group.intent], reading.surface(*span), group.intent)
        return None


def _first_cue(group: Group, message: Message, exceptions: Exceptions) -> Span | None:
    first_sentence = _FIRST_SENTENCE.search(message.folded)
    if first_sentence and first_sentence[0] in group.whole:
        return first_sentence.span()
    spans = (span for cue in group.cues if cue in message.possible for span in cue.spans(message))
    return next((span for span in spans if not exceptions.excuse(group, span)), None)


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
        """Read cards.yml. Raises ExpertFileError (file, line) when malformed or when an urgent intent has no card."""
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
