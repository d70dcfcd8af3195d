"""What an agency's webhook says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.cases.enums import CaseStatus
from services.privacy.service import clean


class AgencyEventType(StrEnum):
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"


TARGETS: dict[AgencyEventType, CaseStatus] = {
    AgencyEventType.ACCEPTED: CaseStatus.ACCEPTED,
    AgencyEventType.IN_PROGRESS: CaseStatus.IN_PROGRESS,
    AgencyEventType.ANSWERED: CaseStatus.ANSWERED,
}


# No control characters: PostgreSQL holds no NUL, and an id has no use for the others.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class AgencyEvent(BaseModel):
    """`reference` is our receipt number, `external_id` the agency's own."""

    event_id: Annotated[str, Field(min_length=1, max_length=100, pattern=_PRINTABLE)]
    reference: Annotated[str, Field(max_length=20, pattern=_PRINTABLE)]
    external_id: Annotated[str, Field(max_length=120, pattern=_PRINTABLE)]
    type: AgencyEventType
    text: Annotated[str, Field(max_length=5_000), AfterValidator(clean)] | None = None
    occurred_at: AwareDatetime


class EventAccepted(BaseModel):
    """`recorded` is false for an event that had been recorded before."""

    recorded: bool
    at: datetime
