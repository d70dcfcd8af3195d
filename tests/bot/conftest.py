"""A tiny assistant, trained once a run: four needs, one form, one custom action."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import pytest_asyncio

from bot.environment import prepare

prepare()
os.environ.setdefault("RASA_TOKEN", "token-of-the-tests")

import aiohttp  # noqa: E402
from rasa.core.agent import Agent, load_agent  # noqa: E402
from rasa.core.channels.channel import register  # noqa: E402
from rasa.core.utils import AvailableEndpoints  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402
from sanic import Sanic  # noqa: E402
from sanic.touchup import TouchUp  # noqa: E402

from bot.channel import GatewayInput  # noqa: E402
from bot.train import Trained, train  # noqa: E402
from tests.bot.tiny import DOMAIN, RULES, UTTERANCES  # noqa: E402


@dataclass(frozen=True)
class TinyAssistant:
    """Where the tiny assistant's sources and its trained model are."""

    utterances: Path
    domain: Path
    rules: Path
    trained: Trained

    @property
    def model(self) -> Path:
        return Path(self.trained.path)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyAssistant:
    """The tiny assistant, trained through the real entry with the real configuration."""
    home = tmp_path_factory.mktemp("tiny")
    for name in ("utterances/all", "domain", "rules"):
        (home / name).mkdir(parents=True)
    for intent, texts in UTTERANCES.items():
        lines = "".join(f"    - {text}\n" for text in texts)
        (home / "utterances/all" / f"{intent}.yml").write_text(
            f'version: "3.1"\nnlu:\n- intent: {intent}\n  examples: |\n{lines}', encoding="utf-8"
        )
    (home / "domain/domain.yml").write_text(dedent(DOMAIN), encoding="utf-8")
    (home / "rules/rules.yml").write_text(dedent(RULES), encoding="utf-8")
    paths = (home / "utterances", home / "domain", home / "rules")
    trained = train(home / "models", utterances=paths[0], beside=(), domain=paths[1], rules=paths[2])
    return TinyAssistant(*paths, trained=trained)


@dataclass
class Actions:
    """A stand-in for the action server: `answer` is given the request's body and returns its answer, or raises."""

    answer: Callable[[dict[str, Any]], Any]
    seen: list[dict[str, Any]]


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch) -> Actions:
    """The action server's answers, settable in the test; a receipt by default."""
    stand_in = Actions(
        lambda _: {"events": [], "responses": [{"text": "신고했습니다.", "custom": {"kind": "receipt"}}]}, []
    )

    async def request(_: EndpointConfig, **call: Any) -> Any:
        stand_in.seen.append(call["json"])
        found = stand_in.answer(call["json"])
        return await found if hasattr(found, "__await__") else found

    monkeypatch.setattr(EndpointConfig, "request", request)
    return stand_in


@pytest_asyncio.fixture
async def agent(tiny: TinyAssistant) -> Agent:
    """The tiny assistant in memory, with an action endpoint."""
    endpoints = AvailableEndpoints(action=EndpointConfig(url="http://actions.invalid/webhook"))
    return await load_agent(str(tiny.model), endpoints=endpoints)


class Gateway:
    """The channel over HTTP, as the services call it."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def get(self, path: str = "/", token: str | None = os.environ["RASA_TOKEN"]) -> tuple[int, Any]:
        async with self._session.get(self._base + path, headers=_headers(token)) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: Any, token: str | None = os.environ["RASA_TOKEN"]) -> tuple[int, Any]:
        sent = {"data": body} if isinstance(body, (str, bytes)) else {"json": body}
        async with self._session.post(self._base + path, headers=_headers(token), **sent) as answer:
            return answer.status, await answer.json()

    async def say(self, text: str, *, sender: str = "c1", message_id: str = "m1", **more: Any) -> tuple[int, Any]:
        return await self.post("/webhook", {"sender": sender, "message": text, "message_id": message_id, **more})


def _headers(token: str | None) -> dict[str, str]:
    return {} if token is None else {"X-Rasa-Token": token}


_touched_up: list[bool] = []


@pytest_asyncio.fixture
async def gateway(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """The channel of the tiny assistant on a free loopback port, in this process."""
    if _touched_up:  # Sanic rewrites its own methods for an application, which it can do once a process
        monkeypatch.setattr(TouchUp, "run", lambda _: None)
    _touched_up.append(True)
    app = Sanic("gateway_under_test", configure_logging=False)
    app.ctx.agent = agent
    register([GatewayInput()], app, "/webhooks/")
    server = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.start_serving()
    port = server.server.sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession() as session:
            yield Gateway(session, f"http://127.0.0.1:{port}/webhooks/gateway")
    finally:
        server.close()
        await server.wait_closed()
        Sanic._app_registry.clear()
