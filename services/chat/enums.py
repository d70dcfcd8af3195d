from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    BOT = "bot"
    QUEUED = "queued"
    HUMAN = "human"
    CLOSED = "closed"


class QueueReason(StrEnum):
    """Why a conversation waits for a person."""

    REQUESTED = "requested"
    OUTAGE = "outage"
    EMERGENCY = "emergency"


class Author(StrEnum):
    CITIZEN = "citizen"
    BOT = "bot"
    OFFICER = "officer"
    SYSTEM = "system"


class MessageKind(StrEnum):
    TEXT = "text"
    CHOICES = "choices"
    EMERGENCY = "emergency"
    CASE_RECEIPT = "case_receipt"
    CASE_STATUS = "case_status"
    NOTICE = "notice"


class Language(StrEnum):
    KO = "ko"
    EN = "en"
    ZH = "zh"
