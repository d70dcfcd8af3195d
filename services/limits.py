"""Rate limits, counted in Redis in fixed windows. When Redis is away nobody is turned away."""

from __future__ import annotations

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.problems import TooManyRequests

log = structlog.get_logger()


async def count(redis: Redis, *, key: str, window: int) -> int:
    """Counts one more; returns how many in this window of seconds (0 when Redis is away)."""
    name = f"limit:{key}"
    try:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.incr(name)
            pipe.expire(name, window, nx=True)
            counted, _ = await pipe.execute()
        return int(counted)
    except RedisError as error:
        log.warning("limit_unavailable", error=type(error).__name__)
        return 0


async def check(redis: Redis, *, key: str, limit: int, window: int) -> None:
    """Raises TooManyRequests beyond `limit` in `window` seconds."""
    if await count(redis, key=key, window=window) > limit:
        raise TooManyRequests(retry_after=window)


async def check_spent(redis: Redis, *, key: str, limit: int) -> None:
    """Raises TooManyRequests when `limit` is used up already; counts nothing."""
    try:
        counted = await redis.get(f"limit:{key}")
        left = await redis.ttl(f"limit:{key}")
    except RedisError as error:
        log.warning("limit_unavailable", error=type(error).__name__)
        return
    if counted is not None and int(counted) >= limit:
        raise TooManyRequests(retry_after=max(1, int(left)))
