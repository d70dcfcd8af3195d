"""A conversation in English or Chinese: how it gets there, what is said in it, and the way back to Korean."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import yaml

from services.cases.enums import CaseStatus
from services.chat import forms, texts
from services.chat.actions import make_executor
from services.chat.enums import Language
from services.chat.languages import WIDGET_PERSON_REQUEST
from services.chat.models import ChatSession
from services.runtime import Services
from services.settings import ROOT, Settings
from tests.support.actions import run_action
from tests.support.citizen import Conversation
from tests.support.filing import file_case, move, transcript_of
from tests.support.rasa import FakeRasa, said

HANGUL = re.compile(r"[가-힣]")


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Conversation:
    return await Conversation.open(client)


async def language_of(services: Services, chat: Conversation) -> Language:
    async with services.db.transaction() as session:
        return (await session.get_one(ChatSession, chat.id)).lang


def choices_of(reply: dict[str, Any]) -> dict[str, str]:
    return {choice["title"]: choice["payload"] for message in reply["messages"] for choice in message["choices"]}


# switching ----------------------------------------------------------------------------------------------------------


async def test_korean_is_one_tap_away_from_every_other_greeting(client: httpx.AsyncClient) -> None:
    for lang in ("en", "zh"):
        opened = (await Conversation.open(client, lang=lang)).opened
        assert choices_of(opened)["한국어"] == "/language ko"
    assert "한국어" not in choices_of((await Conversation.open(client)).opened)


async def test_an_english_sentence_is_answered_in_english_and_korean_is_one_tap_away(
    chat: Conversation, services: Services, rasa: FakeRasa
) -> None:
    reply = await chat.say("There is a pothole in front of my house")
    notice, answer = reply["messages"]
    assert notice["text"] == texts.SWITCHED[Language.EN]
    assert answer["text"] == "들은 말: There is a pothole in front of my house"
    assert rasa.turns[-1]["metadata"]["lang"] == "en"
    assert rasa.turns[-1]["metadata"]["switched"] is False
    assert reply["lang"] == "en"
    assert await language_of(services, chat) is Language.EN
    assert len((await chat.say("It is very deep"))["messages"]) == 1, "the notice comes once"

    back = await chat.say(choices_of(reply)["한국어"])
    assert back["messages"][0]["text"] == texts.SWITCHED[Language.KO]
    assert await language_of(services, chat) is Language.KO
    assert rasa.turns[-1]["message"] == "/easy_language"
    assert rasa.turns[-1]["metadata"]["switched"] is True
    again = await chat.say(choices_of(back)["English"])
    assert again["messages"][0]["text"] == texts.SWITCHED[Language.EN]
    assert (await chat.texts()).count("한국어") == 1, "a tap reads as its title"


async def test_a_language_may_be_asked_for_in_words(chat: Conversation, services: Services, rasa: FakeRasa) -> None:
    rasa.answers = lambda turn: said([])
    for wish, language in (
        ("请用中文", Language.ZH),
        ("English please", Language.EN),
        ("한국어로 해 주세요", Language.KO),
    ):
        [notice] = (await chat.say(wish))["messages"]
        assert notice["text"] == texts.SWITCHED[language]
        assert await language_of(services, chat) is language


async def test_korean_and_chinese_sentences_switch_too(client: httpx.AsyncClient, services: Services) -> None:
    chat = await Conversation.open(client, lang="en")
    await chat.say("我家门口的路灯坏了")
    assert await language_of(services, chat) is Language.ZH
    await chat.say("가로등이 꺼졌어요")
    assert await language_of(services, chat) is Language.KO


async def test_the_widgets_request_for_a_person_keeps_the_language(
    client: httpx.AsyncClient, services: Services
) -> None:
    chat = await Conversation.open(client, lang="en")
    await chat.say(WIDGET_PERSON_REQUEST)
    assert await language_of(services, chat) is Language.EN


def asking(slot: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Rasa in a form: a question, then the message that says so."""
    return lambda _: said([{"text": "질문"}, {"custom": {"kind": "question", "data": {"asks": slot}}}])


async def test_answers_in_a_form_keep_the_language_and_sentences_do_not(
    chat: Conversation, services: Services, rasa: FakeRasa
) -> None:
    rasa.answers = asking("location")
    reply = await chat.say("There is a pothole here")
    assert [message["text"] for message in reply["messages"]] == [texts.SWITCHED[Language.EN], "질문"]
    assert reply["messages"][-1]["data"] == {"asks": "location"}
    for answer in ("한빛시 중앙로 12 우체국 앞", "12가3456", "건너뛰기", "首尔市中区明洞"):
        assert len((await chat.say(answer))["messages"]) == 1
        assert await language_of(services, chat) is Language.EN
        assert rasa.turns[-1]["message"] == answer
    await chat.say("우체국 바로 앞에 있어요")
    assert await language_of(services, chat) is Language.KO
    await chat.say("In front of Jungang Apt 12")
    assert await language_of(services, chat) is Language.KO


async def test_the_name_of_a_language_answers_the_question_for_it(
    chat: Conversation, services: Services, rasa: FakeRasa
) -> None:
    rasa.answers = asking("language")
    await chat.say("다문화 지원을 받고 싶어요")
    await chat.say("English")
    assert rasa.heard()[-1] == "English"
    assert await language_of(services, chat) is Language.KO


async def test_a_repeated_message_switches_once(chat: Conversation, rasa: FakeRasa) -> None:
    first = await chat.say("Where can I renew my visa?", message_id="m-1")
    assert await chat.say("Where can I renew my visa?", message_id="m-1") == first
    assert len(rasa.turns) == 1


async def test_an_outage_is_told_in_the_language_of_the_message(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.trouble = "error500"
    notice, apology = (await chat.say("Where can I renew my visa?"))["messages"]
    assert notice["text"] == texts.SWITCHED[Language.EN]
    assert "1345" in apology["text"]
    assert not HANGUL.search(apology["text"])


async def test_a_korean_cry_for_help_takes_no_language_away(client: httpx.AsyncClient, services: Services) -> None:
    chat = await Conversation.open(client, lang="zh")
    reply = await chat.say("불이야!! 집에 불이 났어요")
    assert reply["messages"][0]["kind"] == "emergency"
    assert not HANGUL.search(reply["messages"][0]["text"])
    assert reply["messages"][1]["text"] == texts.AFTER_EMERGENCY[Language.ZH]
    assert await language_of(services, chat) is Language.ZH


async def test_an_english_cry_for_help_gets_the_english_card_first(chat: Conversation) -> None:
    reply = await chat.say("Help, my house is on fire!")
    assert reply["messages"][0]["kind"] == "emergency"
    assert reply["messages"][0]["text"].startswith("Call 119")


async def test_while_waiting_for_a_person_the_language_still_follows(chat: Conversation, services: Services) -> None:
    from services.chat import service
    from services.chat.enums import QueueReason

    async with services.db.transaction() as session:
        await service.queue_session(session, session_id=chat.id, reason=QueueReason.REQUESTED)
    reply = await chat.say("English please")
    assert [message["text"] for message in reply["messages"]] == [
        texts.SWITCHED[Language.EN],
        texts.QUEUED[Language.EN],
    ]


async def test_a_new_status_is_told_in_the_language_of_the_conversation(
    client: httpx.AsyncClient, services: Services
) -> None:
    chat = await Conversation.open(client, lang="en")
    case = await file_case(services, session_id=chat.id)
    await move(services, case, CaseStatus.ACCEPTED, reason=None)
    last = (await transcript_of(services, chat.id))[-1]
    assert last.text == f"The status of your case {case.receipt_no} has changed: Accepted"


# what the actions say -----------------------------------------------------------------------------------------------

Act = Callable[..., Awaitable[tuple[list[dict[str, Any]], dict[str, Any]]]]


@pytest.fixture
def act(client: httpx.AsyncClient, settings: Settings, chat: Conversation) -> Act:
    """Runs an action as Rasa does; returns its messages and the slots that it set."""

    async def run(
        action: str, lang: str, *, text: str = "hello", intent: str = "greet", slots: Any = None, **metadata: Any
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        return await run_action(
            client,
            settings,
            action,
            session_id=chat.session_id,
            text=text,
            intent=intent,
            slots=slots,
            lang=lang,
            **metadata,
        )

    return run


def korean_in(responses: list[dict[str, Any]], services: Services) -> list[str]:
    """Korean sentences in what was said; names of agencies and the Korean words for Korean things may stay."""
    owners = {str(intent.owner) for intent in services.taxonomy}
    found = []
    for response in responses:
        for text in (response.get("text") or "", *(one["title"] for one in response.get("buttons") or [])):
            for owner in sorted(owners, key=len, reverse=True):
                text = text.replace(owner, "")
            found += re.findall(r"[가-힣]+(?:요|니다|까)\b", text)
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_every_need_is_answered_in_the_language_with_its_agency_and_line(
    act: Act, services: Services, lang: str
) -> None:
    for intent in services.taxonomy:
        action = "action_answer_dialogue" if intent.family == "dialogue" else "action_answer_need"
        responses, _ = await act(action, lang, intent=intent.name)
        assert responses[0]["text"]
        assert not responses[0].get("response")
        assert korean_in(responses, services) == []
        if intent.line:
            assert intent.line in responses[0]["text"]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_a_form_begins_asks_and_confirms_in_the_language(act: Act, services: Services, lang: str) -> None:
    parking = services.taxonomy.get("illegal_parking")
    started, slots = await act("action_start_case", lang, intent=parking.name, text="A car blocks my gate")
    assert slots["case_intent"] == parking.name
    assert str(parking.owner) in started[0]["text"]
    for slot in forms.SLOT_NAMES:
        for required in (True, False):
            asked, _ = await act(f"action_ask_case_form_{slot}", lang, slots={"asked_required": required})
            assert asked[0]["text"] == texts.QUESTIONS[slot][Language(lang)]
            titles = [one["title"] for one in asked[0]["buttons"]]
            assert (texts.SKIP[Language(lang)] in titles) is not required
            assert asked[1]["custom"]["data"] == {"asks": slot}
    filled = {"case_intent": parking.name, "location": "12 Jungang-ro", "when": "yesterday"}
    shown, _ = await act("action_ask_case_form_confirm", lang, slots=filled)
    assert "12 Jungang-ro" in shown[0]["text"]
    assert korean_in(shown, services) == []
    which, _ = await act("action_ask_case_form_confirm", lang, slots={**filled, "confirm": "correct"})
    assert len(which[0]["buttons"]) == len(parking.slots) + 1
    cancelled, _ = await act("action_finish_case", lang, slots={"case_decision": "cancel"})
    assert cancelled[0]["text"] == texts.CANCELLED[Language(lang)]


async def test_a_switch_in_a_form_asks_the_same_question_again_and_takes_nothing_down(act: Act) -> None:
    slots = {"case_intent": "road_damage", "requested_slot": "location", "tries": 1}
    responses, changed = await act(
        "validate_case_form", "en", text="/easy_language", intent="easy_language", slots=slots, switched=True
    )
    assert responses == []
    assert changed == {"asked_required": True, "tries": 1, "requested_slot": "location"}
    outside, _ = await act("action_answer_dialogue", "en", intent="easy_language", switched=True)
    assert outside == []


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_receipt_status_clarification_and_hand_over_are_in_the_language(
    act: Act, services: Services, lang: str
) -> None:
    language = Language(lang)
    unsure, slots = await act("action_clarify", lang, intent="road_damage", text="hole")
    assert unsure[0]["text"] == texts.CLARIFY[language]
    road = services.taxonomy.get("road_damage")
    assert unsure[0]["buttons"][0] == texts.button(services.translations.name(road, language), "/road_damage")
    assert slots["clarified"] is True
    still, _ = await act("action_clarify", lang, slots={"clarified": True})
    assert still[0]["text"] == texts.STILL_UNSURE[language]
    nothing, _ = await act("action_case_status", lang, intent="case_status")
    assert "20260213-000017" in nothing[0]["text"]
    filed, _ = await act(
        "action_finish_case",
        lang,
        slots={
            "case_decision": "file",
            "case_intent": "road_damage",
            "case_text": "A pothole",
            "location": "12 Jungang-ro",
            "draft_id": lang,
        },
    )
    receipt = filed[0]["custom"]
    assert receipt["data"]["receipt_no"] in receipt["text"]
    assert receipt["data"]["agency"]["name"] in receipt["text"]
    assert not re.search(r"[가-힣](?:요|니다)\b", receipt["text"])
    status, _ = await act("action_case_status", lang, intent="case_status")
    assert receipt["data"]["receipt_no"] in status[0]["custom"]["text"]
    handed, _ = await act("action_hand_over", lang)
    assert handed[0]["custom"]["text"] == texts.HANDED_OVER[language]


async def test_korean_is_still_what_the_bots_domain_says(act: Act) -> None:
    for lang in ("ko", "xx"):
        greeted, _ = await act("action_answer_dialogue", lang)
        assert greeted[0]["response"] == "utter_greet"
        asked, _ = await act("action_ask_case_form_when", lang)
        assert asked[0]["response"] == "utter_ask_case_form_when"
        started, _ = await act("action_start_case", lang, intent="road_damage")
        assert started[0]["response"] == "utter_road_damage"
        answered, _ = await act("action_answer_need", lang, intent="passport")
        assert answered[0]["response"] == "utter_passport"


def test_every_action_of_the_domain_is_there_and_no_other(services: Services) -> None:
    domain = yaml.safe_load((ROOT / "bot" / "domain" / "domain.yml").read_text(encoding="utf-8"))
    assert set(domain["actions"]) == set(make_executor(services).actions)
