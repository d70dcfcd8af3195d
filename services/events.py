"""Live push: what happened in a conversation, fanned out over Redis to every process that holds its WebSocket.

Nothing here is a record. A lost push costs a reload, never a message: the transcript is in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()


def _channel(session_id: UUID) -> str:
    return f"chat:{session_id}"


DESK_CHANNEL = "desk"


class EventBus:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, session_id: UUID, frame: dict[str, Any]) -> None:
        """Sends one JSON frame `{type, ...}` to the citizen's page. A Redis failure is logged, not raised."""
        await self._send(_channel(session_id), frame)

    async def publish_desk(self, frame: dict[str, Any]) -> None:
        """Tells the officers' desk that its lists have changed."""
        await self._send(DESK_CHANNEL, frame)

    async def _send(self, channel: str, frame: dict[str, Any]) -> None:
        try:
            await self._redis.publish(channel, json.dumps(frame, ensure_ascii=False, default=str))
        except RedisError as error:
            log.warning("push_failed", error=type(error).__name__)

    @asynccontextmanager
    async def subscribe(self, session_id: UUID) -> AsyncIterator[AsyncIterator[str]]:
        """Yields the JSON texts published for a session, from the moment the block is entered."""
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(_channel(session_id))

            async def frames() -> AsyncIterator[str]:
                while True:
                    item = await pubsub.get_message(ignore_subscribe_messages=True, timeout=20.0)
                    if item is None:
                        yield '{"type": "ping"}'
                        await asyncio.sleep(0)
                    else:
                        data = item["data"]
                        yield data.decode() if isinstance(data, bytes) else str(data)

            yield frames()
