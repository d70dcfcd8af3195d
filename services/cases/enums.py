"""Words of a case. The values are stored and cross HTTP; Korean names are what people read."""

from __future__ import annotations

from enum import StrEnum


class CaseStatus(StrEnum):
    """States of a case (the moves between them are in lifecycle.py)."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    AWAITING_CITIZEN = "awaiting_citizen"
    ANSWERED = "answered"
    CLOSED = "closed"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    OBJECTION = "objection"
    REOPENED = "reopened"


STATUS_NAMES: dict[CaseStatus, str] = {
    CaseStatus.RECEIVED: "접수 대기",
    CaseStatus.ACCEPTED: "접수됨",
    CaseStatus.ASSIGNED: "담당자 배정",
    CaseStatus.IN_PROGRESS: "처리 중",
    CaseStatus.AWAITING_CITIZEN: "보완 요청",
    CaseStatus.ANSWERED: "답변 완료",
    CaseStatus.CLOSED: "종결",
    CaseStatus.TRANSFERRED: "이송",
    CaseStatus.MERGED: "병합",
    CaseStatus.WITHDRAWN: "취하",
    CaseStatus.OBJECTION: "이의신청",
    CaseStatus.REOPENED: "재처리",
}


class CaseOrigin(StrEnum):
    CHAT = "chat"
    EMERGENCY = "emergency"
    OPEN311 = "open311"


class Urgency(StrEnum):
    """How the desk sorts. P0 is a life at risk; the number of the taxonomy is 3 - the digit."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @classmethod
    def of(cls, urgency: int) -> Urgency:
        return cls(f"P{3 - urgency}")


class EventType(StrEnum):
    FILED = "filed"
    MOVED = "moved"
    ANSWERED = "answered"
    NOTE = "note"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery_failed"
    AGENCY = "agency"
    EMERGENCY = "emergency"
    OPENED = "opened"


class ActorType(StrEnum):
    CITIZEN = "citizen"
    BOT = "bot"
    OFFICER = "officer"
    AGENCY = "agency"
    SYSTEM = "system"


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    NOT_NEEDED = "not_needed"


DELIVERY_NAMES: dict[DeliveryStatus, str] = {
    DeliveryStatus.PENDING: "전달 대기",
    DeliveryStatus.SENDING: "전달 중",
    DeliveryStatus.DELIVERED: "전달 완료",
    DeliveryStatus.DEAD: "전달 실패",
    DeliveryStatus.NOT_NEEDED: "전달 대상 아님",
}
