"""Nobody gets anywhere in the panel without a session, the CSRF token and the role."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from admin.app import mount
from admin.auth.enums import Role
from services.runtime import Services
from tests.admin.panel import csrf_of, open_desk, sign_in

PUBLIC = {("GET", "/admin/login"), ("POST", "/admin/login")}


def routes() -> Iterator[tuple[str, str]]:
    """(method, path) of everything under /admin that is not a style sheet or a script."""
    app = FastAPI()
    mount(app)
    panel = next(route for route in app.routes if isinstance(route, Mount) and route.path == "/admin")
    for context in iter_route_contexts(panel.routes):
        route = getattr(context, "starlette_route", None) or context.original_route
        if isinstance(route, Mount):
            assert route.path == "/static", f"an unguarded mount: {route.path}"
            continue
        path = str(getattr(context, "path", None) or route.path)
        for method in sorted(getattr(context, "methods", None) or route.methods or {"WEBSOCKET"}):
            yield method, "/admin" + path


ALL_ROUTES = sorted(routes())
GUARDED = [route for route in ALL_ROUTES if route not in PUBLIC]


def filled(path: str) -> str:
    return path.replace("{case_id}", str(uuid4())).replace("{delivery_id}", str(uuid4()))


def test_the_walk_finds_the_routes() -> None:
    assert {
        ("GET", "/admin/"),
        ("GET", "/admin/cases"),
        ("GET", "/admin/cases/{case_id}"),
        ("POST", "/admin/cases/{case_id}/answer"),
        ("POST", "/admin/logout"),
        ("GET", "/admin/system"),
        *PUBLIC,
    } <= set(ALL_ROUTES)


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_no_route_opens_without_a_session(method: str, path: str) -> None:
    assert method != "WEBSOCKET", "give sockets a test of their own"
    app = FastAPI()
    app.state.services = None  # whoever comes without a cookie does not even cause a look into the database
    mount(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://panel.test") as stranger:
        answer = await stranger.request(method, filled(path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/login")


async def test_an_invented_cookie_opens_nothing(browser: httpx.AsyncClient) -> None:
    browser.cookies.set("admin_session", "made-up", path="/admin")
    for method, path in GUARDED:
        answer = await browser.request(method, filled(path))
        assert answer.status_code == 303, path
        assert "state=expired" in answer.headers["location"], path


@pytest.mark.parametrize("token", [None, "", "made-up"])
async def test_nothing_changes_without_the_csrf_token(
    services: Services, browser: httpx.AsyncClient, token: str | None
) -> None:
    await open_desk(services, browser, role=Role.ADMINISTRATOR)
    for method, path in GUARDED:
        if method == "GET":
            continue
        answer = await browser.request(method, filled(path), data={} if token is None else {"csrf_token": token})
        assert answer.status_code == 403, path
        assert "새로 고친 뒤" in answer.text, path
    assert (await browser.get("/admin/cases")).status_code == 200


async def test_a_sign_in_form_from_another_site_is_refused(services: Services, browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/admin/login", data={"username": "officer", "password": "x"})
    assert answer.status_code == 403
    await browser.get("/admin/login")
    answer = await browser.post("/admin/login", data={"csrf_token": "", "username": "officer", "password": "x"})
    assert answer.status_code == 403


async def test_the_token_of_another_session_is_worth_nothing(
    services: Services, app: FastAPI, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    stale = csrf_of(await browser.get("/admin/cases"))
    await sign_in(browser)
    assert (await browser.post("/admin/logout", data={"csrf_token": stale})).status_code == 403


async def test_htmx_may_send_the_token_in_a_header(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    token = csrf_of(await browser.get("/admin/cases"))
    assert (await browser.post("/admin/logout", headers={"X-CSRF-Token": token})).status_code == 303


async def test_the_system_page_is_for_administrators(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    answer = await browser.get("/admin/system")
    assert answer.status_code == 403
    assert "볼 수 있는 권한이 없습니다" in answer.text
    assert "/admin/system" not in (await browser.get("/admin/cases")).text


async def test_an_administrator_sees_models_and_accounts(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser, username="chief", role=Role.ADMINISTRATOR, display_name="박관리")
    page = await browser.get("/admin/system")
    assert page.status_code == 200
    assert "등록된 모델이 없습니다" in page.text
    assert "박관리" in page.text
    assert 'href="/admin/system"' in page.text
    assert (await browser.get("/admin/cases")).status_code == 200


async def test_the_start_leads_to_the_cases(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    assert (await browser.get("/admin")).headers["location"].endswith("/admin/")
    answer = await browser.get("/admin/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/cases")
