"""Cases on their way to a running sandbox agency: sent once, tried again, given up with a reason, picked up again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from deploy.sandbox.testing import SandboxProcess
from services import runtime
from services.agencies import delivery as delivering
from services.agencies import service as agencies
from services.agencies.delivery import attempt_delivery, backoff
from services.agencies.models import Delivery
from services.cases.deadlines import SEOUL
from services.cases.enums import DeliveryStatus, EventType
from services.cases.models import Case, ReceiptCounter
from services.database import utcnow
from services.jobs import jobs, make_app
from services.privacy.service import Vault
from services.runtime import Services
from services.settings import Settings
from tests.support.filing import OFFICER, delivery_of, events_of, file_case

ATTEMPTS = 3

_tests = itertools.count(1)


@pytest.fixture
def settings(settings: Settings, sandbox: SandboxProcess) -> Settings:
    sandbox.fault("none", count=None)
    return settings.model_copy(
        update={
            "agency_base_url": sandbox.base_url,
            "agency_api_key": SecretStr(sandbox.api_key),
            "delivery_max_attempts": ATTEMPTS,
        }
    )


@pytest.fixture(autouse=True)
async def _numbers_of_its_own(services: Services) -> None:
    """The sandbox outlives a test's database, so that no two tests may give the same receipt number."""
    async with services.db.transaction() as session:
        session.add(ReceiptCounter(day=utcnow().astimezone(SEOUL).date(), last=1_000 * next(_tests)))


@pytest.fixture
async def misconfigured(settings: Settings) -> AsyncIterator[Services]:
    """A process with a wrong key for the agencies."""
    held = Services(settings.model_copy(update={"agency_api_key": SecretStr("not the right key")}))
    yield held
    await held.aclose()


def held_for(sandbox: SandboxProcess, case: Case) -> list[dict[str, Any]]:
    return [request for request in sandbox.held()["requests"] if request["reference"] == case.receipt_no]


async def attempt(services: Services, case: Case) -> Delivery:
    await attempt_delivery(services, delivery_id=(await delivery_of(services, case)).id)
    return await delivery_of(services, case)


async def waiting_jobs(services: Services) -> int:
    async with services.db.transaction() as session:
        statement = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name = 'deliver'"
        return int((await session.execute(text(statement))).scalar_one())


async def alter(services: Services, delivery_id: UUID, **values: Any) -> None:
    async with services.db.transaction() as session:
        await session.execute(update(Delivery).where(Delivery.id == delivery_id).values(**values))


def outcomes(delivery: Delivery) -> list[str | None]:
    return [attempt.outcome for attempt in delivery.attempts]


async def test_a_case_is_delivered_once(services: Services, sandbox: SandboxProcess) -> None:
    case = await file_case(services)
    delivered = await attempt(services, case)
    [held] = held_for(sandbox, case)
    assert (delivered.status, delivered.external_id) == (DeliveryStatus.DELIVERED, held["id"])
    assert delivered.delivered_at is not None
    assert delivered.lease_until is None
    again = await attempt(services, case)
    assert outcomes(again) == ["delivered"]
    assert sandbox.held()["posts"][str(delivered.id)] == 1
    told = [event for event in await events_of(services, case) if event.type is EventType.DELIVERED]
    assert len(told) == 1
    assert told[0].public


async def test_the_agency_gets_what_the_citizen_wrote_and_not_the_mask(
    services: Services, sandbox: SandboxProcess
) -> None:
    private = {"description": "제 차 앞, 010-1234-5678로 전화 주세요", "contact": "010-1234-5678"}
    case = await file_case(
        services,
        description="제 차 앞, [전화번호]로 전화 주세요",
        slots={"location": "중앙로 12", "contact": "[전화번호]"},
        sealed=services.vault.seal_json(private),
    )
    await attempt(services, case)
    [held] = held_for(sandbox, case)
    assert held["form"]["description"] == private["description"]
    assert held["form"]["phone"] == private["contact"]
    assert held["form"]["address_string"] == "중앙로 12"


async def test_an_agency_in_trouble_is_tried_again_later_and_then_has_it_once(
    services: Services, sandbox: SandboxProcess
) -> None:
    case = await file_case(services)
    sandbox.fault("error500")
    failed = await attempt(services, case)
    assert failed.status is DeliveryStatus.PENDING
    assert failed.next_attempt_at is not None
    assert failed.next_attempt_at > utcnow()
    assert "500" in (failed.last_error or "")
    delivered = await attempt(services, case)
    assert delivered.status is DeliveryStatus.DELIVERED
    assert delivered.last_error is None
    assert outcomes(delivered) == ["AgencyFailed", "delivered"]
    assert len(held_for(sandbox, case)) == 1


async def test_the_next_attempt_waits_as_a_job_of_its_own(services: Services, sandbox: SandboxProcess) -> None:
    case = await file_case(services)
    async with services.db.transaction() as session:
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'succeeded'"))
    sandbox.fault("error500")
    await attempt(services, case)
    assert await waiting_jobs(services) == 1


async def test_what_the_agency_will_never_take_is_dead_at_once_with_a_reason_for_people(
    services: Services, misconfigured: Services, sandbox: SandboxProcess
) -> None:
    case = await file_case(services)
    dead = await attempt(misconfigured, case)
    assert dead.status is DeliveryStatus.DEAD
    assert outcomes(dead) == ["AgencyRefused"]
    event = (await events_of(services, case))[-1]
    assert event.type is EventType.DELIVERY_FAILED
    assert "한빛시 도로과에 전달하지 못했습니다" in event.text
    assert "운영자" in event.text
    assert not event.public
    assert held_for(sandbox, case) == []


async def test_after_the_last_attempt_it_is_a_dead_letter_with_an_event(
    services: Services, sandbox: SandboxProcess
) -> None:
    case = await file_case(services)
    sandbox.fault("error500", count=None)
    for _ in range(ATTEMPTS - 1):
        assert (await attempt(services, case)).status is DeliveryStatus.PENDING
    dead = await attempt(services, case)
    assert dead.status is DeliveryStatus.DEAD
    assert dead.next_attempt_at is None
    assert [event.type for event in await events_of(services, case)] == [EventType.FILED, EventType.DELIVERY_FAILED]
    assert outcomes(await attempt(services, case)) == ["AgencyFailed"] * ATTEMPTS


async def test_a_retried_dead_letter_has_a_whole_run_of_attempts_again(
    services: Services, sandbox: SandboxProcess
) -> None:
    case = await file_case(services)
    sandbox.fault("error500", count=None)
    for _ in range(ATTEMPTS):
        dead = await attempt(services, case)
    async with services.db.transaction() as session:
        await agencies.retry_delivery(session, delivery_id=dead.id, actor=OFFICER)
    assert (await delivery_of(services, case)).status is DeliveryStatus.PENDING
    assert (await attempt(services, case)).status is DeliveryStatus.PENDING
    sandbox.fault("none", count=None)
    delivered = await attempt(services, case)
    assert delivered.status is DeliveryStatus.DELIVERED
    assert [attempt.number for attempt in delivered.attempts] == list(range(1, ATTEMPTS + 3))
    assert (await events_of(services, case))[2].actor_id == OFFICER.id


@pytest.mark.parametrize("status", [status for status in DeliveryStatus if status is not DeliveryStatus.DEAD])
async def test_only_a_dead_letter_is_retried_by_hand(services: Services, status: DeliveryStatus) -> None:
    case = await file_case(services)
    delivery = await delivery_of(services, case)
    await alter(services, delivery.id, status=status)
    with pytest.raises(agencies.DeliveryNotFound):
        async with services.db.transaction() as session:
            await agencies.retry_delivery(session, delivery_id=delivery.id, actor=OFFICER)


async def test_a_delivery_that_somebody_holds_is_left_alone(services: Services, sandbox: SandboxProcess) -> None:
    case = await file_case(services)
    delivery = await delivery_of(services, case)
    async with services.db.transaction() as session:
        assert await agencies.claim(session, delivery_id=delivery.id) is not None
    after = await attempt(services, case)
    assert (after.status, outcomes(after)) == (DeliveryStatus.SENDING, [None])
    assert held_for(sandbox, case) == []


async def test_a_dead_workers_delivery_is_taken_over_and_its_attempt_is_called_interrupted(
    services: Services, sandbox: SandboxProcess
) -> None:
    case = await file_case(services)
    delivery = await delivery_of(services, case)
    async with services.db.transaction() as session:
        await agencies.claim(session, delivery_id=delivery.id)
    await alter(services, delivery.id, lease_until=utcnow() - timedelta(seconds=1))
    delivered = await attempt(services, case)
    assert outcomes(delivered) == ["interrupted", "delivered"]
    assert delivered.attempts[0].finished_at is not None
    assert len(held_for(sandbox, case)) == 1


async def test_two_workers_at_once_send_once(services: Services, sandbox: SandboxProcess) -> None:
    case = await file_case(services)
    delivery = await delivery_of(services, case)
    sandbox.fault("slow", seconds=0.4)
    await asyncio.gather(*(attempt_delivery(services, delivery_id=delivery.id) for _ in range(2)))
    assert outcomes(await delivery_of(services, case)) == ["delivered"]
    assert sandbox.held()["posts"][str(delivery.id)] == 1


async def test_a_worker_that_was_overtaken_records_nothing_twice(services: Services, sandbox: SandboxProcess) -> None:
    case = await file_case(services)
    delivery = await delivery_of(services, case)
    sandbox.fault("slow", seconds=0.6)
    slow = asyncio.create_task(attempt_delivery(services, delivery_id=delivery.id))
    await asyncio.sleep(0.25)
    await alter(services, delivery.id, lease_until=utcnow() - timedelta(seconds=1))
    await attempt_delivery(services, delivery_id=delivery.id)
    await slow
    assert (await delivery_of(services, case)).status is DeliveryStatus.DELIVERED
    assert len(held_for(sandbox, case)) == 1
    assert [event.type for event in await events_of(services, case)].count(EventType.DELIVERED) == 1


@pytest.mark.parametrize("trouble", ["unknown agency", "no service code", "lost key"])
async def test_what_an_operator_has_to_put_right_is_a_dead_letter_that_says_so(
    services: Services, trouble: str
) -> None:
    from cryptography.fernet import Fernet

    lost = Vault(Fernet.generate_key().decode()).seal_json({"contact": "010-1234-5678"})
    case = await file_case(services, sealed=lost if trouble == "lost key" else None)
    delivery = await delivery_of(services, case)
    if trouble != "lost key":
        await alter(services, delivery.id, agency_id="gone-agency" if trouble == "unknown agency" else "hanbit-sewer")
    dead = await attempt(services, case)
    assert dead.status is DeliveryStatus.DEAD
    assert dead.attempts[0].outcome == "NothingToSend"
    assert "운영자" in (dead.attempts[0].reason or "")


async def test_the_sweeper_gives_what_fell_through_a_job_and_leaves_the_rest(services: Services) -> None:
    runtime.bind(services)
    lost, held, waiting, fresh, done = [await delivery_of(services, await file_case(services)) for _ in range(5)]
    long_ago = utcnow() - timedelta(minutes=1)
    for delivery in (lost, held, waiting, done):
        await alter(services, delivery.id, created_at=long_ago)
    await alter(services, held.id, status=DeliveryStatus.SENDING, lease_until=utcnow() + timedelta(seconds=10))
    await alter(services, waiting.id, next_attempt_at=utcnow() + timedelta(minutes=5))
    await alter(services, done.id, status=DeliveryStatus.DELIVERED)
    async with services.db.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    await delivering.sweep_deliveries(0)
    await delivering.sweep_deliveries(5)  # a job that waits already is enough
    async with services.db.transaction() as session:
        rows = await session.execute(text("SELECT args->>'delivery_id' FROM procrastinate_jobs"))
        assert list(rows.scalars()) == [str(lost.id)]
    assert fresh.id != lost.id


async def test_the_worker_delivers_what_was_filed(services: Services, sandbox: SandboxProcess) -> None:
    filed = [await file_case(services) for _ in range(3)]
    runtime.bind(services)
    with jobs.replace_connector(make_app(services.settings).connector) as app:
        async with app.open_async():
            await app.run_worker_async(wait=False, queues=["delivery"], install_signal_handlers=False)
    assert [(await delivery_of(services, case)).status for case in filed] == [DeliveryStatus.DELIVERED] * 3
    assert all(len(held_for(sandbox, case)) == 1 for case in filed)


def test_the_wait_doubles_and_has_a_ceiling() -> None:
    for attempt_number in range(1, 60):
        ceiling = min(15 * 60.0, 2.0 * 2 ** (attempt_number - 1))
        assert ceiling / 2 <= backoff(attempt_number, base=2.0) <= ceiling
