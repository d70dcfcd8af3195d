"""`GET /api/v1/cases/{receipt_no}`: what a citizen sees of their own case."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request

from services import limits
from services.cases import service
from services.cases.schemas import CaseView
from services.problems import NotFound
from services.runtime import Services

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])

# A PIN has a million values: ten wrong guesses an hour for one number make guessing hopeless.
WRONG_PINS_AN_HOUR = 10


@router.get("/{receipt_no}")
async def read_case(receipt_no: str, request: Request, x_case_pin: Annotated[str, Header()] = "") -> CaseView:
    services: Services = request.app.state.services
    key = f"pin:{receipt_no[:20]}"
    await limits.check_spent(services.redis, key=key, limit=WRONG_PINS_AN_HOUR)
    async with services.db.transaction() as session:
        try:
            case = await service.look_up(
                session, settings=services.settings, receipt_no=receipt_no, pin=x_case_pin.strip()
            )
        except service.CaseNotFound:
            await limits.count(services.redis, key=key, window=3600)
            raise NotFound("접수번호나 비밀번호가 맞지 않습니다. 다시 확인해 주세요.") from None
        events = await service.events_of(session, case_id=case.id, public_only=True)
    return CaseView.of(case, events)
