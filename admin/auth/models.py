"""Tables of the panel: accounts, their sessions, and the log of who did what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Enum, ForeignKey, Identity, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.auth.enums import AuditAction, Role
from services.database import Base, utcnow


def _word(kind: type[StrEnum], length: int) -> Enum:
    """Stored as its value in a plain text column; comes back as a member."""
    return Enum(kind, native_enum=False, length=length, values_callable=lambda words: [word.value for word in words])


class User(Base):
    """One account is one person. Accounts are switched off, never deleted: the audit log names them."""

    __tablename__ = "admin_users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    department: Mapped[str | None] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(String(30))
    role: Mapped[Role] = mapped_column(_word(Role, 20))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def signature(self) -> str:
        """As citizens and timelines name them: department first (시행령 제31조)."""
        return f"{self.department} {self.display_name}" if self.department else self.display_name


class AdminSession(Base):
    """A signed-in browser. The cookie's value is stored only as its hash."""

    __tablename__ = "admin_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    ip: Mapped[str | None] = mapped_column(String(45))

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class AuditEntry(Base):
    """Who, when, from where, whose data, what was done: kept two years, never changed."""

    __tablename__ = "admin_audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("admin_users.id"))
    username: Mapped[str] = mapped_column(String(40))
    action: Mapped[AuditAction] = mapped_column(_word(AuditAction, 40))
    object_type: Mapped[str | None] = mapped_column(String(40))
    object_id: Mapped[str | None] = mapped_column(String(80))
    ip: Mapped[str | None] = mapped_column(String(45))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        Index("ix_admin_audit_object", "object_type", "object_id", "at"),
        Index("ix_admin_audit_user", "user_id", "at"),
        Index("ix_admin_audit_ip", "ip", "action", "at"),
    )
