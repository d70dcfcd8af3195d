"""What the sandbox agencies tell the assistant, and how they insist."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.testing import SandboxProcess, WebhookReceiver
from services.agencies.signing import verify

SECRETS = {"hanbit-road": "the road department's secret"}


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def sandbox_for(receiver: WebhookReceiver, directory: Path, **options: float) -> SandboxProcess:
    return SandboxProcess(directory, webhook_url=receiver.url, webhook_secrets=SECRETS, **options)


def test_a_request_is_accepted_and_then_answered_with_signed_events(receiver: WebhookReceiver, tmp_path: Path) -> None:
    with sandbox_for(receiver, tmp_path) as sandbox:
        request_id = sandbox.file("R1").json()[0]["service_request_id"]
        [accepted] = receiver.taken(1)
        event_id = sandbox.answer(request_id, "보수했습니다.")
        _, answered = receiver.taken(2)
    assert accepted.path == "/api/v1/agencies/hanbit-road/events"
    assert accepted.event["type"] == "accepted"
    assert (answered.event["reference"], answered.event["external_id"]) == ("R1", request_id)
    assert (answered.event["type"], answered.event["text"]) == ("answered", "보수했습니다.")
    assert answered.event["event_id"] == event_id != accepted.event["event_id"]
    assert answered.event["occurred_at"].endswith("+09:00")
    for delivery in (accepted, answered):
        verify(SECRETS["hanbit-road"], delivery.signature, delivery.body, time.time())


def test_a_receiver_that_fails_twice_gets_the_event_a_third_time(receiver: WebhookReceiver, tmp_path: Path) -> None:
    receiver.statuses = [503, 404]
    with sandbox_for(receiver, tmp_path) as sandbox:
        sandbox.file("R1")
        [taken] = receiver.taken(1)
        time.sleep(0.5)
        [event] = sandbox.held()["requests"][0]["events"]
    assert [delivery.status for delivery in receiver.seen] == [503, 404, 204]
    assert {delivery.event["event_id"] for delivery in receiver.seen} == {taken.event["event_id"]}
    assert event["attempts"] == 3
    assert event["delivered_at"]


def test_the_answer_waits_for_the_acceptance(receiver: WebhookReceiver, tmp_path: Path) -> None:
    receiver.statuses = [500, 500]
    with sandbox_for(receiver, tmp_path) as sandbox:
        request_id = sandbox.file("R1").json()[0]["service_request_id"]
        sandbox.answer(request_id, "보수했습니다.")
        taken = receiver.taken(2)
    assert [delivery.event["type"] for delivery in taken] == ["accepted", "answered"]


def test_one_stubborn_event_does_not_hold_up_another_request(receiver: WebhookReceiver, tmp_path: Path) -> None:
    receiver.statuses = [500]
    with sandbox_for(receiver, tmp_path, retry_delay=1.0) as sandbox:
        sandbox.file("R1")
        time.sleep(0.3)
        sandbox.file("R2")
        first, second = receiver.taken(2)
    assert [first.event["reference"], second.event["reference"]] == ["R2", "R1"]


@pytest.mark.faults
def test_events_on_their_way_survive_a_kill(receiver: WebhookReceiver, tmp_path: Path) -> None:
    receiver.statuses = [503] * 1000
    with sandbox_for(receiver, tmp_path) as sandbox:
        request_id = sandbox.file("R1").json()[0]["service_request_id"]
        sandbox.answer(request_id, "보수했습니다.")
        sandbox.kill()
        receiver.statuses.clear()
        sandbox.start()
        taken = receiver.taken(2)
    assert [delivery.event["type"] for delivery in taken] == ["accepted", "answered"]


def test_an_agency_without_a_secret_sends_nothing_and_stops_nobody(receiver: WebhookReceiver, tmp_path: Path) -> None:
    with sandbox_for(receiver, tmp_path) as sandbox:
        sandbox.file("R1", service_code="HB0401")
        sandbox.file("R2")
        [taken] = receiver.taken(1)
    assert taken.event["reference"] == "R2"
    assert len(receiver.seen) == 1
