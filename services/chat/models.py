"""Tables of a conversation: the session and its transcript. Texts are stored masked."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.chat.enums import Author, Language, MessageKind, QueueReason, SessionState
from services.database import Base, utcnow


class ChatSession(Base):
    __tablename__ = "chat_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hash: Mapped[str] = mapped_column(String(64))
    lang: Mapped[Language] = mapped_column(default=Language.KO)
    channel: Mapped[str] = mapped_column(String(40), default="web")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    state: Mapped[SessionState] = mapped_column(default=SessionState.BOT)
    queue_reason: Mapped[QueueReason | None]
    queued_at: Mapped[datetime | None]
    officer_id: Mapped[UUID | None]
    # One turn at a time: whoever holds the lease answers; a process that died lets it run out.
    turn_owner: Mapped[UUID | None]
    turn_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_active_at: Mapped[datetime] = mapped_column(default=utcnow)

    __table_args__ = (Index("ix_chat_sessions_state", "state", "queued_at"),)


class ChatMessage(Base):
    __tablename__ = "chat_messages"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # The order of the transcript.
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("chat_sessions.id", ondelete="CASCADE"))
    author: Mapped[Author]
    kind: Mapped[MessageKind] = mapped_column(default=MessageKind.TEXT)
    text: Mapped[str] = mapped_column(Text)
    # The unmasked text, encrypted; only where masking changed something.
    original: Mapped[bytes | None] = mapped_column(LargeBinary)
    choices: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    client_message_id: Mapped[str | None] = mapped_column(String(100))
    reply_to: Mapped[UUID | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    __table_args__ = (
        UniqueConstraint("session_id", "client_message_id"),
        Index("ix_chat_messages_transcript", "session_id", "seq"),
    )


class Turn(Base):
    """What the assistant did with one message of the citizen: the evidence of an automatic decision."""

    __tablename__ = "turns"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("chat_messages.id", ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("chat_sessions.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None]
    # rasa · triage · fallback · officer
    answered_by: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[SessionState | None]
    case_id: Mapped[UUID | None]
    intent: Mapped[str | None] = mapped_column(String(60))
    confidence: Mapped[float | None]
    abstained: Mapped[bool] = mapped_column(default=False)
    ranking: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    emergency: Mapped[dict[str, Any] | None]
    model_version: Mapped[str | None] = mapped_column(String(120))
    duration_ms: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
