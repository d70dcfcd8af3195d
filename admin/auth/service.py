"""Signing in and staying signed in.

SignInError
├── BadCredentials      unknown user, wrong password, switched-off or locked account: indistinguishable from outside
└── TooManyAttempts     one address has failed too often, whatever names it tried
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.auth import accounts, audit, passwords
from admin.auth.enums import AuditAction
from admin.auth.models import AdminSession, AuditEntry, User
from services.database import Database, utcnow

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=9)  # a working day with its lunch hour

# A department behind one address shares this; a password sprayer has it alone.
MAX_FAILURES_FROM_ADDRESS = 30
ADDRESS_WINDOW = timedelta(minutes=5)

# `last_seen_at` is written at most this often.
_TOUCH_EVERY = timedelta(seconds=30)


class SignInError(Exception):
    pass


class BadCredentials(SignInError):
    pass


class TooManyAttempts(SignInError):
    pass


@dataclass(frozen=True)
class NewSession:
    """`token` goes into the cookie and exists nowhere else."""

    token: str
    user: User


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def sign_in(db: Database, *, username: str, password: str, ip: str | None, old_token: str | None) -> NewSession:
    """Raises BadCredentials, TooManyAttempts. Any session that the browser already had ends (rotation)."""
    async with db.transaction() as session:
        await _check_address(session, ip=ip)
        user = await accounts.find_user(session, username=username)
        # An attempt is counted before it is checked, so that parallel guesses cannot outrun the lock.
        admitted = user is not None and await _reserve_attempt(session, user=user)
        if user is not None and not admitted:
            await audit.record(session, action=AuditAction.SIGN_IN_LOCKED, user=user, ip=ip)
    # No transaction is open while the hash is computed; a refused attempt costs the same time as any other.
    right, fresh_hash = await passwords.verify(password, user.password_hash if user else None)
    async with db.transaction() as session:
        if user is None or not admitted or not right:
            if admitted or user is None:
                await audit.record(session, action=AuditAction.SIGN_IN_FAILED, user=user, ip=ip)
            failed = True
        else:
            failed = False
            token = await _open_session(session, user=user, fresh_hash=fresh_hash, ip=ip, old_token=old_token)
    if failed or user is None:
        raise BadCredentials
    return NewSession(token=token, user=user)


async def _check_address(session: AsyncSession, *, ip: str | None) -> None:
    statement = select(func.count()).where(
        AuditEntry.ip == ip,
        AuditEntry.action.in_((AuditAction.SIGN_IN_FAILED, AuditAction.SIGN_IN_LOCKED)),
        AuditEntry.at > utcnow() - ADDRESS_WINDOW,
    )
    if (await session.execute(statement)).scalar_one() >= MAX_FAILURES_FROM_ADDRESS:
        raise TooManyAttempts


async def _reserve_attempt(session: AsyncSession, *, user: User) -> bool:
    """Counts one attempt against the account; False while it is locked or switched off."""
    now = utcnow()
    # A lock that has run out starts the count anew.
    count = case((User.locked_until.is_not(None), 1), else_=User.failed_attempts + 1)
    statement = (
        update(User)
        .where(User.id == user.id, User.active, or_(User.locked_until.is_(None), User.locked_until <= now))
        .values(failed_attempts=count, locked_until=case((count >= MAX_FAILURES, now + LOCKED_FOR), else_=None))
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(statement)).first() is not None


async def _open_session(
    session: AsyncSession, *, user: User, fresh_hash: str | None, ip: str | None, old_token: str | None
) -> str:
    now = utcnow()
    changes: dict[str, object] = {"failed_attempts": 0, "locked_until": None, "last_login_at": now}
    if fresh_hash:
        changes["password_hash"] = fresh_hash
    await session.execute(update(User).where(User.id == user.id).values(**changes))
    await session.execute(delete(AdminSession).where(_over(now)))
    if old_token:
        await session.execute(delete(AdminSession).where(AdminSession.token_hash == _hash(old_token)))
    token = secrets.token_urlsafe(32)
    session.add(
        AdminSession(
            token_hash=_hash(token),
            user_id=user.id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE,
            ip=ip,
        )
    )
    await audit.record(session, action=AuditAction.SIGNED_IN, user=user, ip=ip)
    return token


def _over(now: datetime) -> ColumnElement[bool]:
    return or_(AdminSession.expires_at <= now, AdminSession.last_seen_at <= now - IDLE)


async def resume(db: Database, *, token: str, touch: bool) -> AdminSession | None:
    """The live session of a cookie, with its user; None when it is unknown, over, or the account is switched off.

    `touch` says whether this request is a person's doing and keeps the session from idling out.
    """
    now = utcnow()
    async with db.transaction() as session:
        found = await session.get(AdminSession, _hash(token))
        if found is None:
            return None
        this_row = AdminSession.token_hash == found.token_hash
        if found.expires_at <= now or found.last_seen_at <= now - IDLE or not found.user.active:
            await session.execute(delete(AdminSession).where(this_row))
            return None
        if touch and found.last_seen_at < now - _TOUCH_EVERY:
            await session.execute(update(AdminSession).where(this_row).values(last_seen_at=now))
        return found


async def sign_out(db: Database, *, token: str, user: User, ip: str | None) -> None:
    async with db.transaction() as session:
        await session.execute(delete(AdminSession).where(AdminSession.token_hash == _hash(token)))
        await audit.record(session, action=AuditAction.SIGNED_OUT, user=user, ip=ip)
