"""One HTTP exchange with an agency: bounded in time and size, every failure under its name from base.py.

Nothing here is logged: addresses may hold receipt numbers, bodies hold personal data, and headers keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from services.agencies.connectors.base import (
    AgencyFailed,
    AgencyNonsense,
    AgencyRefused,
    AgencyTimeout,
    AgencyUnreachable,
    ConnectorError,
)

TIMEOUT = httpx.Timeout(10.0, connect=3.0, pool=3.0)
MAX_BODY = 1024 * 1024

# 4xx that say "not now": request time-out, the same key still being worked on (draft-ietf-httpapi-idempotency-key-
# header, 2.6), too early, too many.
_NOT_NOW = {408, 409, 425, 429}


async def exchange(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: httpx.Timeout = TIMEOUT,
) -> bytes:
    """The body of a 2xx answer, at most 1 MiB. Raises ConnectorError.

    The whole exchange takes no longer than the connect and the read time-out together (13 s): httpx alone times each
    read, and a server that drips a byte a second would outlast the lease of the worker that waits for it.
    """
    longest = timeout.connect + timeout.read if timeout.connect and timeout.read else None
    try:
        async with (
            asyncio.timeout(longest),
            client.stream(
                method, url, params=params, data=form, headers=headers, timeout=timeout, follow_redirects=False
            ) as response,
        ):
            body = await _read(response)
    except (httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ConnectError) as error:
        raise AgencyUnreachable from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise AgencyTimeout from error
    except httpx.TransportError as error:
        raise AgencyUnreachable("기관 서버와의 연결이 도중에 끊겼습니다.", uncertain=True) from error
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise AgencyNonsense from error
    if not response.is_success:
        raise _refusal(response, body)
    return body


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            raise AgencyNonsense("기관 서버의 응답이 너무 큽니다.")
    return bytes(body)


def _refusal(response: httpx.Response, body: bytes) -> ConnectorError:
    status = response.status_code
    detail = body[:1200].decode("utf-8", "replace").strip() or None
    if status >= 500:
        return AgencyFailed(
            f"기관 서버에 오류가 있습니다 (HTTP {status}).", detail=detail, retry_after=_retry_after(response)
        )
    if status in _NOT_NOW:
        return AgencyFailed(
            f"기관 서버가 지금은 받을 수 없다고 답했습니다 (HTTP {status}).",
            detail=detail,
            # A 408 or a 409 may be about an earlier attempt that is still being taken in.
            uncertain=status in (408, 409),
            retry_after=_retry_after(response),
        )
    if status in (401, 403):
        return AgencyRefused(
            f"기관이 인증 키를 받아들이지 않았습니다 (HTTP {status}). 운영자가 키를 확인해야 합니다.", detail=detail
        )
    if status >= 400:
        return AgencyRefused(f"기관이 접수를 거절했습니다 (HTTP {status}).", detail=detail)
    return AgencyNonsense(f"기관 서버가 알 수 없는 응답을 보냈습니다 (HTTP {status}).", detail=detail)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait, from either form of the header (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
