"""A missing or wrong setting is one line that names it and shows no value."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.settings import ROOT, Settings, SettingsError, load_settings

SECRET = "do-not-show-this-value"

VALID = {
    "DATABASE_URL": "postgresql://user:do-not-show@127.0.0.1:5432/assistant",
    "REDIS_URL": "redis://:do-not-show@127.0.0.1:6379/0",
    "RASA_URL": "http://127.0.0.1:5005",
    "RASA_TOKEN": SECRET,
    "ACTION_TOKEN": SECRET,
    "SECRET_KEY": SECRET,
    "ENCRYPTION_KEY": Fernet.generate_key().decode(),
    "API_KEYS": SECRET,
    "AGENCY_BASE_URL": "http://127.0.0.1:9000",
    "AGENCY_API_KEY": SECRET,
    "AGENCY_WEBHOOK_SECRETS": f'{{"hanbit-road": "{SECRET}"}}',
}

WRONG = [
    ("DATABASE_URL", "mysql://do-not-show"),
    ("DATABASE_URL", ""),
    ("REDIS_URL", "do-not-show"),
    ("REDIS_URL", "http://do-not-show"),
    ("RASA_URL", "do-not-show"),
    ("RASA_TOKEN", "do-not-show"),
    ("RASA_TIMEOUT", "do-not-show"),
    ("RASA_TIMEOUT", "0"),
    ("ACTION_TOKEN", "short"),
    ("SECRET_KEY", "short"),
    ("ENCRYPTION_KEY", "do-not-show"),
    ("ENCRYPTION_KEY", ""),
    ("AGENCY_BASE_URL", "do-not-show"),
    ("AGENCY_API_KEY", "short"),
    ("AGENCY_WEBHOOK_SECRETS", "do-not-show"),
    ("AGENCY_WEBHOOK_SECRETS", '["do-not-show"]'),
    ("AGENCY_WEBHOOK_SECRETS", ""),
    ("EMBED_ORIGINS", "do-not-show"),
    ("PORT", "do-not-show"),
    ("PORT", "70000"),
    ("ENVIRONMENT", "do-not-show"),
    ("SECURE_COOKIES", "do-not-show"),
    ("DELIVERY_MAX_ATTEMPTS", "0"),
    ("EXTRA_HOLIDAYS", '["do-not-show"]'),
    ("TAXONOMY_PATH", "/do-not-show.yml"),
    ("REGISTRY_PATH", "/do-not-show.yml"),
    ("EMERGENCY_CUES_PATH", "/do-not-show.yml"),
    ("EMERGENCY_CARDS_PATH", "/do-not-show.yml"),
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in VALID.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def complaint() -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    line = str(caught.value)
    assert "\n" not in line
    assert "do-not-show" not in line
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return line


def test_what_is_needed_is_enough(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.agency_webhook_secrets["hanbit-road"].get_secret_value() == SECRET
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_missing_setting_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    line = complaint()
    assert name in line
    assert not any(other in line for other in VALID if other not in name and name not in other)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    assert name in complaint()


def test_every_wrong_setting_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SECRET_KEY")
    environment.setenv("PORT", "0")
    line = complaint()
    assert "SECRET_KEY" in line
    assert "PORT" in line


@pytest.mark.parametrize("module", ["deploy.web", "services.worker"])
@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", None), ("AGENCY_WEBHOOK_SECRETS", "{")])
def test_a_part_that_cannot_start_says_so_in_one_line(
    module: str, name: str, value: str | None, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **VALID}
    if value is None:
        del environment[name]
    else:
        environment[name] = value
    ended = subprocess.run([sys.executable, "-m", module], env=environment, cwd=ROOT, capture_output=True, timeout=60)
    assert ended.returncode == 2
    [line] = ended.stderr.decode().splitlines()
    assert line.startswith("settings: ")
    assert name in line
    assert ended.stdout == b""
