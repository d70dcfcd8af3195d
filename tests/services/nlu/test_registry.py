"""The model registry from the command line: what may be served, and what must be trained anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from services.nlu import service
from services.nlu.__main__ import current
from services.runtime import Services
from services.settings import Settings


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "models").mkdir()
    return settings.model_copy(update={"state_dir": tmp_path})


async def register(services: Services, here: Settings, stored: str | None) -> Path:
    archive = here.state_dir / "models" / "20261122T000000Z-0123456789ab.tar.gz"
    archive.write_bytes(b"a model")
    report = {"path": str(archive), "sha256": hashlib.sha256(b"a model").hexdigest(), "data_sha256": "d"}
    if stored:
        report["format"] = stored
    async with services.db.transaction() as session:
        await service.register_model(session, report=report, state_dir=here.state_dir, promote=True)
    return archive


async def test_the_promoted_model_is_named(
    services: Services, here: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = await register(services, here, "2")
    assert await current(here, "2") == 0
    assert capsys.readouterr().out.strip() == str(archive)
    assert await current(here) == 0


@pytest.mark.parametrize("stored", ["1", None])
async def test_a_model_of_another_format_must_be_trained_anew(
    services: Services, here: Settings, stored: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    await register(services, here, stored)
    assert await current(here, "2") == 3
    assert "format" in capsys.readouterr().err


async def test_without_a_model_there_is_none(services: Services, here: Settings) -> None:
    assert await current(here, "2") == 3


async def test_a_damaged_archive_is_refused(services: Services, here: Settings) -> None:
    archive = await register(services, here, "2")
    archive.write_bytes(b"another model")
    with pytest.raises(service.ModelUnusable):
        await current(here, "2")
