"""Making and reading accounts."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.auth import audit, passwords
from admin.auth.enums import AuditAction, Role
from admin.auth.models import User
from services.privacy.service import clean

_USERNAME = re.compile(r"\A[a-z0-9][a-z0-9._-]{2,39}\Z")


class AccountError(Exception):
    pass


class UsernameTaken(AccountError):
    pass


class InvalidUsername(AccountError):
    """Not 3 to 40 of a-z, 0-9, dot, hyphen, underscore."""


def normal_username(typed: str) -> str:
    return clean(typed).lower()


async def find_user(session: AsyncSession, *, username: str) -> User | None:
    statement = select(User).where(User.username == normal_username(username))
    return (await session.execute(statement)).scalar_one_or_none()


async def list_users(session: AsyncSession) -> list[User]:
    return list((await session.execute(select(User).order_by(User.role, User.username))).scalars())


async def create_user(
    session: AsyncSession,
    *,
    username: str,
    role: Role,
    display_name: str,
    password: str,
    department: str | None = None,
    phone: str | None = None,
    created_by: User | None = None,
) -> User:
    """Raises InvalidUsername, UsernameTaken, passwords.WeakPassword."""
    name = normal_username(username)
    if not _USERNAME.match(name):
        raise InvalidUsername(username)
    if await find_user(session, username=name) is not None:
        raise UsernameTaken(name)
    user = User(
        username=name,
        role=role,
        display_name=display_name.strip(),
        department=department,
        phone=phone,
        password_hash=await passwords.hash_password(password),
    )
    session.add(user)
    await session.flush()
    await audit.record(
        session,
        action=AuditAction.USER_CREATED,
        user=created_by,
        ip=None,
        object_type="user",
        object_id=user.id,
        data={"username": name, "role": role},
    )
    return user
