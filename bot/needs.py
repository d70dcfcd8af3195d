"""Several needs in one message: what each of its sentences is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as FALLBACK

_MORE = (
    r"(?:아\s?참|아\s?그리고|그리고요?|또\s?하나|또(?=[\s,])|그거\s?말고도?|하나\s?더|추가로|덤으로"
    r"|and also|also\b|another thing|one more thing|另外|还有|顺便)"
)
_CUT = re.compile(rf"(?<=[.!?~…])\s+|\n+|(?<=[。！？])\s*|[\s,，]+(?={_MORE})|[，,](?=另外|还有|顺便)", re.IGNORECASE)
_STARTS_ANEW = re.compile(_MORE, re.IGNORECASE)
_LETTERS = 6
"""Letters of the shortest sentence that can tell a need."""
_MOST = 6
"""Sentences looked at: a long story has one need, and each sentence costs 2 ms."""
SURE = 0.75
"""Confidence from which on a sentence that starts anew (그리고, 또, also) counts as a need of its own."""
VERY_SURE = 0.9
"""The same for any other sentence, if the whole message reminds of that need as well."""
REMINDED = 0.15
"""Confidence that the whole message must leave to such a need; it is the second of its ranking then."""
_FEW = 3
"""Sentences of a message in which a need without a word such as 그리고 is believed."""

Json = dict[str, Any]


def split_sentences(text: str) -> list[str]:
    """The sentences of a message that are long enough to tell something; what starts anew (그리고, also) is one, too."""
    found = [part.strip() for part in _CUT.split(text) if part]
    return [part for part in found if sum(c.isalnum() for c in part) >= _LETTERS]


def sentences(text: str) -> list[str]:
    """The sentences of a message that may tell needs of their own; [] if there is only one, or a whole story."""
    found = split_sentences(text)
    return found if 2 <= len(found) <= _MOST else []


def other_needs(text: str, whole: Json, parse: Callable[[Sequence[str]], list[Json]]) -> list[Json]:
    """Needs of single sentences beside that of the whole: [{intent, text, confidence}], in the order of the message.

    A sentence of a story sounds like many needs. So it counts only if it starts anew, or if it is the second need of
    the whole message's ranking and another sentence is just as surely about the first.

    Args:
        text: the message.
        whole: Rasa's parse of the message.
        parse: Rasa's parse of each text.
    """
    parts = sentences(text)
    ranking = [entry for entry in whole.get("intent_ranking") or [] if entry.get("name") != FALLBACK][:2]
    if not parts or not ranking:
        return []
    main = ranking[0]["name"]
    near = ranking[1:] if len(parts) <= _FEW else []
    second = next((entry["name"] for entry in near if entry["confidence"] >= REMINDED), None)
    told = [(part, *_best(parsed)) for part, parsed in zip(parts, parse(parts))]
    supported = any(name == main and confidence >= VERY_SURE for _, name, confidence in told)
    found: dict[str, Json] = {}
    for i, (part, name, confidence) in enumerate(told):
        anew = i > 0 and _STARTS_ANEW.match(part) is not None
        reminded = supported and name == second and confidence >= VERY_SURE
        if name and name not in (main, *found) and ((anew and confidence >= SURE) or reminded):
            found[name] = {"intent": name, "text": part, "confidence": confidence}
    return list(found.values())


def _best(parsed: Json) -> tuple[str | None, float]:
    intent = parsed.get("intent") or {}
    name = intent.get("name")
    return (None, 0.0) if name == FALLBACK else (name, float(intent.get("confidence") or 0.0))
