"""The panel's Jinja environment: everything is escaped, and an unknown name is an error instead of an empty string."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from admin import formats
from admin.auth.enums import GRANTS, ROLE_NAMES, Role
from admin.auth.models import AdminSession
from admin.workspace import labels

HERE = Path(__file__).resolve().parent


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=formats.moment,
        short_moment=formats.short_moment,
        span=formats.span,
        number=lambda value: f"{value:,}",
        percent=lambda value: f"{value * 100:.1f}%",
    )
    environment.globals.update(labels=labels, role_names=ROLE_NAMES)
    return environment


_templates = Jinja2Templates(env=_environment())


def _signed_in(request: Request) -> dict[str, Any]:
    """What every page knows of who looks at it. Before sign-in: nothing."""
    session: AdminSession | None = getattr(request.state, "session", None)
    user = session.user if session else None
    return {
        "user": user,
        "csrf_token": session.csrf_token if session else "",
        "is_administrator": user is not None and Role.ADMINISTRATOR in GRANTS.get(user.role, frozenset()),
        "path": request.url.path,
    }


def render(
    request: Request,
    name: str,
    context: Mapping[str, Any] | None = None,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    return _templates.TemplateResponse(
        request, name, _signed_in(request) | dict(context or {}), status_code=status_code, headers=headers
    )


def wants_fragment(request: Request) -> bool:
    """Whether htmx asked for a part of the page. Going back in the history asks for the whole page again."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
