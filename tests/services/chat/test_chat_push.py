"""The WebSocket of a conversation, on a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.cases import flows
from services.runtime import Services
from services.settings import Settings
from tests.support.citizen import Conversation
from tests.support.filing import OFFICER, file_case
from tests.support.system import free_port


@pytest.fixture
async def server(services: Services, settings: Settings) -> AsyncIterator[str]:
    from deploy.web import create_whole_app

    port = free_port()
    config = uvicorn.Config(create_whole_app(settings, services=services), port=port, log_config=None)
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.02)
    yield f"127.0.0.1:{port}"
    running.should_exit = True
    await task


@pytest.fixture
async def chat(server: str) -> AsyncIterator[Conversation]:
    async with httpx.AsyncClient(base_url=f"http://{server}", trust_env=False) as client:
        yield await Conversation.open(client)


def url(server: str, session_id: str, token: str) -> str:
    return f"ws://{server}/api/v1/chat/sessions/{session_id}/ws?token={token}"


async def frames(page: ClientConnection, kind: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            frame = json.loads(await page.recv())
            if frame["type"] == kind:
                found.append(frame)
    return found


async def test_an_open_page_gets_every_message_and_the_officers_answer(
    server: str, chat: Conversation, services: Services
) -> None:
    async with connect(url(server, chat.session_id, chat.token), proxy=None) as page:
        await chat.say("안녕")
        shown = await frames(page, "message", 2)
        assert [(frame["message"]["author"], frame["message"]["text"]) for frame in shown] == [
            ("citizen", "안녕"),
            ("bot", "들은 말: 안녕"),
        ]
        case = await file_case(services, session_id=chat.id)
        await flows.answer(services, case_id=case.id, version=None, text="보수했습니다.", actor=OFFICER)
        [told] = await frames(page, "message", 1)
        assert told["message"]["text"] == "보수했습니다."
        [moved] = await frames(page, "case", 1)
        assert moved["case"] == {"receipt_no": case.receipt_no, "status": "answered"}


async def test_a_page_sees_its_own_conversation_only(server: str, chat: Conversation) -> None:
    other = await Conversation.open(chat.client)
    async with connect(url(server, chat.session_id, chat.token), proxy=None) as page:
        await other.say("남의 말")
        await chat.say("내 말")
        [first] = await frames(page, "message", 1)
        assert first["message"]["text"] == "내 말"


async def test_a_wrong_token_and_an_unknown_session_get_no_connection(server: str, chat: Conversation) -> None:
    for session_id, token in [
        (chat.session_id, "wrong"),
        (chat.session_id, ""),
        (str(uuid4()), chat.token),
        ("x", "y"),
    ]:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(url(server, session_id, token), proxy=None):
                pass
        assert caught.value.response.status_code == 403


async def test_whatever_a_page_sends_breaks_nothing(server: str, chat: Conversation) -> None:
    async with connect(url(server, chat.session_id, chat.token), proxy=None) as page:
        for frame in ("", "nonsense", "{}", "\x00"):
            await page.send(frame)
        await chat.say("안녕")
        await frames(page, "message", 2)
        try:
            await page.send(b"\x00\xff")
            await chat.say("또")
            await frames(page, "message", 2)
        except ConnectionClosed as closed:
            pytest.fail(f"closed with {closed.code}")
