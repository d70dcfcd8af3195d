"""Classification, as interfaces promise it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from services.privacy.service import mend

MAX_TEXTS = 256


def _mended(text: object) -> object:
    return mend(text) if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_mended), Field(max_length=4_000)]


class ClassifyRequest(BaseModel):
    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]


class RankedIntent(BaseModel):
    intent: str
    confidence: float


class EmergencyFound(BaseModel):
    line: str
    cue: str


class Classification(BaseModel):
    intent: str
    confidence: float
    family: str
    agency: str | None
    urgency: int
    ranking: list[RankedIntent]
    abstained: bool
    emergency: EmergencyFound | None
    model_version: str


class ClassifyResponse(BaseModel):
    results: list[Classification]
