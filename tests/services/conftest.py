"""For the services: the shared app with a Rasa that does as it is told (tests/support/rasa.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.launcher.environment import Installation
from services.settings import Settings
from tests.support.rasa import FakeRasa

RASA_TIMEOUT = 0.6


@pytest.fixture(scope="session")
def _fake_rasa(stores: Installation) -> Iterator[FakeRasa]:
    with FakeRasa(stores.environment["RASA_TOKEN"]) as running:
        yield running


@pytest.fixture
def rasa(_fake_rasa: FakeRasa) -> FakeRasa:
    _fake_rasa.reset()
    return _fake_rasa


@pytest.fixture
def settings(settings: Settings, rasa: FakeRasa) -> Settings:
    return settings.model_copy(update={"rasa_url": rasa.url, "rasa_timeout": RASA_TIMEOUT})
