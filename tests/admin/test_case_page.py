from __future__ import annotations

import httpx

from admin.auth.enums import AuditAction
from services.cases.enums import CaseOrigin, CaseStatus, EventType
from services.cases.service import events_of
from services.chat.enums import Author
from services.runtime import Services
from tests.admin.panel import audit_of, form_of, make_case, make_conversation, make_dead_delivery, move, open_desk

EVIDENCE = {
    "intent": "road_damage",
    "confidence": 0.823,
    "ranking": [
        {"intent": "road_damage", "confidence": 0.823},
        {"intent": "sewer", "confidence": 0.091},
        {"intent": "an_intent_of_tomorrow", "confidence": 0.01},
    ],
    "model_version": "20260301-101010",
    "chosen_by": "model",
}


async def test_one_page_tells_the_whole_case(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    chat = await make_conversation(
        services, (Author.CITIZEN, "도로가 파였어요"), (Author.BOT, "어디인가요?"), (Author.CITIZEN, "한빛로 12")
    )
    case = await make_case(
        services, session_id=chat, evidence=EVIDENCE, slots={"location": "한빛로 12", "contact": "[전화번호]"}
    )
    await make_dead_delivery(services, case)
    await move(services, case, CaseStatus.ACCEPTED)
    page = (await browser.get(f"/admin/cases/{case.id}")).text
    for part in (
        "도로·보도 파손",
        case.receipt_no,
        "접수됨",
        "한빛로 12",
        "[전화번호]",
        "한빛시 도로과",
        "어디인가요?",
        "민원인",
        "AI 도우미",
        "82.3%",
        "하수도·맨홀",
        "an_intent_of_tomorrow",
        "20260301-101010",
        "전달 실패",
        "접수 거절",
        "기관이 거절했습니다.",
        "다시 전달",
        "접수 대기 → 접수됨",
        "처리 시작",
        "보완 요청",
    ):
        assert part in page, part


async def test_an_emergency_shows_its_cue_and_line(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    cue = {"line": "119", "cue": "불이 났어요", "intent": "fire"}
    case = await make_case(services, intent="fire", origin=CaseOrigin.EMERGENCY, evidence={"emergency": cue})
    page = (await browser.get(f"/admin/cases/{case.id}")).text
    assert "“불이 났어요” → 화재, 119 안내" in page
    assert "긴급 감지 규칙" in page


async def test_a_case_of_another_channel_needs_no_conversation_and_no_evidence(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    case = await make_case(services, origin=CaseOrigin.OPEN311, slots={})
    page = await browser.get(f"/admin/cases/{case.id}")
    assert page.status_code == 200
    assert "대화 없이 접수된 민원입니다." in page.text


async def test_every_reading_is_in_the_audit_log_but_only_one_in_the_history(
    services: Services, browser: httpx.AsyncClient
) -> None:
    user = await open_desk(services, browser)
    case = await make_case(services)
    for _ in range(3):
        await browser.get(f"/admin/cases/{case.id}")
    opened = [entry for entry in await audit_of(services) if entry.action == AuditAction.CASE_OPENED]
    assert [(entry.user_id, entry.object_type, entry.object_id) for entry in opened] == 3 * [
        (user.id, "case", str(case.id))
    ]
    async with services.db.transaction() as session:
        events = await events_of(session, case_id=case.id)
    assert [event.type for event in events].count(EventType.OPENED) == 1
    assert "도로과 김민원" in (await browser.get(f"/admin/cases/{case.id}")).text


async def test_personal_data_shows_only_after_a_click_and_the_click_is_logged(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    case = await make_case(services, slots={"contact": "[전화번호]"}, private={"contact": "010-1234-5678"})
    form = await form_of(browser, case)
    assert "010-1234-5678" not in (await browser.get(f"/admin/cases/{case.id}")).text
    part = await browser.post(f"/admin/cases/{case.id}/reveal", data=form, headers={"HX-Request": "true"})
    assert "010-1234-5678" in part.text
    assert "<html" not in part.text
    whole = await browser.post(f"/admin/cases/{case.id}/reveal", data=form)
    assert "010-1234-5678" in whole.text
    assert "<html" in whole.text
    log = [entry for entry in await audit_of(services) if entry.action == AuditAction.PRIVATE_REVEALED]
    assert [entry.object_id for entry in log] == [str(case.id)] * 2


async def test_what_no_key_opens_is_said_so(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    case = await make_case(services, private={"contact": "010-1234-5678"})
    form = await form_of(browser, case)
    async with services.db.transaction() as session:
        row = await session.get_one(type(case), case.id)
        row.private = b"broken"
    page = await browser.post(f"/admin/cases/{case.id}/reveal", data=form)
    assert page.status_code == 200
    assert "암호를 풀 수 없습니다" in page.text
