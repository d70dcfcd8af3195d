"""The way to Rasa: its gateway channel, with a time-out and a circuit breaker.

AssistantError
├── AssistantDown     refused, timed out, answered an error, or the breaker is open
└── AssistantNonsense answered something that is no answer
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeVar
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from services.settings import Settings

log = structlog.get_logger()

T = TypeVar("T", bound=BaseModel)


class AssistantError(Exception):
    pass


class AssistantDown(AssistantError):
    pass


class AssistantNonsense(AssistantError):
    pass


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Ranked(_Loose):
    name: str | None = None
    confidence: float = 0.0


class Button(_Loose):
    title: str
    payload: str


class Custom(_Loose):
    """A message of our own actions that is more than text (actions.py)."""

    kind: str | None = None
    text: str = ""
    data: dict[str, Any] = {}


class BotMessage(_Loose):
    text: str | None = None
    buttons: list[Button] | None = None
    custom: Custom | None = None


class OtherNeed(_Loose):
    """A need told beside the main one, and the words that tell it."""

    intent: str
    text: str


class Parse(_Loose):
    """`danger`: the probability that a life is at risk now, 0 to 1; None where the model has no opinion.

    `needs`: told beside the main one, in the order of the message.
    """

    intent: Ranked | None = None
    intent_ranking: list[Ranked] = []
    danger: float | None = None
    needs: list[OtherNeed] = []


class BotReply(_Loose):
    messages: list[BotMessage]
    parse: Parse | None = None
    model_version: str | None = None


class Classified(Parse):
    intent: Ranked


class ClassifyReply(_Loose):
    results: list[Classified]
    model_version: str


class CircuitBreaker:
    """Closed until `threshold` failures in a row; then open for `cooldown` seconds; then one trial."""

    def __init__(self, *, threshold: int = 3, cooldown: float = 5.0) -> None:
        self._threshold, self._cooldown = threshold, cooldown
        self._failures = 0
        self._open_until = 0.0

    def allows(self) -> bool:
        if time.monotonic() < self._open_until:
            return False
        if self._failures >= self._threshold:
            self._open_until = time.monotonic() + self._cooldown  # the one trial; the others keep waiting
        return True

    def succeeded(self) -> None:
        self._failures, self._open_until = 0, 0.0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._threshold:
            self._open_until = time.monotonic() + self._cooldown


class Gateway:
    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._base = settings.rasa_url.rstrip("/")
        self._headers = {"X-Rasa-Token": settings.rasa_token.get_secret_value()}
        self._timeout = settings.rasa_timeout
        self._http = http
        self.breaker = CircuitBreaker()

    async def turn(
        self, *, session_id: UUID, text: str, message_id: UUID, metadata: dict[str, Any], retry: bool
    ) -> BotReply:
        """One turn of the dialogue. `retry` asks Rasa to answer from its tracker if it has seen the message.

        Raises AssistantDown, AssistantNonsense.
        """
        body = {
            "sender": str(session_id),
            "message": text,
            "message_id": str(message_id),
            "metadata": metadata,
            "retry": retry,
        }
        return await self._post("/webhooks/gateway/webhook", body, BotReply)

    async def classify(self, texts: list[str]) -> ClassifyReply:
        """Intents of many texts, without a dialogue. Raises AssistantDown, AssistantNonsense."""
        path = "/webhooks/gateway/classify"
        reply = await self._post(path, {"texts": texts}, ClassifyReply, timeout=max(30.0, self._timeout))
        if len(reply.results) != len(texts):
            raise AssistantNonsense(path)
        return reply

    async def ready(self) -> str | None:
        """The version of the loaded model, or None while there is none. Never raises."""
        try:
            answer = await self._http.get(
                f"{self._base}/webhooks/gateway/", headers=self._headers, timeout=self._timeout
            )
            return str(answer.json().get("model_version") or "") or None if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    async def _post(self, path: str, body: dict[str, Any], shape: type[T], *, timeout: float | None = None) -> T:
        if not self.breaker.allows():
            raise AssistantDown("circuit open")
        limit = timeout or self._timeout
        try:
            # httpx times each read; an answer that comes in drops would outlast the lease of its turn.
            async with asyncio.timeout(limit):
                answer = await self._http.post(self._base + path, json=body, headers=self._headers, timeout=limit)
            answer.raise_for_status()
        except (httpx.HTTPError, TimeoutError) as error:
            # A refusal (4xx) is about this one message: it must not take the assistant away from everybody else.
            if not (isinstance(error, httpx.HTTPStatusError) and error.response.is_client_error):
                self.breaker.failed()
            log.warning("assistant_down", error=type(error).__name__)
            raise AssistantDown(type(error).__name__) from None
        try:
            reply = shape.model_validate_json(answer.content)
        except ValidationError:
            self.breaker.failed()
            raise AssistantNonsense(path) from None
        self.breaker.succeeded()
        return reply
