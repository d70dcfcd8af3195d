"""Dialogue state with a bounded history, and Rasa's repeated costs paid once."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.endpoints import EndpointConfig

from bot import speedups
from bot.serve import HOME
from bot.tracker_store import BoundedRedisTrackerStore, fold
from bot.turn import take_turn

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [a]
    slots:
      place: {type: text, mappings: [{type: custom}]}
      kind: {type: text, initial_value: x, mappings: [{type: custom}]}
    forms: {place_form: {required_slots: [place]}}
    """
)


class Redis:
    """As much of Redis as the store uses."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.expiry: dict[str, Any] = {}
        self.calls: list[str] = []

    def get(self, key: str) -> str | None:
        self.calls.append("get")
        return self.values.get(key)

    def set(self, key: str, value: str, ex: Any = None) -> None:
        self.calls.append("set")
        self.values[key], self.expiry[key] = value, ex


def conversation(turns: int, *extra: tuple[int, Event]) -> DialogueStateTracker:
    """A tracker with some turns, and further events inside the turns of these numbers."""
    events: list[Event] = [ActionExecuted("action_session_start"), ActionExecuted("action_listen")]
    for number in range(turns):
        events.append(UserUttered(f"t{number}", {"name": "a", "confidence": 1.0}, message_id=f"m{number}"))
        events += [event for turn, event in extra if turn == number]
        events += [BotUttered(f"b{number}"), ActionExecuted("action_listen")]
    return DialogueStateTracker.from_events("c", events, DOMAIN.slots, domain=DOMAIN)


def test_a_short_conversation_is_left_as_it_is() -> None:
    tracker = conversation(16)
    assert fold(tracker, DOMAIN, keep_turns=8, fold_at=16) is tracker


def test_a_long_conversation_keeps_its_last_turns_and_what_the_others_left_behind() -> None:
    extra = [(1, SlotSet("place", "시청")), (2, ActiveLoop("place_form")), (2, SlotSet("requested_slot", "kind"))]
    tracker = conversation(17, *extra)
    folded = fold(tracker, DOMAIN, keep_turns=8, fold_at=16)
    asked = [event.text for event in folded.events if isinstance(event, UserUttered)]
    assert asked == [f"t{n}" for n in range(9, 17)]
    assert folded.current_slot_values() == tracker.current_slot_values()
    assert folded.get_slot("place") == "시청"
    assert folded.get_slot("requested_slot") == "kind"
    assert folded.get_slot("kind") == "x"
    assert folded.active_loop_name == "place_form"
    assert folded.latest_message == tracker.latest_message
    assert folded.latest_action_name == tracker.latest_action_name


def test_what_ended_before_the_fold_stays_ended() -> None:
    extra = [
        (1, SlotSet("place", "시청")),
        (1, ActiveLoop("place_form")),
        (3, SlotSet("place", None)),
        (3, ActiveLoop(None)),
        (4, ConversationPaused()),
    ]
    folded = fold(conversation(20, *extra), DOMAIN, keep_turns=8, fold_at=16)
    assert folded.get_slot("place") is None
    assert folded.active_loop_name is None
    assert folded.is_paused()


def test_folding_again_changes_nothing_more() -> None:
    folded = fold(conversation(40, (1, SlotSet("place", "시청"))), DOMAIN, keep_turns=8, fold_at=16)
    assert fold(folded, DOMAIN, keep_turns=8, fold_at=16) is folded
    assert len(folded.events) < 8 * 3 + 5


def store(**settings: Any) -> BoundedRedisTrackerStore:
    made = BoundedRedisTrackerStore(DOMAIN, **settings)
    made.red = Redis()
    return made


async def test_a_saved_conversation_comes_back_and_expires() -> None:
    kept = store(record_exp="60", key_prefix="rasa", port="6380", password="")
    await kept.save(conversation(3, (1, SlotSet("place", "시청"))))
    assert kept.red.calls == ["set"]
    assert kept.red.expiry == {"rasa:tracker:c": 60}
    found = await kept.retrieve("c")
    assert found is not None
    assert found.get_slot("place") == "시청"
    assert [e.message_id for e in found.events if isinstance(e, UserUttered)] == ["m0", "m1", "m2"]
    assert await kept.retrieve("another") is None


def test_the_connection_gives_up_on_a_redis_that_hangs() -> None:
    options = BoundedRedisTrackerStore(DOMAIN).red.connection_pool.connection_kwargs
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 1.0


@pytest.mark.parametrize(("keep", "at"), [(0, 4), (4, 4), (5, 4)])
def test_bounds_that_cannot_work_are_refused(keep: int, at: int) -> None:
    with pytest.raises(ValueError, match="keep_turns"):
        store(keep_turns=keep, fold_at=at)


async def test_a_folded_conversation_is_answered_like_a_whole_one(agent: Any, tiny: Any) -> None:
    """The same forty messages, forms left open across a fold included, once with and once without a bound."""
    said = ["도로에 구멍이 났어요", "시청 앞", "안녕하세요", "가로등이 나갔어요", "도로에 구멍이 났어요"] * 8
    answers: dict[str, list[Any]] = {}
    bounded = BoundedRedisTrackerStore(agent.domain, keep_turns=1, fold_at=2)
    bounded.red = Redis()
    for name, kept in {"whole": InMemoryTrackerStore(agent.domain), "folded": bounded}.items():
        agent.tracker_store = agent.processor.tracker_store = kept
        turns = [
            await take_turn(agent, UserMessage(text, sender_id="c", message_id=f"m{n}"), retry=False)
            for n, text in enumerate(said)
        ]
        answers[name] = [[message["text"] for message in turn.messages if "text" in message] for turn in turns]
    assert answers["folded"] == answers["whole"]
    assert ["접수했습니다: 시청 앞"] in answers["folded"]
    assert len(json.loads(bounded.red.values["tracker:c"])["events"]) < 40


def test_the_endpoints_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ACTION_ENDPOINT_URL": "http://127.0.0.1:8000/actions",
        "ACTION_TOKEN": "action-token",
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": "6390",
        "REDIS_PASSWORD": "p w:d",
    }.items():
        monkeypatch.setenv(name, value)
    endpoints = AvailableEndpoints.read_endpoints(str(HOME / "endpoints.yml"))
    assert endpoints.action.url == "http://127.0.0.1:8000/actions"
    assert endpoints.action.headers == {"X-Action-Token": "action-token"}
    made = TrackerStore.create(endpoints.tracker_store, DOMAIN)
    assert isinstance(made, BoundedRedisTrackerStore)
    options = made.red.connection_pool.connection_kwargs
    assert (options["host"], options["port"], options["password"]) == ("127.0.0.1", 6390, "p w:d")
    assert made.record_exp == 86_400


def test_the_faster_check_of_actions_is_rasas_check() -> None:
    rasas = RemoteAction._validate_action_result
    action = RemoteAction("a", EndpointConfig("http://x.invalid"))
    good = {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "b"}]}
    bad = [{"events": "x"}, {"responses": [1]}, {"events": [{"event": "slot"}]}, {"events": [1]}, []]
    assert speedups._validate_action_result(action, good) is True
    for answer in [good, {}, {"events": None}, {"extra": 1}, *bad]:
        outcomes = []
        for check in (rasas, speedups._validate_action_result):
            try:
                outcomes.append(check(action, answer))
            except ValidationError as error:
                outcomes.append(list(error.absolute_path))
        assert outcomes[0] == outcomes[1], answer


def test_the_faster_lookup_of_events_is_rasas_lookup() -> None:
    names = ["user", "bot", "slot", "action", "active_loop", "session_started", "restart", "user_featurization"]
    for _ in range(2):
        for name in names:
            assert speedups._resolve_by_type(name) is speedups._resolve_anew(name)
        assert speedups._resolve_by_type("topic") is None
        assert speedups._resolve_by_type("slot", UserUttered) is SlotSet
        assert speedups._resolve_by_type("unknown", UserUttered) is UserUttered
        with pytest.raises(ValueError, match="unknown"):
            speedups._resolve_by_type("unknown")


def test_a_copied_example_shares_texts_and_nothing_else() -> None:
    example = Message(data={TEXT: "가로등", INTENT: "streetlight", "metadata": {"example": {"use": "danger"}}})
    copied = speedups._copy(example, {})
    assert copied == example == deepcopy(example)
    copied.data["metadata"]["example"]["use"] = "no_danger"
    copied.set(INTENT, "fire", add_to_output=True)
    assert example.data == {TEXT: "가로등", INTENT: "streetlight", "metadata": {"example": {"use": "danger"}}}
    assert INTENT not in example.output_properties
    assert copied != example


def test_equal_examples_have_equal_hashes() -> None:
    one, other = (Message(data={TEXT: "가로등", INTENT: "streetlight"}) for _ in range(2))
    assert one == other
    assert speedups._hash_of_text_and_intent(one) == speedups._hash_of_text_and_intent(other)
