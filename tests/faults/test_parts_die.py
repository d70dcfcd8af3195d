"""kill -9 of each part in turn while ten citizens talk. The big version is `python -m deploy.load.kill_parts`."""

from __future__ import annotations

import asyncio

import pytest

from deploy.load import kill_parts
from deploy.load.parts import COMMANDS
from tests.support.system import RunningSystem

pytestmark = [pytest.mark.system, pytest.mark.faults]


def test_no_acknowledged_message_and_no_filed_case_is_lost_whichever_part_dies(system: RunningSystem) -> None:
    report = asyncio.run(kill_parts.run(system.parts, conversations=10, between=1.5, think=(0.5, 2.0)))
    print(report.table())
    assert set(report.seconds) == set(COMMANDS) == {"postgres", "valkey", "rasa", "web", "worker", "sandbox"}
    assert report.losses == 0, report.table()
    assert report.given_up == 0, report.table()
    assert report.messages >= 50
    assert report.receipts >= 5
    assert report.delivered_once == report.receipts
    assert system.is_ready()
