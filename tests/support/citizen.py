"""A citizen's conversation over the app in-process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid4

import httpx

SESSIONS = "/api/v1/chat/sessions"


@dataclass
class Conversation:
    client: httpx.AsyncClient
    session_id: str
    token: str
    opened: dict[str, Any] = field(default_factory=dict)

    @classmethod
    async def open(cls, client: httpx.AsyncClient, **body: Any) -> Self:
        answer = await client.post(SESSIONS, json=body)
        assert answer.status_code == 201, answer.text
        opened = answer.json()
        return cls(client, opened["session_id"], opened["token"], opened)

    @property
    def id(self) -> UUID:
        return UUID(self.session_id)

    @property
    def url(self) -> str:
        return f"{SESSIONS}/{self.session_id}/messages"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, text: Any, *, message_id: str | None = None) -> httpx.Response:
        body = {"text": text, "client_message_id": message_id or str(uuid4())}
        return await self.client.post(self.url, json=body, headers=self.headers)

    async def post_raw(self, content: bytes, *, kind: str = "application/json") -> httpx.Response:
        return await self.client.post(self.url, content=content, headers={**self.headers, "Content-Type": kind})

    async def say(self, text: str, *, message_id: str | None = None) -> dict[str, Any]:
        answer = await self.post(text, message_id=message_id)
        assert answer.status_code == 200, answer.text
        reply: dict[str, Any] = answer.json()
        return reply

    async def read(self, after: str | None = None) -> dict[str, Any]:
        answer = await self.client.get(self.url, headers=self.headers, params={"after": after} if after else None)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def texts(self) -> list[str]:
        return [message["text"] for message in (await self.read())["messages"]]
