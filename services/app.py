"""The services app, without the panel (deploy/web.py puts both together)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

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
        app.state.triage = Triage.load(settings.emergency_cues_path, settings.taxonomy_path)
        app.state.turns = Turns(
            held,
            app.state.gateway,
            app.state.triage,
            EmergencyCards.load(settings.emergency_cards_path, settings.taxonomy_path),
        )
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


def _harden(app: FastAPI) -> None:
    @app.middleware("http")
    async def _limits_and_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > MAX_BODY and not request.url.path.startswith("/internal/"):
            return problems.problem_response(problems.PayloadTooLarge())
        if request.method == "POST" and request.url.path.startswith("/api/"):
            kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
            if kind not in ("application/json", "multipart/form-data"):
                return problems.problem_response(problems.UnsupportedMedia())
        response = await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
