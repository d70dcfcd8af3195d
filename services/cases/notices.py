"""What the law has told without being asked: that a case falls due or is late, and how a long one stands.

민원 처리에 관한 법률 시행령 제28조 (a late case gets a reminder) and 제23조 (after 30 days, and every 30 days, the citizen hears
how the case stands). A job looks every five minutes; any number of workers may, and a restart loses nothing: what was told
is an event of the case, whose id is its cause, so that it is told once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Integer, Select, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.cases import flows, service
from services.cases.deadlines import SEOUL
from services.cases.enums import STATUS_NAMES_IN, CaseStatus, EventType
from services.cases.models import Case, CaseEvent
from services.chat.enums import Author, Language
from services.chat.models import ChatMessage
from services.database import utcnow
from services.jobs import jobs
from services.runtime import Services, bound

log = structlog.get_logger()

SOON = 8.0
"""Working hours before the due time at which the desk is reminded."""
LONG = timedelta(days=30)
_BATCH = 200
"""Cases told of in one run; the rest follow in the next."""

_LONG_CASE: dict[Language, str] = {
    Language.KO: "접수번호 {number} 민원은 접수하신 지 {days}일이 지났어요. 지금 상태는 '{status}'이고, {agency}에서 맡고 있어요.",
    Language.EN: "It is {days} days since your case {number} was filed. It is now: {status}. In charge: {agency}.",
    Language.ZH: "受理编号{number}的诉求提交已满{days}天，目前状态：{status}，负责机构：{agency}。",
}


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(name="send_notices", queue="housekeeping", queueing_lock="send_notices", pass_context=False)
async def send_notices(timestamp: int) -> None:  # noqa: ARG001  (Procrastinate hands it over)
    """Tells what is to be told now."""
    await tell_all(bound(), now=utcnow())


async def tell_all(services: Services, *, now: datetime) -> int:
    """Tells of every case that falls due soon, is late or takes long, once each. Returns how many were told of."""
    soon = services.calendar.add_hours(now, SOON)
    told = 0
    for statement, tell in (
        (_unreminded("soon", Case.due_at > now, Case.due_at <= soon), _remind_soon),
        (_unreminded("late", Case.due_at <= now), _remind_late),
        (_unnoticed(now), _notice),
    ):
        async with services.db.transaction() as session:
            case_ids = list((await session.scalars(statement.limit(_BATCH))).all())
        for case_id in case_ids:
            told += await _tell(services, case_id=case_id, now=now, tell=tell)
    return told


def _open() -> ColumnElement[bool]:
    return Case.status.not_in(service.CLOSED)


def _never(external_id: ColumnElement[str]) -> ColumnElement[bool]:
    return ~exists().where(CaseEvent.case_id == Case.id, CaseEvent.external_id == external_id)


def _unreminded(kind: str, *when: ColumnElement[bool]) -> Select[UUID]:
    """Open cases of which the desk was not reminded for the due time that they have."""
    due = func.to_char(func.timezone("UTC", Case.due_at), "YYYYMMDDHH24MI")
    return select(Case.id).where(_open(), *when, _never(func.concat(f"reminder:{kind}:", due))).order_by(Case.due_at)


def _unnoticed(now: datetime) -> Select[UUID]:
    """Open cases whose citizen did not hear of the 30 days, or of the 60, 90, ... that have passed."""
    started = func.coalesce(Case.accepted_at, Case.submitted_at)
    times = cast(func.floor(func.extract("epoch", now - started) / LONG.total_seconds()), Integer)
    return (
        select(Case.id).where(_open(), started <= now - LONG, _never(func.concat("notice:", times))).order_by(started)
    )


@dataclass(frozen=True)
class Told:
    """A case was told of, to its citizen if there is a message."""

    message: ChatMessage | None = None


Tell = Callable[[AsyncSession, Case, datetime], Awaitable[Told | None]]


async def _tell(services: Services, *, case_id: UUID, now: datetime, tell: Tell) -> bool:
    """Whether the case was told of; not if that was done, or the case closed, since it was found."""
    async with services.db.transaction() as session:
        case = await service.lock_case(session, case_id=case_id, version=None)
        told = None if case.status in service.CLOSED else await tell(session, case, now)
        await session.flush()
    if told is None:
        return False
    await flows.push(services, case=case, message=told.message)
    return True


async def _remind_soon(session: AsyncSession, case: Case, now: datetime) -> Told | None:
    if case.due_at is None or case.due_at <= now:
        return None
    return await _remind(session, case, case.due_at, "soon", "처리 기한이 다가옵니다. 기한: {due}")


async def _remind_late(session: AsyncSession, case: Case, now: datetime) -> Told | None:
    if case.due_at is None or case.due_at > now:
        return None
    return await _remind(session, case, case.due_at, "late", "처리 기한이 지났습니다. 기한: {due}")


async def _remind(session: AsyncSession, case: Case, due_at: datetime, kind: str, text: str) -> Told | None:
    key = f"reminder:{kind}:{due_at.astimezone(UTC):%Y%m%d%H%M}"
    if await service.has_event(session, case_id=case.id, external_id=key):
        return None
    due = due_at.astimezone(SEOUL)
    await service.add_event(
        session,
        case=case,
        type=EventType.REMINDED,
        actor=service.SYSTEM,
        text=text.format(due=f"{due.year}년 {due.month}월 {due.day}일 {due:%H:%M}"),
        external_id=key,
    )
    log.info("case_reminder", receipt_no=case.receipt_no, reminder=kind)
    return Told()


async def _notice(session: AsyncSession, case: Case, now: datetime) -> Told | None:
    times = (now - (case.accepted_at or case.submitted_at)) // LONG
    key = f"notice:{times}"
    if times < 1 or await service.has_event(session, case_id=case.id, external_id=key):
        return None
    days = times * LONG.days
    await service.add_event(
        session,
        case=case,
        type=EventType.NOTIFIED,
        actor=service.SYSTEM,
        text=f"접수한 지 {days}일이 지나 처리 상황을 알렸습니다.",
        public=True,
        external_id=key,
    )
    language = await flows.language_of(session, case=case)
    status: CaseStatus = case.status
    text = _LONG_CASE[language].format(
        number=case.receipt_no, days=days, status=STATUS_NAMES_IN[language][status], agency=case.agency_name
    )
    log.info("case_notice", receipt_no=case.receipt_no, days=days)
    return Told(await flows.tell_citizen(session, case=case, author=Author.SYSTEM, text=text))
