"""What the needs are called and what is said about them in other languages (nlu_data/translations.yml).

ExpertFileError (services.chat.marked_yaml)   the file is malformed, or a need is missing; says the file and the line
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from services.chat.enums import Language
from services.chat.marked_yaml import Entry, load
from services.taxonomy import Intent, Taxonomy

FOREIGN = (Language.EN, Language.ZH)


class Translations:
    """Names and answers by need and language. Korean is the language of the taxonomy and of the bot's domain."""

    def __init__(self, names: dict[tuple[str, Language], str], answers: dict[tuple[str, Language], str]) -> None:
        self._names = names
        self._answers = answers

    @classmethod
    def load(cls, path: Path, taxonomy: Taxonomy) -> Translations:
        """Reads the file and holds it to the taxonomy. Raises ExpertFileError, OSError."""
        needs = load(path).known_fields({"version", "needs"})["needs"]
        entries = needs.known_fields({intent.name for intent in taxonomy})
        names: dict[tuple[str, Language], str] = {}
        answers: dict[tuple[str, Language], str] = {}
        for need, entry in entries.items():
            fields = entry.known_fields({"name"}, set(FOREIGN))
            called = fields["name"].known_fields(set(FOREIGN))
            names |= {(need, language): called[language].text() for language in FOREIGN}
            if len(fields) == 2 or (len(fields) == 1 and not _opens_form(taxonomy.get(need))):
                raise entry.error("an answer in every language is needed")
            answers |= _answers(need, fields)
        return cls(names, answers)

    def name(self, intent: Intent, language: Language) -> str:
        """A short name of a need."""
        return intent.ko if language is Language.KO else self._names[intent.name, language]

    def answer(self, intent: Intent, language: Language) -> str:
        """What is said about a need besides its owner and phone line; empty where there is nothing to say."""
        return self._answers.get((intent.name, language), "")


def _opens_form(intent: Intent) -> bool:
    return intent.kind in ("report", "grievance", "proposal")


def _answers(need: str, fields: dict[str, Entry]) -> dict[tuple[str, Language], str]:
    return {(need, language): fields[language].text().strip() for language in FOREIGN if language in fields}


@lru_cache
def load_translations(path: Path, taxonomy: Taxonomy) -> Translations:
    return Translations.load(path, taxonomy)
