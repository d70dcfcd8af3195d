"""Many texts through the loaded model's language understanding at once, without touching a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.shared.core.trackers import DialogueStateTracker

from bot.danger import raise_buried

MAX_TEXTS = 256
"""Texts of one request."""
_AT_ONCE = 32
"""Texts of one run through the graph; between two runs the server answers waiting conversations."""


def model_version(agent: Agent) -> str:
    """The loaded model's file name without its ending, e.g. '20261122T083000Z-1f2e3d4c5b6a'."""
    return version_of(agent.processor)


def version_of(processor: MessageProcessor) -> str:
    """As `model_version`, for a processor without an agent."""
    return str(processor.model_filename).removesuffix(".tar.gz")


async def classify(agent: Agent, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Rasa's parse data (intent, intent_ranking, ...) of each text, in order."""
    parses: list[dict[str, Any]] = []
    for start in range(0, len(texts), _AT_ONCE):
        parses += parse_batch(agent.processor, texts[start : start + _AT_ONCE])
        await asyncio.sleep(0)
    return parses


def parse_batch(processor: MessageProcessor, texts: Sequence[str]) -> list[dict[str, Any]]:
    """One run of the graph over all texts, and one over the sentences of those that may bury a danger.

    A leading slash, which Rasa would read as a payload ('/affirm'), is cut off: an archive holds people's words only.
    """
    if not texts:
        return []
    parses = _run(processor, texts)
    raise_buried(parses, partial(_run, processor))
    return parses


def _run(processor: MessageProcessor, texts: Sequence[str]) -> list[dict[str, Any]]:
    messages = [UserMessage(text.strip().lstrip("/") or " ") for text in texts]
    target = processor.model_metadata.nlu_target
    found = processor.graph_runner.run(
        inputs={
            PLACEHOLDER_MESSAGE: messages,
            PLACEHOLDER_TRACKER: DialogueStateTracker.from_events("classify", []),
        },
        targets=[target],
    )[target]
    return [dict(message.as_dict(only_output_properties=True)) for message in found]
