"""Getting a case to its agency: sent with an idempotency key, retried with backoff, every attempt recorded.

One attempt is three steps: claim (a transaction), send (no transaction open), record (a transaction). A worker that
dies in the middle leaves a lease behind; when that has run out, the sweeper gives the delivery a new job, and the
agency recognises the key. So the effect at the agency and the record here are both once.
"""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate import exceptions
from sqlalchemy.ext.asyncio import AsyncSession

from services.agencies import service
from services.agencies.connectors import build_connector
from services.agencies.connectors.base import ConnectorError, NothingToSend, OutgoingCase, Submission
from services.agencies.models import Delivery, DeliveryAttempt
from services.cases import service as cases
from services.cases.enums import DeliveryStatus, EventType
from services.cases.models import Case
from services.database import driver_connection, utcnow
from services.jobs import jobs
from services.privacy.service import Undecryptable
from services.runtime import Services, bound

log = structlog.get_logger()

MAX_BACKOFF = 15 * 60.0


@jobs.task(name="deliver", queue="delivery")
async def deliver(delivery_id: str) -> None:
    await attempt_delivery(bound(), delivery_id=UUID(delivery_id))


@jobs.periodic(cron="* * * * * */5")
@jobs.task(name="sweep_deliveries", queue="housekeeping", queueing_lock="sweep_deliveries", pass_context=False)
async def sweep_deliveries(timestamp: int) -> None:  # noqa: ARG001  (Procrastinate hands it over)
    """Finds what fell through: jobs that failed while PostgreSQL restarted, workers that died."""
    services = bound()
    async with services.db.transaction() as session:
        overdue = await service.due_deliveries(session)
    for delivery_id in overdue:
        async with services.db.transaction() as session:
            await enqueue(session, delivery_id=delivery_id)


async def enqueue(session: AsyncSession, *, delivery_id: UUID, delay: float | None = None) -> None:
    """A job for the delivery within the session's transaction; one waiting already is enough."""
    try:
        # A savepoint, because a violated queueing lock would otherwise spoil the whole transaction: PostgreSQL answers
        # the COMMIT that follows with a silent ROLLBACK. The session sets it when it is first asked for its connection.
        async with session.begin_nested():
            task = deliver.configure(
                connection=await driver_connection(session),
                queueing_lock=f"delivery:{delivery_id}",
                schedule_at=utcnow() + timedelta(seconds=delay) if delay else None,
            )
            await task.defer_async(delivery_id=str(delivery_id))
    except exceptions.AlreadyEnqueued:
        log.debug("delivery_already_enqueued", delivery=str(delivery_id))


async def attempt_delivery(services: Services, *, delivery_id: UUID) -> None:
    async with services.db.transaction() as session:
        claimed = await service.claim(session, delivery_id=delivery_id)
        if claimed is None:
            return
        delivery, attempt = claimed
        case = await cases.get_case(session, case_id=delivery.case_id)
    try:
        submission = await _send(services, delivery=delivery, case=case)
    except ConnectorError as error:
        await _record_failure(services, delivery=delivery, attempt=attempt, error=error)
        return
    except Exception as error:
        # Unforeseen, hence counted like any other failure: otherwise the lease would run out and it began anew for ever.
        log.error("delivery_broke", delivery=str(delivery.id), exc_info=error)
        unforeseen = ConnectorError("보내는 도중 시스템 오류가 났습니다.", retryable=True, uncertain=True)
        await _record_failure(services, delivery=delivery, attempt=attempt, error=unforeseen)
        return
    await _record_success(services, delivery=delivery, attempt=attempt, submission=submission)


async def _send(services: Services, *, delivery: Delivery, case: Case) -> Submission:
    """Raises ConnectorError; NothingToSend for what an operator has to put right first."""
    try:
        agency = services.registry.get(delivery.agency_id)
        service_code = agency.services[case.intent]
    except LookupError:
        raise NothingToSend(
            "기관 등록부에 이 기관이나 이 민원의 접수 코드가 없습니다. 운영자가 등록부를 확인해야 합니다."
        ) from None
    connector = build_connector(agency, services.http, services.settings.agency_api_key.get_secret_value())
    try:
        sent = outgoing(services, case, service_code=service_code)
    except Undecryptable:
        raise NothingToSend("보관된 원문을 열 수 없습니다. 운영자가 암호 키를 확인해야 합니다.") from None
    return await connector.submit(sent, idempotency_key=str(delivery.id))


def outgoing(services: Services, case: Case, *, service_code: str) -> OutgoingCase:
    """The case as the agency gets it: with what the citizen really wrote, because the agency has to act on it."""
    private = services.vault.open_json(case.private) if case.private else {}
    slots = {name: str(private.get(name, value)) for name, value in case.slots.items()}
    contact = slots.pop("contact", None)
    email = contact if contact and "@" in contact else None
    return OutgoingCase(
        reference=case.receipt_no,
        intent=case.intent,
        service_code=service_code,
        title=case.title,
        description=str(private.get("description", case.description)),
        address_text=slots.pop("location", None) or slots.pop("region", None),
        lat=case.lat,
        lon=case.lon,
        occurred_text=slots.pop("when", None),
        contact_phone=None if email else contact,
        contact_email=email,
        attributes=slots,
    )


async def _record_success(
    services: Services, *, delivery: Delivery, attempt: DeliveryAttempt, submission: Submission
) -> None:
    now = utcnow()
    async with services.db.transaction() as session:
        held = await session.get_one(Delivery, delivery.id, with_for_update=True)
        mine = await session.get_one(DeliveryAttempt, attempt.id)
        mine.finished_at, mine.outcome = now, "delivered"
        if held.status is DeliveryStatus.DELIVERED:
            return
        held.status = DeliveryStatus.DELIVERED
        held.external_id = submission.external_id
        held.delivered_at = now
        held.lease_until = held.next_attempt_at = held.last_error = None
        case = await cases.get_case(session, case_id=held.case_id)
        await cases.add_event(
            session,
            case=case,
            type=EventType.DELIVERED,
            actor=cases.SYSTEM,
            text=f"{case.agency_name}에 전달했습니다.",
            public=True,
            external_id=f"delivery:{held.id}",
            data={"external_id": submission.external_id, "attempt": mine.number},
        )
        session_id, receipt_no = case.session_id, case.receipt_no
    log.info("delivered", case=receipt_no, agency=delivery.agency_id, attempt=attempt.number)
    if session_id is not None:
        await services.bus.publish(
            session_id, {"type": "case", "case": {"receipt_no": receipt_no, "delivery": "delivered"}}
        )
    await services.bus.publish_desk({"type": "case", "receipt_no": receipt_no})


async def _record_failure(
    services: Services, *, delivery: Delivery, attempt: DeliveryAttempt, error: ConnectorError
) -> None:
    settings = services.settings
    async with services.db.transaction() as session:
        held = await session.get_one(Delivery, delivery.id, with_for_update=True)
        mine = await session.get_one(DeliveryAttempt, attempt.id)
        mine.finished_at, mine.outcome, mine.reason = utcnow(), type(error).__name__, error.reason
        held.lease_until = None
        held.last_error = error.reason
        tried = await service.attempts_in_run(session, delivery=held)
        if error.retryable and tried < settings.delivery_max_attempts:
            delay = backoff(tried, base=settings.delivery_backoff)
            held.status = DeliveryStatus.PENDING
            held.next_attempt_at = utcnow() + timedelta(seconds=delay)
            await enqueue(session, delivery_id=held.id, delay=delay)
        else:
            held.status = DeliveryStatus.DEAD
            held.next_attempt_at = None
            case = await cases.get_case(session, case_id=held.case_id)
            await cases.add_event(
                session,
                case=case,
                type=EventType.DELIVERY_FAILED,
                actor=cases.SYSTEM,
                text=f"{case.agency_name}에 전달하지 못했습니다: {error.reason}",
                data={"attempts": mine.number},
            )
    log.warning(
        "delivery_failed",
        delivery=str(delivery.id),
        agency=delivery.agency_id,
        attempt=attempt.number,
        error=type(error).__name__,
    )


def backoff(attempt: int, *, base: float) -> float:
    """Seconds before the attempt after this one: exponential, capped, with full jitter of a half."""
    ceiling: float = min(MAX_BACKOFF, base * 2.0 ** (attempt - 1))
    return ceiling * (0.5 + random.random() / 2)  # noqa: S311  (spreading load, not a secret)
