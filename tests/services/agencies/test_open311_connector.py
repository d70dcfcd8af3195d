"""How the Open311 client reads what servers in the field answer (canned answers; real HTTP is in the contract test)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import httpx
import pytest

from services.agencies.connectors import (
    AgencyFailed,
    AgencyNonsense,
    AgencyRefused,
    AgencyTimeout,
    AgencyUnreachable,
    ConnectorError,
    OutgoingCase,
    Submission,
)
from services.agencies.connectors.http import MAX_BODY
from services.agencies.connectors.open311 import Open311Connector

Handler = Callable[[httpx.Request], httpx.Response]

CASE = OutgoingCase(
    reference="R1", intent="road_damage", service_code="HB0301", title="도로 파손", description="파였어요"
)


def connector(handler: Handler, timeout: httpx.Timeout | None = None) -> Open311Connector:
    return Open311Connector(
        base_url="http://agency.test/v2/",
        jurisdiction_id="hanbit.go.kr",
        api_key="the key",
        client=httpx.AsyncClient(transport=httpx.MockTransport(handler)),
        timeout=timeout or httpx.Timeout(5.0),
    )


def answering(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=content, headers=headers)


async def submit(handler: Handler) -> Submission:
    return await connector(handler).submit(CASE, idempotency_key="k")


async def test_only_what_is_known_is_sent() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[{"service_request_id": 7}])

    assert await submit(handler) == Submission("7")
    assert str(seen[0].url) == "http://agency.test/v2/requests.json"
    assert seen[0].headers["Idempotency-Key"] == "k"
    assert parse_qs(seen[0].content.decode()) == {
        "api_key": ["the key"],
        "jurisdiction_id": ["hanbit.go.kr"],
        "service_code": ["HB0301"],
        "account_id": ["R1"],
        "description": ["파였어요"],
        "attribute[title]": ["도로 파손"],
    }


async def test_the_key_is_never_in_an_address() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert "key" not in str(request.url)
        return httpx.Response(200, json=[])

    assert await connector(handler).find("R1") is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"[{}]", b'[{"service_request_id": ""}]', b"\xff\xfe", b"<html></html>", b"[" * 5000],
)
async def test_any_other_answer_is_nonsense(body: bytes) -> None:
    with pytest.raises(AgencyNonsense) as caught:
        await submit(answering(body))
    assert caught.value.uncertain


async def test_a_token_is_neither_lost_nor_sent_again() -> None:
    with pytest.raises(AgencyNonsense) as caught:
        await submit(answering([{"token": "12345"}]))
    assert caught.value.uncertain
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "error", "retryable", "uncertain"),
    [
        (301, AgencyNonsense, True, True),
        (400, AgencyRefused, False, False),
        (401, AgencyRefused, False, False),
        (403, AgencyRefused, False, False),
        (404, AgencyRefused, False, False),
        (408, AgencyFailed, True, True),
        (409, AgencyFailed, True, True),
        (422, AgencyRefused, False, False),
        (429, AgencyFailed, True, False),
        (500, AgencyFailed, True, True),
        (503, AgencyFailed, True, True),
    ],
)
async def test_each_status_has_its_name(
    status: int, error: type[ConnectorError], retryable: bool, uncertain: bool
) -> None:
    with pytest.raises(error) as caught:
        await submit(answering([{"code": str(status), "description": "why"}], status))
    assert (caught.value.retryable, caught.value.uncertain) == (retryable, uncertain)
    assert caught.value.detail is not None
    assert "why" in caught.value.detail


@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), ("0", 0.0), ("", None), ("soon", None), ("-5", None)])
async def test_retry_after_is_read_in_seconds(header: str, seconds: float | None) -> None:
    with pytest.raises(AgencyFailed) as caught:
        await submit(answering([], 429, {"Retry-After": header}))
    assert caught.value.retry_after == seconds


async def test_retry_after_is_read_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    with pytest.raises(AgencyFailed) as caught:
        await submit(answering([], 503, {"Retry-After": later}))
    assert caught.value.retry_after == pytest.approx(120, abs=5)


async def test_another_ones_request_is_not_ours() -> None:
    others = [{"service_request_id": "1", "account_id": "R9"}, {"service_request_id": "2", "account_id": None}]
    assert await connector(answering(others)).find("R1") is None


async def test_an_agency_that_ignores_the_filter_cannot_say_that_it_has_nothing() -> None:
    with pytest.raises(AgencyNonsense) as caught:
        await connector(answering([{"service_request_id": "1"}, {"service_request_id": "2"}])).find("R1")
    assert not caught.value.retryable


async def test_an_endless_answer_is_cut_off() -> None:
    with pytest.raises(AgencyNonsense, match="너무 큽니다"):
        await submit(answering(b" " * (MAX_BODY + 1)))


async def test_a_dripping_answer_is_a_time_out() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    slow = connector(lambda _: httpx.Response(200, content=drip()), httpx.Timeout(0.1))
    with pytest.raises(AgencyTimeout):
        await slow.submit(CASE, idempotency_key="k")


@pytest.mark.parametrize(
    ("raised", "error", "uncertain"),
    [
        (httpx.ConnectTimeout, AgencyUnreachable, False),
        (httpx.ConnectError, AgencyUnreachable, False),
        (httpx.PoolTimeout, AgencyUnreachable, False),
        (httpx.ReadTimeout, AgencyTimeout, True),
        (httpx.WriteTimeout, AgencyTimeout, True),
        (httpx.ReadError, AgencyUnreachable, True),
        (httpx.RemoteProtocolError, AgencyUnreachable, True),
        (httpx.DecodingError, AgencyNonsense, True),
    ],
)
async def test_each_broken_connection_has_its_name(
    raised: type[httpx.RequestError], error: type[ConnectorError], uncertain: bool
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise raised("broken", request=request)

    with pytest.raises(error) as caught:
        await submit(handler)
    assert caught.value.retryable
    assert caught.value.uncertain is uncertain
