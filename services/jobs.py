"""The job queue: Procrastinate in the same PostgreSQL, so that a job exists exactly when the row that caused it does."""

from __future__ import annotations

from typing import Any

import procrastinate
from procrastinate.tasks import Task
from sqlalchemy.ext.asyncio import AsyncSession

from services.database import driver_connection
from services.settings import Settings


def make_app(settings: Settings | None = None) -> procrastinate.App:
    """The queue; without settings only tasks can be declared on it."""
    connector: procrastinate.BaseConnector
    if settings is None:
        connector = procrastinate.PsycopgConnector()
    else:
        connector = procrastinate.PsycopgConnector(
            conninfo=settings.database_url,
            min_size=1,
            max_size=8,
            reconnect_timeout=60.0,
        )
    return procrastinate.App(connector=connector)


# Tasks declare themselves here at import; the worker and the app bind a connector to it.
jobs = make_app()


async def defer_within(session: AsyncSession, task: Task[Any, Any, Any], **arguments: Any) -> int:
    """Defers a job on the session's own connection, in its transaction. Returns the job's id."""
    connection = await driver_connection(session)
    return await task.configure(connection=connection).defer_async(**arguments)
