"""Reminders of what falls due, and news of what takes long: told once, however often and by however many it is looked for."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from services.cases.enums import CaseStatus, EventType
from services.cases.models import Case, CaseEvent
from services.cases.notices import tell_all
from services.chat.enums import Language
from services.chat.models import ChatSession
from services.runtime import Services
from tests.support.filing import events_of, file_case, move, open_chat, read_case, transcript_of


async def due_of(services: Services, case: Case) -> datetime:
    due = (await read_case(services, case)).due_at
    assert due is not None
    return due


async def told(services: Services, case: Case, kind: EventType) -> list[CaseEvent]:
    return [event for event in await events_of(services, case) if event.type is kind]


async def test_the_desk_is_reminded_a_working_day_before_and_once_more_when_it_is_late(services: Services) -> None:
    case = await file_case(services)
    due = await due_of(services, case)
    assert await tell_all(services, now=due - timedelta(days=5)) == 0
    assert [await tell_all(services, now=due - timedelta(hours=2)) for _ in range(2)] == [1, 0]
    assert [await tell_all(services, now=due + timedelta(minutes=m)) for m in (0, 5)] == [1, 0]
    soon, late = await told(services, case, EventType.REMINDED)
    assert (soon.text or "").startswith("처리 기한이 다가옵니다. 기한: ")
    assert (late.text or "").startswith("처리 기한이 지났습니다. 기한: ")
    assert not soon.public
    assert not late.public


async def test_a_new_due_time_is_reminded_of_anew(services: Services) -> None:
    case = await file_case(services)
    assert await tell_all(services, now=await due_of(services, case)) == 1
    async with services.db.transaction() as session:
        await session.execute(update(Case).values(due_at=Case.due_at + timedelta(days=1)))
    assert await tell_all(services, now=await due_of(services, case)) == 1


@pytest.mark.parametrize("status", [CaseStatus.ANSWERED, CaseStatus.WITHDRAWN, CaseStatus.AWAITING_CITIZEN])
async def test_nothing_is_said_of_a_case_that_is_done_or_stands_still(services: Services, status: CaseStatus) -> None:
    case = await file_case(services)
    due = await due_of(services, case)
    await move(services, case, status)
    assert await tell_all(services, now=due + timedelta(days=1)) == 0


async def test_ten_workers_at_the_same_moment_remind_once(services: Services) -> None:
    case = await file_case(services)
    due = await due_of(services, case)
    assert sum(await asyncio.gather(*(tell_all(services, now=due) for _ in range(10)))) == 1
    assert len(await told(services, case, EventType.REMINDED)) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.KO, "접수하신 지 30일이 지났어요"),
        (Language.EN, "It is 30 days since your case"),
        (Language.ZH, "提交已满30天"),
    ],
)
async def test_after_every_thirty_days_the_citizen_hears_how_the_case_stands(
    services: Services, language: Language, words: str
) -> None:
    chat, _ = await open_chat(services)
    async with services.db.transaction() as session:
        await session.execute(update(ChatSession).values(lang=language))
    case = await file_case(services, session_id=chat)
    await move(services, case, CaseStatus.AWAITING_CITIZEN)  # the clock stands still, the citizen still hears
    start = case.submitted_at
    assert await tell_all(services, now=start + timedelta(days=29, hours=23)) == 0
    assert [await tell_all(services, now=start + timedelta(days=30)) for _ in range(2)] == [1, 0]
    assert await tell_all(services, now=start + timedelta(days=61)) == 1
    first, second = await told(services, case, EventType.NOTIFIED)
    assert first.public
    assert [event.external_id for event in (first, second)] == ["notice:1", "notice:2"]
    heard = [message.text for message in await transcript_of(services, chat)]
    assert any(words in text and case.receipt_no in text for text in heard)
