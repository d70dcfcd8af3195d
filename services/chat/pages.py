"""The pages a citizen sees: the demonstration municipality at `/`, and `/widget.js`, which any site embeds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.types import Scope

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE.parents[1] / "deploy" / "frontend" / "node_modules"

# A new release reaches a citizen at the next page view; an unchanged file costs one 304.
REVALIDATE = {"Cache-Control": "no-cache"}

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(HERE / "templates")


class AssetsMissing(Exception):
    """The front-end packages are not installed; the message is one line that names the folder and the cure."""


@router.api_route("/", methods=["GET", "HEAD"], response_class=HTMLResponse)
def municipality(request: Request) -> Response:
    return templates.TemplateResponse(request, "municipality.html", headers=REVALIDATE)


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> Response:
    """OpenAPI for people. FastAPI's own page loads from a CDN and runs an inline script; this one does neither."""
    return templates.TemplateResponse(request, "docs.html", headers=REVALIDATE)


@router.api_route("/widget.js", methods=["GET", "HEAD"])
def widget(request: Request) -> Response:
    """The widget as one ES module. Browsers fetch another site's module by CORS, hence the open origin."""
    body = (HERE / "static" / "widget.js").read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = REVALIDATE | {
        "ETag": etag,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/javascript", headers=headers)


class _RevalidatedFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(REVALIDATE)
        return response


def mount_assets(app: FastAPI) -> None:
    """Serves KRDS, htmx and this package's own files.

    Raises AssetsMissing when the app is made, rather than a bare page at the first visit.
    """
    folders = {
        "/assets/krds": NODE_MODULES / "krds-uiux",
        "/assets/htmx": NODE_MODULES / "htmx.org",
        "/assets/swagger": NODE_MODULES / "swagger-ui-dist",
        "/static": HERE / "static",
    }
    for path, folder in folders.items():
        if not folder.is_dir():
            raise AssetsMissing(f"front-end assets are missing: {folder} is no folder; `make run` installs them")
        app.mount(path, _RevalidatedFiles(directory=folder), name=path.strip("/").replace("/", "-"))
