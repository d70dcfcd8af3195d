"""The gate in front of every page of the panel, and what routes may ask of who came through.

The gate is a dependency of the whole panel: a route is closed unless it says `@public`, and a request that changes
something is refused without its CSRF token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from admin.auth import cookies, csrf, service
from admin.auth.enums import GRANTS, Role
from admin.auth.errors import RoleRequired, SignInRequired
from admin.auth.models import AdminSession, User
from services.cases.enums import ActorType
from services.cases.service import Actor
from services.runtime import Services

# Sent by elements that reload themselves: such a request is no sign of a person at the desk.
BACKGROUND_HEADER = "X-Background"

_PUBLIC = "__admin_public__"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def public(endpoint: Endpoint) -> Endpoint:
    """Marks the rare route that needs no session. It stands closest to the function, below the router's decorator."""
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


async def gate(request: Request, services: ServicesDep) -> None:
    """Raises SignInRequired, CsrfFailed."""
    if getattr(request.scope.get("endpoint"), _PUBLIC, False):
        return
    token = cookies.read_cookie(request, cookies.SESSION)
    background = BACKGROUND_HEADER in request.headers
    session = await service.resume(services.db, token=token, touch=not background) if token else None
    if session is None:
        raise SignInRequired(expired=token is not None)
    request.state.session = session
    if request.method not in csrf.SAFE_METHODS:
        await csrf.check(request, expected=session.csrf_token)


def current_session(request: Request) -> AdminSession:
    session: AdminSession | None = getattr(request.state, "session", None)
    if session is None:
        raise SignInRequired(expired=False)
    return session


def current_user(session: Annotated[AdminSession, Depends(current_session)]) -> User:
    return session.user


CurrentUser = Annotated[User, Depends(current_user)]


def require(role: Role) -> Any:
    """A dependency: raises RoleRequired unless the user's role grants this one."""

    def check(user: CurrentUser) -> None:
        if role not in GRANTS.get(user.role, frozenset()):
            raise RoleRequired

    return Depends(check)


def client_ip(request: Request) -> str | None:
    return request.client.host if request.client else None


ClientIp = Annotated[str | None, Depends(client_ip)]


def current_actor(user: CurrentUser) -> Actor:
    """The user as a case's timeline names them."""
    return Actor(type=ActorType.OFFICER, id=str(user.id), name=user.signature)


CurrentActor = Annotated[Actor, Depends(current_actor)]
