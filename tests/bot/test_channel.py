"""What the gateway may rely on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientConnectionError

from bot import turn


async def test_every_route_wants_the_token(gateway: Any) -> None:
    for token in (None, "", "wrong", "t\u00f6ken"):
        assert await gateway.get(token=token) == (401, {"error": "unauthorized"})
        assert (await gateway.post("/webhook", {}, token=token))[0] == 401
        assert (await gateway.post("/classify", {"texts": []}, token=token))[0] == 401


async def test_without_a_configured_token_nobody_enters(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASA_TOKEN", "")
    assert (await gateway.get(token=""))[0] == 401


async def test_health_names_the_model(gateway: Any, tiny: Any) -> None:
    status, body = await gateway.get()
    assert (status, body["status"]) == (200, "ok")
    assert tiny.model.name == body["model_version"] + ".tar.gz"


async def test_without_a_model_every_route_says_so(gateway: Any, agent: Any) -> None:
    agent.processor = None
    assert await gateway.get() == (503, {"error": "no_model"})
    assert (await gateway.say("안녕"))[0] == 503
    assert (await gateway.post("/classify", {"texts": ["안녕"]}))[0] == 503


async def test_a_message_is_answered_with_text_buttons_custom_and_how_it_was_understood(gateway: Any) -> None:
    status, body = await gateway.say("안녕하세요")
    assert status == 200
    assert body["messages"][0]["text"] == "안녕하세요. 저는 인공지능입니다."
    assert body["messages"][0]["buttons"] == [{"title": "가로등", "payload": "/streetlight"}]
    assert body["messages"][1]["custom"] == {"kind": "choices"}
    assert body["parse"]["text"] == "안녕하세요"
    assert body["parse"]["intent"]["name"] == "greet"
    assert body["parse"]["intent_ranking"][0]["name"] == "greet"
    assert len(body["parse"]["intent_ranking"]) == 4
    assert body["parse"]["entities"] == []
    assert not body["replayed"]


async def test_a_message_is_understood_once(gateway: Any, agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    run = agent.processor.graph_runner.run

    def counted(inputs: dict[str, Any], targets: list[str]) -> Any:
        runs.append(targets)
        return run(inputs=inputs, targets=targets)

    monkeypatch.setattr(agent.processor.graph_runner, "run", counted)
    await gateway.say("안녕하세요")
    assert runs.count([agent.processor.model_metadata.nlu_target]) == 1


async def test_the_message_id_and_metadata_reach_tracker_and_action(gateway: Any, agent: Any, actions: Any) -> None:
    await gateway.say("보이스피싱을 당했어요", message_id="m7", metadata={"lang": "ko"})
    assert actions.seen[0]["tracker"]["latest_message"]["metadata"] == {"lang": "ko", "message_id": "m7"}
    tracker = await agent.tracker_store.retrieve("c1")
    assert tracker.latest_message.message_id == "m7"
    assert tracker.latest_message.input_channel == "gateway"


async def test_a_retry_of_a_handled_message_repeats_its_answers_and_acts_once(gateway: Any, actions: Any) -> None:
    _, first = await gateway.say("보이스피싱을 당했어요", message_id="m1")
    await gateway.say("안녕하세요", message_id="m2")
    status, again = await gateway.say("보이스피싱을 당했어요", message_id="m1", retry=True)
    assert status == 200
    assert (again["messages"], again["parse"]) == (first["messages"], first["parse"])
    assert again["replayed"]
    assert len(actions.seen) == 1


async def test_a_retry_of_an_answer_with_buttons_repeats_them(gateway: Any) -> None:
    _, first = await gateway.say("안녕하세요")
    _, again = await gateway.say("안녕하세요", retry=True)
    assert again["messages"] == first["messages"]


async def test_a_retry_of_a_message_that_never_arrived_is_handled(gateway: Any) -> None:
    status, body = await gateway.say("안녕하세요", retry=True)
    assert status == 200
    assert body["messages"]
    assert not body["replayed"]


async def test_a_failed_action_is_an_error_and_leaves_no_trace(gateway: Any, agent: Any, actions: Any) -> None:
    def down(_: dict[str, Any]) -> Any:
        raise ClientConnectionError

    actions.answer = down
    assert await gateway.say("보이스피싱을 당했어요") == (500, {"error": "action_failed"})
    tracker = await agent.tracker_store.retrieve("c1")
    assert tracker is None or not tracker.latest_message.text

    actions.answer = lambda _: {"events": [], "responses": [{"text": "신고했습니다."}]}
    status, body = await gateway.say("보이스피싱을 당했어요", retry=True)
    assert (status, body["messages"][0]["text"]) == (200, "신고했습니다.")


async def test_an_action_that_answers_nonsense_is_an_error(gateway: Any, actions: Any) -> None:
    actions.answer = lambda _: {"events": "none"}
    assert await gateway.say("보이스피싱을 당했어요") == (500, {"error": "action_failed"})


async def test_a_hanging_action_is_an_error_and_frees_the_conversation(
    gateway: Any, actions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "TURN_SECONDS", 0.3)
    actions.answer = lambda _: asyncio.sleep(30)
    assert await gateway.say("보이스피싱을 당했어요") == (500, {"error": "timed_out"})
    monkeypatch.setattr(turn, "TURN_SECONDS", 5.0)
    assert (await gateway.say("안녕하세요", message_id="m2"))[0] == 200


async def test_a_turn_goes_on_when_the_gateway_hangs_up_and_its_retry_finds_the_answer(
    gateway: Any, actions: Any
) -> None:
    async def slow() -> dict[str, Any]:
        await asyncio.sleep(0.5)
        return {"events": [], "responses": [{"text": "늦었습니다."}]}

    actions.answer = lambda _: slow()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(gateway.say("보이스피싱을 당했어요"), 0.2)
    status, body = await gateway.say("보이스피싱을 당했어요", retry=True)
    assert (status, body["messages"][0]["text"], body["replayed"]) == (200, "늦었습니다.", True)
    assert len(actions.seen) == 1


async def test_messages_of_one_conversation_are_handled_one_after_the_other(gateway: Any, actions: Any) -> None:
    running, most = 0, 0

    async def slow() -> dict[str, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        running -= 1
        return {"events": [], "responses": [{"text": "예"}]}

    actions.answer = lambda _: slow()
    said = [gateway.say("보이스피싱을 당했어요", message_id=f"m{i}") for i in range(4)]
    assert [status for status, _ in await asyncio.gather(*said)] == [200] * 4
    assert most == 1


async def test_an_unsure_message_keeps_its_ranking(gateway: Any, agent: Any) -> None:
    status, body = await gateway.say("qwerty zxcv")
    assert status == 200
    if body["parse"]["intent"]["name"] == "nlu_fallback":
        assert body["messages"][0]["text"] == "잘 모르겠습니다."
    names = [entry["name"] for entry in body["parse"]["intent_ranking"]]
    assert set(names) == {"greet", "streetlight", "road_damage", "scam"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("   ", id="blank"),
        pytest.param("😀👍🏽", id="emoji"),
        pytest.param("\u200b", id="invisible"),
        pytest.param("\ud83d", id="half an emoji"),
        pytest.param("가" * 4000, id="long"),
        pytest.param("/", id="slash"),
        pytest.param("/streetlight", id="payload"),
        pytest.param("/없는{", id="broken payload"),
        pytest.param("ㅋㅋㅋㅋㅋ", id="jamo"),
    ],
)
async def test_no_text_breaks_a_turn(gateway: Any, text: str) -> None:
    status, body = await gateway.say(text)
    assert status == 200, body
    assert body["messages"]


async def test_a_blank_message_is_not_understood(gateway: Any) -> None:
    _, body = await gateway.say(" ")
    assert body["parse"]["intent"]["name"] == "nlu_fallback"
    assert body["parse"]["intent_ranking"] == []


async def test_a_form_is_filled_over_two_messages(gateway: Any) -> None:
    _, asked = await gateway.say("도로에 구멍이 났어요", message_id="m1")
    _, filed = await gateway.say("시청 앞 사거리", message_id="m2")
    assert [m["text"] for m in asked["messages"]] == ["어디인가요?"]
    assert [m["text"] for m in filed["messages"]] == ["접수했습니다: 시청 앞 사거리"]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        "[]",
        "null",
        b"\xff",
        '{"sender": "a"}',
        '{"sender": "", "message": "b", "message_id": "c"}',
        '{"sender": "a", "message": 1, "message_id": "c"}',
        '{"sender": "a", "message": "b", "message_id": "c", "retry": "yes"}',
        '{"sender": "a", "message": "b", "message_id": "c", "metadata": []}',
        '{"sender": "a", "message": "b", "message_id": "c", "metadata": "x"}',
    ],
)
async def test_a_malformed_message_is_refused(gateway: Any, body: Any) -> None:
    status, answer = await gateway.post("/webhook", body)
    assert (status, answer["error"]) == (400, "bad_request")


@pytest.mark.parametrize("body", ["{", "[]", "{}", {"texts": "a"}, {"texts": [1]}, {"texts": ["a"] * 257}])
async def test_a_malformed_list_of_texts_is_refused(gateway: Any, body: Any) -> None:
    status, answer = await gateway.post("/classify", body)
    assert (status, answer["error"]) == (400, "bad_request")


async def test_texts_are_classified_in_order_without_a_conversation(gateway: Any, agent: Any, tiny: Any) -> None:
    texts = ["가로등이 나갔어요", "", "도로에 구멍이 났어요", "/greet", "\ud83d"] + ["사기 문자를 받았어요"] * 60
    status, body = await gateway.post("/classify", {"texts": texts})
    assert status == 200
    assert len(body["results"]) == len(texts)
    best = [r["intent_ranking"][0]["name"] if r["intent_ranking"] else None for r in body["results"]]
    assert best[:3] == ["streetlight", None, "road_damage"]
    assert set(best[5:]) == {"scam"}
    assert body["model_version"] == tiny.model.name.removesuffix(".tar.gz")
    assert list(await agent.tracker_store.keys()) == []


async def test_classifying_agrees_with_talking(gateway: Any) -> None:
    texts = ["가로등이 나갔어요", "도로가 이상해요", "안녕"]
    _, body = await gateway.post("/classify", {"texts": texts})
    for number, (text, result) in enumerate(zip(texts, body["results"], strict=True)):
        _, said = await gateway.say(text, sender=f"s{number}")
        assert said["parse"]["intent"]["name"] == result["intent"]["name"]
        assert said["parse"]["intent"]["confidence"] == pytest.approx(result["intent"]["confidence"], abs=1e-5)


async def test_a_lost_store_is_an_error_and_not_silence(
    gateway: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(agent.tracker_store, "save", lost)
    assert await gateway.say("안녕하세요") == (500, {"error": "internal"})
