"""Danger that a long message buries: a story of 150 characters with one clause that matters looks harmless as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.needs import split_sentences

# Fitted on the long messages of the blind emergency set (nlu_data/DATASHEET.md).
LONG = 70
"""Characters from which on a message may bury something."""
HINT = 0.03
"""Danger of the whole message from which on its sentences are looked at: ordinary messages have less, and cost nothing."""
PLAIN = 0.8
"""Danger that one sentence must have to be believed without the others."""
_MOST = 20
"""Sentences looked at."""

Json = dict[str, Any]


def raise_buried(parses: Sequence[Json], parse: Callable[[Sequence[str]], list[Json]]) -> None:
    """Raises `danger` of each long message to that of its most dangerous sentence, where that one is plain.

    Args:
        parses: Rasa's parse of each message, changed in place.
        parse: Rasa's parse of each text.
    """
    asked = [(parsed, part) for parsed in parses for part in _parts(parsed)]
    for (parsed, _), found in zip(asked, parse([part for _, part in asked]) if asked else []):
        danger = found.get("danger") or 0.0
        if danger >= PLAIN:
            parsed["danger"] = max(parsed["danger"], danger)


def _parts(parsed: Json) -> list[str]:
    text, danger = parsed.get("text") or "", parsed.get("danger")
    if danger is None or not HINT <= danger < PLAIN or len(text) < LONG:
        return []
    parts = split_sentences(text)
    return parts[:_MOST] if len(parts) > 1 else []
