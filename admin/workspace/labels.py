"""What stored words are called on the desk, and which tone strengthens them. The Korean text alone must suffice."""

from __future__ import annotations

from services.cases.enums import (
    DELIVERY_NAMES,
    STATUS_NAMES,
    CaseOrigin,
    CaseStatus,
    DeliveryStatus,
    EventType,
    Urgency,
)
from services.chat.enums import Author, Language, QueueReason
from services.taxonomy import FAMILY_NAMES

__all__ = ["DELIVERY_NAMES", "FAMILY_NAMES", "STATUS_NAMES"]

URGENCY_NAMES: dict[Urgency, str] = {
    Urgency.P0: "긴급",
    Urgency.P1: "당일",
    Urgency.P2: "일반",
    Urgency.P3: "안내",
}
URGENCY_HINTS: dict[Urgency, str] = {
    Urgency.P0: "생명이 위험한 상황",
    Urgency.P1: "당일 처리",
    Urgency.P2: "일반 처리",
    Urgency.P3: "정보 안내",
}
URGENCY_TONES: dict[Urgency, str] = {
    Urgency.P0: "bg-danger",
    Urgency.P1: "bg-light-warning",
    Urgency.P2: "bg-light-gray",
    Urgency.P3: "outline-gray",
}

STATUS_TONES: dict[CaseStatus, str] = {
    CaseStatus.RECEIVED: "bg-light-danger",
    CaseStatus.ACCEPTED: "bg-light-information",
    CaseStatus.ASSIGNED: "bg-light-information",
    CaseStatus.IN_PROGRESS: "bg-light-primary",
    CaseStatus.AWAITING_CITIZEN: "bg-light-warning",
    CaseStatus.ANSWERED: "bg-light-success",
    CaseStatus.CLOSED: "bg-light-gray",
    CaseStatus.TRANSFERRED: "bg-light-secondary",
    CaseStatus.MERGED: "bg-light-gray",
    CaseStatus.WITHDRAWN: "bg-light-gray",
    CaseStatus.OBJECTION: "bg-light-danger",
    CaseStatus.REOPENED: "bg-light-primary",
}

# A move as the button that makes it.
MOVE_NAMES: dict[CaseStatus, str] = {
    CaseStatus.ACCEPTED: "접수하기",
    CaseStatus.ASSIGNED: "담당자 배정",
    CaseStatus.IN_PROGRESS: "처리 시작",
    CaseStatus.AWAITING_CITIZEN: "보완 요청",
    CaseStatus.TRANSFERRED: "이송",
    CaseStatus.MERGED: "병합",
    CaseStatus.WITHDRAWN: "취하 처리",
    CaseStatus.CLOSED: "종결",
    CaseStatus.REOPENED: "재처리",
}

ORIGIN_NAMES: dict[CaseOrigin, str] = {
    CaseOrigin.CHAT: "대화",
    CaseOrigin.EMERGENCY: "긴급 감지",
    CaseOrigin.OPEN311: "Open311",
}

EVENT_NAMES: dict[EventType, str] = {
    EventType.FILED: "접수",
    EventType.MOVED: "상태 변경",
    EventType.ANSWERED: "답변",
    EventType.NOTE: "메모",
    EventType.DELIVERED: "기관 전달 완료",
    EventType.DELIVERY_FAILED: "기관 전달 실패",
    EventType.AGENCY: "기관 회신",
    EventType.EMERGENCY: "긴급 감지",
    EventType.OPENED: "열람",
    EventType.REMINDED: "기한 알림",
    EventType.NOTIFIED: "처리 상황 통지",
}

AUTHOR_NAMES: dict[Author, str] = {
    Author.CITIZEN: "민원인",
    Author.BOT: "AI 도우미",
    Author.OFFICER: "담당자",
    Author.SYSTEM: "시스템",
}

DELIVERY_TONES: dict[DeliveryStatus, str] = {
    DeliveryStatus.PENDING: "bg-light-gray",
    DeliveryStatus.SENDING: "bg-light-information",
    DeliveryStatus.DELIVERED: "bg-light-success",
    DeliveryStatus.DEAD: "bg-danger",
    DeliveryStatus.NOT_NEEDED: "bg-light-gray",
}

# `outcome` of an attempt is `delivered`, `interrupted` or the name of a connector's error.
OUTCOME_NAMES: dict[str, str] = {
    "delivered": "전달됨",
    "interrupted": "중단됨",
    "AgencyUnreachable": "연결 실패",
    "AgencyTimeout": "시간 초과",
    "AgencyFailed": "기관 오류",
    "AgencyRefused": "접수 거절",
    "AgencyNonsense": "응답 이상",
    "NothingToSend": "전달 대상 아님",
}

QUEUE_REASON_NAMES: dict[QueueReason, str] = {
    QueueReason.REQUESTED: "상담원 연결 요청",
    QueueReason.OUTAGE: "AI 도우미 장애",
    QueueReason.EMERGENCY: "긴급 상황",
}

LANGUAGE_NAMES: dict[Language, str] = {Language.KO: "한국어", Language.EN: "영어", Language.ZH: "중국어"}

CHOSEN_BY_NAMES: dict[str, str] = {"model": "AI 분류", "citizen": "민원인이 직접 선택", "officer": "담당자가 정정"}

# Answers to a form, and the other names under which the unmasked original is kept.
SLOT_NAMES: dict[str, str] = {
    "location": "장소",
    "when": "일시",
    "vehicle": "차량",
    "photo": "사진",
    "detail": "상세 내용",
    "contact": "연락처",
    "region": "지역",
    "age_band": "연령대",
    "household": "가구 형편",
    "language": "언어",
    "description": "민원 내용",
    "name": "이름",
    "email": "이메일",
    "phone": "전화번호",
}


def named(names: dict[str, str], word: str | None, otherwise: str = "알 수 없음") -> str:
    """The Korean name of a stored word that may be newer than this table."""
    if word is None:
        return otherwise
    return names.get(word, word)
