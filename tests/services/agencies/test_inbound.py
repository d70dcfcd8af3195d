"""An agency's signed webhook, over HTTP with real signatures."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.agencies.signing import HEADER, sign
from services.cases.enums import CaseStatus, EventType
from services.cases.models import Case
from services.chat.enums import Author
from services.runtime import Services
from tests.support.filing import events_of, file_case, move, open_chat, read_case, transcript_of

ROAD = "hanbit-road"


def event(case: Case, kind: str = "accepted", **changes: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid4()),
        "reference": case.receipt_no,
        "external_id": "A-1",
        "type": kind,
        "text": None,
        "occurred_at": "2026-11-22T10:00:00+09:00",
        **changes,
    }


class Agency:
    def __init__(self, client: httpx.AsyncClient, services: Services, agency_id: str = ROAD) -> None:
        self._client, self.id = client, agency_id
        secret = services.settings.agency_webhook_secrets.get(agency_id)
        self._secret = secret.get_secret_value() if secret else "none"

    async def send(
        self, body: dict[str, Any] | bytes, *, secret: str | None = None, at: float | None = None, **headers: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = sign(secret or self._secret, content, at or time.time())
        return await self._client.post(
            f"/api/v1/agencies/{self.id}/events",
            content=content,
            headers={"Content-Type": "application/json", HEADER: signed, **headers},
        )


@pytest.fixture
def road(client: httpx.AsyncClient, services: Services) -> Agency:
    return Agency(client, services)


async def test_an_acceptance_moves_the_case_and_tells_the_citizen(road: Agency, services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    answer = await road.send(event(case))
    assert answer.status_code == 200
    assert answer.json()["recorded"] is True
    assert (await read_case(services, case)).status is CaseStatus.ACCEPTED
    [message] = await transcript_of(services, session_id)
    assert (message.author, "접수됨" in message.text) == (Author.SYSTEM, True)


async def test_an_answer_reaches_the_citizen_in_the_agencys_name(road: Agency, services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    assert (await road.send(event(case, "answered", text="보수를 마쳤습니다."))).status_code == 200
    [message] = await transcript_of(services, session_id)
    assert (message.author, message.text) == (Author.OFFICER, "보수를 마쳤습니다.")
    assert message.data["officer"] == "한빛시 도로과"
    last = (await events_of(services, case))[-1]
    assert (last.type, last.public, last.actor_name) == (EventType.ANSWERED, True, "한빛시 도로과")


async def test_an_event_sent_twice_is_recorded_once(road: Agency, services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    body = event(case, "answered", text="보수를 마쳤습니다.")
    assert [(await road.send(body)).json()["recorded"] for _ in range(3)] == [True, False, False]
    assert len(await events_of(services, case)) == 2
    assert len(await transcript_of(services, session_id)) == 1


async def test_an_event_sent_five_times_at_once_is_recorded_once(road: Agency, services: Services) -> None:
    case = await file_case(services)
    body = event(case)
    answers = await asyncio.gather(*(road.send(body) for _ in range(5)))
    assert sorted(answer.json()["recorded"] for answer in answers) == [False] * 4 + [True]
    assert len(await events_of(services, case)) == 2


async def test_every_agency_may_use_event_ids_as_long_as_documented(
    client: httpx.AsyncClient, services: Services
) -> None:
    for intent in ("road_damage", "wildlife", "scam"):
        case = await file_case(services, intent)
        sender = Agency(client, services, case.agency_id)
        body = event(case, event_id="e" * 100)
        assert [(await sender.send(body)).json()["recorded"] for _ in range(2)] == [True, False]


async def test_a_move_that_the_table_forbids_is_refused_and_written_down(road: Agency, services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    await move(services, case, CaseStatus.ANSWERED)
    told = len(await transcript_of(services, session_id))
    refused = await road.send(event(case, "in_progress", text="다시 봅니다"))
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/move-not-allowed"
    assert (await read_case(services, case)).status is CaseStatus.ANSWERED
    last = (await events_of(services, case))[-1]
    assert (last.type, last.public, last.data["moved"]) == (EventType.AGENCY, False, False)
    assert len(await transcript_of(services, session_id)) == told


async def test_a_state_that_it_has_already_is_noted_and_no_error(road: Agency, services: Services) -> None:
    case = await file_case(services)
    await road.send(event(case))
    assert (await road.send(event(case))).status_code == 200
    assert (await read_case(services, case)).status is CaseStatus.ACCEPTED


# who is it ----------------------------------------------------------------------------------------------------------


async def test_a_missing_or_broken_signature_is_401(road: Agency, services: Services) -> None:
    case = await file_case(services)
    for wrong in ("", "nonsense", "t=1,v1=00", "t=abc,v1=" + "0" * 64, "v1=" + "0" * 64):
        answer = await road.send(event(case), **{HEADER: wrong})
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-signature")
        assert answer.headers["content-type"] == "application/problem+json"
    assert len(await events_of(services, case)) == 1


async def test_another_agencys_secret_is_401(road: Agency, services: Services) -> None:
    case = await file_case(services)
    other = services.settings.agency_webhook_secrets["hanbit-sewer"].get_secret_value()
    answer = await road.send(event(case), secret=other)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-signature")


async def test_a_signature_of_another_time_is_401_with_a_type_of_its_own(road: Agency, services: Services) -> None:
    case = await file_case(services)
    for seconds in (-3600, -301, 305, 86_400):
        answer = await road.send(event(case), at=time.time() + seconds)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/stale-signature"), seconds
    assert len(await events_of(services, case)) == 1


async def test_an_unknown_agency_is_404(client: httpx.AsyncClient, services: Services) -> None:
    for agency_id in ("nobody", "%2e%2e", "%00", "한빛"):
        answer = await Agency(client, services, agency_id).send(b"{}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), agency_id


async def test_the_case_of_another_agency_is_404_like_one_that_does_not_exist(
    client: httpx.AsyncClient, services: Services
) -> None:
    case = await file_case(services, "road_damage")
    sewer = Agency(client, services, "hanbit-sewer")
    foreign = await sewer.send(event(case))
    unknown = await sewer.send(event(case, reference="20260101-000000"))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert len(await events_of(services, case)) == 1


# what is it ---------------------------------------------------------------------------------------------------------


MALFORMED = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"event_id": "\\ud800"}', b"[" * 20_000, b"{}", b"NaN"]


async def test_a_malformed_event_is_422_and_no_more(road: Agency) -> None:
    for body in MALFORMED:
        answer = await road.send(body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), body


async def test_a_field_out_of_bounds_is_422(road: Agency, services: Services) -> None:
    case = await file_case(services)
    changes: list[dict[str, Any]] = [
        {"type": "exploded"},
        {"occurred_at": "yesterday"},
        {"occurred_at": "2026-11-22T10:00:00"},
        {"event_id": ""},
        {"event_id": "e" * 101},
        {"reference": "2" * 21},
        {"text": "가" * 5_001},
        {"text": 7},
        {"event_id": None},
        {"event_id": "a\x00b"},
        {"reference": "2026\x00"},
    ]
    for change in changes:
        assert (await road.send(event(case, **change))).status_code == 422, change
    assert len(await events_of(services, case)) == 1


async def test_whatever_an_agency_writes_reaches_the_citizen_as_text(road: Agency, services: Services) -> None:
    for words in ("끝\x00났어요", "<script>alert(1)</script>", "'; DROP TABLE cases; --", "😀" * 100):
        session_id, _ = await open_chat(services)
        case = await file_case(services, session_id=session_id)
        assert (await road.send(event(case, "answered", text=words))).status_code == 200
        [message] = await transcript_of(services, session_id)
        assert message.text == words.replace("\x00", " ")


async def test_an_answer_of_blanks_is_told_as_the_new_state(road: Agency, services: Services) -> None:
    session_id, _ = await open_chat(services)
    case = await file_case(services, session_id=session_id)
    await road.send(event(case, "answered", text="  \n "))
    [message] = await transcript_of(services, session_id)
    assert "답변 완료" in message.text


async def test_an_over_long_event_is_413(road: Agency, services: Services) -> None:
    case = await file_case(services)
    for size in (70_000, 300_000):
        answer = await road.send(json.dumps({**event(case), "more": "x" * size}).encode())
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


async def test_an_over_long_event_without_a_length_is_413_too(client: httpx.AsyncClient) -> None:
    async def drips() -> Any:
        for _ in range(100):
            yield b"x" * 1_000

    answer = await client.post(
        f"/api/v1/agencies/{ROAD}/events", content=drips(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


async def test_fields_that_we_do_not_know_are_ignored(road: Agency, services: Services) -> None:
    case = await file_case(services)
    assert (await road.send(event(case, handler="박주무관"))).status_code == 200


async def test_another_content_type_is_415(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/api/v1/agencies/{ROAD}/events", content=b"a=1")
    assert answer.status_code == 415
