"""Without Rasa: a life at risk gets its line at once, everybody else an apology and an officer's queue."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.support.system import Citizen, RunningSystem, eventually

pytestmark = [pytest.mark.system, pytest.mark.faults]


@pytest.fixture(params=["frozen", "killed"])
def rasa_gone(system: RunningSystem, request: pytest.FixtureRequest) -> Iterator[str]:
    """Rasa hangs (kill -STOP) or is dead (kill -9; it needs about 20 s to come back); afterwards it works again."""
    pid, killed_at = system.pid("rasa"), time.time()
    os.kill(pid, signal.SIGSTOP if request.param == "frozen" else signal.SIGKILL)
    yield request.param
    if request.param == "frozen":
        os.kill(pid, signal.SIGCONT)
    else:
        system.wait_restarted("rasa", instead_of=pid, killed_at=killed_at)
    # The circuit breaker lets a trial through every five seconds.
    eventually(lambda: "어디" in Citizen(system).hear("도로에 구멍이 났어요"), seconds=30, every=1)


def test_without_rasa_an_emergency_gets_its_line_and_nothing_said_is_lost(
    system: RunningSystem, rasa_gone: str
) -> None:
    citizen = Citizen(system)
    started = time.monotonic()
    alarm = citizen.say("집에 불이 났어요")
    assert time.monotonic() - started < 1.5
    assert alarm["messages"][0]["kind"] == "emergency"
    assert alarm["messages"][0]["data"]["line"] == "119"
    assert alarm["state"] == "bot"

    started = time.monotonic()
    apology = citizen.say("가로등이 꺼졌어요")
    assert time.monotonic() - started < 5
    assert apology["state"] == "queued"
    assert apology["messages"][0]["kind"] == "notice"
    assert "죄송해요" in apology["messages"][0]["text"]
    assert "110" in apology["messages"][0]["text"]
    waiting = system.query(
        "SELECT lower(queue_reason::text) FROM chat_sessions WHERE id = %s AND lower(state::text) = 'queued'",
        citizen.session_id,
    )
    assert waiting == [("outage",)]

    # Once the breaker is open, nobody waits for the time-out any more.
    for _ in range(3):
        citizen.say("여보세요?")
    started = time.monotonic()
    citizen.say("아무도 없나요?")
    assert time.monotonic() - started < 1.5
    started = time.monotonic()
    assert Citizen(system).say("사람이 물에 빠졌어요")["messages"][0]["data"]["line"] == "119"
    assert time.monotonic() - started < 1.5
    said = [message["text"] for message in citizen.transcript() if message["author"] == "citizen"]
    assert said == ["집에 불이 났어요", "가로등이 꺼졌어요", *["여보세요?"] * 3, "아무도 없나요?"]
    assert not system.is_ready()


def test_after_an_outage_the_bot_answers_the_same_conversation_again(system: RunningSystem) -> None:
    citizen, pid = Citizen(system), system.pid("rasa")
    citizen.say("도로에 구멍이 났어요")
    os.kill(pid, signal.SIGSTOP)
    try:
        assert citizen.say("중앙로 21 앞")["state"] == "queued"
    finally:
        os.kill(pid, signal.SIGCONT)
    # The frozen turn may have been taken in meanwhile; the citizen simply says it again.
    reply = eventually(lambda: (found := citizen.say("중앙로 21 앞"))["state"] == "bot" and found, seconds=30, every=1)
    assert "사진" in reply["messages"][-1]["text"] or "전화번호" in reply["messages"][-1]["text"]
    queued = system.query("SELECT queue_reason FROM chat_sessions WHERE id = %s", citizen.session_id)
    assert queued == [(None,)]
    system.wait_ready()
