"""GeoReport v2 server, as far as civic tools need it to list what can be reported.

Filing and following requests over Open311 belongs to the work on agencies (README, "What is not there yet").
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from services.problems import NotFound
from services.runtime import Services
from services.taxonomy import FAMILY_NAMES, Intent, Taxonomy

router = APIRouter(prefix="/open311/v2", tags=["open311"])


def reportable(taxonomy: Taxonomy) -> list[Intent]:
    return [intent for intent in taxonomy if intent.kind == "report"]


def _service(intent: Intent) -> dict[str, Any]:
    return {
        "service_code": intent.name,
        "service_name": intent.ko,
        "description": f"{intent.ko} 신고 (담당: {intent.owner})",
        "metadata": bool(intent.slots),
        "type": "realtime",
        "keywords": FAMILY_NAMES[intent.family],
        "group": FAMILY_NAMES[intent.family],
    }


@router.get("/services.json")
async def list_services(request: Request) -> list[dict[str, Any]]:
    services: Services = request.app.state.services
    return [_service(intent) for intent in reportable(services.taxonomy)]


@router.get("/services/{service_code}.json")
async def read_service(service_code: str, request: Request) -> dict[str, Any]:
    services: Services = request.app.state.services
    intent = next((item for item in reportable(services.taxonomy) if item.name == service_code), None)
    if intent is None:
        raise NotFound
    return {
        "service_code": intent.name,
        "attributes": [
            {
                "variable": True,
                "code": slot.name,
                "datatype": "text" if slot.name == "detail" else "string",
                "required": slot.required,
                "order": order,
                "description": slot.name,
                "datatype_description": "",
            }
            for order, slot in enumerate(intent.slots, start=1)
        ],
    }
