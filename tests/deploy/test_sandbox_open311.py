"""The sandbox as an Open311 agency, its control and its desk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.sandbox.settings import ROOT
from deploy.sandbox.testing import SandboxProcess


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def city(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.base_url}/municipality/open311/v2", trust_env=False) as client:
        yield client


@pytest.mark.faults
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox, ThreadPoolExecutor(8) as pool:
        acknowledged: dict[str, str] = {}

        def file_until_killed(worker: int) -> None:
            for number in range(1000):
                key = f"{worker}-{number}"
                try:
                    response = sandbox.file(key, idempotency_key=key)
                except httpx.TransportError:
                    return
                acknowledged[key] = response.json()[0]["service_request_id"]
                if len(acknowledged) >= 60:
                    sandbox.kill()

        list(pool.map(file_until_killed, range(8)))
        sandbox.start()
        held = {request["idempotency_key"]: request["id"] for request in sandbox.held()["requests"]}
        assert len(acknowledged) >= 60
        assert acknowledged.items() <= held.items()
        key = next(iter(acknowledged))
        assert sandbox.file(key, idempotency_key=key).json()[0]["service_request_id"] == acknowledged[key]


def test_the_same_key_at_the_same_time_is_one_request(sandbox: SandboxProcess) -> None:
    key = uuid4().hex
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.file("R-same", idempotency_key=key).json(), range(8)))
    assert len({answer[0]["service_request_id"] for answer in answers}) == 1
    assert sandbox.held()["posts"][key] == 8


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "열쇠"}, 403, "api_key"),
        ({"service_code": "NONE"}, 404, "service_code"),
        ({"jurisdiction_id": "elsewhere.go.kr"}, 404, "jurisdiction_id"),
        ({"description": " "}, 400, "description"),
        ({"address_string": ""}, 400, "address_string"),
        ({"lat": "37.5"}, 400, "both"),
        ({"lat": "nan", "long": "127"}, 400, "degrees"),
        ({"lat": "97", "long": "127"}, 400, "degrees"),
        ({"description": "가" * 300_000}, 413, "too large"),
    ],
)
def test_a_request_that_is_wrong_is_refused_in_the_standard_s_form(
    sandbox: SandboxProcess, changes: dict[str, str], status: int, words: str
) -> None:
    response = sandbox.file("R-wrong", **changes)
    assert response.status_code == status
    [error] = response.json()
    assert error["code"] == str(status)
    assert words in error["description"]
    assert not [request for request in sandbox.held()["requests"] if request["reference"] == "R-wrong"]


def test_services_are_listed_and_defined(city: httpx.Client) -> None:
    services = {service["service_code"]: service for service in city.get("services.json").json()}
    assert services["HB0301"]["group"] == "한빛시 도로과"
    assert city.get("services.json", params={"jurisdiction_id": "none"}).status_code == 404
    definition = city.get("services/HB0101.json").json()
    assert [attribute["code"] for attribute in definition["attributes"]] == ["when", "vehicle", "photo"]
    assert city.get("services/NONE.json").status_code == 404


def test_public_reads_show_the_state_and_nothing_of_the_citizen(sandbox: SandboxProcess, city: httpx.Client) -> None:
    request_id = sandbox.file("R-read", phone="010-1234-5678").json()[0]["service_request_id"]
    [one] = city.get(f"requests/{request_id}.json").json()
    assert (one["status"], one["service_code"], one["account_id"]) == ("open", "HB0301", None)
    assert city.get("requests.json", params={"account_id": "R-read"}).json()[0]["account_id"] == "R-read"
    sandbox.answer(request_id, "보수했습니다.")
    [closed] = city.get("requests.json", params={"service_request_id": request_id, "status": "closed"}).json()
    assert closed["status_notes"] == "보수했습니다."
    everything = city.get("requests.json").text + city.get(f"requests/{request_id}.json").text
    assert "파였어요" not in everything
    assert "1234" not in everything
    assert city.get("requests.json", params={"account_id": "R-none"}).json() == []


@pytest.mark.parametrize("request_id", ["HB-2026-999999", "GOV-2026-000001", "x", "HB-2026-٣", "HB-2026-" + "9" * 40])
def test_an_unknown_request_is_not_found(sandbox: SandboxProcess, city: httpx.Client, request_id: str) -> None:
    assert city.get(f"requests/{request_id}.json").status_code == 404
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        sandbox.answer(request_id, "답변")


def test_a_request_is_answered_once(sandbox: SandboxProcess) -> None:
    request_id = sandbox.file("R-once").json()[0]["service_request_id"]
    sandbox.answer(request_id, "보수했습니다.")
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        sandbox.answer(request_id, "또 보수했습니다.")


@pytest.mark.parametrize("key", [None, "wrong"])
def test_control_needs_the_key(sandbox: SandboxProcess, key: str | None) -> None:
    headers = {"X-Sandbox-Key": key} if key else {}
    for method, path in [("GET", "requests"), ("POST", "faults"), ("POST", "requests/HB-2026-000001/answer")]:
        response = httpx.request(method, f"{sandbox.base_url}/control/{path}", headers=headers, json={})
        assert response.status_code == 403


def test_a_fault_befalls_as_many_posts_of_its_agency_as_it_was_told(sandbox: SandboxProcess) -> None:
    sandbox.fault("error500", count=2, agency="ministry")
    assert sandbox.file("R-fault").status_code == 200
    sandbox.fault("error500", count=2)
    assert [sandbox.file("R-fault").status_code for _ in range(3)] == [500, 500, 200]
    sandbox.fault("html_error", count=None, agency="municipality")
    assert [sandbox.file("R-fault").headers["content-type"] for _ in range(3)] == ["text/html; charset=utf-8"] * 3
    sandbox.fault("none")
    assert sandbox.file("R-fault").status_code == 200


def test_the_desk_lists_and_answers_in_a_browser_and_refuses_forged_forms(sandbox: SandboxProcess) -> None:
    request_id = sandbox.file("R-desk", description="<script>alert(1)</script>").json()[0]["service_request_id"]
    with httpx.Client(base_url=sandbox.base_url, trust_env=False) as stranger:
        assert stranger.get("/").status_code == 401
        assert stranger.get("/", auth=("", "wrong")).status_code == 401
    with httpx.Client(base_url=sandbox.base_url, auth=("desk", sandbox.api_key), trust_env=False) as browser:
        page = browser.get("/")
        assert "R-desk" in page.text
        assert "<script" not in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]
        forged = browser.post(f"/requests/{request_id}/answer", data={"text": "가짜 답변"})
        assert forged.status_code == 403
        token = page.text.split('name="token" value="')[1].split('"')[0]
        answer = browser.post(f"/requests/{request_id}/answer", data={"text": "보수했습니다.", "token": token})
        assert answer.status_code == 303
        assert "보수했습니다." in browser.get("/").text


@pytest.mark.parametrize(
    ("name", "value"),
    [("SANDBOX_API_KEY", "tooshort"), ("SANDBOX_PORT", "0"), ("SANDBOX_WEBHOOK_SECRETS", "{tooshort")],
)
def test_a_wrong_setting_is_one_line_that_shows_no_value(tmp_path: Path, name: str, value: str) -> None:
    environment = {**os.environ, "SANDBOX_API_KEY": "k" * 16, "SANDBOX_STATE_DIR": str(tmp_path), name: value}
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.sandbox"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert name in line
    assert "tooshort" not in line
