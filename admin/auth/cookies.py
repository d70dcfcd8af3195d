"""The panel's two cookies. Both live under /admin only and are out of reach of scripts."""

from __future__ import annotations

from fastapi import Response
from starlette.requests import HTTPConnection

from services.settings import Settings

SESSION = "admin_session"
PRE_SESSION = "admin_sign_in"
PATH = "/admin"


def set_cookie(response: Response, name: str, value: str, *, settings: Settings) -> None:
    """Ends with the browser; the server's own time limits come first."""
    response.set_cookie(name, value, path=PATH, httponly=True, samesite="lax", secure=settings.secure_cookies)


def delete_cookie(response: Response, name: str, *, settings: Settings) -> None:
    response.delete_cookie(name, path=PATH, httponly=True, samesite="lax", secure=settings.secure_cookies)


def read_cookie(connection: HTTPConnection, name: str) -> str | None:
    return connection.cookies.get(name) or None
