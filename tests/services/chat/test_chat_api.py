"""The citizen's API: sessions, what may be sent, and what is made of everything else."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from services.chat.models import ChatMessage
from services.chat.routes import MESSAGES_A_MINUTE
from services.runtime import Services
from tests.support.citizen import SESSIONS, Conversation
from tests.support.rasa import FakeRasa, said

PROBLEM = "application/problem+json"


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Conversation:
    return await Conversation.open(client)


async def stored(services: Services, chat: Conversation) -> list[ChatMessage]:
    async with services.db.transaction() as session:
        statement = select(ChatMessage).where(ChatMessage.session_id == chat.id).order_by(ChatMessage.seq)
        return list((await session.execute(statement)).scalars())


def assert_problem(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert body["type"].startswith("/problems/")
    assert any("가" <= letter <= "힣" for letter in body["detail"])
    assert "Traceback" not in answer.text


# opening ------------------------------------------------------------------------------------------------------------


async def test_the_first_message_says_in_the_citizens_language_that_this_is_an_ai(client: httpx.AsyncClient) -> None:
    wanted = {"ko": "인공지능", "en": "AI", "zh": "人工智能", "en-US": "AI", "ZH-cn": "人工智能", "fr": "인공지능"}
    for lang, word in wanted.items():
        [message] = (await Conversation.open(client, lang=lang)).opened["messages"]
        assert word in message["text"], lang
        assert (message["author"], message["kind"]) == ("bot", "choices")
        assert message["choices"]
    [message] = (await Conversation.open(client)).opened["messages"]
    assert "119" in message["text"]
    assert "상담원" in message["text"]


async def test_a_session_may_carry_a_place_and_unknown_fields_are_ignored(client: httpx.AsyncClient) -> None:
    await Conversation.open(client, location={"lat": 37.5, "lon": 127.0}, channel="kiosk-1", theme="dark")


async def test_a_session_with_nonsense_is_refused(client: httpx.AsyncClient) -> None:
    wrong: list[Any] = [
        {"location": {"lat": 91, "lon": 0}},
        {"location": {"lat": "north", "lon": 0}},
        {"location": {"lat": 1}},
        {"channel": "<b>"},
        {"lang": 7},
        {"lang": "x" * 21},
        [],
        "text",
    ]
    for body in wrong:
        assert_problem(await client.post(SESSIONS, json=body), 422)
    for raw in (b'{"location": {"lat": NaN, "lon": 1}}', b'{"lang": "\\ud800"}', b"{", b"", b"\xff"):
        answer = await client.post(SESSIONS, content=raw, headers={"Content-Type": "application/json"})
        assert_problem(answer, 422)


async def test_a_wrong_token_an_unknown_and_a_malformed_session_are_told_apart_by_nobody(
    client: httpx.AsyncClient, chat: Conversation
) -> None:
    other = await Conversation.open(client)
    message = {"text": "안녕", "client_message_id": "1"}
    bodies = []
    for session_id, authorization in [
        (chat.session_id, None),
        (chat.session_id, ""),
        (chat.session_id, "Bearer "),
        (chat.session_id, "Bearer nonsense"),
        (chat.session_id, f"Bearer {other.token}"),
        (chat.session_id, f"Basic {chat.token}"),
        (chat.session_id, chat.token),
        (str(uuid4()), f"Bearer {chat.token}"),
        ("not-a-session", f"Bearer {chat.token}"),
        ("%00", f"Bearer {chat.token}"),
    ]:
        headers = {"Authorization": authorization} if authorization is not None else {}
        url = f"{SESSIONS}/{session_id}/messages"
        for answer in (
            await client.get(url, headers=headers),
            await client.post(url, json=message, headers=headers),
            await client.post(url, json={"text": 7}, headers=headers),
        ):
            assert_problem(answer, 404)
            bodies.append(answer.text)
    assert len(set(bodies)) == 1
    assert len(await chat.texts()) == 1


# messages -----------------------------------------------------------------------------------------------------------


async def test_a_message_is_answered_and_both_are_in_the_transcript(chat: Conversation, rasa: FakeRasa) -> None:
    reply = await chat.say("안녕하세요")
    assert reply["state"] == "bot"
    assert reply["case"] is None
    assert [message["text"] for message in reply["messages"]] == ["들은 말: 안녕하세요"]
    assert (await chat.texts())[1:] == ["안녕하세요", "들은 말: 안녕하세요"]
    assert rasa.turns[0]["sender"] == chat.session_id


async def test_what_is_no_message_is_refused_and_nothing_of_it_is_kept(chat: Conversation, rasa: FakeRasa) -> None:
    for text in ("", " ", "\n\t ", "　", "\x00", "\x00\x01 ", "가" * 4_001, None, 7, ["안녕"], {"a": 1}, True):
        assert_problem(await chat.post(text), 422)
    for message_id in ("a b", "x" * 101, "가", "a\n", "<b>", "a\x00"):
        assert_problem(await chat.post("안녕", message_id=message_id), 422)
    for raw in (
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"text": "a"}',
        b'{"client_message_id": "1"}',
        b'{"text": "a", "client_message_id": ""}',
        b'{"text": "\xff", "client_message_id": "1"}',
        b'{"text": "a", "client_message_id": "\\ud800"}',
        b"[" * 50_000,
    ):
        assert_problem(await chat.post_raw(raw), 422)
    assert rasa.turns == []
    assert len(await chat.texts()) == 1


async def test_a_refusal_says_in_korean_what_is_wrong_and_does_not_repeat_the_text(chat: Conversation) -> None:
    answer = await chat.post("비밀" * 2_001)
    assert answer.json()["errors"] == [{"field": "text", "reason": "내용이 너무 깁니다"}]
    assert "비밀" not in answer.text


async def test_another_content_type_is_415(chat: Conversation) -> None:
    body = b'{"text": "a", "client_message_id": "1"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx"):
        assert_problem(await chat.post_raw(body, kind=kind), 415)
    assert (await chat.post_raw(body, kind="application/json; charset=utf-8")).status_code == 200


async def test_a_body_that_is_far_too_long_is_413(chat: Conversation) -> None:
    assert_problem(await chat.post("가" * 300_000), 413)


WHATEVER = [
    "가" * 4_000,
    "😀👨‍👩‍👧",
    "'; DROP TABLE chat_messages; --",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{7*7}} ${7*7} %s %n",
    "\u202e거꾸로",
    "\\u0000 \\ud800",
    "한\n줄\t바꿈",
    "ㅋㅋㅋ",
    '{"json": [1]}',
]


async def test_whatever_is_written_is_kept_as_it_was_written(chat: Conversation) -> None:
    for text in WHATEVER:
        await chat.say(text)
    assert (await chat.texts())[1::2] == WHATEVER


async def test_half_an_emoji_and_nul_are_replaced_and_the_rest_is_kept(chat: Conversation, rasa: FakeRasa) -> None:
    for number, (sent, kept) in enumerate(
        [
            (rb"\ud83d \ub3c4\ub85c\uac00 \ud30c\uc600\uc5b4\uc694", "\ufffd 도로가 파였어요"),
            (rb"\ub3c4\u0000\ub85c", "도 로"),
            (rb"\udc00\ud800", "\ufffd\ufffd"),
        ]
    ):
        answer = await chat.post_raw(b'{"text": "%s", "client_message_id": "%d"}' % (sent, number))
        assert answer.status_code == 200, answer.text
        assert rasa.heard()[-1] == kept
        assert (await chat.texts())[-2] == kept


async def test_nothing_said_before_is_lost_by_bad_input(chat: Conversation) -> None:
    await chat.say("도로가 파였어요")
    await chat.post("")
    await chat.post_raw(b"{")
    await chat.post("가" * 4_001)
    await chat.say("중앙로 12 앞")
    assert (await chat.texts())[1::2] == ["도로가 파였어요", "중앙로 12 앞"]


async def test_a_repeated_message_does_nothing_twice(chat: Conversation, rasa: FakeRasa) -> None:
    first = await chat.say("안녕", message_id="m-1")
    second = await chat.say("안녕", message_id="m-1")
    third = await chat.say("다른 말", message_id="m-1")
    assert first == second == third
    assert rasa.heard() == ["안녕"]
    assert len(await chat.texts()) == 3


async def test_the_same_message_twice_at_once_is_answered_once(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.delay = 0.2
    replies = await asyncio.gather(*(chat.say("안녕", message_id="m-1") for _ in range(4)))
    assert all(reply == replies[0] for reply in replies)
    assert rasa.heard() == ["안녕"]
    assert len(await chat.texts()) == 3


async def test_two_conversations_may_use_the_same_message_id(client: httpx.AsyncClient, rasa: FakeRasa) -> None:
    for _ in range(2):
        await (await Conversation.open(client)).say("안녕", message_id="m-1")
    assert len(rasa.turns) == 2


async def test_two_messages_at_once_are_answered_one_after_the_other(chat: Conversation, rasa: FakeRasa) -> None:
    rasa.delay = 0.1
    first, second = await asyncio.gather(chat.say("하나"), chat.say("둘"))
    assert [reply["messages"][0]["text"] for reply in (first, second)] == ["들은 말: 하나", "들은 말: 둘"]


async def test_after_shows_what_came_after(chat: Conversation) -> None:
    first = await chat.say("하나")
    second = await chat.say("둘")
    shown = await chat.read(after=first["messages"][-1]["id"])
    assert [message["text"] for message in shown["messages"]] == ["둘", "들은 말: 둘"]
    assert (await chat.read(after=second["messages"][-1]["id"]))["messages"] == []
    answer = await chat.client.get(chat.url, headers=chat.headers, params={"after": "nonsense"})
    assert_problem(answer, 422)


async def test_the_61st_message_in_a_minute_is_told_to_wait(chat: Conversation, services: Services) -> None:
    await services.redis.set(f"limit:messages:{chat.session_id}", MESSAGES_A_MINUTE - 1, ex=60)
    await chat.say("예순 번째")
    answer = await chat.post("예순한 번째")
    assert_problem(answer, 429)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert len(await chat.texts()) == 3


# personal data ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "masked", "secret"),
    [
        ("제 번호는 010-1234-5678이에요", "제 번호는 [전화번호]이에요", "1234"),
        ("주민번호 900101-1234567 입니다", "주민번호 [주민등록번호] 입니다", "1234567"),
    ],
)
async def test_personal_data_is_masked_everywhere_but_in_the_sealed_original(
    chat: Conversation, services: Services, rasa: FakeRasa, text: str, masked: str, secret: str
) -> None:
    await chat.say(text)
    message = (await stored(services, chat))[1]
    assert message.text == masked
    assert message.original is not None
    assert secret.encode() not in message.original
    assert services.vault.open(message.original) == text
    assert rasa.heard() == [masked]
    assert secret not in str(await chat.read())


async def test_a_text_without_personal_data_has_no_second_copy(chat: Conversation, services: Services) -> None:
    await chat.say("도로가 파였어요")
    assert (await stored(services, chat))[1].original is None


# commands -----------------------------------------------------------------------------------------------------------


async def test_a_typed_command_is_only_words_to_the_assistant(chat: Conversation, rasa: FakeRasa) -> None:
    for text in ("/restart", '/file_case{"case_intent": "fire"}', "/session_start", "/handoff_human"):
        await chat.say(text)
        assert not rasa.heard()[-1].startswith("/")
        assert (await chat.texts())[-2].endswith(text[1:])


async def test_a_choice_that_was_offered_works_and_reads_as_its_title(chat: Conversation, rasa: FakeRasa) -> None:
    choice = {"title": "상담원 연결", "payload": "/handoff_human"}
    rasa.answers = lambda _: said([{"text": "고르세요", "buttons": [choice]}])
    reply = await chat.say("무엇을 할 수 있나요")
    assert reply["messages"][0]["choices"] == [choice]
    assert reply["messages"][0]["kind"] == "choices"
    await chat.say("/handoff_human")
    assert rasa.heard()[-1] == "/handoff_human"
    assert (await chat.texts())[-2] == "상담원 연결"


async def test_a_choice_offered_to_somebody_else_does_not_work(client: httpx.AsyncClient, rasa: FakeRasa) -> None:
    rasa.answers = lambda _: said([{"text": "고르세요", "buttons": [{"title": "사람", "payload": "/handoff_human"}]}])
    first, second = await Conversation.open(client), await Conversation.open(client)
    await first.say("무엇을 할 수 있나요")
    await second.say("/handoff_human")
    assert not rasa.heard()[-1].startswith("/")
