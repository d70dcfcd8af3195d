"""What every connector promises, over real HTTP against the sandbox agencies. A new connector is a new parameter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx
import pytest

from deploy.sandbox.testing import SandboxProcess, free_port
from services.agencies.connectors import (
    AgencyFailed,
    AgencyNonsense,
    AgencyRefused,
    AgencyTimeout,
    AgencyUnreachable,
    Connector,
    ConnectorError,
    OutgoingCase,
    build_connector,
)
from services.agencies.connectors.open311 import Open311Connector
from services.agencies.registry import Agency, Registry

IMPATIENT = httpx.Timeout(0.5)


@dataclass(frozen=True)
class Way:
    """One way to one agency: its endpoint's name in the sandbox, and a need that the agency answers for."""

    endpoint: str
    intent: str
    connect: Callable[[Agency, httpx.AsyncClient, str], Connector]


def impatient_open311(agency: Agency, client: httpx.AsyncClient, api_key: str) -> Connector:
    assert agency.base_url
    assert agency.jurisdiction_id
    return Open311Connector(
        base_url=agency.base_url,
        jurisdiction_id=agency.jurisdiction_id,
        api_key=api_key,
        client=client,
        timeout=IMPATIENT,
    )


WAYS = [
    pytest.param(Way("municipality", "road_damage", impatient_open311), id="open311-municipality"),
    pytest.param(Way("ministry", "scam", impatient_open311), id="open311-ministry"),
]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    assert isinstance(request.param, Way)
    return request.param


@pytest.fixture
def agency(way: Way, registry: Registry) -> Agency:
    return registry.route(way.intent)


@pytest.fixture
def case(way: Way, agency: Agency) -> OutgoingCase:
    return OutgoingCase(
        reference=uuid4().hex[:15],
        intent=way.intent,
        service_code=agency.services[way.intent],
        title="도로 파손",
        description="집 앞 도로가 크게 파였어요 & 위험합니다=100%",
        address_text="한빛시 중앙로 1",
        lat=37.5,
        lon=127.0,
        occurred_text="어제 저녁 7시",
        contact_phone="010-0000-0000",
        attributes={"detail": "지름 1미터"},
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def connector(way: Way, agency: Agency, client: httpx.AsyncClient, sandbox: SandboxProcess) -> Connector:
    sandbox.fault("none", count=None)
    return way.connect(agency, client, sandbox.api_key)


def held_for(sandbox: SandboxProcess, case: OutgoingCase) -> list[dict[str, object]]:
    return [request for request in sandbox.held()["requests"] if request["reference"] == case.reference]


async def test_a_case_is_accepted_as_it_was_written(
    connector: Connector, case: OutgoingCase, agency: Agency, sandbox: SandboxProcess
) -> None:
    submission = await connector.submit(case, idempotency_key=uuid4().hex)
    [held] = held_for(sandbox, case)
    assert held["id"] == submission.external_id
    assert held["agency_id"] == agency.id
    assert submission.status_note
    form = held["form"]
    assert isinstance(form, dict)
    assert form["description"] == case.description
    assert form["address_string"] == case.address_text
    assert (float(form["lat"]), float(form["long"])) == (case.lat, case.lon)
    assert form["phone"] == case.contact_phone
    assert form["attribute[when]"] == case.occurred_text
    assert form["attribute[detail]"] == "지름 1미터"
    assert sandbox.api_key not in str(held)


async def test_the_same_key_twice_is_one_request(
    connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    key = uuid4().hex
    first = await connector.submit(case, idempotency_key=key)
    second = await connector.submit(case, idempotency_key=key)
    assert first.external_id == second.external_id
    [held] = held_for(sandbox, case)
    assert held["posts"] == 2


async def test_two_keys_are_two_requests(connector: Connector, case: OutgoingCase, sandbox: SandboxProcess) -> None:
    await connector.submit(case, idempotency_key=uuid4().hex)
    await connector.submit(case, idempotency_key=uuid4().hex)
    assert len(held_for(sandbox, case)) == 2


async def test_an_agency_in_trouble_is_tried_again(
    way: Way, connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    sandbox.fault("error500", agency=way.endpoint)
    key = uuid4().hex
    with pytest.raises(AgencyFailed) as caught:
        await connector.submit(case, idempotency_key=key)
    assert caught.value.retryable
    assert held_for(sandbox, case) == []
    await connector.submit(case, idempotency_key=key)
    assert sandbox.held()["posts"][key] == 2


async def test_a_web_page_instead_of_an_answer_is_nonsense(
    way: Way, connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    sandbox.fault("html_error", agency=way.endpoint)
    with pytest.raises(AgencyNonsense, match="웹 페이지") as caught:
        await connector.submit(case, idempotency_key=uuid4().hex)
    assert caught.value.retryable
    assert caught.value.uncertain


async def test_a_time_out_after_acceptance_then_a_retry_is_one_request(
    way: Way, connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    sandbox.fault("timeout_after_accept", agency=way.endpoint)
    key = uuid4().hex
    with pytest.raises(AgencyTimeout) as caught:
        await connector.submit(case, idempotency_key=key)
    assert caught.value.retryable
    assert caught.value.uncertain
    [held] = held_for(sandbox, case)
    assert (await connector.submit(case, idempotency_key=key)).external_id == held["id"]
    assert len(held_for(sandbox, case)) == 1


async def test_a_slow_agency_is_a_time_out_and_not_a_second_request(
    way: Way, connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    sandbox.fault("slow", agency=way.endpoint, seconds=0.8)
    key = uuid4().hex
    with pytest.raises(AgencyTimeout):
        await connector.submit(case, idempotency_key=key)
    await connector.submit(case, idempotency_key=key)
    assert len(held_for(sandbox, case)) == 1


async def test_what_was_sent_can_be_read_back_by_our_reference(
    connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    assert await connector.find(case.reference) is None
    submission = await connector.submit(case, idempotency_key=uuid4().hex)
    found = await connector.find(case.reference)
    assert found is not None
    assert found.external_id == submission.external_id
    sandbox.answer(submission.external_id, "보수했습니다.")
    found = await connector.find(case.reference)
    assert found is not None
    assert found.status_note == "보수했습니다."


async def test_a_case_that_the_agency_cannot_take_is_refused_for_good(connector: Connector, case: OutgoingCase) -> None:
    with pytest.raises(AgencyRefused) as caught:
        await connector.submit(replace(case, service_code="없는코드"), idempotency_key=uuid4().hex)
    assert not caught.value.retryable
    assert caught.value.detail is not None
    assert "service_code" in caught.value.detail


async def test_a_wrong_key_is_refused_and_the_operator_named(
    way: Way, agency: Agency, client: httpx.AsyncClient, case: OutgoingCase
) -> None:
    with pytest.raises(AgencyRefused, match="운영자"):
        await way.connect(agency, client, "wrong").submit(case, idempotency_key=uuid4().hex)


async def test_nobody_listening_is_unreachable_and_surely_not_sent(
    way: Way, agency: Agency, client: httpx.AsyncClient, case: OutgoingCase
) -> None:
    gone = agency.model_copy(update={"base_url": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(AgencyUnreachable) as caught:
        await way.connect(gone, client, "key").submit(case, idempotency_key=uuid4().hex)
    assert caught.value.retryable
    assert not caught.value.uncertain


async def test_no_error_and_no_repr_quotes_the_citizen(
    way: Way, connector: Connector, case: OutgoingCase, sandbox: SandboxProcess
) -> None:
    secret = replace(case, service_code="없는코드", description="비밀 이야기", contact_phone="010-1234-5678")
    assert "비밀" not in repr(secret)
    for mode in ("none", "error500", "html_error"):
        sandbox.fault(mode, agency=way.endpoint)
        with pytest.raises(ConnectorError) as caught:
            await connector.submit(secret, idempotency_key=uuid4().hex)
        words = str(caught.value) + repr(caught.value) + caught.value.reason
        assert "비밀" not in words
        assert "1234" not in words
        assert sandbox.api_key not in words


async def test_closing_a_connector_leaves_the_shared_client_open(
    connector: Connector, client: httpx.AsyncClient, case: OutgoingCase
) -> None:
    await connector.aclose()
    assert not client.is_closed


def test_the_factory_gives_a_connector_for_every_agency_that_is_sent_to(registry: Registry) -> None:
    client = httpx.AsyncClient()
    for agency in registry.all():
        if agency.connector == "open311":
            assert isinstance(build_connector(agency, client, "key"), Open311Connector)
        else:
            with pytest.raises(ConnectorError) as caught:
                build_connector(agency, client, "key")
            assert not caught.value.retryable


async def test_the_sandbox_offers_exactly_what_the_registry_sends(
    registry: Registry, client: httpx.AsyncClient
) -> None:
    offered: dict[str, set[str]] = {}
    for agency in registry.all():
        if agency.base_url and agency.base_url not in offered:
            answer = (await client.get(f"{agency.base_url}/services.json")).json()
            offered[agency.base_url] = {service["service_code"] for service in answer}
    sent: dict[str, set[str]] = {}
    for agency in registry.all():
        if agency.base_url:
            sent.setdefault(agency.base_url, set()).update(agency.services.values())
    assert offered == sent
