"""Cross-site request forgery: a form must prove that one of our pages showed it.

Signed in: the session's own token, in the hidden field `csrf_token` or (htmx) in the header `X-CSRF-Token`.
At sign-in, where there is no session yet: the same random value in a cookie and in the form (double submit).
"""

from __future__ import annotations

import secrets

from fastapi import Request

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfFailed(Exception):
    """The token is missing or wrong."""


def new_token() -> str:
    return secrets.token_urlsafe(32)


async def check(request: Request, *, expected: str | None) -> None:
    """Raises CsrfFailed. The form is read through Starlette's cache, so the route can read it again."""
    sent: object = request.headers.get(HEADER)
    if sent is None:
        sent = (await request.form()).get(FIELD)
    if not expected or not isinstance(sent, str) or not _same(sent, expected):
        raise CsrfFailed


def _same(left: str, right: str) -> bool:
    return secrets.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
