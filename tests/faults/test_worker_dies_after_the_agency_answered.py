"""The worst moment for a worker to die: the agency has taken the case in, and nobody here knows it yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.system import Citizen, RunningSystem, eventually

pytestmark = [pytest.mark.system, pytest.mark.faults]


@pytest.fixture
def holding_agency(system: RunningSystem) -> Iterator[None]:
    """The municipality takes the next case in, then keeps its answer to itself for 30 s."""
    fault = {"mode": "timeout_after_accept", "count": 1, "agency": "municipality", "seconds": 30}
    system.sandbox("POST", "/control/faults", fault)
    yield
    system.sandbox("POST", "/control/faults", {"mode": "none"})


def attempts_of(system: RunningSystem, receipt_no: str) -> list[tuple[Any, ...]]:
    return system.query(
        "SELECT a.outcome FROM delivery_attempts a JOIN deliveries d ON d.id = a.delivery_id"
        " JOIN cases c ON c.id = d.case_id WHERE c.receipt_no = %s ORDER BY a.number",
        receipt_no,
    )


@pytest.mark.usefixtures("holding_agency")
def test_a_case_is_delivered_once_though_the_worker_dies_after_the_agency_answered(system: RunningSystem) -> None:
    citizen = Citizen(system)
    receipt = citizen.report_pothole("중앙로 77 앞")
    receipt_no = receipt["receipt_no"]
    eventually(lambda: system.requests_at_agency(receipt_no), every=0.05)
    assert attempts_of(system, receipt_no) == [(None,)], "the worker still waits for the agency's answer"

    died = system.kill("worker")
    eventually(lambda: (process := system.parts.process("worker")) and process.pid != died)
    eventually(lambda: attempts_of(system, receipt_no) == [("interrupted",), ("delivered",)], seconds=60)

    held = system.requests_at_agency(receipt_no)
    assert len(held) == 1, "the agency recognised the key"
    assert held[0]["posts"] == 2, "though it was asked twice"
    eventually(lambda: citizen.read_case(receipt)["status"] == "accepted")
    timeline = [entry["type"] for entry in citizen.read_case(receipt)["timeline"]]
    assert timeline.count("delivered") == 1
    events = system.query(
        "SELECT count(*) FROM case_events e JOIN cases c ON c.id = e.case_id"
        " WHERE c.receipt_no = %s AND lower(e.type::text) = 'delivered'",
        receipt_no,
    )
    assert events == [(1,)]
    system.wait_ready()
