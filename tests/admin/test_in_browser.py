"""What only a real browser shows: scripts under the policy, kept drafts, the list that reloads itself, accessibility."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import delete

from admin.auth.models import AdminSession
from deploy.web import create_whole_app
from services.cases.enums import CaseStatus
from services.runtime import Services
from services.settings import Settings
from tests.admin.panel import PASSWORD, make_case, move, reload
from tests.admin.sample_day import make_day
from tests.support.system import free_port

pytestmark = pytest.mark.browser

# PANEL_SCREENSHOTS=folder keeps pictures of every page, to be looked at.
PICTURES = os.environ.get("PANEL_SCREENSHOTS")


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """The web app on a real port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_whole_app(settings), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def errors() -> list[str]:
    """What the page complained of: script errors and whatever its content policy refused."""
    return []


@pytest_asyncio.fixture
async def page(site: str, errors: list[str]) -> AsyncIterator[Page]:
    """A page whose `errors` must be empty in the end."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        made = await chromium.new_page(base_url=site, viewport={"width": 1280, "height": 900}, locale="ko-KR")
        made.on("pageerror", lambda error: errors.append(str(error)))
        made.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        yield made
        await chromium.close()
        assert errors == []


@pytest_asyncio.fixture
async def case_id(services: Services) -> UUID:
    return await make_day(services)


async def sign_in(page: Page, username: str = "officer") -> None:
    await page.goto("/admin/")
    await page.get_by_label("아이디").fill(username)
    await page.get_by_label("비밀번호").fill(PASSWORD)
    await page.get_by_role("button", name="로그인").click()
    await expect(page.get_by_role("heading", name="민원 목록")).to_be_visible()


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        for width, height in ((1280, 900), (1920, 1080), (768, 1024)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        await page.set_viewport_size({"width": 1280, "height": 900})


async def test_every_page_is_accessible(page: Page, errors: list[str], case_id: UUID) -> None:
    async def check(name: str) -> None:
        assert errors == []
        await picture(page, name)
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        errors.clear()  # the tools themselves put styles into the page

    await page.goto("/admin/login?state=expired")
    await check("login")
    await page.get_by_label("아이디").fill("chief")
    await page.get_by_label("비밀번호").fill("틀린 비밀번호")
    await page.get_by_role("button", name="로그인").click()
    await expect(page.get_by_role("alert")).to_contain_text("로그인하지 못했습니다")
    await check("login-refused")
    await sign_in(page, "chief")
    await check("list")
    await page.goto("/admin/cases?status=closed")
    await check("list-empty")
    await page.goto(f"/admin/cases/{case_id}")
    await page.get_by_role("button", name="가려진 원문 보기").click()
    await expect(page.get_by_text("010-1234-5678")).to_be_visible()
    await page.locator("summary", has_text="보완 요청").click()
    await check("case")
    await page.goto("/admin/cases?urgency=P0")
    await page.locator("td.what a").click()
    await check("case-emergency")
    for name in ("chats", "system", "nothing-here"):
        await page.goto(f"/admin/{name}")
        await check(name)


async def eventually(check: Callable[[], Awaitable[bool]], *, seconds: float = 5.0) -> bool:
    """Whether `check` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await check():
            return True
        await asyncio.sleep(0.1)
    return False


async def test_an_expired_session_keeps_the_answer_that_was_being_written(
    services: Services, page: Page, case_id: UUID
) -> None:
    await sign_in(page)
    await page.goto(f"/admin/cases/{case_id}")
    text = "현장을 확인했습니다. 내일 오전에 보수하겠습니다."
    await page.get_by_label("민원인에게 보낼 글").fill(text)
    async with services.db.transaction() as session:
        await session.execute(delete(AdminSession))
    await page.get_by_role("button", name="답변 보내기").click()
    await expect(page.get_by_text("작성하시던 답변은 이 브라우저에 남아 있습니다.")).to_be_visible()
    await page.get_by_label("아이디").fill("officer")
    await page.get_by_label("비밀번호").fill(PASSWORD)
    await page.get_by_role("button", name="로그인").click()
    await expect(page.get_by_label("민원인에게 보낼 글")).to_have_value(text)
    await expect(page.get_by_text("작성하시던 글을 불러왔습니다.")).to_be_visible()
    await page.get_by_role("button", name="답변 보내기").click()
    await expect(page.get_by_text("답변을 보냈습니다.")).to_be_visible()
    await expect(page.get_by_label("민원인에게 보낼 글")).to_have_value("")
    assert await eventually(lambda: page.evaluate("!Object.keys(sessionStorage).some((k) => k.startsWith('draft:'))"))


async def test_an_htmx_request_with_an_expired_session_leads_to_the_sign_in_page(
    services: Services, page: Page, case_id: UUID
) -> None:
    await sign_in(page)
    await page.goto(f"/admin/cases/{case_id}")
    async with services.db.transaction() as session:
        await session.execute(delete(AdminSession))
    await page.get_by_role("button", name="가려진 원문 보기").click()
    await expect(page.get_by_role("heading", name="담당자 로그인")).to_be_visible()
    assert f"next=%2Fadmin%2Fcases%2F{case_id}" in page.url


async def test_a_stale_page_keeps_the_text_shows_the_change_and_can_be_sent_again(
    services: Services, page: Page, case_id: UUID
) -> None:
    await sign_in(page)
    case = await make_case(services, description="동시에 처리되는 민원")
    await page.goto(f"/admin/cases/{case.id}")
    await page.get_by_label("민원인에게 보낼 글").fill("확인하였습니다.")
    await move(services, case, CaseStatus.ACCEPTED)
    await page.get_by_role("button", name="답변 보내기").click()
    await expect(page.get_by_role("alert").filter(has_text="다른 사람이 이 민원을 변경했습니다")).to_be_visible()
    await picture(page, "case-stale")
    await page.get_by_role("button", name="답변 보내기").click()
    await expect(page.get_by_text("답변을 보냈습니다.")).to_be_visible()
    assert (await reload(services, case)).status == CaseStatus.ANSWERED


async def test_the_list_reloads_itself_keeps_the_focus_and_can_be_stopped(
    services: Services, page: Page, case_id: UUID
) -> None:
    await page.clock.install()
    await sign_in(page)
    link = page.locator(f"#case-{case_id}")
    await link.focus()
    await make_case(services, description="방금 들어온 민원")
    await page.wait_for_load_state("networkidle")  # htmx has read the page and set its timer
    await page.clock.run_for(16_000)
    await expect(page.get_by_text("방금 들어온 민원")).to_be_visible()
    await expect(link).to_be_focused()
    await page.get_by_text("15초마다 새로 고침").click()
    await expect(page.get_by_label("15초마다 새로 고침")).not_to_be_checked()
    await make_case(services, description="멈춘 뒤의 민원")
    await page.clock.run_for(40_000)
    await asyncio.sleep(0.3)
    await expect(page.get_by_text("멈춘 뒤의 민원")).to_have_count(0)


async def test_filters_work_without_a_page_load_and_stay_in_the_address(page: Page, case_id: UUID) -> None:
    await sign_in(page)
    await page.wait_for_load_state("networkidle")  # htmx has read the page
    await page.get_by_label("요구").select_option("streetlight")
    await expect(page.locator("td.what a")).to_have_count(1)
    assert page.url.endswith("/admin/cases?intent=streetlight")
    await page.reload()
    await expect(page.get_by_label("요구")).to_have_value("streetlight")
    await page.locator("td.what a").click()
    await page.go_back()
    await expect(page.locator("td.what a")).to_have_count(1)


async def test_the_desk_works_by_keyboard_alone(page: Page, case_id: UUID) -> None:
    await sign_in(page)
    await page.goto(f"/admin/cases/{case_id}")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="본문 바로가기")).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.get_by_label("민원인에게 보낼 글").evaluate("element => element === document.activeElement"):
            break
    await page.keyboard.type("처리하겠습니다.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("답변을 보냈습니다.")).to_be_visible()
