"""The trained model must not understand less than what has been recorded."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.system import ROOT, RunningSystem

pytestmark = pytest.mark.system

SETS = ROOT / "tests" / "services" / "chat"
# Measured on 2026-11-23: 0.959 and 0.050, on lists whose authors saw neither cues nor training lists (nlu_data/DATASHEET.md).
FOUND_AT_LEAST = 0.945
FALSE_AT_MOST = 0.06


def test_the_frozen_set_is_understood_as_well_as_recorded(system: RunningSystem, tmp_path: Path) -> None:
    model = max((system.state_dir / "models").glob("*.tar.gz"))
    python = os.environ.get("BOT_PYTHON") or str(ROOT / ".venv-bot" / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "bot.evaluate", "--model", str(model), "--out", str(tmp_path), "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert json.loads((tmp_path / "scores.json").read_text())["floor"]


def _alarms(system: RunningSystem, name: str) -> float:
    rows: list[dict[str, Any]] = [json.loads(line) for line in (SETS / name).read_text().splitlines()]
    texts = [row["text"] for row in rows]
    found = []
    with httpx.Client(base_url=system.url, timeout=60) as http:
        for start in range(0, len(texts), 200):
            answer = http.post(
                "/api/v1/classify",
                json={"texts": texts[start : start + 200]},
                headers={"X-API-Key": system.credentials["api_key"]},
            )
            found += answer.raise_for_status().json()["results"]
    assert len(found) == len(rows) >= 400
    return sum(result["emergency"] is not None for result in found) / len(found)


def test_dangers_are_seen_and_look_alikes_are_not(system: RunningSystem) -> None:
    assert _alarms(system, "emergency_blind_danger.jsonl") >= FOUND_AT_LEAST
    assert _alarms(system, "emergency_blind_safe.jsonl") <= FALSE_AT_MOST
