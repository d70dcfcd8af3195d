"""The public surface as interfaces promise it, against the whole running system."""

from __future__ import annotations

import json
import stat
import uuid
from datetime import datetime
from typing import Any

import httpx
import psutil
import pytest

from tests.support.system import Citizen, RunningSystem

pytestmark = pytest.mark.system

MESSAGE = {"id", "author", "kind", "text", "choices", "data", "created_at"}
AUTHORS = {"bot", "officer", "system", "citizen"}
KINDS = {"text", "choices", "emergency", "case_receipt", "case_status", "notice"}
CLASSIFICATION = {
    *("intent", "confidence", "family", "agency", "urgency"),
    *("ranking", "abstained", "emergency", "model_version"),
}


@pytest.fixture
def http(system: RunningSystem) -> httpx.Client:
    return httpx.Client(base_url=system.url, timeout=30)


@pytest.fixture
def api_key(system: RunningSystem) -> dict[str, str]:
    return {"X-API-Key": system.credentials["api_key"]}


def assert_message(message: dict[str, Any]) -> None:
    assert set(message) >= MESSAGE
    assert message["author"] in AUTHORS
    assert message["kind"] in KINDS
    assert all(set(choice) >= {"title", "payload"} for choice in message["choices"])
    assert datetime.fromisoformat(message["created_at"]).tzinfo is not None


def assert_problem(answer: httpx.Response, *statuses: int) -> None:
    """RFC 9457, with Korean words for people and nothing of the inside."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].startswith("/problems/")
    assert any("가" <= letter <= "힣" for letter in body["detail"])
    assert "Traceback" not in answer.text
    assert "sqlalchemy" not in answer.text.lower()


# pages and health -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "holds"),
    [
        ("/", "text/html", "<public-assistant"),
        ("/widget.js", "text/javascript", "customElements.define"),
        ("/docs", "text/html", "swagger-ui"),
        ("/openapi.json", "application/json", "/api/v1/chat/sessions"),
        ("/healthz", "application/json", "ok"),
        ("/readyz", "application/json", "ready"),
        ("/metrics", "text/plain", "http_requests_total"),
        ("/admin/login", "text/html", "로그인"),
        ("/open311/v2/services.json", "application/json", "service_code"),
    ],
)
def test_every_public_page_answers(http: httpx.Client, path: str, kind: str, holds: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert holds in answer.text


def test_the_panel_leads_to_its_sign_in(http: httpx.Client) -> None:
    answer = http.get("/admin/")
    assert answer.status_code in (302, 303, 307)
    assert "/admin/" in answer.headers["location"]
    landed = http.get("/admin/", follow_redirects=True)
    assert 'type="password"' in landed.text


def test_the_page_loads_nothing_from_elsewhere(http: httpx.Client) -> None:
    answer = http.get("/")
    assert "https://" not in answer.text.replace("https://HOST", "")
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_any_site_may_embed_the_widget(http: httpx.Client) -> None:
    answer = http.get("/widget.js", headers={"Origin": "https://city.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


# sessions and messages --------------------------------------------------------------------------------------------


def test_a_session_opens_and_says_first_that_this_is_an_ai(http: httpx.Client) -> None:
    answer = http.post("/api/v1/chat/sessions", json={"lang": "ko", "location": {"lat": 37.5, "lon": 127.0}})
    assert answer.status_code == 201
    opened = answer.json()
    assert uuid.UUID(opened["session_id"])
    assert len(opened["token"]) >= 20
    assert opened["messages"]
    for message in opened["messages"]:
        assert_message(message)
    assert "인공지능" in opened["messages"][0]["text"]


@pytest.mark.parametrize(("lang", "word"), [("en", "AI assistant"), ("zh-CN", "人工智能"), ("xx", "인공지능")])
def test_the_greeting_speaks_the_language_that_was_asked_for(system: RunningSystem, lang: str, word: str) -> None:
    assert word in Citizen(system, lang=lang).messages[0]["text"]


def test_a_message_is_answered_and_a_repeat_gets_the_same_answer_and_does_nothing_twice(system: RunningSystem) -> None:
    citizen, client_message_id = Citizen(system), str(uuid.uuid4())
    first = citizen.post("집 앞 도로가 파였어요", client_message_id=client_message_id).json()
    again = citizen.post("집 앞 도로가 파였어요", client_message_id=client_message_id).json()
    assert set(first) >= {"messages", "state", "case"}
    assert first["state"] == "bot"
    assert first["case"] is None
    for message in first["messages"]:
        assert_message(message)
    assert again == first
    transcript = citizen.transcript()
    assert [m["author"] for m in transcript].count("citizen") == 1
    assert len(transcript) == 2 + len(first["messages"])


def test_the_transcript_can_be_read_from_a_message_on(system: RunningSystem) -> None:
    citizen = Citizen(system)
    reply = citizen.say("안녕하세요")
    whole = citizen.transcript()
    after = httpx.get(citizen.path, params={"after": whole[0]["id"]}, headers=citizen.headers).json()
    assert [m["id"] for m in after["messages"]] == [m["id"] for m in whole[1:]]
    assert after["messages"][-1]["id"] == reply["messages"][-1]["id"]
    assert after["state"] == "bot"


def test_an_emergency_inside_a_form_gets_its_line_first(system: RunningSystem) -> None:
    citizen = Citizen(system)
    citizen.say("집 앞 도로가 파였어요")
    reply = citizen.say("집에 불이 났어요!!")
    first = reply["messages"][0]
    assert first["kind"] == "emergency"
    assert first["data"]["line"] == "119"
    assert first["data"]["cue"]


@pytest.mark.parametrize(
    "text",
    [
        "😀🏳️‍🌈👍🏽",
        "\ud83d 반쪽",
        "Robert'); DROP TABLE cases;--",
        "<script>alert(1)</script>",
        "ㅋㅋㅋㅋㅠㅠ",
        "\u0000\u0007 안녕",
        "가" * 4000,
    ],
    ids=["emoji", "half an emoji", "sql", "html", "jamo", "control characters", "4000 letters"],
)
def test_whatever_is_typed_gets_an_answer(system: RunningSystem, text: str) -> None:
    citizen = Citizen(system)
    body = {"text": text, "client_message_id": str(uuid.uuid4())}
    raw = json.dumps(body).encode()  # as a browser sends half an emoji: escaped
    headers = {**citizen.headers, "Content-Type": "application/json"}
    answer = httpx.post(citizen.path, content=raw, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.json()["messages"]
    assert answer.json()["state"] == "bot"


# errors -----------------------------------------------------------------------------------------------------------


def test_wrong_tokens_and_unknown_sessions_cannot_be_told_apart(system: RunningSystem) -> None:
    citizen = Citizen(system)
    unknown = f"{system.url}/api/v1/chat/sessions/{uuid.uuid4()}/messages"
    answers = [
        httpx.get(citizen.path, headers={"Authorization": "Bearer nonsense"}),
        httpx.get(citizen.path),
        httpx.get(citizen.path, headers=Citizen(system).headers),
        httpx.get(unknown, headers=citizen.headers),
    ]
    for answer in answers:
        assert_problem(answer, 404)
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ({"text": "  ", "client_message_id": "a"}, (422,)),
        ({"text": "", "client_message_id": "a"}, (422,)),
        ({"text": "가" * 4001, "client_message_id": "a"}, (413, 422)),
        ({"text": "안녕"}, (422,)),
        ({"text": 7, "client_message_id": "a"}, (422,)),
        ([], (422,)),
    ],
    ids=["blank", "empty", "4001 letters", "no id", "a number", "a list"],
)
def test_a_message_that_is_none_is_refused_and_nothing_is_stored(
    system: RunningSystem, body: object, statuses: tuple[int, ...]
) -> None:
    citizen = Citizen(system)
    assert_problem(httpx.post(citizen.path, json=body, headers=citizen.headers), *statuses)
    assert len(citizen.transcript()) == 1


def test_broken_json_and_a_wrong_content_type_are_refused(system: RunningSystem) -> None:
    citizen = Citizen(system)
    broken = {**citizen.headers, "Content-Type": "application/json"}
    assert_problem(httpx.post(citizen.path, content=b'{"text": ', headers=broken), 400, 422)
    assert_problem(httpx.post(citizen.path, content=b"\xff\xfe", headers=broken), 400, 422)
    plain = {**citizen.headers, "Content-Type": "text/plain"}
    assert_problem(httpx.post(citizen.path, content=b"hello", headers=plain), 415)


def test_an_unknown_case_and_a_wrong_pin_are_the_same_404(system: RunningSystem, http: httpx.Client) -> None:
    receipt = Citizen(system).report_pothole()
    path = f"/api/v1/cases/{receipt['receipt_no']}"
    wrong = "000000" if receipt["pin"] != "000000" else "000001"
    answers = [
        http.get("/api/v1/cases/20260101-000000", headers={"X-Case-Pin": "000000"}),
        http.get("/api/v1/cases/nonsense", headers={"X-Case-Pin": "000000"}),
        http.get(path, headers={"X-Case-Pin": wrong}),
        http.get(path),
    ]
    for answer in answers:
        assert_problem(answer, 404)
    assert len({answer.text for answer in answers}) == 1
    assert http.get(path, headers={"X-Case-Pin": receipt["pin"]}).status_code == 200


def test_an_unknown_path_is_a_problem_document(http: httpx.Client) -> None:
    assert_problem(http.get("/api/v1/nothing"), 404)


def test_an_unsigned_agency_event_is_refused(http: httpx.Client) -> None:
    event = {"event_id": "1", "reference": "20260101-000000", "type": "answered", "text": "끝"}
    assert http.post("/api/v1/agencies/hanbit-road/events", json=event).status_code in (401, 403, 404)
    forged = {"X-Signature": "t=1,v1=00"}
    answer = http.post("/api/v1/agencies/hanbit-road/events", json=event, headers=forged)
    assert_problem(answer, 401, 403, 404)


def test_the_internal_action_endpoint_is_closed_to_the_world(http: httpx.Client) -> None:
    assert_problem(http.post("/internal/actions", json={"next_action": "action_start_case"}), 401, 403, 404)


# classification ---------------------------------------------------------------------------------------------------


def test_classify_answers_in_order_with_every_field(http: httpx.Client, api_key: dict[str, str]) -> None:
    texts = ["가로등이 꺼졌어요", "사람이 쓰러졌는데 숨을 안 쉬어요", "기초연금 신청하려고요"]
    answer = http.post("/api/v1/classify", json={"texts": texts}, headers=api_key)
    assert answer.status_code == 200
    lamp, collapse, pension = answer.json()["results"]
    assert (lamp["intent"], pension["intent"]) == ("streetlight", "basic_pension")
    assert collapse["emergency"]["line"] == "119"
    assert lamp["emergency"] is None
    assert pension["emergency"] is None
    for result in (lamp, collapse, pension):
        assert set(result) >= CLASSIFICATION
        confidences = [guess["confidence"] for guess in result["ranking"]]
        assert len(confidences) == 5
        assert confidences == sorted(confidences, reverse=True)
        assert result["confidence"] == confidences[0]
        assert result["model_version"]


def test_classify_takes_256_texts_and_no_more(http: httpx.Client, api_key: dict[str, str]) -> None:
    answer = http.post("/api/v1/classify", json={"texts": ["가로등이 꺼졌어요"] * 256}, headers=api_key)
    assert len(answer.json()["results"]) == 256
    assert_problem(http.post("/api/v1/classify", json={"texts": ["안녕"] * 257}, headers=api_key), 413, 422)


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}])
def test_classify_needs_a_key(http: httpx.Client, headers: dict[str, str]) -> None:
    assert_problem(http.post("/api/v1/classify", json={"texts": ["안녕"]}, headers=headers), 401, 403)


# Open311 ----------------------------------------------------------------------------------------------------------


def test_open311_lists_what_can_be_reported(http: httpx.Client) -> None:
    services = http.get("/open311/v2/services.json").json()
    assert {service["service_code"] for service in services} >= {"road_damage", "streetlight", "illegal_parking"}
    assert all({"service_code", "service_name", "description", "metadata", "type", "group"} <= set(s) for s in services)
    definition = http.get("/open311/v2/services/road_damage.json").json()
    assert definition["service_code"] == "road_damage"
    assert "location" in {attribute["code"] for attribute in definition["attributes"]}
    assert http.get("/open311/v2/services/nothing.json").status_code == 404


# what make run leaves behind --------------------------------------------------------------------------------------


def test_the_credentials_are_for_their_owner_only(system: RunningSystem) -> None:
    for name in ("credentials.json", "secrets.json"):
        assert stat.S_IMODE((system.state_dir / name).stat().st_mode) == 0o600
    kept = system.credentials
    assert {user["role"] for user in kept["users"]} >= {"officer", "administrator"}
    assert all(len(user["password"]) >= 12 for user in kept["users"])
    assert len(kept["api_key"]) >= 16


def test_no_part_listens_beyond_the_loopback_interface(system: RunningSystem) -> None:
    assert system.process is not None
    parts = psutil.Process(system.process.pid).children(recursive=True)
    listening = [c.laddr.ip for part in parts for c in part.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}
