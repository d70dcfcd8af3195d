"""Tables of a case: the case, its events (it is their fold), and its receipt counter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.cases.enums import ActorType, CaseOrigin, CaseStatus, EventType, Urgency
from services.database import Base, utcnow


class Case(Base):
    __tablename__ = "cases"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    receipt_no: Mapped[str] = mapped_column(String(15), unique=True)
    # What makes filing idempotent: the draft that the conversation (or the API client) filled in.
    draft_key: Mapped[str] = mapped_column(String(80), unique=True)
    origin: Mapped[CaseOrigin]
    session_id: Mapped[UUID | None] = mapped_column(index=True)
    intent: Mapped[str] = mapped_column(String(60))
    family: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    urgency: Mapped[Urgency]
    status: Mapped[CaseStatus]
    agency_id: Mapped[str] = mapped_column(String(60))
    agency_name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    # The citizen's words and the answers to the form, masked; the unmasked original is in `private`.
    description: Mapped[str] = mapped_column(Text)
    slots: Mapped[dict[str, Any]] = mapped_column(default=dict)
    private: Mapped[bytes | None] = mapped_column(LargeBinary)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    assigned_to: Mapped[UUID | None] = mapped_column(index=True)
    submitted_at: Mapped[datetime] = mapped_column(default=utcnow)
    accepted_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    version: Mapped[int] = mapped_column(default=1)

    events: Mapped[list[CaseEvent]] = relationship(back_populates="case", order_by="CaseEvent.seq")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (SQLAlchemy's own form)
    __table_args__ = (
        Index("ix_cases_queue", "status", "urgency", "submitted_at"),
        Index("ix_cases_intent", "intent", "submitted_at"),
        Index("ix_cases_agency", "agency_id", "submitted_at"),
        Index("ix_cases_submitted_at", "submitted_at"),
        Index("ix_cases_due_at", "due_at"),
    )


class CaseEvent(Base):
    __tablename__ = "case_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    seq: Mapped[int]
    type: Mapped[EventType]
    from_status: Mapped[CaseStatus | None]
    to_status: Mapped[CaseStatus | None]
    actor_type: Mapped[ActorType]
    actor_id: Mapped[str | None] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(100))
    text: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Whether the citizen sees it in the timeline.
    public: Mapped[bool] = mapped_column(default=False)
    # The agency's own event id, so that a webhook delivered twice is recorded once.
    external_id: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    case: Mapped[Case] = relationship(back_populates="events")

    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        UniqueConstraint("case_id", "external_id"),
    )


class ReceiptCounter(Base):
    """The last serial given on a day (Korean time)."""

    __tablename__ = "receipt_counters"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
