"""`python -m admin.auth create-user`, as the launcher calls it."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import pytest

from services.runtime import Services
from services.settings import ROOT, Settings
from tests.admin.panel import sign_in


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    plain = settings.model_dump(exclude_defaults=True)
    values = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value for name, value in plain.items()
    }
    return {
        name.upper(): value if isinstance(value, str) else json.dumps(value, default=str)
        for name, value in values.items()
    }


def create_user(environment: dict[str, str], *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "admin.auth", "create-user", "--role", "officer", "--display-name", "이담당"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env={**environment, **extra}, capture_output=True, text=True, timeout=60
    )


async def test_a_made_up_password_is_printed_once_and_works(
    services: Services, browser: httpx.AsyncClient, environment: dict[str, str]
) -> None:
    made = create_user(environment, "--username", "demo", "--department", "민원과", "--if-absent")
    assert made.returncode == 0, made.stderr
    printed = json.loads(made.stdout)
    assert {key: printed[key] for key in ("username", "role", "created")} == {
        "username": "demo",
        "role": "officer",
        "created": True,
    }
    again = create_user(environment, "--username", "demo", "--if-absent")
    assert (again.returncode, json.loads(again.stdout)) == (0, {"username": "demo", "created": False})
    assert (await sign_in(browser, username="demo", password=printed["password"])).status_code == 303


async def test_a_given_password_is_not_printed(
    services: Services, browser: httpx.AsyncClient, environment: dict[str, str]
) -> None:
    made = create_user(environment, "--username", "demo", ADMIN_PASSWORD="주어진-비밀번호-1")
    assert "주어진" not in made.stdout + made.stderr
    assert (await sign_in(browser, username="demo", password="주어진-비밀번호-1")).status_code == 303


@pytest.mark.parametrize(
    ("arguments", "extra", "line"),
    [
        (["--username", "demo"], {"ADMIN_PASSWORD": "짧음"}, "create-user: a password needs at least 10 characters"),
        (["--username", "한글"], {}, "create-user: 한글 is no user name (3 to 40 of a-z, 0-9, . - _)"),
    ],
)
async def test_a_mistake_is_one_line(
    services: Services, environment: dict[str, str], arguments: list[str], extra: dict[str, str], line: str
) -> None:
    made = create_user(environment, *arguments, **extra)
    assert (made.returncode, made.stdout, made.stderr.strip()) == (1, "", line)


async def test_a_taken_name_is_refused(services: Services, environment: dict[str, str]) -> None:
    assert create_user(environment, "--username", "demo").returncode == 0
    again = create_user(environment, "--username", "demo")
    assert (again.returncode, again.stderr.strip()) == (1, "create-user: the user name demo is taken")
