"""SIGTERM ends the launcher and everything it started; a second start finds its data again."""

from __future__ import annotations

import psutil
import pytest

from tests.support.system import Citizen, RunningSystem, eventually

pytestmark = [pytest.mark.system, pytest.mark.faults]


def test_sigterm_ends_every_part_within_ten_seconds_and_a_second_start_finds_the_case_again(
    system: RunningSystem,
) -> None:
    citizen = Citizen(system)
    receipt = citizen.report_pothole("중앙로 88 앞")
    eventually(lambda: citizen.read_case(receipt)["status"] == "accepted")
    credentials, transcript = system.credentials, citizen.transcript()
    assert system.process is not None
    children = psutil.Process(system.process.pid).children(recursive=True)
    assert len(children) >= 7, "the process manager and six parts"

    seconds = system.stop()
    try:
        assert seconds < 10
        _, alive = psutil.wait_procs(children, timeout=0.5)
        assert not alive, [process.cmdline() for process in alive]
        assert not list(system.state_dir.glob("postgres/postmaster.pid")), "PostgreSQL was shut down, not killed"
    finally:
        system.start()

    assert system.credentials == credentials
    assert citizen.transcript() == transcript
    assert citizen.read_case(receipt)["status"] == "accepted"
    status = citizen.say("제가 접수한 민원 어떻게 됐나요")["messages"]
    assert any(receipt["receipt_no"] in message["text"] for message in status)
    assert len(system.requests_at_agency(receipt["receipt_no"])) == 1
