"""Filing and moving cases on the real database, alone and at the same time."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from services.agencies.models import Delivery
from services.cases import flows
from services.cases import service as cases
from services.cases.deadlines import SEOUL, Pause
from services.cases.enums import CaseStatus, DeliveryStatus, EventType, Urgency
from services.cases.models import Case, CaseEvent
from services.cases.receipts import is_receipt_no
from services.chat.enums import Author, MessageKind
from services.privacy.service import Undecryptable, Vault
from services.runtime import Services
from tests.support.filing import (
    CITIZEN,
    OFFICER,
    delivery_of,
    draft,
    events_of,
    file_case,
    move,
    open_chat,
    read_case,
    transcript_of,
)


async def jobs(services: Services) -> int:
    async with services.db.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM procrastinate_jobs"))).scalar_one())


async def count(services: Services, table: type) -> int:
    async with services.db.transaction() as session:
        return int((await session.execute(select(func.count()).select_from(table))).scalar_one())


async def test_a_filed_case_has_its_number_first_event_delivery_job_and_due_date(services: Services) -> None:
    case = await file_case(services)
    assert is_receipt_no(case.receipt_no)
    assert (case.status, case.urgency) == (CaseStatus.RECEIVED, Urgency.P2)
    assert case.due_at == services.calendar.due("report", case.submitted_at)
    [event] = await events_of(services, case)
    assert (event.seq, event.type, event.public) == (1, EventType.FILED, True)
    assert (await delivery_of(services, case)).status is DeliveryStatus.PENDING
    assert await jobs(services) == 1


async def test_the_same_draft_files_once(services: Services) -> None:
    first = await file_case(services, key="chat:1")
    second = await file_case(services, key="chat:1")
    assert second.id == first.id
    assert (await count(services, Case), await count(services, Delivery), await jobs(services)) == (1, 1, 1)
    assert len(await events_of(services, first)) == 1


async def test_ten_filings_of_one_draft_at_once_are_one_case_and_one_delivery(services: Services) -> None:
    filed = await asyncio.gather(*(file_case(services, key="chat:1") for _ in range(10)))
    assert len({case.id for case in filed}) == 1
    assert (await count(services, Case), await count(services, Delivery), await jobs(services)) == (1, 1, 1)


async def test_receipt_numbers_are_unique_and_without_gaps_though_filed_at_once(services: Services) -> None:
    filed = await asyncio.gather(*(file_case(services) for _ in range(20)))
    serials = sorted(int(case.receipt_no[9:14]) for case in filed)
    assert serials == list(range(1, 21))


async def test_a_filing_that_fails_leaves_neither_case_nor_job_nor_number(services: Services) -> None:
    class PowerCut(Exception):
        pass

    async def file_and_fail() -> None:
        async with services.db.transaction() as session:
            await flows.file(services, session, draft=draft(services))
            raise PowerCut

    with pytest.raises(PowerCut):
        await file_and_fail()
    assert (await count(services, Case), await count(services, Delivery), await jobs(services)) == (0, 0, 0)
    assert (await file_case(services)).receipt_no[9:14] == "00001"


async def test_a_need_that_is_never_sent_gets_a_case_and_no_delivery(services: Services) -> None:
    case = await file_case(services, "illegal_building", agency_id="fire-119")
    assert await count(services, Delivery) == 0
    assert await jobs(services) == 0
    assert case.receipt_no


# officers ---------------------------------------------------------------------------------------------------------


async def test_two_officers_who_saw_the_same_version_do_not_both_answer(services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    outcomes = await asyncio.gather(
        *(
            flows.answer(services, case_id=case.id, version=case.version, text=f"답변 {number}", actor=OFFICER)
            for number in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Case", "StaleCase"]
    assert len(await transcript_of(services, session_id)) == 1


async def test_two_further_answers_from_the_same_version_are_one_and_a_stale_one(services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    answered = await flows.answer(services, case_id=case.id, version=None, text="처음", actor=OFFICER)
    outcomes = await asyncio.gather(
        *(
            flows.answer(services, case_id=case.id, version=answered.version, text=f"더 {number}", actor=OFFICER)
            for number in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Case", "StaleCase"]
    assert len(await transcript_of(services, session_id)) == 2


async def test_two_moves_from_the_same_version_are_one_and_a_stale_one(services: Services) -> None:
    case = await file_case(services)
    outcomes = await asyncio.gather(
        *(
            flows.move(services, case_id=case.id, version=case.version, target=target, actor=OFFICER, reason="사유")
            for target in (CaseStatus.ACCEPTED, CaseStatus.TRANSFERRED)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Case", "StaleCase"]
    assert [event.seq for event in await events_of(services, case)] == [1, 2]


async def test_an_answer_reaches_the_transcript_and_the_history(services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    await flows.answer(services, case_id=case.id, version=case.version, text="보수했습니다.", actor=OFFICER)
    [message] = await transcript_of(services, session_id)
    assert (message.author, message.kind, message.text) == (Author.OFFICER, MessageKind.CASE_STATUS, "보수했습니다.")
    assert message.data["receipt_no"] == case.receipt_no
    assert message.data["status_name"] == "답변 완료"
    event = (await events_of(services, case))[-1]
    assert (event.type, event.to_status, event.text, event.public) == (
        EventType.ANSWERED,
        CaseStatus.ANSWERED,
        "보수했습니다.",
        True,
    )
    assert (await read_case(services, case)).status is CaseStatus.ANSWERED


async def test_a_further_answer_keeps_the_state_and_reaches_the_citizen(services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    for words in ("처음 답변", "덧붙인 답변"):
        await flows.answer(services, case_id=case.id, version=None, text=words, actor=OFFICER)
    assert [message.text for message in await transcript_of(services, session_id)] == ["처음 답변", "덧붙인 답변"]
    assert (await read_case(services, case)).status is CaseStatus.ANSWERED


@pytest.mark.parametrize("blank", ["", "  \n"])
async def test_a_blank_answer_is_no_answer(services: Services, blank: str) -> None:
    case = await file_case(services)
    with pytest.raises(ValueError, match="blank"):
        await flows.answer(services, case_id=case.id, version=None, text=blank, actor=OFFICER)
    assert (await read_case(services, case)).status is CaseStatus.RECEIVED


async def test_a_refused_move_changes_nothing(services: Services) -> None:
    case = await file_case(services)
    with pytest.raises(cases.MoveNotAllowed):
        await move(services, case, CaseStatus.CLOSED)
    with pytest.raises(cases.ReasonRequired):
        await move(services, case, CaseStatus.TRANSFERRED, reason=None)
    with pytest.raises(cases.MoveNotAllowed):
        await move(services, case, CaseStatus.ACCEPTED, actor=CITIZEN)
    after = await read_case(services, case)
    assert (after.status, after.version) == (case.status, case.version)
    assert len(await events_of(services, case)) == 1


async def test_acceptance_and_closure_leave_their_times(services: Services) -> None:
    case = await file_case(services)
    accepted = await move(services, case, CaseStatus.ACCEPTED)
    assert accepted.accepted_at is not None
    await move(services, case, CaseStatus.ANSWERED)
    closed = await move(services, case, CaseStatus.CLOSED)
    assert closed.closed_at is not None
    reopened = await move(services, case, CaseStatus.REOPENED)
    assert reopened.closed_at is None


async def test_the_original_is_shown_to_its_handler_and_the_look_is_written_down(services: Services) -> None:
    sealed = services.vault.seal_json({"description": "제 번호는 010-1234-5678", "contact": "010-1234-5678"})
    case = await file_case(services, sealed=sealed)
    shown = await flows.reveal(services, case_id=case.id, actor=OFFICER)
    assert shown == {"description": "제 번호는 010-1234-5678", "contact": "010-1234-5678"}
    last = (await events_of(services, case))[-1]
    assert (last.type, last.actor_id, last.public) == (EventType.OPENED, OFFICER.id, False)
    assert "1234" not in (last.text or "")


async def test_the_look_is_written_down_even_where_there_is_nothing_sealed(services: Services) -> None:
    case = await file_case(services)
    assert await flows.reveal(services, case_id=case.id, actor=OFFICER) == {}
    assert (await events_of(services, case))[-1].type is EventType.OPENED


async def test_an_original_whose_key_was_lost_is_a_named_error(services: Services) -> None:
    from cryptography.fernet import Fernet

    lost = Vault(Fernet.generate_key().decode()).seal_json({"description": "비밀"})
    case = await file_case(services, sealed=lost)
    with pytest.raises(Undecryptable):
        await flows.reveal(services, case_id=case.id, actor=OFFICER)


async def test_the_citizens_pin_is_nowhere_in_the_database(services: Services) -> None:
    case = await file_case(services)
    pin = cases.pin_of(services.settings, case)
    assert re.fullmatch(r"\d{6}", pin)
    async with services.db.transaction() as session:
        for table in ("cases", "case_events", "deliveries", "procrastinate_jobs"):
            statement = f"SELECT count(*) FROM {table} t WHERE t::text LIKE :pin"
            assert (await session.execute(text(statement), {"pin": f"%{pin}%"})).scalar_one() == 0, table


async def test_the_clock_starts_with_the_acceptance_and_stands_still_while_the_citizen_supplements(
    services: Services,
) -> None:
    case = await file_case(services)
    case = await move(services, case, CaseStatus.ACCEPTED)
    assert case.accepted_at is not None
    assert case.due_at == services.calendar.due("report", case.accepted_at)
    case = await move(services, case, CaseStatus.AWAITING_CITIZEN, reason="사진을 보내 주세요.")
    assert case.due_at is None
    overdue = cases.CaseFilters(overdue=True)
    async with services.db.transaction() as session:
        assert (await cases.list_cases(session, filters=overdue)).total == 0
    case = await move(services, case, CaseStatus.IN_PROGRESS)
    [asked] = [e for e in await events_of(services, case) if e.to_status is CaseStatus.AWAITING_CITIZEN]
    [resumed] = [e for e in await events_of(services, case) if e.from_status is CaseStatus.AWAITING_CITIZEN]
    assert case.due_at == services.calendar.due(
        "report", case.accepted_at, [Pause(asked.created_at, resumed.created_at)]
    )


def _waited(moment: datetime, source: CaseStatus, target: CaseStatus) -> CaseEvent:
    return CaseEvent(from_status=source, to_status=target, created_at=moment)


def test_each_time_a_case_waited_for_its_citizen_is_a_pause() -> None:
    day = datetime(2026, 3, 3, 10, tzinfo=SEOUL)
    busy, waiting = CaseStatus.IN_PROGRESS, CaseStatus.AWAITING_CITIZEN
    events = [
        _waited(day, CaseStatus.ACCEPTED, busy),
        _waited(day + timedelta(days=1), busy, waiting),
        _waited(day + timedelta(days=3), waiting, busy),
        _waited(day + timedelta(days=4), busy, waiting),
    ]
    expected = [Pause(day + timedelta(days=1), day + timedelta(days=3)), Pause(day + timedelta(days=4))]
    assert cases._pauses(events) == expected
    assert cases._pauses([]) == []
