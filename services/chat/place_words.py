"""The words of nlu_data/places.yml, and the patterns that are made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import yaml

from services.settings import ROOT

PLACES = ROOT / "nlu_data" / "places.yml"


@dataclass(frozen=True)
class Words:
    """One list of the file; in a pattern the longest word is tried first."""

    words: tuple[str, ...]

    @property
    def pattern(self) -> str:
        longest_first = sorted(self.words, key=len, reverse=True)
        return "|".join(re.escape(word).replace(r"\ ", r"\s?") for word in longest_first)

    @property
    def whole(self) -> frozenset[str]:
        return frozenset(word for word in self.words if not word.startswith("*"))

    @property
    def endings(self) -> tuple[str, ...]:
        return tuple(word[1:] for word in self.words if word.startswith("*"))


@dataclass(frozen=True)
class Excluded:
    """Words that are not meant, whole or by how they end."""

    whole: frozenset[str]
    endings: tuple[str, ...]

    def __contains__(self, word: str) -> bool:
        return word in self.whole or word.endswith(self.endings)


@lru_cache(maxsize=1)
def _file() -> dict[str, str]:
    lists: dict[str, str] = yaml.safe_load(PLACES.read_text(encoding="utf-8"))
    return lists


def words(name: str) -> Words:
    return Words(tuple(word.strip() for word in _file()[name].split(",")))


def excluded(name: str) -> Excluded:
    listed = words(name)
    return Excluded(listed.whole, listed.endings)
