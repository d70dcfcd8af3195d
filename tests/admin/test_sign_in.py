from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, update

from admin.auth import passwords, service
from admin.auth.enums import AuditAction, Role
from admin.auth.models import AdminSession, User
from admin.auth.routes import safe_next
from services.database import utcnow
from services.runtime import Services
from tests.admin.panel import PASSWORD, audit_of, csrf_of, make_user, open_desk, sign_in


async def age_sessions(services: Services, **values: object) -> None:
    async with services.db.transaction() as session:
        await session.execute(update(AdminSession).values(**values))


async def test_the_right_password_opens_the_desk(services: Services, browser: httpx.AsyncClient) -> None:
    await make_user(services)
    answer = await sign_in(browser)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/cases"
    assert (await browser.get("/admin/cases")).status_code == 200


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await make_user(services)
    answer = await sign_in(browser)
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("admin_session="))
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/admin"} <= flags
    assert "secure" not in flags


async def test_behind_tls_the_cookie_is_secure(
    services: Services, app: FastAPI, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "settings", services.settings.model_copy(update={"secure_cookies": True}))
    page = await browser.get("/admin/login")
    assert "secure" in page.headers["set-cookie"].lower()


async def test_sign_in_leads_back_to_the_page_that_was_asked_for(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await make_user(services)
    asked = await browser.get("/admin/cases?urgency=P0")
    assert asked.headers["location"] == "/admin/login?next=%2Fadmin%2Fcases%3Furgency%3DP0"
    answer = await sign_in(browser, next="/admin/cases?urgency=P0")
    assert answer.headers["location"] == "/admin/cases?urgency=P0"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/admin/",
        "//evil.example",
        "/\\evil.example",
        "/admin/\\evil",
        "/",
        "",
        "/admin/logout",
        "javascript:alert(1)",
        "/admin/\r\nX: y",
    ],
)
def test_sign_in_never_leads_to_another_site(target: str) -> None:
    assert safe_next(target) == "/admin/cases"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("officer", "틀린 비밀번호"),
        ("nobody", PASSWORD),
        ("officer", ""),
        ("", ""),
        ("' OR 1=1 --", "x"),
        ("off\x00icer", "x"),
    ],
)
async def test_every_refusal_reads_the_same(
    services: Services, browser: httpx.AsyncClient, username: str, password: str
) -> None:
    await make_user(services)
    answer = await sign_in(browser, username=username, password=password)
    assert answer.status_code == 401
    assert "로그인하지 못했습니다. 아이디와 비밀번호를 확인해 주십시오." in answer.text
    assert "admin_session" not in browser.cookies


async def test_five_failures_lock_the_account_even_for_the_right_password(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await make_user(services)
    refusals = [await sign_in(browser, password="틀린 비밀번호") for _ in range(5)]
    locked = await sign_in(browser)
    assert locked.status_code == 401
    # Nothing tells a guesser that this one was right.
    text = [part.text.replace(csrf_of(part), "") for part in (refusals[0], locked)]
    assert text[0] == text[1]
    assert (await audit_of(services))[-1].action == AuditAction.SIGN_IN_LOCKED


async def test_the_lock_opens_after_fifteen_minutes(services: Services, browser: httpx.AsyncClient) -> None:
    user = await make_user(services)
    for _ in range(5):
        await sign_in(browser, password="틀린 비밀번호")
    async with services.db.transaction() as session:
        locked_until = (await session.get_one(User, user.id)).locked_until
        assert locked_until is not None
        assert timedelta(minutes=14) < locked_until - utcnow() <= timedelta(minutes=15)
        await session.execute(update(User).values(locked_until=utcnow() - timedelta(seconds=1)))
    assert (await sign_in(browser)).status_code == 303


async def test_a_success_forgets_earlier_failures(services: Services, browser: httpx.AsyncClient) -> None:
    await make_user(services)
    for _ in range(4):
        await sign_in(browser, password="틀린 비밀번호")
    assert (await sign_in(browser)).status_code == 303
    for _ in range(4):
        await sign_in(browser, password="틀린 비밀번호")
    assert (await sign_in(browser)).status_code == 303


async def test_a_switched_off_account_cannot_sign_in_and_is_thrown_out(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    async with services.db.transaction() as session:
        await session.execute(update(User).values(active=False))
    assert (await browser.get("/admin/cases")).status_code == 303
    assert (await sign_in(browser)).status_code == 401


async def test_one_address_cannot_try_many_names(
    services: Services, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_FAILURES_FROM_ADDRESS", 3)
    for number in range(3):
        assert (await sign_in(browser, username=f"guess{number}")).status_code == 401
    answer = await sign_in(browser, username="guess3")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "300"
    assert "로그인 시도가 너무 많습니다" in answer.text


async def test_signing_in_again_ends_the_session_before(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    before = browser.cookies["admin_session"]
    await sign_in(browser)
    assert browser.cookies["admin_session"] != before
    old = httpx.AsyncClient(
        transport=browser._transport, base_url="http://panel.test", cookies={"admin_session": before}
    )
    assert (await old.get("/admin/cases")).status_code == 303


async def test_signing_out_deletes_the_session(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    page = await browser.get("/admin/cases")
    answer = await browser.post("/admin/logout", data={"csrf_token": csrf_of(page)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?state=signed-out")
    async with services.db.transaction() as session:
        assert (await session.execute(select(func.count()).select_from(AdminSession))).scalar_one() == 0
    assert (await browser.get("/admin/cases")).status_code == 303


async def test_half_an_hour_of_idling_ends_a_session(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    await age_sessions(services, last_seen_at=utcnow() - timedelta(minutes=29))
    assert (await browser.get("/admin/cases")).status_code == 200
    await age_sessions(services, last_seen_at=utcnow() - timedelta(minutes=31))
    answer = await browser.get("/admin/cases")
    assert answer.headers["location"] == "/admin/login?next=%2Fadmin%2Fcases&state=expired"
    assert "로그아웃되었습니다" in (await browser.get(answer.headers["location"])).text


async def test_a_working_day_ends_a_session_however_busy(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    await age_sessions(services, expires_at=utcnow() - timedelta(seconds=1))
    assert (await browser.get("/admin/cases")).status_code == 303


async def test_a_list_that_reloads_itself_does_not_keep_a_session_alive(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    seen = utcnow() - timedelta(minutes=20)
    await age_sessions(services, last_seen_at=seen)
    await browser.get("/admin/cases", headers={"HX-Request": "true", "X-Background": "1"})
    async with services.db.transaction() as session:
        assert (await session.execute(select(AdminSession.last_seen_at))).scalar_one() == seen
    await browser.get("/admin/cases", headers={"HX-Request": "true"})
    async with services.db.transaction() as session:
        assert (await session.execute(select(AdminSession.last_seen_at))).scalar_one() > seen


async def test_an_expired_session_sends_htmx_to_the_sign_in_page_and_back(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    await age_sessions(services, last_seen_at=utcnow() - timedelta(hours=1))
    answer = await browser.get(
        "/admin/cases", headers={"HX-Request": "true", "HX-Current-URL": "http://panel.test/admin/cases?page=2"}
    )
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/admin/login?next=%2Fadmin%2Fcases%3Fpage%3D2&state=expired"


async def test_a_hash_with_outdated_parameters_is_renewed_at_sign_in(
    services: Services, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await make_user(services)).password_hash
    stronger = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=64, parallelism=1),))
    monkeypatch.setattr(passwords, "_hasher", stronger)
    assert (await sign_in(browser)).status_code == 303
    async with services.db.transaction() as session:
        assert (await session.execute(select(User.password_hash))).scalar_one() != before
    assert (await sign_in(browser)).status_code == 303


async def test_the_audit_log_names_people_but_never_what_a_stranger_typed(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await make_user(services, role=Role.OFFICER)
    await sign_in(browser, username="비밀번호를-잘못-친-칸")
    await sign_in(browser, password="틀린 비밀번호")
    await sign_in(browser)
    entries = await audit_of(services)
    assert [(entry.action, entry.username) for entry in entries[1:]] == [
        (AuditAction.SIGN_IN_FAILED, ""),
        (AuditAction.SIGN_IN_FAILED, "officer"),
        (AuditAction.SIGNED_IN, "officer"),
    ]
    assert entries[-1].ip == "127.0.0.1"
