"""Citizens who report potholes over the public API as the widget does, and keep a record of what they were promised.

A message is promised once it is answered with 200; a case is promised once its receipt has been read. Until then the
same client_message_id is sent again, as the widget does.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

Message = dict[str, Any]

# Chance decides when and how somebody speaks; nothing secret.
_random = random.Random()  # noqa: S311

OPENINGS = (
    "집앞 도로가 파엿어요 차가 덜컹거려요",
    "도로에 구멍이 크게 났어요",
    "아스팔트가 깨져서 위험해요 고쳐주세요",
)
# A part takes at most about half a minute to come back; a citizen who waits longer gives up.
PATIENCE = 120.0
# Messages with which a case that is open when all is over can be finished, misunderstandings included.
MOST_AFTER_STOP = 30


class GivenUp(Exception):
    """No answer within PATIENCE."""


@dataclass
class Promises:
    """What one citizen was told is safe."""

    session_id: str = ""
    token: str = ""
    said: Counter[str] = field(default_factory=Counter)
    replies: set[str] = field(default_factory=set)
    receipts: dict[str, str] = field(default_factory=dict)
    given_up: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    outages: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class SimulatedCitizen:
    """Reads what the assistant asks and answers that, whatever was lost in between."""

    def __init__(self, http: httpx.AsyncClient, *, number: int, think: tuple[float, float]) -> None:
        self._http = http
        self._number = number
        self._think = think
        self._places = 0
        self.promises = Promises()

    async def talk(self, stop: asyncio.Event) -> Promises:
        """One case after the other until `stop` is set; the case that is open then is finished."""
        try:
            opened = await self._call("/api/v1/chat/sessions", {}, headers=None)
            self.promises.session_id, self.promises.token = opened["session_id"], opened["token"]
            last: Message | None = None
            words, after_stop = "", 0
            while not (stop.is_set() and (last is None or after_stop == MOST_AFTER_STOP)):
                after_stop += stop.is_set()
                await asyncio.sleep(_random.uniform(*self._think))
                words = self._next_words(last, words)
                last = await self._say(words)
        except GivenUp:
            pass
        return self.promises

    def _next_words(self, last: Message | None, before: str) -> str:
        text = last["text"] if last else ""
        if last and last["kind"] == "notice":
            return before  # an apology: said again until somebody understands
        if "접수할까요" in text or "접수할지" in text:
            return "네, 접수해 주세요"
        if "어디에서" in text or "어디인지" in text:
            self._places += 1
            return f"중앙로 {self._number}번길 {self._places} 앞"
        if "사진" in text or "연락" in text:
            return "건너뛰기"
        return _random.choice(OPENINGS)

    async def _say(self, text: str) -> Message | None:
        """The assistant's last message; None when nothing is open, because a case was just filed."""
        promises = self.promises
        body = {"text": text, "client_message_id": str(uuid.uuid4())}
        path = f"/api/v1/chat/sessions/{promises.session_id}/messages"
        try:
            reply = await self._call(path, body, headers=promises.headers)
        except GivenUp:
            promises.given_up[text] += 1
            raise
        promises.said[text] += 1
        promises.replies |= {message["id"] for message in reply["messages"]}
        if reply["state"] == "queued":
            promises.outages += 1
        if reply["case"]:
            promises.receipts[reply["case"]["receipt_no"]] = reply["case"]["pin"]
            return None
        found: Message | None = reply["messages"][-1] if reply["messages"] else None
        return found

    async def _call(self, path: str, body: dict[str, Any], *, headers: dict[str, str] | None) -> dict[str, Any]:
        give_up, attempt = time.monotonic() + PATIENCE, 0
        while time.monotonic() < give_up:
            try:
                answer = await self._http.post(path, json=body, headers=headers)
            except httpx.HTTPError:
                wait = _backoff(attempt)
            else:
                if answer.is_success:
                    value: dict[str, Any] = answer.json()
                    return value
                if answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    raise AssertionError(f"{path}: {answer.status_code} {answer.text[:200]}")
                wait = float(answer.headers.get("Retry-After") or _backoff(attempt))
            attempt += 1
            self.promises.repeats += 1
            await asyncio.sleep(min(wait, 10.0))
        raise GivenUp(path)


def _backoff(attempt: int) -> float:
    return float(min(2.0**attempt, 4.0)) * _random.uniform(0.5, 1.0)
