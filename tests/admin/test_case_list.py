from __future__ import annotations

import html
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from services.cases.enums import CaseOrigin, CaseStatus
from services.cases.models import Case
from services.chat.enums import Author, QueueReason
from services.chat.service import queue_session
from services.database import utcnow
from services.runtime import Services
from tests.admin.panel import make_case, make_conversation, move, open_desk


async def set_due(services: Services, case: Case, **shift: float) -> None:
    async with services.db.transaction() as session:
        await session.execute(update(Case).where(Case.id == case.id).values(due_at=utcnow() + timedelta(**shift)))


async def test_emergencies_come_first(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    await make_case(services, intent="fire", origin=CaseOrigin.EMERGENCY, description="연기가 나요")
    await make_case(services, description="나중에 온 민원")
    page = (await browser.get("/admin/cases")).text
    assert page.index("연기가 나요") < page.index("나중에 온 민원")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"도로", "가로등", "긴급"}),
        ("urgency=P0", {"긴급"}),
        ("family=disaster", {"긴급"}),
        ("intent=streetlight", {"가로등"}),
        ("agency=hanbit-road", {"도로"}),
        ("overdue=1", {"가로등"}),
        ("status=closed", set()),
        ("status=withdrawn", {"취하"}),
        ("status=all", {"도로", "가로등", "긴급", "취하"}),
        ("q=가로등", {"가로등"}),
        ("q=%25", set()),
        ("q=%00", {"도로", "가로등", "긴급"}),
        ("status=nonsense&urgency=P9&page=x", {"도로", "가로등", "긴급"}),
        ("page=-1", {"도로", "가로등", "긴급"}),
    ],
)
async def test_filters(services: Services, browser: httpx.AsyncClient, query: str, shown: set[str]) -> None:
    await open_desk(services, browser)
    await make_case(services, description="[도로] 움푹 파임")
    late = await make_case(services, intent="streetlight", description="[가로등] 꺼짐")
    await set_due(services, late, hours=-3)
    await make_case(services, intent="fire", origin=CaseOrigin.EMERGENCY, description="[긴급] 연기")
    gone = await make_case(services, description="[취하] 그만둠")
    await move(services, gone, CaseStatus.WITHDRAWN)
    page = await browser.get(f"/admin/cases?{query}")
    assert page.status_code == 200
    assert {word for word in ("도로", "가로등", "긴급", "취하") if f"[{word}]" in page.text} == shown


async def test_the_receipt_number_finds_its_case(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    wanted = await make_case(services, description="찾는 민원")
    await make_case(services, description="다른 민원")
    page = (await browser.get(f"/admin/cases?q={wanted.receipt_no}")).text
    assert "찾는 민원" in page
    assert "다른 민원" not in page


@pytest.mark.parametrize(
    ("shift", "text"),
    [
        ({"days": 3, "hours": 2, "minutes": 1}, "3일 2시간 남음"),
        ({"hours": 5, "seconds": 30}, "5시간 남음"),
        ({"hours": -2, "minutes": -5, "seconds": -1}, "2시간 5분 지남"),
    ],
)
async def test_a_deadline_reads_as_what_is_left(
    services: Services, browser: httpx.AsyncClient, shift: dict[str, float], text: str
) -> None:
    await open_desk(services, browser)
    await set_due(services, await make_case(services), **shift)
    assert text in (await browser.get("/admin/cases")).text


async def test_long_lists_have_pages_that_keep_the_filters(
    services: Services, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin.workspace.routes.PAGE_SIZE", 2)
    await open_desk(services, browser)
    for number in range(5):
        await make_case(services, description=f"민원 {number}")
    page = html.unescape((await browser.get("/admin/cases?intent=road_damage")).text)
    assert "민원 4" in page
    assert "민원 2" not in page
    assert 'href="/admin/cases?intent=road_damage&page=3"' in page
    assert "민원 0" in (await browser.get("/admin/cases?intent=road_damage&page=3")).text
    # A page beyond the end is the last one: the list may have become shorter.
    assert "민원 0" in (await browser.get("/admin/cases?page=999999999")).text


async def test_htmx_gets_the_list_alone(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    await make_case(services)
    part = await browser.get("/admin/cases?intent=road_damage", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<section")
    assert 'hx-get="/admin/cases?intent=road_damage"' in part.text
    assert 'hx-trigger="every 15s"' in part.text
    whole = await browser.get("/admin/cases", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.text


async def test_markup_in_a_citizens_words_is_only_text(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"
    chat = await make_conversation(services, (Author.CITIZEN, attack))
    case = await make_case(services, description=attack, slots={"location": attack, "detail": attack}, session_id=chat)
    await move(services, case, CaseStatus.ACCEPTED)
    async with services.db.transaction() as session:
        await queue_session(session, session_id=chat, reason=QueueReason.REQUESTED)
    for path in ("/admin/cases", f"/admin/cases/{case.id}", f"/admin/cases?q={attack}", "/admin/chats"):
        page = (await browser.get(path)).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{7*7}}" in page


async def test_conversations_that_wait_for_a_person_are_listed(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    waits = await make_conversation(services, (Author.CITIZEN, "안녕하세요"), (Author.CITIZEN, "사람과 얘기할래요"))
    await make_conversation(services, (Author.CITIZEN, "챗봇이면 충분해요"))
    async with services.db.transaction() as session:
        await queue_session(session, session_id=waits, reason=QueueReason.REQUESTED)
    page = (await browser.get("/admin/chats")).text
    assert "사람과 얘기할래요" in page
    assert "상담원 연결 요청" in page
    assert "챗봇이면 충분해요" not in page
    assert "상담 대기</span><strong>1<small>" in (await browser.get("/admin/cases")).text
