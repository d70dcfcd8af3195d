"""Kills every part in turn while citizens talk, and counts what was lost: nothing may be.

    python -m deploy.load.kill_parts --url http://127.0.0.1:8000 --state-dir var --conversations 50

Bounded: each part is killed once, a citizen gives up after two minutes without an answer, and deliveries get two
minutes at the end. Prints two tables; exit status 1 on any loss, any case delivered twice, any part that stays down.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.load.citizens import Promises, SimulatedCitizen
from deploy.load.parts import COMMANDS, Parts

RESTART_LIMIT = 90.0
DELIVERY_LIMIT = 120.0


class StaysDown(Exception):
    """A part has not come back within RESTART_LIMIT; the message is why."""


@dataclass
class Report:
    """Counts over all conversations. `seconds` is from kill -9 until the part works and /readyz is green."""

    conversations: int = 0
    messages: int = 0
    messages_lost: int = 0
    messages_twice: int = 0
    replies: int = 0
    replies_lost: int = 0
    receipts: int = 0
    receipts_lost: int = 0
    delivered_once: int = 0
    delivered_twice: int = 0
    not_delivered: int = 0
    recorded_not_once: int = 0
    repeats: int = 0
    outages: int = 0
    given_up: int = 0
    seconds: dict[str, float | None] = field(default_factory=dict)

    @property
    def losses(self) -> int:
        return (
            self.messages_lost
            + self.messages_twice
            + self.replies_lost
            + self.receipts_lost
            + self.delivered_twice
            + self.not_delivered
            + self.recorded_not_once
            + sum(seconds is None for seconds in self.seconds.values())
        )

    def table(self) -> str:
        rows = [
            ("conversations", self.conversations),
            ("messages acknowledged", self.messages),
            ("  found in the transcript", self.messages - self.messages_lost),
            ("  stored more than once", self.messages_twice),
            ("replies acknowledged", self.replies),
            ("  found in the transcript", self.replies - self.replies_lost),
            ("receipts acknowledged", self.receipts),
            ("  cases found", self.receipts - self.receipts_lost),
            ("  delivered once", self.delivered_once),
            ("  delivered twice", self.delivered_twice),
            ("  not delivered yet", self.not_delivered),
            ("  recorded other than once", self.recorded_not_once),
            ("requests repeated by citizens", self.repeats),
            ("turns answered by the fallback", self.outages),
            ("citizens who gave up", self.given_up),
        ]
        lines = [f"{name:<32}{value:>8,}" for name, value in rows]
        lines += ["", f"{'killed':<12}{'seconds until ready':>20}"]
        for part, seconds in self.seconds.items():
            lines.append(f"{part:<12}{'still down' if seconds is None else f'{seconds:.1f}':>20}")
        return "\n".join(lines)


async def run(
    parts: Parts,
    *,
    conversations: int,
    kill: Sequence[str] = tuple(COMMANDS),
    between: float = 3.0,
    think: tuple[float, float] = (1.0, 4.0),
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Lets `conversations` citizens report one case after the other while each part of `kill` dies once."""
    report = Report(conversations=conversations)
    limits = httpx.Limits(max_connections=conversations * 2, max_keepalive_connections=conversations)
    async with httpx.AsyncClient(base_url=parts.url, timeout=20, limits=limits, trust_env=False) as http:
        stop = asyncio.Event()
        citizens = [SimulatedCitizen(http, number=number, think=think) for number in range(1, conversations + 1)]
        talks = [asyncio.create_task(citizen.talk(stop)) for citizen in citizens]
        await asyncio.sleep(between)
        for part in kill:
            try:
                report.seconds[part] = await _kill(parts, part)
            except StaysDown as reason:
                # The rest would be counted against a system that is broken already.
                report.seconds[part] = None
                say(f"{part} killed; after {RESTART_LIMIT:.0f} s: {reason}. Nothing more is killed or counted")
                for talk in talks:
                    talk.cancel()
                return report
            say(f"{part} killed; works again after {report.seconds[part]:.1f} s")
            await asyncio.sleep(between)
        stop.set()
        promises = await asyncio.gather(*talks)
        say("the citizens have finished; looking at what they were promised")
        for promise in promises:
            await _check_transcript(http, promise, report)
        receipts = {number: pin for promise in promises for number, pin in promise.receipts.items()}
        await _check_cases(http, parts, receipts, report)
    return report


async def _kill(parts: Parts, part: str) -> float:
    """Seconds until it works again. Raises StaysDown."""
    killed_at, started = time.time(), time.monotonic()
    pid = await asyncio.to_thread(parts.kill, part)
    while reason := await asyncio.to_thread(parts.why_not_ready, part, instead_of=pid, killed_at=killed_at):
        if time.monotonic() - started > RESTART_LIMIT:
            raise StaysDown(reason)
        await asyncio.sleep(0.2)
    return time.monotonic() - started


async def _check_transcript(http: httpx.AsyncClient, promise: Promises, report: Report) -> None:
    report.repeats += promise.repeats
    report.outages += promise.outages
    report.given_up += bool(promise.given_up) or not promise.session_id
    report.messages += promise.said.total()
    report.replies += len(promise.replies)
    if not promise.session_id:
        return
    answer = await http.get(f"/api/v1/chat/sessions/{promise.session_id}/messages", headers=promise.headers)
    answer.raise_for_status()
    messages = answer.json()["messages"]
    found = Counter(message["text"] for message in messages if message["author"] == "citizen")
    report.messages_lost += (promise.said - found).total()
    report.messages_twice += (found - promise.said - promise.given_up).total()
    report.replies_lost += len(promise.replies - {message["id"] for message in messages})


async def _check_cases(http: httpx.AsyncClient, parts: Parts, receipts: dict[str, str], report: Report) -> None:
    """Every receipt opens a case, the agencies hold it once, and its history says once that it was delivered."""
    report.receipts = len(receipts)
    give_up = time.monotonic() + DELIVERY_LIMIT
    while True:
        at_agency = await _held_by_agencies(parts)
        recorded = {number: await _delivered_events(http, number, pin) for number, pin in receipts.items()}
        waiting = [number for number in receipts if not at_agency[number] or recorded[number] == 0]
        if not waiting or time.monotonic() > give_up:
            break
        await asyncio.sleep(1.0)
    report.receipts_lost = sum(events is None for events in recorded.values())
    report.recorded_not_once = sum(events is not None and events != 1 for events in recorded.values())
    report.delivered_once = sum(at_agency[number] == 1 for number in receipts)
    report.delivered_twice = sum(at_agency[number] > 1 for number in receipts)
    report.not_delivered = sum(at_agency[number] == 0 for number in receipts)


async def _held_by_agencies(parts: Parts) -> Counter[str]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        answer = await http.get(f"{parts.sandbox_url}/control/requests", headers=parts.sandbox_headers)
    answer.raise_for_status()
    return Counter(request["reference"] for request in answer.json()["requests"])


async def _delivered_events(http: httpx.AsyncClient, receipt_no: str, pin: str) -> int | None:
    """How often the case says that it was delivered; None when there is no such case."""
    answer = await http.get(f"/api/v1/cases/{receipt_no}", headers={"X-Case-Pin": pin})
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    answer.raise_for_status()
    timeline: list[dict[str, str]] = answer.json()["timeline"]
    return sum(entry["type"] == "delivered" for entry in timeline)


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m deploy.load.kill_parts", description=__doc__.splitlines()[0])
    reader.add_argument("--url", default="http://127.0.0.1:8000")
    reader.add_argument("--state-dir", type=Path, default=Path("var"))
    reader.add_argument("--conversations", type=int, default=50)
    reader.add_argument("--between", type=float, default=5.0, help="seconds of peace between two kills")
    given = reader.parse_args()
    parts = Parts(given.url.rstrip("/"), given.state_dir.resolve())
    missing = [part for part in COMMANDS if parts.process(part) is None]
    if missing:
        print(f"kill_parts: no system runs on {parts.state_dir} (not found: {', '.join(missing)})", file=sys.stderr)
        return 2
    report = asyncio.run(run(parts, conversations=given.conversations, between=given.between, say=print))
    print(f"\n{report.table()}")
    return 1 if report.losses else 0


if __name__ == "__main__":
    raise SystemExit(main())
