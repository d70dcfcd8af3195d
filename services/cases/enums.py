"""Words of a case. The values are stored and cross HTTP; Korean names are what people read."""

from __future__ import annotations

from enum import StrEnum

from services.chat.enums import Language


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

# What a citizen reads in the chat; the same words are in services/chat/static/widget.js.
STATUS_NAMES_IN: dict[Language, dict[CaseStatus, str]] = {
    Language.KO: STATUS_NAMES,
    Language.EN: {
        CaseStatus.RECEIVED: "Waiting for acceptance",
        CaseStatus.ACCEPTED: "Accepted",
        CaseStatus.ASSIGNED: "Assigned",
        CaseStatus.IN_PROGRESS: "In progress",
        CaseStatus.AWAITING_CITIZEN: "Waiting for you",
        CaseStatus.ANSWERED: "Answered",
        CaseStatus.CLOSED: "Closed",
        CaseStatus.TRANSFERRED: "Transferred",
        CaseStatus.MERGED: "Merged",
        CaseStatus.WITHDRAWN: "Withdrawn",
        CaseStatus.OBJECTION: "Objection filed",
        CaseStatus.REOPENED: "Reopened",
    },
    Language.ZH: {
        CaseStatus.RECEIVED: "等待受理",
        CaseStatus.ACCEPTED: "已受理",
        CaseStatus.ASSIGNED: "已分配",
        CaseStatus.IN_PROGRESS: "处理中",
        CaseStatus.AWAITING_CITIZEN: "等待您补充",
        CaseStatus.ANSWERED: "已答复",
        CaseStatus.CLOSED: "已结束",
        CaseStatus.TRANSFERRED: "已移送",
        CaseStatus.MERGED: "已合并",
        CaseStatus.WITHDRAWN: "已撤回",
        CaseStatus.OBJECTION: "异议申请",
        CaseStatus.REOPENED: "重新处理",
    },
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
    REMINDED = "reminded"
    NOTIFIED = "notified"


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
