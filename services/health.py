"""`/healthz`, `/readyz`, `/metrics`: alive, ready, measured."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from services.problems import MEDIA_TYPE
from services.runtime import Services

router = APIRouter(tags=["health"])

REQUESTS = Counter("http_requests_total", "Requests by route and status", ["method", "route", "status"])
SECONDS = Histogram(
    "http_request_seconds",
    "Seconds a request took",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """200 when every part answers; otherwise 503 and a reason for each part that does not."""
    checks: dict[str, Callable[[Request], Awaitable[str | None]]] = {
        "database": _database,
        "redis": _redis,
        "assistant": _assistant,
        "worker": _worker,
    }
    reasons = {part: reason for part, check in checks.items() if (reason := await check(request)) is not None}
    if not reasons:
        return JSONResponse({"status": "ready", "parts": dict.fromkeys(checks, "ok")})
    body = {
        "type": "/problems/not-ready",
        "title": "Not ready",
        "status": 503,
        "detail": "아직 준비되지 않은 부분이 있습니다: " + ", ".join(reasons),
        "parts": {part: reasons.get(part, "ok") for part in checks},
    }
    return JSONResponse(body, status_code=503, media_type=MEDIA_TYPE)


async def _database(request: Request) -> str | None:
    services: Services = request.app.state.services
    try:
        async with services.db.transaction() as session:
            await session.execute(text("SELECT version_num FROM alembic_version"))
    except (SQLAlchemyError, OSError) as error:
        return type(error).__name__
    return None


async def _redis(request: Request) -> str | None:
    services: Services = request.app.state.services
    try:
        await services.redis.ping()
    except (RedisError, OSError) as error:
        return type(error).__name__
    return None


async def _assistant(request: Request) -> str | None:
    return None if await request.app.state.gateway.ready() else "no model loaded"


async def _worker(request: Request) -> str | None:
    services: Services = request.app.state.services
    limit = services.settings.worker_stalled_after
    try:
        async with services.db.transaction() as session:
            alive = await session.execute(
                text(
                    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - :limit * interval '1 s'"
                ),
                {"limit": limit},
            )
            return None if alive.scalar_one() else "no worker with a fresh heartbeat"
    except (SQLAlchemyError, OSError) as error:
        return type(error).__name__


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def measure(app: FastAPI) -> None:
    """Counts requests by route template, never by path: a path may hold a receipt number."""

    @app.middleware("http")
    async def _measure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        route = request.scope.get("route")
        name = getattr(route, "path", "other")
        REQUESTS.labels(request.method, name, response.status_code).inc()
        SECONDS.labels(name).observe(time.perf_counter() - started)
        return response
