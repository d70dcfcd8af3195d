"""Alembic's environment. The only place, beside deploy/web.py, that knows every package with tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

import admin.auth.models
import services.agencies.models
import services.cases.models
import services.chat.models
import services.nlu.models
from services.database import Base
from services.settings import settings_or_exit

TABLES = (admin.auth.models, services.agencies.models, services.cases.models, services.chat.models, services.nlu.models)


def _ours(obj: object, name: str | None, type_: str, reflected: bool, compare_to: object) -> bool:
    """The job queue's tables are Procrastinate's own."""
    return not (type_ == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    engine = create_engine(settings_or_exit().sqlalchemy_url)
    with engine.begin() as connection:
        # Two starts at once: the second waits and then finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20260122)")
        context.configure(connection=connection, target_metadata=Base.metadata, include_object=_ours, compare_type=True)
        context.run_migrations()
    engine.dispose()


run()
