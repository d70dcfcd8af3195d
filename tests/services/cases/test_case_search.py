"""What the desk finds: filters, search, order and the strip of counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import update

from services.agencies.models import Delivery
from services.cases import service as cases
from services.cases.enums import CaseStatus, DeliveryStatus, Urgency
from services.cases.models import Case
from services.cases.service import CaseFilters
from services.database import utcnow
from services.runtime import Services
from tests.support.filing import file_case, move


async def found(services: Services, **filters: Any) -> list[str]:
    async with services.db.transaction() as session:
        page = await cases.list_cases(session, filters=CaseFilters(**filters))
    assert page.total == len(page.items)
    return [case.receipt_no for case in page.items]


async def alter(services: Services, case: Case, **values: Any) -> None:
    async with services.db.transaction() as session:
        await session.execute(update(Case).where(Case.id == case.id).values(**values))


async def test_each_filter_finds_its_own(services: Services) -> None:
    officer = uuid4()
    road = await file_case(services, "road_damage")
    sewer = await file_case(services, "sewer")
    await alter(services, sewer, assigned_to=officer)
    await move(services, sewer, CaseStatus.ACCEPTED)
    assert await found(services, intent="road_damage") == [road.receipt_no]
    assert await found(services, agency_id=sewer.agency_id) == [sewer.receipt_no]
    assert await found(services, status=[CaseStatus.ACCEPTED]) == [sewer.receipt_no]
    assert await found(services, urgency=[Urgency.P2]) == [road.receipt_no]
    assert await found(services, mine=officer) == [sewer.receipt_no]
    assert await found(services, family="welfare") == []
    assert set(await found(services, family="civil")) == {road.receipt_no, sewer.receipt_no}


async def test_a_search_takes_every_character_for_itself(services: Services) -> None:
    await file_case(services, description="axb 1000 아무 말")
    for words in ("10%0", "a_b", "'; DROP TABLE cases; --", '"따옴표"', "\\d", "<b>", "😀"):
        hit = await file_case(services, description=f"앞 {words} 뒤")
        assert await found(services, query=words) == [hit.receipt_no], words
    assert len(await found(services, query="%")) == len(await found(services, query="_")) == 1


async def test_a_search_finds_by_number_title_and_words_whatever_the_case(services: Services) -> None:
    case = await file_case(services, description="ABC 마트 앞 도로")
    assert await found(services, query=f" {case.receipt_no} ") == [case.receipt_no]
    assert await found(services, query="abc 마트") == [case.receipt_no]
    assert await found(services, query="보도 파손") == [case.receipt_no]
    assert await found(services, query="없는 말") == []


async def test_a_search_for_nonsense_is_no_error(services: Services) -> None:
    await file_case(services)
    for nonsense in ("\x00", "도로\x00", "\ud800", "x" * 5_000):
        await found(services, query=nonsense)


async def test_emergencies_come_first_and_what_is_done_last(services: Services) -> None:
    done = await file_case(services)
    await move(services, done, CaseStatus.ANSWERED)
    ordinary = await file_case(services)
    urgent = await file_case(services, "flood_typhoon")
    assert await found(services) == [urgent.receipt_no, ordinary.receipt_no, done.receipt_no]


async def test_what_is_due_sooner_stands_before_what_is_newer(services: Services) -> None:
    soon = await file_case(services)
    await file_case(services)
    await alter(services, soon, due_at=utcnow() + timedelta(hours=1))
    assert (await found(services))[0] == soon.receipt_no


async def test_overdue_are_those_past_their_date_and_still_open(services: Services) -> None:
    late, answered, _ = [await file_case(services) for _ in range(3)]
    for case in (late, answered):
        await alter(services, case, due_at=utcnow() - timedelta(minutes=1))
    await move(services, answered, CaseStatus.ANSWERED)
    assert await found(services, overdue=True) == [late.receipt_no]


async def test_pages_hold_every_case_once(services: Services) -> None:
    filed = {(await file_case(services)).receipt_no for _ in range(7)}
    seen: list[str] = []
    for number in (1, 2, 3, 4):
        async with services.db.transaction() as session:
            page = await cases.list_cases(session, filters=CaseFilters(), page=number, size=3)
        assert page.total == 7
        seen += [case.receipt_no for case in page.items]
    assert len(seen) == 7
    assert set(seen) == filed


async def test_the_counts_are_those_of_the_desk(services: Services) -> None:
    open_, late, today, waiting, answered = [await file_case(services) for _ in range(5)]
    await file_case(services, "fire")
    await alter(services, late, due_at=utcnow() - timedelta(hours=1))
    await move(services, waiting, CaseStatus.AWAITING_CITIZEN)
    await move(services, answered, CaseStatus.ANSWERED)
    async with services.db.transaction() as session:
        await session.execute(update(Delivery).where(Delivery.case_id == open_.id).values(status=DeliveryStatus.DEAD))
        counted = await cases.counts(session)
    assert counted == {
        "open": 5,
        "overdue": 1,
        "due_today": 0,
        "emergencies": 1,
        "awaiting": 1,
        "dead_letters": 1,
    }
    await alter(services, today, due_at=utcnow() + timedelta(seconds=2))
    async with services.db.transaction() as session:
        assert (await cases.counts(session))["due_today"] in (0, 1)  # 0 in the last two seconds of a Korean day
