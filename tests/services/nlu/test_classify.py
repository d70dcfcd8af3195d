"""`POST /api/v1/classify`: many texts, one answer each, in their order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.settings import Settings
from tests.support.rasa import MODEL, FakeRasa

URL = "/api/v1/classify"


@pytest.fixture
def key(settings: Settings) -> dict[str, str]:
    return {"X-API-Key": settings.api_keys.get_secret_value().split(",")[0]}


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text


async def test_each_text_gets_its_classification_in_order(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    answer = await client.post(URL, json={"texts": [f"도로 {number}" for number in range(256)]}, headers=key)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["confidence"] for result in results] == [round(0.5 + number / 1000, 4) for number in range(256)]
    first = results[0]
    assert (first["intent"], first["family"], first["agency"], first["urgency"]) == (
        "road_damage",
        "civil",
        "시군구 도로과",
        1,
    )
    assert len(first["ranking"]) == 5
    assert (first["abstained"], first["emergency"], first["model_version"]) == (False, None, MODEL)


async def test_an_emergency_is_marked_whatever_the_classifier_says(
    client: httpx.AsyncClient, key: dict[str, str]
) -> None:
    answer = await client.post(URL, json={"texts": ["도로가 파였어요", "집에 불이 났어요"]}, headers=key)
    first, second = answer.json()["results"]
    assert first["emergency"] is None
    assert second["emergency"]["line"] == "119"


async def test_a_missing_or_wrong_key_is_401(client: httpx.AsyncClient, key: dict[str, str], rasa: FakeRasa) -> None:
    for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "wrong"}, {"X-API-Key": key["X-API-Key"] + "x"}):
        assert_problem(await client.post(URL, json={"texts": ["안녕"]}, headers=headers), 401)


async def test_what_cannot_be_classified_is_refused(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    wrong: list[Any] = [
        {"texts": ["안녕"] * 257},
        {"texts": []},
        {},
        {"texts": "안녕"},
        {"texts": [1]},
        {"texts": ["가" * 4_001]},
    ]
    for body in wrong:
        assert_problem(await client.post(URL, json=body, headers=key), 422)
    assert_problem(await client.post(URL, content=b"{", headers={**key, "Content-Type": "application/json"}), 422)
    assert_problem(await client.post(URL, content=b"a", headers={**key, "Content-Type": "text/plain"}), 415)


async def test_a_full_batch_of_long_complaints_is_taken(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    answer = await client.post(URL, json={"texts": ["가로등이 꺼졌어요 " * 100] * 256}, headers=key)
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 256


async def test_odd_texts_do_not_spoil_their_batch(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    body = rb'{"texts": ["", "\ud800", "a\u0000b", "\ud83d\ude00", "' + "도로".encode() + b'"]}'
    answer = await client.post(URL, content=body, headers={**key, "Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["results"]) == 5


async def test_an_abstention_names_the_likeliest_need(
    client: httpx.AsyncClient, key: dict[str, str], rasa: FakeRasa
) -> None:
    ranking = [{"name": "nlu_fallback", "confidence": 0.6}, {"name": "sewer", "confidence": 0.2}]
    rasa.classified = lambda _: {
        "results": [{"intent": ranking[0], "intent_ranking": ranking}],
        "model_version": MODEL,
    }
    [result] = (await client.post(URL, json={"texts": ["음"]}, headers=key)).json()["results"]
    assert (result["intent"], result["confidence"], result["abstained"]) == ("sewer", 0.2, True)


async def test_a_text_that_the_classifier_knows_nothing_about_is_out_of_scope(
    client: httpx.AsyncClient, key: dict[str, str], rasa: FakeRasa
) -> None:
    rasa.classified = lambda _: {
        "results": [{"intent": {"name": None, "confidence": 0.0}, "intent_ranking": []}],
        "model_version": MODEL,
    }
    [result] = (await client.post(URL, json={"texts": [" "]}, headers=key)).json()["results"]
    assert (result["intent"], result["confidence"], result["abstained"]) == ("out_of_scope", 0.0, True)


async def test_a_classifier_in_trouble_is_503(client: httpx.AsyncClient, key: dict[str, str], rasa: FakeRasa) -> None:
    for trouble in ("error500", "html"):
        rasa.trouble = trouble
        assert_problem(await client.post(URL, json={"texts": ["안녕"]}, headers=key), 503)


async def test_an_answer_of_the_wrong_length_is_503_and_never_shifted(
    client: httpx.AsyncClient, key: dict[str, str], rasa: FakeRasa
) -> None:
    rasa.classified = lambda _: {"results": [], "model_version": MODEL}
    assert_problem(await client.post(URL, json={"texts": ["안녕"]}, headers=key), 503)
