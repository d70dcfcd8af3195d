"""`POST /api/v1/classify`: a batch of texts, without a conversation."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Header, Request

from services.chat.gateway import AssistantError, Gateway
from services.chat.triage import Triage
from services.nlu import service
from services.nlu.schemas import ClassifyRequest, ClassifyResponse
from services.privacy.service import clean
from services.problems import Unauthenticated, Unavailable
from services.runtime import Services

router = APIRouter(prefix="/api/v1", tags=["classification"])


@router.post("/classify")
async def classify(
    body: ClassifyRequest, request: Request, x_api_key: Annotated[str, Header()] = ""
) -> ClassifyResponse:
    services: Services = request.app.state.services
    require_api_key(services, x_api_key)
    gateway: Gateway = request.app.state.gateway
    triage: Triage = request.app.state.triage
    texts = [clean(text) for text in body.texts]
    try:
        reply = await gateway.classify(texts)
    except AssistantError:
        raise Unavailable("분류기가 지금 응답하지 않습니다. 잠시 뒤 다시 시도해 주세요.") from None
    return ClassifyResponse(
        results=[
            service.classification(services.taxonomy, triage, text=text, found=found, model_version=reply.model_version)
            for text, found in zip(texts, reply.results, strict=True)
        ]
    )


def require_api_key(services: Services, key: str) -> None:
    """Raises Unauthenticated. Compares with every key in constant time."""
    known = services.settings.api_keys.get_secret_value().split(",")
    matches = [secrets.compare_digest(key.encode("utf-8", "replace"), item.strip().encode()) for item in known]
    if not key or not any(matches):
        raise Unauthenticated("API 키가 없거나 올바르지 않습니다.")
