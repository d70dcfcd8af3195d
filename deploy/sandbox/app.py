from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from deploy.sandbox.catalogue import Catalogue, Endpoint
from deploy.sandbox.control import control_router
from deploy.sandbox.desk import desk_router
from deploy.sandbox.faults import Faults
from deploy.sandbox.open311 import GeoReportError, geo_report_error, open311_router
from deploy.sandbox.settings import SandboxSettings
from deploy.sandbox.store import Store
from deploy.sandbox.webhooks import WebhookSender


def create_app(settings: SandboxSettings) -> FastAPI:
    """The whole sandbox; what an earlier run left undelivered goes on."""
    catalogue = Catalogue.load(settings.registry_path, settings.taxonomy_path)
    store = Store(settings.state_dir)
    faults = Faults()
    sender = WebhookSender(store, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sending = asyncio.create_task(sender.run())
        yield
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        store.close()

    app = FastAPI(title="Sandbox agencies", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(GeoReportError, geo_report_error)
    for endpoint in Endpoint:
        app.include_router(
            open311_router(endpoint, settings=settings, catalogue=catalogue, store=store, faults=faults, sender=sender)
        )
    app.include_router(
        control_router(settings=settings, catalogue=catalogue, store=store, faults=faults, sender=sender)
    )
    app.include_router(desk_router(settings=settings, catalogue=catalogue, store=store, sender=sender))

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
