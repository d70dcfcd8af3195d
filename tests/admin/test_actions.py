from __future__ import annotations

import asyncio

import httpx
import pytest

from admin.auth.enums import AuditAction
from services.agencies.service import deliveries_of
from services.cases.enums import CaseStatus, DeliveryStatus, EventType
from services.cases.service import events_of
from services.chat.enums import Author
from services.chat.service import transcript
from services.runtime import Services
from tests.admin.panel import (
    audit_of,
    csrf_of,
    form_of,
    make_case,
    make_conversation,
    make_dead_delivery,
    move,
    open_desk,
    reload,
)

ANSWER = "안녕하십니까. 현장을 확인하여 이번 주 안에 보수하겠습니다."


async def test_an_answer_reaches_the_conversation_and_answers_the_case(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser, phone="031-000-1234")
    chat = await make_conversation(services, (Author.CITIZEN, "도로가 파였어요"))
    case = await make_case(services, session_id=chat)
    answer = await browser.post(
        f"/admin/cases/{case.id}/answer", data=await form_of(browser, case) | {"text": f"{ANSWER}\r\n감사합니다."}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/cases/{case.id}?done=answered")
    assert (await reload(services, case)).status == CaseStatus.ANSWERED
    async with services.db.transaction() as session:
        last = (await transcript(session, session_id=chat))[-1]
    assert last.author == Author.OFFICER
    assert last.text == f"{ANSWER}\n감사합니다.\n\n담당: 도로과 김민원 (전화 031-000-1234)"
    page = (await browser.get(answer.headers["location"])).text
    assert "답변을 보냈습니다." in page
    assert "추가 답변" in page
    assert [entry.action for entry in await audit_of(services)].count(AuditAction.CASE_ANSWERED) == 1


async def test_an_answered_case_takes_a_further_answer(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    for text in (ANSWER, "보수를 마쳤습니다."):
        form = await form_of(browser, case)
        assert (await browser.post(f"/admin/cases/{case.id}/answer", data=form | {"text": text})).status_code == 303
    page = (await browser.get(f"/admin/cases/{case.id}")).text
    assert ANSWER in page
    assert "보수를 마쳤습니다." in page


async def test_a_stale_form_keeps_the_text_and_says_what_happened(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    form = await form_of(browser, case)
    await move(services, case, CaseStatus.ACCEPTED)
    page = await browser.post(f"/admin/cases/{case.id}/answer", data=form | {"text": ANSWER})
    assert page.status_code == 409
    assert "그사이 다른 사람이 이 민원을 변경했습니다." in page.text
    assert f">{ANSWER}</textarea>" in page.text
    assert (await reload(services, case)).status == CaseStatus.ACCEPTED
    # The page shows the new state, so sending again from it works.
    again = {"csrf_token": csrf_of(page), "version": str((await reload(services, case)).version), "text": ANSWER}
    assert f'name="version" value="{again["version"]}"' in page.text
    assert (await browser.post(f"/admin/cases/{case.id}/answer", data=again)).status_code == 303


async def test_a_form_sent_twice_answers_once(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    chat = await make_conversation(services, (Author.CITIZEN, "도로가 파였어요"))
    case = await make_case(services, session_id=chat)
    form = await form_of(browser, case) | {"text": ANSWER}
    replies = await asyncio.gather(*(browser.post(f"/admin/cases/{case.id}/answer", data=form) for _ in range(3)))
    assert [reply.status_code for reply in replies] == [303, 303, 303]
    async with services.db.transaction() as session:
        events = await events_of(session, case_id=case.id)
        messages = await transcript(session, session_id=chat)
    assert [event.type for event in events].count(EventType.ANSWERED) == 1
    assert [message.author for message in messages].count(Author.OFFICER) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "답변 내용을 입력해 주십시오."),
        (" \r\n\t ", "답변 내용을 입력해 주십시오."),
        ("가" * 5001, "답변은 5,000자까지 보낼 수 있습니다. 지금 5,001자입니다."),
    ],
)
async def test_an_unfit_answer_is_explained_and_kept(
    services: Services, browser: httpx.AsyncClient, text: str, problem: str
) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    page = await browser.post(f"/admin/cases/{case.id}/answer", data=await form_of(browser, case) | {"text": text})
    assert page.status_code == 422
    assert problem in page.text
    assert f">{text.strip()}</textarea>" in page.text
    assert (await reload(services, case)).status == CaseStatus.RECEIVED


async def test_emoji_nul_and_markup_in_an_answer_arrive_as_text(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    text = "확인했습니다 👍\x00 <b>곧</b> 처리합니다'; DROP TABLE cases; --"
    form = await form_of(browser, case)
    assert (await browser.post(f"/admin/cases/{case.id}/answer", data=form | {"text": text})).status_code == 303
    page = (await browser.get(f"/admin/cases/{case.id}")).text
    assert "👍" in page
    assert "&lt;b&gt;곧&lt;/b&gt;" in page


async def test_a_closed_case_takes_no_answer_and_the_text_is_kept(
    services: Services, browser: httpx.AsyncClient
) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    form = await form_of(browser, case)
    await move(services, case, CaseStatus.WITHDRAWN)
    form["version"] = str((await reload(services, case)).version)
    page = await browser.post(f"/admin/cases/{case.id}/answer", data=form | {"text": ANSWER})
    assert page.status_code == 409
    assert "지금 상태에서는 답변을 보낼 수 없습니다." in page.text
    assert ANSWER in page.text


async def test_a_move_is_one_click_and_shows_in_the_history(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    form = await form_of(browser, case)
    answer = await browser.post(f"/admin/cases/{case.id}/move", data=form | {"target": "accepted"})
    assert answer.headers["location"] == f"/admin/cases/{case.id}?done=moved"
    page = (await browser.get(answer.headers["location"])).text
    assert "상태를 변경했습니다." in page
    assert "접수 대기 → 접수됨" in page
    moved = [entry for entry in await audit_of(services) if entry.action == AuditAction.CASE_MOVED]
    assert [entry.data for entry in moved] == [{"target": "accepted"}]


@pytest.mark.parametrize(
    ("form", "status", "problem"),
    [
        ({"target": "awaiting_citizen"}, 422, "이 처리에는 사유가 필요합니다."),
        ({"target": "awaiting_citizen", "reason": "가" * 1001}, 422, "사유는 1,000자까지"),
        ({"target": "closed"}, 409, "지금 상태에서는 그 처리를 할 수 없습니다."),
        ({"target": "answered"}, 409, "지금 상태에서는 그 처리를 할 수 없습니다."),
        ({"target": "accepted", "version": "99"}, 409, "그사이 다른 사람이"),
        ({"target": "nonsense"}, 422, "입력한 내용을 확인해 주십시오"),
        ({"target": "accepted", "version": "x"}, 422, "입력한 내용을 확인해 주십시오"),
        ({"version": "1"}, 422, "입력한 내용을 확인해 주십시오"),
    ],
)
async def test_a_move_that_cannot_be_made_is_explained(
    services: Services, browser: httpx.AsyncClient, form: dict[str, str], status: int, problem: str
) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    page = await browser.post(f"/admin/cases/{case.id}/move", data=await form_of(browser, case) | form)
    assert page.status_code == status
    assert problem in page.text
    assert (await reload(services, case)).status == CaseStatus.RECEIVED


async def test_a_reason_typed_into_a_stale_form_is_kept(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    form = await form_of(browser, case) | {"target": "awaiting_citizen", "reason": "사진을 보내 주십시오."}
    await move(services, case, CaseStatus.ACCEPTED)
    page = await browser.post(f"/admin/cases/{case.id}/move", data=form)
    assert page.status_code == 409
    assert ">사진을 보내 주십시오.</textarea>" in page.text


async def test_a_dead_delivery_can_be_started_again(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    case = await make_case(services)
    delivery = await make_dead_delivery(services, case)
    form = await form_of(browser, case)
    part = await browser.post(f"/admin/deliveries/{delivery.id}/retry", data=form, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "전달 대기" in part.text
    async with services.db.transaction() as session:
        assert [row.status for row in await deliveries_of(session, case_id=case.id)] == [DeliveryStatus.PENDING]
    again = await browser.post(f"/admin/deliveries/{delivery.id}/retry", data=form)
    assert again.status_code == 409
    assert "이미 다시 전달하고 있거나" in again.text
    assert [entry.action for entry in await audit_of(services)].count(AuditAction.DELIVERY_RETRIED) == 1


async def test_an_unknown_case_or_delivery_is_not_found(services: Services, browser: httpx.AsyncClient) -> None:
    await open_desk(services, browser)
    form = await form_of(browser, await make_case(services))
    nowhere = "00000000-0000-4000-8000-000000000000"
    for path, more in (
        (f"/admin/cases/{nowhere}/answer", {"text": ANSWER}),
        (f"/admin/cases/{nowhere}/move", {"target": "accepted"}),
        (f"/admin/cases/{nowhere}/reveal", {}),
        (f"/admin/deliveries/{nowhere}/retry", {}),
    ):
        assert (await browser.post(path, data=form | more)).status_code == 404, path
