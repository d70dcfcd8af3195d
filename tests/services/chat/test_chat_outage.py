"""While Rasa is down, slow or talks nonsense: the phone line, the queue, and never a lost message."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text

from services.cases.enums import CaseOrigin, Urgency
from services.cases.models import Case
from services.chat.gateway import AssistantDown, CircuitBreaker, Gateway
from services.chat.models import ChatSession
from services.runtime import Services
from tests.services.conftest import RASA_TIMEOUT
from tests.support.citizen import Conversation
from tests.support.rasa import FakeRasa, said

TROUBLES = ["down", "slow", "drip", "error500", "no_model", "html", "truncated", "wrong_shape"]


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Conversation:
    return await Conversation.open(client)


def afflict(rasa: FakeRasa, trouble: str) -> None:
    if trouble == "down":
        rasa.stop()
    else:
        rasa.trouble = trouble


async def cases(services: Services) -> list[Case]:
    async with services.db.transaction() as session:
        return list((await session.execute(select(Case))).scalars())


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_an_outage_is_an_apology_with_a_phone_line_and_a_place_in_the_queue(
    chat: Conversation, services: Services, rasa: FakeRasa, trouble: str
) -> None:
    afflict(rasa, trouble)
    started = time.monotonic()
    reply = await chat.say("도로가 파였어요")
    assert time.monotonic() - started < RASA_TIMEOUT + 3
    assert reply["state"] == "queued"
    [message] = reply["messages"]
    assert "죄송" in message["text"]
    assert "110" in message["text"]
    assert (await chat.texts())[1] == "도로가 파였어요"
    async with services.db.transaction() as session:
        row = await session.get_one(ChatSession, chat.id)
        assert row.queue_reason == "outage"
    danger = await chat.say("집에 불이 났어요")
    assert (danger["messages"][0]["kind"], danger["messages"][0]["data"]["line"]) == ("emergency", "119")


async def test_when_rasa_is_back_so_is_the_assistant(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.trouble = "error500"
    assert (await chat.say("하나"))["state"] == "queued"
    rasa.trouble = None
    reply = await chat.say("둘")
    assert (reply["state"], reply["messages"][0]["text"]) == ("bot", "들은 말: 둘")
    assert (await chat.read())["state"] == "bot"


async def test_a_repeat_of_a_message_that_met_an_outage_gets_the_same_apology(
    chat: Conversation, rasa: FakeRasa
) -> None:
    rasa.trouble = "error500"
    first = await chat.say("하나", message_id="m-1")
    rasa.trouble = None
    assert await chat.say("하나", message_id="m-1") == first


async def test_three_failures_open_the_breaker_and_nobody_waits_any_more(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.trouble = "slow"
    for number in range(3):
        await chat.say(f"말 {number}")
    started = time.monotonic()
    await chat.say("또")
    assert time.monotonic() - started < RASA_TIMEOUT
    assert len(rasa.turns) == 3


async def test_a_message_that_rasa_refuses_does_not_close_the_assistant_for_others(
    client: httpx.AsyncClient, chat: Conversation, rasa: FakeRasa
) -> None:
    rasa.trouble = "bad_request"
    for number in range(4):
        assert (await chat.say(f"말 {number}"))["state"] == "queued"
    rasa.trouble = None
    other = await Conversation.open(client)
    assert (await other.say("안녕"))["state"] == "bot"


async def test_the_breaker_lets_one_trial_through_after_its_rest() -> None:
    breaker = CircuitBreaker(threshold=2, cooldown=0.1)
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    await asyncio.sleep(0.12)
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.succeeded()
    assert breaker.allows()


async def test_a_rasa_that_nobody_runs_is_named_down_and_not_ready(services: Services, rasa: FakeRasa) -> None:
    gateway = Gateway(services.settings, services.http)
    assert await gateway.ready()
    rasa.stop()
    assert await gateway.ready() is None
    with pytest.raises(AssistantDown):
        await gateway.turn(session_id=uuid4(), text="a", message_id=uuid4(), metadata={}, retry=False)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{}],
        [{"text": ""}],
        [{"image": "x.png"}],
        [{"text": "좋아요\x00"}],
        [{"custom": {"kind": []}}],
        [{"custom": {"kind": "unheard-of", "text": "말"}}],
        [{"custom": {"kind": "notice", "text": "말", "data": "x"}}],
        [{"custom": "x"}],
    ],
)
async def test_an_odd_answer_of_rasa_never_leaves_the_citizen_before_an_empty_page(
    chat: Conversation, rasa: FakeRasa, messages: list[dict[str, object]]
) -> None:
    rasa.answers = lambda _: said(messages)
    reply = await chat.say("안녕")
    assert reply["messages"]
    assert all(message["text"].strip() for message in reply["messages"])


# emergencies ----------------------------------------------------------------------------------------------------------


async def test_an_emergency_gets_its_card_first_and_rasa_is_not_asked(
    chat: Conversation, services: Services, rasa: FakeRasa
) -> None:
    reply = await chat.say("집에 불이 났어요")
    first = reply["messages"][0]
    assert (first["kind"], first["data"]["line"]) == ("emergency", "119")
    assert first["data"]["cue"] in "집에 불이 났어요"
    assert rasa.turns == []
    [case] = await cases(services)
    assert (case.urgency, case.origin, case.due_at) == (Urgency.P0, CaseOrigin.EMERGENCY, None)
    assert case.session_id == chat.id
    async with services.db.transaction() as session:
        for table in ("deliveries", "procrastinate_jobs"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


async def test_a_danger_files_one_case_a_conversation_and_kind(client: httpx.AsyncClient, services: Services) -> None:
    first, second = await Conversation.open(client), await Conversation.open(client)
    for chat, words in [
        (first, "집에 불이 났어요"),
        (first, "불이 났다고요 빨리요"),
        (first, "가스 냄새가 심하게 나요"),
        (second, "집에 불이 났어요"),
    ]:
        assert (await chat.say(words))["messages"][0]["kind"] == "emergency"
    assert sorted((str(case.session_id), case.intent) for case in await cases(services)) == sorted(
        [(first.session_id, "fire"), (first.session_id, "gas_leak"), (second.session_id, "fire")]
    )


async def test_the_same_danger_told_four_times_at_once_is_one_case(chat: Conversation, services: Services) -> None:
    await asyncio.gather(*(chat.say("집에 불이 났어요") for _ in range(4)))
    assert len(await cases(services)) == 1


async def test_the_card_is_in_the_citizens_language(client: httpx.AsyncClient) -> None:
    texts = set()
    for lang in ("ko", "en", "zh"):
        chat = await Conversation.open(client, lang=lang)
        texts.add((await chat.say("집에 불이 났어요"))["messages"][0]["text"])
    assert len(texts) == 3


async def test_the_classifier_may_add_an_alarm_and_never_takes_one_away(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = lambda _: said([{"text": "네"}], intent="fire", confidence=0.9)
    reply = await chat.say("연기가 자욱해서 앞이 안 보이는 것 같기도 하고요")
    assert reply["messages"][0]["kind"] == "emergency"
    rasa.answers = lambda _: said([{"text": "네"}], intent="greet", confidence=0.99)
    assert (await chat.say("집에 불이 났어요"))["messages"][0]["kind"] == "emergency"
