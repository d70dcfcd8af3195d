from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.testing import SandboxProcess
from services.agencies.registry import Registry

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def registry(sandbox: SandboxProcess) -> Registry:
    """The real registry, pointed at the running sandbox."""
    return Registry.load(
        ROOT / "services/agencies/registry.yml",
        ROOT / "nlu_data/taxonomy.yml",
        {"AGENCY_BASE_URL": sandbox.base_url},
    )
