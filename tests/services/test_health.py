"""`/healthz`, `/readyz`, `/metrics`, and what else is open to machines."""

from __future__ import annotations

import asyncio

import httpx
from sqlalchemy import text

from services.runtime import Services
from services.settings import Settings
from tests.support.filing import file_case
from tests.support.rasa import FakeRasa
from tests.support.system import free_port


async def register_worker(services: Services) -> None:
    async with services.db.transaction() as session:
        await session.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))


async def test_alive_asks_nobody(client: httpx.AsyncClient, rasa: FakeRasa) -> None:
    rasa.stop()
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_ready_names_each_part_that_is_missing_and_only_those(
    client: httpx.AsyncClient, services: Services, rasa: FakeRasa
) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert [part for part, state in answer.json()["parts"].items() if state != "ok"] == ["worker"]
    await register_worker(services)
    ready = await client.get("/readyz")
    assert (ready.status_code, set(ready.json()["parts"].values())) == (200, {"ok"})
    rasa.trouble = "no_model"
    body = (await client.get("/readyz")).json()
    assert body["parts"]["assistant"] != "ok"
    assert "assistant" in body["detail"]


async def test_ready_names_a_database_and_a_redis_that_are_away(settings: Settings) -> None:
    from deploy.web import create_whole_app

    nowhere = settings.model_copy(
        update={
            "database_url": f"postgresql://a:secret@127.0.0.1:{free_port()}/none",
            "redis_url": f"redis://127.0.0.1:{free_port()}/0",
        }
    )
    app = create_whole_app(nowhere)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get("/readyz")
    wrong = [part for part, state in answer.json()["parts"].items() if state != "ok"]
    assert (answer.status_code, wrong) == (503, ["database", "redis", "worker"])
    assert "secret" not in answer.text


async def test_the_measurements_hold_routes_and_no_receipt_number(
    client: httpx.AsyncClient, services: Services
) -> None:
    case = await file_case(services)
    await client.get(f"/api/v1/cases/{case.receipt_no}")
    await client.get(f"/nowhere/{case.receipt_no}")
    shown = (await client.get("/metrics")).text
    assert "/api/v1/cases/{receipt_no}" in shown
    assert case.receipt_no not in shown


async def test_an_unknown_path_and_a_wrong_method_are_problems(client: httpx.AsyncClient) -> None:
    for method, path, status in (("GET", "/api/v1/nowhere", 404), ("DELETE", "/api/v1/classify", 405)):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_open311_lists_what_can_be_reported(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/open311/v2/services.json")).json()
    road = next(service for service in listed if service["service_code"] == "road_damage")
    assert {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"} <= road.keys()
    assert (road["service_name"], road["metadata"], road["type"]) == ("도로·보도 파손", True, "realtime")
    assert len({service["service_code"] for service in listed}) == len(listed) > 20
    definition = (await client.get("/open311/v2/services/road_damage.json")).json()
    assert [(entry["code"], entry["required"], entry["order"]) for entry in definition["attributes"]] == [
        ("location", True, 1),
        ("photo", False, 2),
        ("contact", False, 3),
    ]
    for code in ("greet", "nothing"):
        assert (await client.get(f"/open311/v2/services/{code}.json")).status_code == 404


async def test_the_actions_of_the_bot_are_for_the_bot(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"X-Action-Token": "wrong"}):
        assert (await client.post("/internal/actions", json={}, headers=headers)).status_code == 401


async def test_a_redis_that_is_away_turns_nobody_away(settings: Settings, services: Services) -> None:
    from deploy.web import create_whole_app

    app = create_whole_app(settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        opened = (await client.post("/api/v1/chat/sessions", json={})).json()
        async with asyncio.timeout(20):
            answer = await client.post(
                f"/api/v1/chat/sessions/{opened['session_id']}/messages",
                json={"text": "안녕", "client_message_id": "1"},
                headers={"Authorization": f"Bearer {opened['token']}"},
            )
    assert (answer.status_code, answer.json()["messages"][0]["text"]) == (200, "들은 말: 안녕")
