"""What tests and demonstrations do to the agencies. Every call needs `X-Sandbox-Key`."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.catalogue import Catalogue, Endpoint
from deploy.sandbox.faults import Faults, Mode
from deploy.sandbox.settings import SandboxSettings
from deploy.sandbox.store import AlreadyClosed, Store
from deploy.sandbox.webhooks import WebhookSender


class FaultIn(BaseModel):
    """`count`: how many POSTs, null for all. `agency`: null for both endpoints. `seconds`: of slow and time-out."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    count: Annotated[int, Field(ge=1)] | None = 1
    agency: Endpoint | None = None
    seconds: Annotated[float, Field(ge=0, le=600)] | None = None


class TextIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    text: Annotated[str, Field(min_length=1, max_length=4000)]


class EventOut(BaseModel):
    event_id: str


def control_router(
    *, settings: SandboxSettings, catalogue: Catalogue, store: Store, faults: Faults, sender: WebhookSender
) -> APIRouter:
    def with_key(x_sandbox_key: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(x_sandbox_key.encode(), settings.api_key.get_secret_value().encode()):
            raise HTTPException(403, "X-Sandbox-Key is missing or wrong")

    router = APIRouter(prefix="/control", dependencies=[Depends(with_key)])

    @router.get("/requests")
    async def requests() -> dict[str, Any]:
        """`{requests: [{..., posts, events}], posts: {idempotency key: POSTs received}}`, the newest first."""
        held, posts, events = await asyncio.gather(
            asyncio.to_thread(store.requests),
            asyncio.to_thread(store.posts_by_key),
            asyncio.to_thread(store.events),
        )
        by_request: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            by_request.setdefault(event.request_id, []).append(asdict(event))
        return {
            "requests": [
                {
                    **asdict(request),
                    "service_name": service.name if service else None,
                    "agency_name": service.agency_name if service else None,
                    "posts": posts.get(request.idempotency_key, 1) if request.idempotency_key else 1,
                    "events": by_request.get(request.id, []),
                }
                for request in held
                for service in [catalogue.get(request.endpoint, request.service_code)]
            ],
            "posts": posts,
        }

    @router.post("/faults", status_code=204)
    async def set_fault(fault: FaultIn) -> None:
        faults.set(fault.mode, count=fault.count, endpoint=fault.agency, seconds=fault.seconds)

    @router.post("/requests/{request_id}/answer")
    async def answer(request_id: str, body: TextIn) -> EventOut:
        return EventOut(event_id=await say(store, sender, request_id, "answered", body.text))

    @router.post("/requests/{request_id}/progress")
    async def progress(request_id: str, body: TextIn) -> EventOut:
        return EventOut(event_id=await say(store, sender, request_id, "in_progress", body.text))

    return router


async def say(
    store: Store, sender: WebhookSender, request_id: str, type_: Literal["in_progress", "answered"], text: str
) -> str:
    """The agency says something about a request; the event's id. Raises HTTPException 404, 409."""
    held = await asyncio.to_thread(store.get, request_id)
    if held is None:
        raise HTTPException(404, "no such request")
    try:
        event_id = await asyncio.to_thread(store.add_event, held, type_, text)
    except AlreadyClosed:
        raise HTTPException(409, "the request is closed") from None
    sender.wake()
    return event_id
