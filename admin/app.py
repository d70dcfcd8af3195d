"""Hangs the panel on the services app.

The panel is an application of its own under /admin: its pages, its error pages and its headers cannot disturb the
API's problem documents, nor the other way round. It shares the services app's state.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware import Middleware
from starlette.routing import Mount

from admin import errors
from admin.auth import deps
from admin.auth import routes as auth_routes
from admin.headers import PanelHeaders
from admin.system import routes as system_routes
from admin.workspace import actions
from admin.workspace import routes as workspace_routes

HERE = Path(__file__).resolve().parent
PREFIX = "/admin"

# The longest form is an answer of 5,000 characters, nine bytes each when percent-encoded.
MAX_BODY = 128 * 1024


def make_panel() -> FastAPI:
    panel = FastAPI(
        title="panel",
        dependencies=[Depends(deps.gate)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY,
    )
    errors.install(panel)
    panel.include_router(auth_routes.router)
    panel.include_router(workspace_routes.router)
    panel.include_router(actions.router)
    panel.include_router(system_routes.router)
    # Public: style sheets and scripts only.
    panel.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return panel


def mount(app: FastAPI) -> None:
    """Puts the panel under /admin of an app whose `state.services` is, or will be, the process's Services."""
    panel = make_panel()
    panel.state = app.state
    # Around the whole panel, so that the page for an unexpected error has the headers too.
    headers = Middleware(PanelHeaders, static_prefix=f"{PREFIX}/static/")
    app.router.routes.append(Mount(PREFIX, app=panel, name="admin", middleware=[headers]))
