"""Tables of delivery: what is to reach an agency, and every attempt to get it there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.cases.enums import DeliveryStatus
from services.database import Base, utcnow


class Delivery(Base):
    __tablename__ = "deliveries"

    # Also the idempotency key that the agency sees.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    agency_id: Mapped[str] = mapped_column(String(60))
    status: Mapped[DeliveryStatus] = mapped_column(default=DeliveryStatus.PENDING)
    external_id: Mapped[str | None] = mapped_column(String(120))
    last_error: Mapped[str | None] = mapped_column(Text)
    # A worker holds the delivery until then; one that died is taken over afterwards.
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    delivered_at: Mapped[datetime | None]

    attempts: Mapped[list[DeliveryAttempt]] = relationship(back_populates="delivery", order_by="DeliveryAttempt.number")

    __table_args__ = (
        UniqueConstraint("case_id", "agency_id"),
        Index("ix_deliveries_status", "status", "created_at"),
        Index("ix_deliveries_external", "agency_id", "external_id"),
    )


class DeliveryAttempt(Base):
    __tablename__ = "delivery_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    number: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    # delivered · the error's name · interrupted (the worker died in between)
    outcome: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")

    __table_args__ = (UniqueConstraint("delivery_id", "number"),)
