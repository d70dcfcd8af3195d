"""PostgreSQL: one engine a process, one session a unit of work."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from services.settings import Settings

# Names for constraints, so that Alembic can alter what it created.
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

type_map = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    list[dict[str, Any]]: JSONB,
    # Enumerations are stored as their values in plain text columns and come back as members.
    enum.Enum: Enum(enum.Enum, native_enum=False, length=30, values_callable=lambda cls: [item.value for item in cls]),
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = type_map


def utcnow() -> datetime:
    return datetime.now(UTC)


class Database:
    """The engine and its sessions. Every `transaction()` commits at its end or rolls back on an exception."""

    def __init__(self, settings: Settings) -> None:
        self.engine: AsyncEngine = create_async_engine(
            settings.sqlalchemy_url,
            pool_size=settings.database_pool,
            max_overflow=5,
            pool_pre_ping=True,  # PostgreSQL may have been restarted under us
            pool_timeout=10,
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session, session.begin():
            yield session

    async def aclose(self) -> None:
        await self.engine.dispose()


async def driver_connection(session: AsyncSession) -> Any:
    """The psycopg connection of the session's open transaction, for a job deferred within it."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return raw.driver_connection
