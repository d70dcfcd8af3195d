"""Builders and steps for the panel's tests."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from admin.auth import accounts
from admin.auth.enums import Role
from admin.auth.models import AuditEntry, User
from services.agencies.models import Delivery, DeliveryAttempt
from services.cases import service as cases
from services.cases.enums import CaseOrigin, CaseStatus, DeliveryStatus
from services.cases.models import Case
from services.chat import service as chat
from services.chat.enums import Author, Language
from services.database import utcnow
from services.runtime import Services

PASSWORD = "알맞은-비밀번호-2026"


async def make_user(services: Services, *, username: str = "officer", role: Role = Role.OFFICER, **fields: Any) -> User:
    async with services.db.transaction() as session:
        return await accounts.create_user(
            session,
            username=username,
            role=role,
            display_name=fields.pop("display_name", "김민원"),
            department=fields.pop("department", "도로과"),
            password=fields.pop("password", PASSWORD),
            **fields,
        )


def csrf_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, "the page holds no CSRF token"
    return found.group(1)


async def sign_in(
    browser: httpx.AsyncClient, *, username: str = "officer", password: str = PASSWORD, **fields: str
) -> httpx.Response:
    page = await browser.get("/admin/login")
    form = {"csrf_token": csrf_of(page), "username": username, "password": password, **fields}
    return await browser.post("/admin/login", data=form)


async def open_desk(services: Services, browser: httpx.AsyncClient, **fields: Any) -> User:
    """A signed-in officer (or whoever `fields` say)."""
    user = await make_user(services, **fields)
    answer = await sign_in(browser, username=user.username)
    assert answer.status_code == 303
    return user


async def make_case(services: Services, *, intent: str = "road_damage", **fields: Any) -> Case:
    agency = services.registry.route(intent)
    async with services.db.transaction() as session:
        case, _ = await cases.file_case(
            session,
            calendar=services.calendar,
            draft=cases.Draft(
                key=f"test:{uuid4()}",
                origin=fields.pop("origin", CaseOrigin.CHAT),
                intent=services.taxonomy.get(intent),
                agency_id=agency.id,
                agency_name=agency.name,
                description=fields.pop("description", "집 앞 도로가 파였어요"),
                slots=fields.pop("slots", {"location": "한빛로 12"}),
                sealed=services.vault.seal_json(private) if (private := fields.pop("private", None)) else None,
                **fields,
            ),
        )
    return case


async def make_conversation(services: Services, *texts: tuple[Author, str]) -> UUID:
    async with services.db.transaction() as session:
        row, _ = await chat.open_session(session, lang=Language.KO, channel="web")
        for author, text in texts:
            await chat.post_message(session, session_id=row.id, author=author, text=text)
    return row.id


async def make_dead_delivery(services: Services, case: Case) -> Delivery:
    now = utcnow()
    delivery = Delivery(case_id=case.id, agency_id=case.agency_id, status=DeliveryStatus.DEAD)
    delivery.attempts = [
        DeliveryAttempt(
            number=1, started_at=now, finished_at=now, outcome="AgencyRefused", reason="기관이 거절했습니다."
        )
    ]
    async with services.db.transaction() as session:
        session.add(delivery)
    return delivery


async def move(services: Services, case: Case, target: CaseStatus) -> Case:
    """Somebody else moves the case."""
    async with services.db.transaction() as session:
        return await cases.move_case(
            session, case_id=case.id, version=None, target=target, actor=cases.SYSTEM, calendar=services.calendar
        )


async def reload(services: Services, case: Case) -> Case:
    async with services.db.transaction() as session:
        return await cases.get_case(session, case_id=case.id)


async def audit_of(services: Services) -> list[AuditEntry]:
    async with services.db.transaction() as session:
        return list((await session.execute(select(AuditEntry).order_by(AuditEntry.id))).scalars())


async def form_of(browser: httpx.AsyncClient, case: Case) -> dict[str, str]:
    """The hidden fields of the case page's forms as they stand now."""
    page = await browser.get(f"/admin/cases/{case.id}")
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version, page.text
    return {"csrf_token": csrf_of(page), "version": version.group(1)}
