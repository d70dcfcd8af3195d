"""What an officer can look at: the case list, a case, the conversations that wait."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import RedirectResponse

from admin import formats
from admin.auth.deps import ServicesDep, require
from admin.auth.enums import AuditAction, Role
from admin.templating import render, wants_fragment
from admin.workspace import case_view, queries
from admin.workspace.evidence import intent_name
from admin.workspace.filters import FINISHED, STATUS_CHOICES, CurrentQuery
from admin.workspace.pages import CurrentDesk
from admin.workspace.pagination import paginate
from services.cases import service as cases
from services.database import utcnow
from services.taxonomy import FAMILY_NAMES

router = APIRouter(dependencies=[require(Role.OFFICER)])

PAGE_SIZE = 30


@router.get("/", name="home")
async def home() -> Response:
    return RedirectResponse("/admin/cases", status_code=status.HTTP_303_SEE_OTHER)


@router.get("/cases", name="case_list")
async def case_list(request: Request, services: ServicesDep, query: CurrentQuery) -> Response:
    async with services.db.transaction() as session:
        page = await cases.list_cases(session, filters=query.filters(), page=query.page, size=PAGE_SIZE)
        if page.total and not page.items:  # the list has become shorter since the link was made
            last = ceil(page.total / PAGE_SIZE)
            query = replace(query, page=last)
            page = await cases.list_cases(session, filters=query.filters(), page=last, size=PAGE_SIZE)
        counts = await cases.counts(session)
        waiting = await queries.count_waiting(session)
    now = utcnow()
    context = {
        "query": query,
        "items": [
            (case, formats.due(case.due_at, status=case.status, finished=FINISHED, now=now)) for case in page.items
        ],
        "pagination": paginate(page=page.page, size=page.size, total=page.total),
        "counts": counts,
        "waiting": waiting,
        "now": now,
        "need": lambda intent: intent_name(services.taxonomy, intent),
    }
    if wants_fragment(request):
        return render(request, "cases/_list.html", context)
    fileable = [intent for intent in services.taxonomy if intent.owner]
    context |= {
        "status_choices": STATUS_CHOICES,
        "families": [
            (family, name, [intent for intent in fileable if intent.family == family])
            for family, name in FAMILY_NAMES.items()
            if any(intent.family == family for intent in fileable)
        ],
        "agencies": services.registry.all(),
    }
    return render(request, "cases/list.html", context)


@router.get("/cases/{case_id}", name="case_page")
async def case_page(desk: CurrentDesk, case_id: UUID) -> Response:
    async with desk.services.db.transaction() as session:
        await case_view.note_reading(session, case_id=case_id, actor=desk.actor)
    await desk.log(AuditAction.CASE_OPENED, case_id=case_id)
    return await desk.show(case_id)


@router.get("/chats", name="chat_list")
async def chat_list(request: Request, services: ServicesDep) -> Response:
    async with services.db.transaction() as session:
        waiting = await queries.waiting_chats(session)
    template = "chats/_list.html" if wants_fragment(request) else "chats/list.html"
    return render(request, template, {"waiting": waiting, "now": utcnow()})
