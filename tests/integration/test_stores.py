"""The embedded stores and the migrations hold what the services expect."""

from __future__ import annotations

from sqlalchemy import text

from services.runtime import Services


async def test_every_test_has_a_migrated_database_and_an_empty_cache(services: Services) -> None:
    async with services.db.transaction() as session:
        version = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        cases = (await session.execute(text("SELECT count(*) FROM cases"))).scalar_one()
    assert version
    assert cases == 0
    assert await services.redis.dbsize() == 0
