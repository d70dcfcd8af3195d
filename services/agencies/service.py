"""What may happen to a delivery. Sending itself is in delivery.py."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from services.agencies.models import Delivery, DeliveryAttempt
from services.agencies.registry import Agency, Registry, RegistryError, UnknownAgency
from services.cases import service as cases
from services.cases.enums import DeliveryStatus, EventType
from services.cases.models import Case, CaseEvent
from services.database import utcnow

__all__ = ["Agency", "DeliveryNotFound", "Registry", "RegistryError", "UnknownAgency"]

# Longer than connect plus read time-out of every connector, so that a live worker is never overtaken.
LEASE = timedelta(seconds=20)


class DeliveryNotFound(Exception):
    pass


async def create_delivery(session: AsyncSession, *, case: Case, agency: Agency) -> Delivery | None:
    """Puts a delivery and its job into the transaction that files the case; None if nothing is sent to the agency."""
    from services.agencies.delivery import enqueue

    if agency.connector != "open311":
        return None
    delivery = Delivery(case_id=case.id, agency_id=agency.id, status=DeliveryStatus.PENDING)
    session.add(delivery)
    await session.flush()
    await enqueue(session, delivery_id=delivery.id)
    return delivery


async def claim(session: AsyncSession, *, delivery_id: UUID) -> tuple[Delivery, DeliveryAttempt] | None:
    """Takes the delivery for one attempt, or None when it is done or somebody else holds it."""
    delivery = (
        await session.execute(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    ).scalar_one_or_none()
    now = utcnow()
    if delivery is None or delivery.status not in (DeliveryStatus.PENDING, DeliveryStatus.SENDING):
        return None
    if delivery.lease_until is not None and delivery.lease_until > now:
        return None
    await session.execute(
        update(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == delivery.id, DeliveryAttempt.finished_at.is_(None))
        .values(finished_at=now, outcome="interrupted", reason="보내는 도중 작업자가 멈추어 결과를 알 수 없습니다.")
    )
    number = len(await _attempts(session, delivery_id=delivery.id)) + 1
    attempt = DeliveryAttempt(delivery_id=delivery.id, number=number, started_at=now)
    session.add(attempt)
    delivery.status = DeliveryStatus.SENDING
    delivery.lease_until = now + LEASE
    await session.flush()
    return delivery, attempt


async def _attempts(session: AsyncSession, *, delivery_id: UUID) -> list[DeliveryAttempt]:
    statement = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
    return list((await session.execute(statement)).scalars())


async def attempts_in_run(session: AsyncSession, *, delivery: Delivery) -> int:
    """Attempts since the delivery last became a dead letter: retry_delivery begins a new run."""
    died = (
        select(func.max(CaseEvent.created_at))
        .where(CaseEvent.case_id == delivery.case_id, CaseEvent.type == EventType.DELIVERY_FAILED)
        .scalar_subquery()
    )
    statement = select(func.count()).where(
        DeliveryAttempt.delivery_id == delivery.id,
        or_(died.is_(None), DeliveryAttempt.started_at > died),
    )
    return (await session.execute(statement)).scalar_one()


async def deliveries_of(session: AsyncSession, *, case_id: UUID) -> list[Delivery]:
    statement = (
        select(Delivery)
        .where(Delivery.case_id == case_id)
        .order_by(Delivery.created_at)
        .options(selectinload(Delivery.attempts))
    )
    return list((await session.execute(statement)).scalars())


async def due_deliveries(session: AsyncSession, *, limit: int = 200) -> list[UUID]:
    """Deliveries that nobody works on though their time has come: the sweeper gives each a job again."""
    now = utcnow()
    late = now - timedelta(seconds=5)
    statement = (
        select(Delivery.id)
        .where(
            Delivery.status.in_((DeliveryStatus.PENDING, DeliveryStatus.SENDING)),
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
            or_(Delivery.next_attempt_at.is_(None), Delivery.next_attempt_at < late),
            Delivery.created_at < late,
        )
        .order_by(Delivery.created_at)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def retry_delivery(session: AsyncSession, *, delivery_id: UUID, actor: cases.Actor) -> None:
    """Gives a dead letter a new run of attempts. Raises DeliveryNotFound."""
    from services.agencies.delivery import enqueue

    delivery = (
        await session.execute(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    ).scalar_one_or_none()
    if delivery is None or delivery.status is not DeliveryStatus.DEAD:
        raise DeliveryNotFound(str(delivery_id))
    delivery.status = DeliveryStatus.PENDING
    delivery.lease_until = delivery.next_attempt_at = delivery.last_error = None
    case = await cases.get_case(session, case_id=delivery.case_id)
    await cases.add_event(session, case=case, type=EventType.NOTE, actor=actor, text="기관 전달을 다시 시도합니다.")
    await enqueue(session, delivery_id=delivery.id)


async def delivery_to(session: AsyncSession, *, case_id: UUID, agency_id: str) -> Delivery | None:
    statement = select(Delivery).where(Delivery.case_id == case_id, Delivery.agency_id == agency_id)
    return (await session.execute(statement)).scalar_one_or_none()
