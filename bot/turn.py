"""One turn of a conversation inside Rasa: understood once, handled at most once, and failing loudly."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException

from bot.classification import parse_batch
from bot.danger import raise_buried
from bot.needs import other_needs

LOCK_SECONDS = 6
"""Life of a conversation's lock: a process killed in mid-turn blocks its conversations no longer than this."""
TURN_SECONDS = 5.0
"""A turn, waiting for its lock included, ends before its lock does, so that two turns never run at once."""
_LOCK_POLL_SECONDS = 0.02

Json = dict[str, Any]


class TurnFailed(RasaException):
    """A turn could not be handled; nothing of it was stored, so it may be sent again."""


class ActionFailed(TurnFailed):
    """A custom action failed (its server is down, slow, or answered with an error)."""


class TurnTimedOut(TurnFailed):
    """The turn took longer than `TURN_SECONDS`."""


@dataclass(frozen=True)
class Turn:
    """What one message led to.

    Attributes:
        messages: as Rasa's `CollectingOutputChannel` collects them: recipient_id, and text, buttons, image, attachment
            or custom.
        parse: text, intent {name, confidence}, intent_ranking (at most ten real intents), entities.
        replayed: the message had been handled before, and these are the answers of that time.
    """

    messages: list[Json]
    parse: Json
    replayed: bool


async def take_turn(agent: Agent, message: UserMessage, *, retry: bool) -> Turn:
    """Handles a message under its conversation's lock.

    With `retry`, a message whose id is already in the conversation is not handled again: its answers are repeated.

    Raises:
        ActionFailed: a custom action failed.
        TurnTimedOut: it took too long, waiting for an earlier turn included.
        RasaException: the lock store or the tracker store cannot be reached.
    """
    try:
        return await asyncio.wait_for(_locked_turn(agent, message, retry), TURN_SECONDS)
    except asyncio.TimeoutError as error:
        raise TurnTimedOut(f"no answer within {TURN_SECONDS} s") from error


async def _locked_turn(agent: Agent, message: UserMessage, retry: bool) -> Turn:
    lock = agent.lock_store.lock(message.sender_id, lock_lifetime=LOCK_SECONDS, wait_time_in_seconds=_LOCK_POLL_SECONDS)
    async with lock:
        if retry:
            tracker = await agent.tracker_store.retrieve(message.sender_id)
            if tracker and (answered := await replay(tracker, message.message_id)):
                return answered
        processor = _LoudProcessor.over(agent.processor)
        parsed = await processor.parse_message(message)
        if not message.text.startswith("/"):
            parse = partial(parse_batch, processor)
            parsed["needs"] = other_needs(message.text, parsed, parse)
            raise_buried([parsed], parse)
        message.parse_data = parsed
        messages = await processor.handle_message(message)
        return Turn(messages or [], public_parse(message.parse_data), replayed=False)


async def replay(tracker: DialogueStateTracker, message_id: str) -> Turn | None:
    """The turn of an earlier message rebuilt from the conversation's events; None if it is not among them."""
    events = list(tracker.events)
    asked = next(
        (i for i in reversed(range(len(events))) if _is_message(events[i], message_id)),
        None,
    )
    if asked is None:
        return None
    channel = CollectingOutputChannel()
    for event in events[asked + 1 :]:
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered):
            await channel.send_response(tracker.sender_id, event.message())
    return Turn(channel.messages, public_parse(events[asked].parse_data), replayed=True)


def _is_message(event: object, message_id: str) -> bool:
    return isinstance(event, UserUttered) and event.message_id == message_id


def public_parse(parse: Json) -> Json:
    """What the gateway is told about a message: text, intent, intent_ranking, entities, danger (0 to 1, or None),
    and needs, those told beside the main one: [{intent, text, confidence}].

    The ranking holds real intents only: Rasa's fallback puts `nlu_fallback` before them, here it stands in `intent`
    alone.
    """
    return {
        "text": parse.get("text") or "",
        "intent": _score(parse.get("intent") or {}),
        "intent_ranking": [
            _score(entry)
            for entry in parse.get("intent_ranking") or []
            if entry.get("name") != DEFAULT_NLU_FALLBACK_INTENT_NAME
        ],
        "entities": parse.get("entities") or [],
        "danger": parse.get("danger"),
        "needs": parse.get("needs") or [],
    }


def _score(entry: Json) -> Json:
    return {"name": entry.get("name"), "confidence": float(entry.get("confidence") or 0.0)}


class _LoudProcessor(MessageProcessor):
    """Rasa's processor, except that a failed action fails the turn.

    Rasa logs the failure, forgets the action's events and goes on, which answers a citizen with silence and stores a
    conversation that believes it acted.
    """

    @classmethod
    def over(cls, processor: MessageProcessor) -> _LoudProcessor:
        """A view of a loaded processor; shares its model and stores."""
        view = cls.__new__(cls)
        view.__dict__.update(processor.__dict__)
        view.on_circuit_break = _raise_on_circuit_break
        return view

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        watched = _Watched(action)
        more = bool(await super()._run_action(watched, tracker, output_channel, nlg, prediction))
        if watched.error is not None:
            raise ActionFailed(f"action '{action.name()}' failed") from watched.error
        return more


def _raise_on_circuit_break(*_: object) -> None:
    raise TurnFailed("the dialogue rules predicted more actions than a turn may have")


class _Watched:
    """An action that remembers the error it raised."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._action.run(*args, **kwargs)
        except ActionExecutionRejection:
            raise  # a form's way to hand over to another rule, no failure
        except Exception as error:
            self.error = error
            raise
