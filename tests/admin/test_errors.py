from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from services.problems import NotFound
from services.runtime import Services
from tests.admin.panel import open_desk


async def test_pages_are_never_stored_and_run_no_foreign_or_inline_code(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/admin/login")
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


async def test_the_panels_own_files_are_served(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/admin/static/css/base.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/admin/nothing-here", "/admin/cases/not-an-id", "/admin/static/nothing.css"])
async def test_an_unknown_address_gets_a_korean_page(services: Services, browser: httpx.AsyncClient, path: str) -> None:
    await open_desk(services, browser)
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "찾을 수 없습니다" in answer.text


async def test_an_unknown_case_gets_a_korean_page(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    answer = await browser.get("/admin/cases/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert "찾으시는 민원이 없습니다" in answer.text


async def test_an_unexpected_error_shows_no_internals(
    services: Services, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_desk(services, browser)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("비밀 내부 사정")

    monkeypatch.setattr("admin.workspace.queries.count_waiting", broken)
    answer = await browser.get("/admin/cases")
    assert answer.status_code == 500
    assert "일시적인 문제가 생겼습니다" in answer.text
    assert "비밀" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_htmx_gets_a_notice_instead_of_a_page(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    answer = await browser.get("/admin/system", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "<html" not in answer.text
    assert "권한" in answer.text


async def test_too_large_a_form_is_refused(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    answer = await browser.post("/admin/logout", data={"text": "가" * 20_000})
    assert answer.status_code == 413


async def test_the_api_beside_it_still_answers_with_problem_documents(app: FastAPI, browser: httpx.AsyncClient) -> None:
    @app.get("/api/v1/lost")
    async def lost() -> None:
        raise NotFound

    for path in ("/api/v1/lost", "/nothing-here"):
        answer = await browser.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "x-frame-options" not in answer.headers
