"""GeoReport v2 as an agency offers it, in JSON, with an id at once. Errors are the standard's: [{code, description}].

Beyond the standard: `Idempotency-Key` on POST; `account_id` (the reporter's own reference) as a filter of GET
requests.json, and handed back to who asks by it. Reads are public and hold nothing of what a citizen wrote.
"""

from __future__ import annotations

import asyncio
import hmac
import math
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from deploy.sandbox.catalogue import Catalogue, Endpoint, Service
from deploy.sandbox.faults import Faults, Mode, stall
from deploy.sandbox.settings import SandboxSettings
from deploy.sandbox.store import HeldRequest, Store
from deploy.sandbox.webhooks import WebhookSender

MAX_FORM = 256 * 1024
_MOST_LISTED = 1000  # the standard's limit of GET requests.json

_MAINTENANCE = """<!DOCTYPE html><html lang="ko"><head><title>시스템 점검 안내</title></head>
<body><h1>시스템 점검 안내</h1><p>보다 나은 서비스를 위해 점검하고 있습니다.</p></body></html>"""


class GeoReportError(Exception):
    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


def geo_report_error(_: Request, error: Exception) -> JSONResponse:
    """Handler for GeoReportError."""
    status, text = (error.status, error.description) if isinstance(error, GeoReportError) else (500, "error")
    return JSONResponse([{"code": str(status), "description": text}], status_code=status)


def open311_router(
    endpoint: Endpoint,
    *,
    settings: SandboxSettings,
    catalogue: Catalogue,
    store: Store,
    faults: Faults,
    sender: WebhookSender,
) -> APIRouter:
    router = APIRouter(prefix=f"/{endpoint}/open311/v2")

    @router.get("/services.json")
    async def services(jurisdiction_id: str | None = None) -> list[dict[str, Any]]:
        found = catalogue.all(endpoint, jurisdiction_id)
        if not found:
            raise GeoReportError(404, "jurisdiction_id was not found")
        return [_service(service) for service in found]

    @router.get("/services/{code}.json")
    async def definition(code: str) -> dict[str, Any]:
        service = catalogue.get(endpoint, code)
        if service is None:
            raise GeoReportError(404, "service_code was not found")
        return _definition(service)

    @router.post("/requests.json")
    async def file(request: Request) -> Response:
        form = await _form(request)
        if not hmac.compare_digest(form.pop("api_key", "").encode(), settings.api_key.get_secret_value().encode()):
            raise GeoReportError(403, "api_key is missing or invalid")
        key = request.headers.get("Idempotency-Key") or None
        fault = faults.next(endpoint)
        await asyncio.to_thread(store.note_post, endpoint, key, fault.mode)
        if fault.mode is Mode.ERROR500:
            raise GeoReportError(500, "internal error")
        if fault.mode is Mode.HTML_ERROR:
            return HTMLResponse(_MAINTENANCE)
        if fault.mode is Mode.SLOW:
            await asyncio.sleep(fault.seconds)
        service = _checked(catalogue, endpoint, form)
        held = await asyncio.to_thread(
            store.accept,
            service,
            form,
            idempotency_key=key,
            event_text=f"{service.agency_name}에서 접수했습니다.",
            event_delay=settings.accept_delay,
        )
        sender.wake()
        if fault.mode is Mode.TIMEOUT_AFTER_ACCEPT:
            await stall(request, fault.seconds)
            raise GeoReportError(504, "gateway time-out")
        notice = f"{service.agency_name}에 전달되었습니다."
        return JSONResponse([{"service_request_id": held.id, "service_notice": notice, "account_id": held.reference}])

    @router.get("/requests.json")
    async def requests(
        account_id: str | None = None,
        service_request_id: str | None = None,
        service_code: str | None = None,
        status: str | None = None,
    ) -> list[dict[str, Any]]:
        if account_id is not None:
            found = await asyncio.to_thread(store.by_reference, endpoint, account_id)
        else:
            found = await asyncio.to_thread(store.requests, endpoint=endpoint, limit=_MOST_LISTED)
        wanted = {
            "id": service_request_id and service_request_id.split(","),
            "service_code": service_code and service_code.split(","),
            "status": status and status.split(","),
        }
        return [
            _request(held, catalogue, account_id)
            for held in found
            if all(values is None or getattr(held, name) in values for name, values in wanted.items())
        ]

    @router.get("/requests/{request_id}.json")
    async def one(request_id: str) -> list[dict[str, Any]]:
        held = await asyncio.to_thread(store.get, request_id)
        if held is None or held.endpoint is not endpoint:
            raise GeoReportError(404, "service_request_id was not found")
        return [_request(held, catalogue, None)]

    return router


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise GeoReportError(413, "the form is too large")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200, errors="strict"))
    except ValueError:
        raise GeoReportError(400, "not a form in UTF-8") from None


def _checked(catalogue: Catalogue, endpoint: Endpoint, form: dict[str, str]) -> Service:
    service = catalogue.get(endpoint, form.get("service_code", ""))
    if service is None:
        raise GeoReportError(404, "service_code was not found")
    if form.get("jurisdiction_id") != service.jurisdiction_id:
        raise GeoReportError(404, "jurisdiction_id was not found")
    if not form.get("description", "").strip():
        raise GeoReportError(400, "description is required")
    coordinates = "lat" in form or "long" in form
    if coordinates and not (_within(form.get("lat"), 90) and _within(form.get("long"), 180)):
        raise GeoReportError(400, "lat and long must be degrees, both of them")
    if service.needs_location and not (coordinates or form.get("address_string", "").strip()):
        raise GeoReportError(400, "lat and long, or address_string, is required")
    return service


def _within(value: str | None, limit: float) -> bool:
    try:
        number = float(value or "")
    except ValueError:
        return False
    return math.isfinite(number) and abs(number) <= limit


def _service(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": f"{service.agency_name}: {service.name}",
        "metadata": bool(service.attributes),
        "type": "realtime",
        "keywords": "",
        "group": service.agency_name,
    }


def _definition(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "attributes": [
            {
                "variable": True,
                "code": attribute.code,
                "datatype": "text" if attribute.code == "detail" else "string",
                "required": False,
                "datatype_description": "",
                "order": order,
                "description": attribute.description,
            }
            for order, attribute in enumerate(service.attributes, 1)
        ],
    }


def _request(held: HeldRequest, catalogue: Catalogue, account_id: str | None) -> dict[str, Any]:
    service = catalogue.get(held.endpoint, held.service_code)
    return {
        "service_request_id": held.id,
        "account_id": account_id,
        "status": held.status,
        "status_notes": held.note,
        "service_name": service.name if service else None,
        "service_code": held.service_code,
        "description": None,
        "agency_responsible": service.agency_name if service else None,
        "service_notice": None,
        "requested_datetime": held.requested_at,
        "updated_datetime": held.updated_at,
        "expected_datetime": None,
        "address": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }
