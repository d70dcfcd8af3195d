"""The administrators' page: registered models and accounts, to be looked at only."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from admin.auth import accounts
from admin.auth.deps import ServicesDep, require
from admin.auth.enums import Role
from admin.system import queries
from admin.templating import render
from services.database import utcnow

router = APIRouter(dependencies=[require(Role.ADMINISTRATOR)])


@router.get("/system", name="system")
async def system(request: Request, services: ServicesDep) -> Response:
    async with services.db.transaction() as session:
        models = await queries.registered_models(session)
        users = await accounts.list_users(session)
    return render(request, "system.html", {"models": models, "users": users, "now": utcnow()})
