"""The services app, without the panel (deploy/web.py puts both together)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from services import health, problems
from services.agencies.routes import router as agencies_router
from services.cases.routes import router as cases_router
from services.chat import pages
from services.chat.actions import make_executor
from services.chat.gateway import Gateway
from services.chat.routes import internal
from services.chat.routes import router as chat_router
from services.chat.triage import EmergencyCards, Triage
from services.chat.turns import Turns
from services.nlu.routes import router as nlu_router
from services.open311.routes import router as open311_router
from services.runtime import Services
from services.settings import Settings

MAX_BODY = 256 * 1024
# A batch of 256 texts of 4,000 characters, each three bytes, or six when the client escapes them.
MAX_BODIES = {"/api/v1/classify": 8 * 1024 * 1024}

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self' ws: wss:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


def create_app(settings: Settings, *, services: Services | None = None) -> FastAPI:
    """The app. `services` is handed over by tests that already hold the resources; otherwise the app owns its own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        held = services or Services(settings)
        app.state.services = held
        app.state.gateway = Gateway(settings, held.http)
        app.state.triage, cards = _emergency_rules(
            settings.emergency_cues_path, settings.emergency_cards_path, settings.taxonomy_path
        )
        app.state.turns = Turns(held, app.state.gateway, app.state.triage, cards)
        app.state.actions = make_executor(held)
        try:
            yield
        finally:
            if services is None:
                await held.aclose()

    app = FastAPI(
        title="공공서비스 AI 도우미 API",
        version="1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    if settings.embed_origins:
        # The widget on another site authenticates by bearer token, never by cookie: no credentials cross.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.embed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Case-Pin"],
            expose_headers=["Retry-After"],
        )
    health.measure(app)
    _harden(app)
    for router in (
        chat_router,
        internal,
        cases_router,
        agencies_router,
        nlu_router,
        open311_router,
        health.router,
        pages.router,
    ):
        app.include_router(router)
    pages.mount_assets(app)
    return app


@lru_cache
def _emergency_rules(cues: Path, cards: Path, taxonomy: Path) -> tuple[Triage, EmergencyCards]:
    """Immutable once read, and reading takes most of a second: once a process is enough."""
    return Triage.load(cues, taxonomy), EmergencyCards.load(cards, taxonomy)


def _harden(app: FastAPI) -> None:
    @app.middleware("http")
    async def _limits_and_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        declared = request.headers.get("content-length", "")
        limit = MAX_BODIES.get(request.url.path, MAX_BODY)
        if declared.isdigit() and int(declared) > limit and not request.url.path.startswith("/internal/"):
            return problems.problem_response(problems.PayloadTooLarge())
        if request.method == "POST" and request.url.path.startswith("/api/"):
            kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
            if kind not in ("application/json", "multipart/form-data"):
                return problems.problem_response(problems.UnsupportedMedia())
        response = await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
