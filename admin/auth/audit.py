"""The log of who did what. Entries are only ever added."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from admin.auth.enums import AuditAction
from admin.auth.models import AuditEntry, User


async def record(
    session: AsyncSession,
    *,
    action: AuditAction,
    user: User | None,
    ip: str | None,
    object_type: str | None = None,
    object_id: object | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Adds an entry to the open transaction. Without a user the entry has an empty name: what a stranger typed as a
    user name may have been a password."""
    session.add(
        AuditEntry(
            action=action,
            user_id=user.id if user else None,
            username=user.username if user else "",
            ip=ip,
            object_type=object_type,
            object_id=None if object_id is None else str(object_id),
            data=data or {},
        )
    )
    await session.flush()
