"""What may happen to a case. Every function takes the open transaction first and says in its name what it does.

CaseError
├── CaseNotFound
├── StaleCase       somebody else changed the case since it was read
└── (lifecycle.MoveNotAllowed, lifecycle.ReasonRequired)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.cases import receipts
from services.cases.deadlines import SEOUL, Pause, WorkingCalendar, period_key
from services.cases.enums import (
    ActorType,
    CaseOrigin,
    CaseStatus,
    DeliveryStatus,
    EventType,
    Urgency,
)
from services.cases.lifecycle import TERMINAL, MoveNotAllowed, ReasonRequired, check_move, moves_from
from services.cases.models import Case, CaseEvent, ReceiptCounter
from services.database import utcnow
from services.privacy.service import clean
from services.settings import Settings
from services.taxonomy import Intent

__all__ = [
    "Actor",
    "CaseError",
    "CaseFilters",
    "CaseNotFound",
    "CasePage",
    "Draft",
    "MoveNotAllowed",
    "ReasonRequired",
    "StaleCase",
    "moves_from",
]

CLOSED = (*TERMINAL, CaseStatus.ANSWERED)


class CaseError(Exception):
    pass


class CaseNotFound(CaseError):
    pass


class StaleCase(CaseError):
    pass


@dataclass(frozen=True)
class Actor:
    """Who did it, as the timeline names them."""

    type: ActorType
    id: str | None
    name: str


CITIZEN = Actor(ActorType.CITIZEN, None, "민원인")
BOT = Actor(ActorType.BOT, None, "AI 도우미")
SYSTEM = Actor(ActorType.SYSTEM, None, "시스템")


@dataclass(frozen=True)
class Draft:
    """Everything a case is filed from. `key` makes filing idempotent; `sealed` holds the unmasked original."""

    key: str
    origin: CaseOrigin
    intent: Intent
    agency_id: str
    agency_name: str
    description: str
    slots: dict[str, str]
    session_id: UUID | None = None
    sealed: bytes | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True)
class CaseFilters:
    status: list[CaseStatus] = field(default_factory=list)
    urgency: list[Urgency] = field(default_factory=list)
    family: str | None = None
    intent: str | None = None
    agency_id: str | None = None
    query: str | None = None
    overdue: bool = False
    mine: UUID | None = None


@dataclass(frozen=True)
class CasePage:
    items: list[Case]
    total: int
    page: int
    size: int


async def _next_receipt_no(session: AsyncSession, *, now: datetime) -> str:
    day = now.astimezone(SEOUL).date()
    statement = (
        insert(ReceiptCounter)
        .values(day=day, last=1)
        .on_conflict_do_update(index_elements=[ReceiptCounter.day], set_={"last": ReceiptCounter.last + 1})
        .returning(ReceiptCounter.last)
    )
    serial = (await session.execute(statement)).scalar_one()
    return receipts.make_receipt_no(day, serial)


async def find_by_draft(session: AsyncSession, *, key: str) -> Case | None:
    return (await session.execute(select(Case).where(Case.draft_key == key))).scalar_one_or_none()


async def file_case(session: AsyncSession, *, draft: Draft, calendar: WorkingCalendar) -> tuple[Case, bool]:
    """Writes case and first event; returns (case, whether it is new). The same draft key never files twice.

    The caller defers the delivery in the same transaction (flows.file).
    """
    now = utcnow()
    # Serialises two filings of one draft without an exception inside the transaction.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(draft.key, 0))))
    existing = await find_by_draft(session, key=draft.key)
    if existing is not None:
        return existing, False
    case = Case(
        receipt_no=await _next_receipt_no(session, now=now),
        draft_key=draft.key,
        origin=draft.origin,
        session_id=draft.session_id,
        intent=draft.intent.name,
        family=draft.intent.family,
        kind=draft.intent.kind,
        urgency=Urgency.of(draft.intent.urgency),
        status=CaseStatus.RECEIVED,
        agency_id=draft.agency_id,
        agency_name=draft.agency_name,
        title=draft.intent.ko,
        description=draft.description,
        slots=draft.slots,
        private=draft.sealed,
        evidence=draft.evidence,
        lat=draft.lat,
        lon=draft.lon,
        submitted_at=now,
        due_at=calendar.due(period_key(draft.intent.kind, draft.intent.name), now),
    )
    session.add(case)
    await session.flush()
    await add_event(
        session,
        case=case,
        type=EventType.EMERGENCY if draft.origin is CaseOrigin.EMERGENCY else EventType.FILED,
        actor=CITIZEN,
        text="긴급한 상황을 알리는 말씀이 있었습니다."
        if draft.origin is CaseOrigin.EMERGENCY
        else "민원이 접수되었습니다.",
        to_status=CaseStatus.RECEIVED,
        public=True,
    )
    return case, True


async def add_event(
    session: AsyncSession,
    *,
    case: Case,
    type: EventType,  # noqa: A002
    actor: Actor,
    text: str | None = None,
    from_status: CaseStatus | None = None,
    to_status: CaseStatus | None = None,
    public: bool = False,
    external_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> CaseEvent:
    """Appends to the case's history. The case row is locked, so that sequence numbers stay gapless."""
    await session.execute(select(Case.id).where(Case.id == case.id).with_for_update())
    last = await session.execute(select(func.coalesce(func.max(CaseEvent.seq), 0)).where(CaseEvent.case_id == case.id))
    event = CaseEvent(
        case_id=case.id,
        seq=last.scalar_one() + 1,
        type=type,
        actor_type=actor.type,
        actor_id=actor.id,
        actor_name=actor.name,
        text=text,
        from_status=from_status,
        to_status=to_status,
        public=public,
        external_id=external_id,
        data=data or {},
    )
    session.add(event)
    await session.flush()
    return event


async def get_case(session: AsyncSession, *, case_id: UUID) -> Case:
    case = await session.get(Case, case_id)
    if case is None:
        raise CaseNotFound(str(case_id))
    return case


async def get_by_receipt(session: AsyncSession, *, receipt_no: str) -> Case:
    case = (await session.execute(select(Case).where(Case.receipt_no == receipt_no))).scalar_one_or_none()
    if case is None:
        raise CaseNotFound(receipt_no)
    return case


def pin_of(settings: Settings, case: Case) -> str:
    return receipts.make_pin(settings.secret_key.get_secret_value(), case.receipt_no)


async def look_up(session: AsyncSession, *, settings: Settings, receipt_no: str, pin: str) -> Case:
    """The case of a citizen who knows its number and PIN. Raises CaseNotFound for either being wrong."""
    if not receipts.is_receipt_no(receipt_no):
        raise CaseNotFound(receipt_no)
    if not receipts.check_pin(settings.secret_key.get_secret_value(), receipt_no, pin):
        raise CaseNotFound(receipt_no)
    return await get_by_receipt(session, receipt_no=receipt_no)


async def events_of(session: AsyncSession, *, case_id: UUID, public_only: bool = False) -> list[CaseEvent]:
    statement = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.seq)
    if public_only:
        statement = statement.where(CaseEvent.public)
    return list((await session.execute(statement)).scalars())


async def lock_case(session: AsyncSession, *, case_id: UUID, version: int | None) -> Case:
    """The case as it is now, held until the transaction ends. `version` is what the caller saw, None to not look.

    Raises CaseNotFound, StaleCase.
    """
    # Without populate_existing a case read earlier in the session would keep the version from before the wait.
    statement = select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    case = (await session.execute(statement)).scalar_one_or_none()
    if case is None:
        raise CaseNotFound(str(case_id))
    if version is not None and case.version != version:
        raise StaleCase(str(case_id))
    return case


async def move_case(
    session: AsyncSession,
    *,
    case_id: UUID,
    version: int | None,
    target: CaseStatus,
    actor: Actor,
    calendar: WorkingCalendar,
    reason: str | None = None,
    public: bool = True,
    external_id: str | None = None,
    type: EventType = EventType.MOVED,  # noqa: A002
) -> Case:
    """Moves a case along the table. `version` is what the mover saw, or None for a machine that does not look.

    The acceptance starts the statutory clock anew, and while the citizen is asked for more nothing is due.

    Raises CaseNotFound, StaleCase, MoveNotAllowed, ReasonRequired.
    """
    case = await lock_case(session, case_id=case_id, version=version)
    check_move(case.status, target, actor.type, reason)
    source, case.status = case.status, target
    now = utcnow()
    if target is CaseStatus.ACCEPTED and case.accepted_at is None:
        case.accepted_at = now
    case.closed_at = now if target in TERMINAL else None
    case.updated_at = now
    await add_event(
        session,
        case=case,
        type=type,
        actor=actor,
        text=reason,
        from_status=source,
        to_status=target,
        public=public,
        external_id=external_id,
    )
    await _set_due(session, case=case, calendar=calendar)
    return case


async def _set_due(session: AsyncSession, *, case: Case, calendar: WorkingCalendar) -> None:
    """Counts the case's period from its events."""
    case.due_at = calendar.due(
        period_key(case.kind, case.intent),
        case.accepted_at or case.submitted_at,
        _pauses(await events_of(session, case_id=case.id)),
    )
    await session.flush()


def _pauses(events: Sequence[CaseEvent]) -> list[Pause]:
    """The times in which a case was waiting for its citizen (보완), in order."""
    pauses: list[Pause] = []
    for event in events:
        if event.from_status is CaseStatus.AWAITING_CITIZEN and pauses:
            pauses[-1] = Pause(pauses[-1].start, event.created_at)
        if event.to_status is CaseStatus.AWAITING_CITIZEN:
            pauses.append(Pause(event.created_at))
    return pauses


async def record_opened(session: AsyncSession, *, case_id: UUID, actor: Actor) -> None:
    """Notes that an officer has read the case."""
    case = await get_case(session, case_id=case_id)
    await add_event(session, case=case, type=EventType.OPENED, actor=actor)


async def has_event(session: AsyncSession, *, case_id: UUID, external_id: str) -> bool:
    statement = select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.external_id == external_id)
    return (await session.execute(statement)).first() is not None


async def latest_of_session(session: AsyncSession, *, session_id: UUID) -> Case | None:
    statement = (
        select(Case)
        .where(Case.session_id == session_id, Case.origin == CaseOrigin.CHAT)
        .order_by(Case.submitted_at.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def list_cases(session: AsyncSession, *, filters: CaseFilters, page: int = 1, size: int = 30) -> CasePage:
    """What is open before what is done; of the open, emergencies first, then what is due soonest, then the newest."""
    conditions: list[ColumnElement[bool]] = []
    if filters.status:
        conditions.append(Case.status.in_(filters.status))
    if filters.urgency:
        conditions.append(Case.urgency.in_(filters.urgency))
    if filters.family:
        conditions.append(Case.family == filters.family)
    if filters.intent:
        conditions.append(Case.intent == filters.intent)
    if filters.agency_id:
        conditions.append(Case.agency_id == filters.agency_id)
    if filters.mine:
        conditions.append(Case.assigned_to == filters.mine)
    if filters.overdue:
        conditions += [Case.due_at < utcnow(), Case.status.not_in(CLOSED)]
    if words := clean(filters.query or ""):
        escaped = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        pattern = f"%{escaped}%"
        conditions.append(or_(Case.receipt_no == words, Case.description.ilike(pattern), Case.title.ilike(pattern)))
    total = (await session.execute(select(func.count()).select_from(Case).where(*conditions))).scalar_one()
    done = Case.status.in_(CLOSED)
    statement = (
        select(Case)
        .where(*conditions)
        .order_by(
            done,
            Case.urgency != Urgency.P0,
            sql_case((done, None), else_=Case.due_at).nulls_last(),
            Case.submitted_at.desc(),
            Case.id,
        )
        .offset((page - 1) * size)
        .limit(size)
    )
    items = list((await session.execute(statement)).scalars())
    return CasePage(items=items, total=total, page=page, size=size)


async def counts(session: AsyncSession) -> dict[str, int]:
    """The strip above the desk's list."""
    from services.agencies.models import Delivery

    now = utcnow()
    today_end = now.astimezone(SEOUL).replace(hour=23, minute=59, second=59)
    opened = Case.status.not_in(CLOSED)
    row = (
        await session.execute(
            select(
                func.count().filter(opened).label("open"),
                func.count().filter(opened, Case.due_at < now).label("overdue"),
                func.count().filter(opened, Case.due_at >= now, Case.due_at <= today_end).label("due_today"),
                func.count().filter(opened, Case.urgency == Urgency.P0).label("emergencies"),
                func.count().filter(Case.status == CaseStatus.AWAITING_CITIZEN).label("awaiting"),
            )
        )
    ).one()
    dead = (
        await session.execute(select(func.count()).select_from(Delivery).where(Delivery.status == DeliveryStatus.DEAD))
    ).scalar_one()
    return {**row._mapping, "dead_letters": dead}
