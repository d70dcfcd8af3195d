"""A message with two needs: the second is offered when the first is done."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.chat import texts
from services.chat.enums import Language
from tests.support.citizen import Conversation
from tests.support.rasa import FakeRasa, said

STREETLIGHT = "집 앞 가로등이 꺼져 있어요. 그리고 골목에 누가 쓰레기를 버리고 가요"
SECOND = {"intent": "illegal_dumping", "text": "그리고 골목에 누가 쓰레기를 버리고 가요", "confidence": 0.95}
OFFER = texts.OTHER_NEEDS[Language.KO]


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Conversation:
    return await Conversation.open(client)


def answer(*messages: dict[str, Any], needs: list[dict[str, Any]] | None = None, intent: str = "streetlight") -> Any:
    turn = said(list(messages), intent=intent)
    turn["parse"]["needs"] = needs or []
    return lambda _: turn


def question(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"text": text}, {"custom": {"kind": "question", "data": {"asks": "location"}}}


def offered(reply: dict[str, Any]) -> dict[str, str]:
    return {c["title"]: c["payload"] for m in reply["messages"] if m["text"] == OFFER for c in m["choices"]}


async def test_after_an_answer_the_other_need_is_offered_at_once(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = answer({"text": "기초연금 안내예요."}, needs=[SECOND], intent="basic_pension")
    reply = await chat.say("기초연금이 궁금해요. 그리고 골목에 누가 쓰레기를 버리고 가요")
    assert offered(reply) == {"쓰레기 무단투기": SECOND["text"]}
    assert reply["messages"][-1]["text"] == OFFER


async def test_a_form_is_finished_first(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = answer(*question("어디인가요?"), needs=[SECOND])
    assert not offered(await chat.say(STREETLIGHT))
    rasa.answers = answer(*question("사진이 있나요?"))
    assert not offered(await chat.say("시청 앞이요"))
    rasa.answers = answer({"text": "접수했어요."})
    assert offered(await chat.say("네")) == {"쓰레기 무단투기": SECOND["text"]}
    assert not offered(await chat.say("고마워요"))


async def test_the_choice_says_the_citizens_own_words(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = answer({"text": "안내예요."}, needs=[SECOND])
    [payload] = offered(await chat.say(STREETLIGHT)).values()
    rasa.answers = answer(*question("어디인가요?"), intent="illegal_dumping")
    await chat.say(payload)
    assert rasa.heard()[-1] == SECOND["text"]


async def test_an_answer_to_a_question_tells_no_other_need(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = answer(*question("어떤 일인가요?"))
    await chat.say("가로등이 꺼졌어요")
    rasa.answers = answer({"text": "접수했어요."}, needs=[SECOND])
    assert not offered(await chat.say("어두워서 넘어졌어요. 그리고 쓰레기가 있어요"))


@pytest.mark.parametrize("need", [{**SECOND, "intent": "greet"}, {**SECOND, "intent": "no_such_need"}])
async def test_small_talk_and_unknown_needs_are_not_offered(
    chat: Conversation, rasa: FakeRasa, need: dict[str, Any]
) -> None:
    rasa.answers = answer({"text": "안내예요."}, needs=[need])
    assert not offered(await chat.say(STREETLIGHT))


async def test_an_unsure_answer_offers_nothing_more(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = answer({"text": "어느 쪽인가요?"}, needs=[SECOND], intent="nlu_fallback")
    assert not offered(await chat.say(STREETLIGHT))
