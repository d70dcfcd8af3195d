"""The 92 needs (intents), read from nlu_data/taxonomy.yml: the contract between bot, services and panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml

Family = Literal["civil", "welfare", "disaster", "dialogue"]
Kind = Literal["inquiry", "proposal", "other", "grievance", "report", "none"]

FAMILY_NAMES: dict[str, str] = {"civil": "민원", "welfare": "복지", "disaster": "재난", "dialogue": "대화"}


@dataclass(frozen=True)
class Slot:
    name: str
    required: bool


@dataclass(frozen=True)
class Intent:
    """One need. `urgency`: 3 life at risk, 2 same day, 1 ordinary, 0 information only."""

    name: str
    family: Family
    ko: str
    owner: str | None
    kind: Kind
    urgency: int
    slots: tuple[Slot, ...]
    line: str | None

    @property
    def fileable(self) -> bool:
        """Whether a case can be filed for it at all."""
        return self.kind != "none"


class UnknownIntent(LookupError):
    """The name is not in the taxonomy."""


class Taxonomy:
    def __init__(self, intents: dict[str, Intent]) -> None:
        self._intents = intents

    @classmethod
    def load(cls, path: Path) -> Taxonomy:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls({name: _intent(name, fields) for name, fields in raw["intents"].items()})

    def __iter__(self) -> Iterator[Intent]:
        return iter(self._intents.values())

    def __len__(self) -> int:
        return len(self._intents)

    def __contains__(self, name: object) -> bool:
        return name in self._intents

    def get(self, name: str) -> Intent:
        """Raises UnknownIntent."""
        try:
            return self._intents[name]
        except KeyError:
            raise UnknownIntent(name) from None


def _intent(name: str, fields: dict[str, object]) -> Intent:
    return Intent(
        name=name,
        family=cast(Family, fields["family"]),
        ko=str(fields["ko"]),
        owner=cast("str | None", fields.get("owner")),
        kind=cast(Kind, fields.get("kind", "none")),
        urgency=int(cast(int, fields.get("urgency", 0))),
        slots=tuple(
            Slot(name=str(slot).rstrip("*"), required=str(slot).endswith("*"))
            for slot in cast("list[str]", fields.get("slots", []))
        ),
        line=cast("str | None", fields.get("line")),
    )


@lru_cache
def load_taxonomy(path: Path) -> Taxonomy:
    return Taxonomy.load(path)
