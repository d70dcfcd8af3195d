"""What the launcher finds and makes in a state directory."""

from __future__ import annotations

from pathlib import Path

from deploy.launcher.environment import prepare
from tests.support.system import free_port


def test_training_before_the_first_run_finds_ports_of_its_own(tmp_path: Path) -> None:
    variables = {"STATE_DIR": str(tmp_path), "PORT": str(free_port()), "PATH": "/usr/bin:/bin"}
    first = prepare(variables, running=True)
    assert first.environment["POSTGRES_PORT"] in first.environment["DATABASE_URL"]
    again = prepare(variables, running=True)
    assert again.environment["POSTGRES_PORT"] == first.environment["POSTGRES_PORT"]
