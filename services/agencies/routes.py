"""`POST /api/v1/agencies/{agency_id}/events`: an agency's signed webhook."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import ValidationError

from services.agencies import inbound
from services.agencies.registry import UnknownAgency
from services.agencies.schemas import AgencyEvent, EventAccepted
from services.agencies.signing import BadSignature, StaleSignature, verify
from services.cases.service import CaseNotFound
from services.database import utcnow
from services.problems import Conflict, Invalid, NotFound, PayloadTooLarge, Unauthenticated
from services.runtime import Services

router = APIRouter(prefix="/api/v1/agencies", tags=["agencies"])

MAX_BODY = 64 * 1024


@router.post("/{agency_id}/events")
async def receive_event(agency_id: str, request: Request, x_signature: Annotated[str, Header()] = "") -> EventAccepted:
    services: Services = request.app.state.services
    body = await request.body()
    if len(body) > MAX_BODY:
        raise PayloadTooLarge
    secret = services.settings.agency_webhook_secrets.get(agency_id)
    try:
        agency = services.registry.get(agency_id)
    except UnknownAgency:
        secret = None
    if secret is None:
        raise NotFound
    now = utcnow()
    try:
        verify(secret.get_secret_value(), x_signature, body, now.timestamp())
    except StaleSignature:
        raise Unauthenticated("서명 시각이 허용 범위를 벗어났습니다.", type_="/problems/stale-signature") from None
    except BadSignature:
        raise Unauthenticated("서명이 올바르지 않습니다.", type_="/problems/bad-signature") from None
    try:
        event = AgencyEvent.model_validate_json(body)
    except ValidationError:
        raise Invalid("기관 알림의 형식이 올바르지 않습니다.") from None
    try:
        recorded = await inbound.receive(services, agency=agency, event=event)
    except CaseNotFound:
        raise NotFound("해당 민원을 찾을 수 없습니다.") from None
    except inbound.EventForbidden:
        raise Conflict("지금 상태에서는 할 수 없는 변경입니다.", type_="/problems/move-not-allowed") from None
    return EventAccepted(recorded=recorded, at=now)
