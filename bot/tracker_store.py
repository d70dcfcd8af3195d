"""Dialogue state in Redis, with a bounded history.

Rasa's own Redis store loads, replays and rewrites every event of a conversation in each turn (about 0.4 ms a past turn),
and reads it a second time while it saves. Here a conversation keeps its last turns; what came before is folded into
the slots and the form that it left behind. The transcript is the services' record, not this one.
"""

from __future__ import annotations

import time
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import RedisTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, ConversationPaused, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

KEEP_TURNS = 8
"""Turns that stay as events after folding: what `retry` can repeat and what the rules can look back on."""
FOLD_AT = 16
"""Turns at which a conversation is folded to `KEEP_TURNS`; in between it is only appended to."""
SOCKET_SECONDS = 1.0


class BoundedRedisTrackerStore(RedisTrackerStore):
    """Rasa's Redis store for conversations that are written under their lock, by one turn at a time.

    The lock makes the merge that Rasa's store does on every save unnecessary. Only the last session is kept.
    """

    def __init__(
        self,
        domain: Domain,
        host: str = "localhost",
        port: int | str = 6379,
        db: int | str = 0,
        password: str | None = None,
        event_broker: EventBroker | None = None,
        record_exp: float | str | None = None,
        key_prefix: str | None = None,
        keep_turns: int = KEEP_TURNS,
        fold_at: int = FOLD_AT,
        **kwargs: Any,
    ) -> None:
        """Connects lazily.

        Args:
            domain: the slots of a new conversation.
            host, port, db, password: Redis; a blank password means none.
            event_broker: as in Rasa.
            record_exp: seconds after its last turn when a conversation is forgotten.
            key_prefix: letters and digits, put before 'tracker:'.
            keep_turns, fold_at: see the constants of the same names.
            **kwargs: as for Rasa's store.

        Raises:
            ValueError: `fold_at` is not greater than `keep_turns`, or `keep_turns` is less than 1.
        """
        if not 1 <= keep_turns < fold_at:
            raise ValueError("keep_turns must be at least 1 and less than fold_at")
        super().__init__(
            domain=domain,
            host=host,
            port=int(port),
            db=int(db),
            password=password or None,
            event_broker=event_broker,
            record_exp=None if record_exp is None else int(float(record_exp)),
            key_prefix=key_prefix,
            **kwargs,
        )
        # Rasa's connection waits for ever: a Redis that hangs would hang every conversation of the process
        self.red.connection_pool.connection_kwargs.update(
            socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS
        )
        self._keep_turns = keep_turns
        self._fold_at = fold_at

    async def save(self, tracker: DialogueStateTracker, timeout: float | None = None) -> None:
        """Writes the conversation, folded if it has grown long, in one round trip.

        Raises:
            redis.RedisError: Redis cannot be reached.
        """
        await self.stream_events(tracker)
        folded = fold(tracker, self.domain, keep_turns=self._keep_turns, fold_at=self._fold_at)
        self.red.set(self.key_prefix + tracker.sender_id, self.serialise_tracker(folded), ex=timeout or self.record_exp)


def fold(tracker: DialogueStateTracker, domain: Domain, *, keep_turns: int, fold_at: int) -> DialogueStateTracker:
    """The conversation with its last `keep_turns` turns as events and everything before as its outcome.

    A turn begins with what the citizen says. The outcome is the value of each slot that differs from its initial value, the
    active form, and whether the conversation is paused. A tracker of at most `fold_at` turns is returned as it is.
    """
    events = list(tracker.events)
    asked = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(asked) <= fold_at:
        return tracker
    cut = asked[-keep_turns]
    slots = domain.slots
    before = DialogueStateTracker.from_events(tracker.sender_id, events[:cut], slots, domain=domain)
    initial = {slot.name: slot.initial_value for slot in slots}
    moment = getattr(events[cut - 1], "timestamp", None) or time.time()
    outcome: list[Event] = [
        SlotSet(name, slot.value, timestamp=moment)
        for name, slot in before.slots.items()
        if slot.value != initial.get(name)
    ]
    if before.active_loop_name:
        outcome.append(ActiveLoop(before.active_loop_name, timestamp=moment))
    if before.is_paused():
        outcome.append(ConversationPaused(timestamp=moment))
    outcome.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=moment))
    folded = DialogueStateTracker.from_events(tracker.sender_id, [*outcome, *events[cut:]], slots, domain=domain)
    folded.model_id, folded.assistant_id = tracker.model_id, tracker.assistant_id
    return folded
