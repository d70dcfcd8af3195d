"""A citizen's view of a case."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.cases.enums import STATUS_NAMES
from services.cases.models import Case, CaseEvent


class Agency(BaseModel):
    id: str
    name: str


class TimelineEntry(BaseModel):
    at: datetime
    type: str
    by: str
    text: str | None
    status: str | None
    status_name: str | None


class CaseView(BaseModel):
    receipt_no: str
    title: str
    intent: str
    status: str
    status_name: str
    agency: Agency
    submitted_at: datetime
    due_at: datetime | None
    timeline: list[TimelineEntry]

    @classmethod
    def of(cls, case: Case, events: list[CaseEvent]) -> CaseView:
        return cls(
            receipt_no=case.receipt_no,
            title=case.title,
            intent=case.intent,
            status=case.status,
            status_name=STATUS_NAMES[case.status],
            agency=Agency(id=case.agency_id, name=case.agency_name),
            submitted_at=case.submitted_at,
            due_at=case.due_at,
            timeline=[
                TimelineEntry(
                    at=event.created_at,
                    type=event.type,
                    by=event.actor_name,
                    text=event.text,
                    status=event.to_status,
                    status_name=STATUS_NAMES[event.to_status] if event.to_status else None,
                )
                for event in events
            ],
        )
