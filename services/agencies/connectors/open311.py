"""Open311 GeoReport v2 (https://wiki.open311.org/GeoReport_v2), as a client that files and reads back.

Our receipt number travels as `account_id`, the standard's one field that an agency hands back with a request.
The standard has neither a title nor a time of the event: both go as attributes, beside the slots.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.agencies.connectors.base import AgencyNonsense, Connector, OutgoingCase, Submission
from services.agencies.connectors.http import TIMEOUT, exchange

_Shape = TypeVar("_Shape")
_Id = Annotated[str, Field(min_length=1, max_length=120)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, str_strip_whitespace=True)


class _Receipt(_Entry):
    """An element of the answer to POST requests: an id at once, or a token to be exchanged for it later."""

    service_request_id: _Id | None = None
    token: _Id | None = None
    service_notice: str | None = None


class _Request(_Entry):
    """An element of the answer to GET requests."""

    service_request_id: _Id
    account_id: str | None = None
    status_notes: str | None = None


_RECEIPTS: TypeAdapter[list[_Receipt]] = TypeAdapter(Annotated[list[_Receipt], Field(min_length=1)])
_REQUESTS: TypeAdapter[list[_Request]] = TypeAdapter(list[_Request])


class Open311Connector(Connector):
    """`base_url` ends before `/requests.json`."""

    def __init__(
        self,
        *,
        base_url: str,
        jurisdiction_id: str,
        api_key: str,
        client: httpx.AsyncClient,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._requests_url = f"{base_url.rstrip('/')}/requests.json"
        self._jurisdiction_id = jurisdiction_id
        self._api_key = api_key
        self._client = client
        self._timeout = timeout

    async def submit(self, case: OutgoingCase, *, idempotency_key: str) -> Submission:
        form = {"api_key": self._api_key, "jurisdiction_id": self._jurisdiction_id, **dict(_fields(case))}
        body = await exchange(
            self._client,
            "POST",
            self._requests_url,
            form=form,
            headers={"Idempotency-Key": idempotency_key, "Accept": "application/json"},
            timeout=self._timeout,
        )
        receipt = _parsed(_RECEIPTS, body)[0]
        if receipt.service_request_id:
            return Submission(receipt.service_request_id, _note(receipt.service_notice))
        return await self._exchange_token(receipt.token)

    async def find(self, reference: str) -> Submission | None:
        # Without the key: reading needs none, and a query string ends up in logs along the way.
        body = await exchange(
            self._client,
            "GET",
            self._requests_url,
            params={"jurisdiction_id": self._jurisdiction_id, "account_id": reference},
            headers={"Accept": "application/json"},
            timeout=self._timeout,
        )
        requests = _parsed(_REQUESTS, body)
        for request in requests:
            if request.account_id == reference:
                return Submission(request.service_request_id, _note(request.status_notes))
        if requests and all(request.account_id is None for request in requests):
            # It ignored the filter. "Not found" would invite a second filing.
            raise AgencyNonsense(
                "이 기관은 접수번호로 다시 조회할 수 없습니다. 담당자가 직접 확인해야 합니다.", retryable=False
            )
        return None

    async def aclose(self) -> None:
        return None

    async def _exchange_token(self, token: str | None) -> Submission:
        """The place of the token flow (GET tokens/{token}.json until an id is there).

        Until then a token is an agency that took the case in a way that we cannot follow: never sent again by itself.
        """
        if token is None:
            raise AgencyNonsense("기관이 접수 번호 없이 응답했습니다.")
        raise AgencyNonsense(
            "기관이 접수 번호를 나중에 준다고 답했습니다. 담당자가 기관에 접수 여부를 확인해야 합니다.", retryable=False
        )


def _fields(case: OutgoingCase) -> Iterator[tuple[str, str]]:
    yield "service_code", case.service_code
    yield "account_id", case.reference
    yield "description", case.description
    if case.lat is not None and case.lon is not None:
        # Seven decimals are a centimetre; plain notation, because some servers do not read 1e-05.
        yield "lat", f"{case.lat:.7f}"
        yield "long", f"{case.lon:.7f}"
    optional = {
        "address_string": case.address_text,
        "phone": case.contact_phone,
        "email": case.contact_email,
        "attribute[title]": case.title,
        "attribute[when]": case.occurred_text,
        **{f"attribute[{code}]": value for code, value in case.attributes.items()},
    }
    for name, value in optional.items():
        if value:
            yield name, value


def _parsed(shape: TypeAdapter[_Shape], body: bytes) -> _Shape:
    try:
        return shape.validate_json(body)
    except ValidationError:
        # Not chained: pydantic's message quotes the answer, and the answer may quote the citizen.
        if body.lstrip()[:1] == b"<":
            raise AgencyNonsense("기관 서버가 접수 결과 대신 웹 페이지를 보냈습니다.") from None
        raise AgencyNonsense from None


def _note(text: str | None) -> str | None:
    return text[:2000] if text else None
