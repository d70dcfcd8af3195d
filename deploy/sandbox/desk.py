"""The agencies' desk in a browser: what they hold, and a form to answer. The key is the password of the sign-in box.

No script. A form carries a token derived from the key, because a browser sends a remembered password to any form.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from jinja2 import Environment, FileSystemLoader

from deploy.sandbox.catalogue import Catalogue
from deploy.sandbox.control import say
from deploy.sandbox.settings import SandboxSettings
from deploy.sandbox.store import Store
from deploy.sandbox.webhooks import WebhookSender

_HERE = Path(__file__).parent / "templates"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_SHOWN = 200
_basic = HTTPBasic(realm="sandbox")


def desk_router(*, settings: SandboxSettings, catalogue: Catalogue, store: Store, sender: WebhookSender) -> APIRouter:
    key = settings.api_key.get_secret_value().encode()
    token = hmac.new(key, b"desk form", hashlib.sha256).hexdigest()
    page = Environment(loader=FileSystemLoader(_HERE), autoescape=True).get_template("desk.html")

    def signed_in(credentials: Annotated[HTTPBasicCredentials, Depends(_basic)]) -> None:
        if not hmac.compare_digest(credentials.password.encode(), key):
            raise HTTPException(401, "wrong key", headers={"WWW-Authenticate": 'Basic realm="sandbox"'})

    router = APIRouter()

    @router.get("/", dependencies=[Depends(signed_in)])
    async def desk() -> Response:
        held = await asyncio.to_thread(store.requests, limit=_MOST_SHOWN)
        rows = [(request, catalogue.get(request.endpoint, request.service_code)) for request in held]
        return HTMLResponse(page.render(rows=rows, token=token), headers=_HEADERS)

    @router.post("/requests/{request_id}/answer", dependencies=[Depends(signed_in)])
    async def answer(request_id: str, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if not hmac.compare_digest(form.get("token", "").encode(), token.encode()):
            raise HTTPException(403, "not from this desk")
        text = form.get("text", "").strip()[:4000]
        if text:
            await say(store, sender, request_id, "answered", text)
        return RedirectResponse("/", status_code=303)

    @router.get("/desk.css")
    async def style() -> Response:
        return FileResponse(_HERE / "desk.css", media_type="text/css")

    return router
