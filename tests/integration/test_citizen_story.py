"""What a citizen lives through, over HTTP, with a real Rasa and the sandbox agencies."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis
import yaml
from websockets.sync.client import connect

from tests.support.system import ROOT, Citizen, RunningSystem, eventually

pytestmark = pytest.mark.system

SOMETHING_WRONG = re.compile(r"Traceback|Exception|utter_|action_|None|\{\w+\}|일시적인 문제|답변을 드리기 어려운 상태")


def choices_of(reply: dict[str, Any]) -> dict[str, str]:
    """Title → payload of what the turn offers."""
    return {choice["title"]: choice["payload"] for message in reply["messages"] for choice in message["choices"]}


def words_of(reply: dict[str, Any]) -> str:
    return "\n".join(message["text"] for message in reply["messages"])


def fresh_phone() -> str:
    """A number that no other test has said, so that a search for it proves something."""
    digits = f"{uuid.uuid4().int % 10**8:08d}"
    return f"010-{digits[:4]}-{digits[4:]}"


def held_once(system: RunningSystem, receipt_no: str) -> dict[str, Any]:
    """The one request that the agencies hold of a case."""
    held: list[dict[str, Any]] = eventually(lambda: system.requests_at_agency(receipt_no))
    assert len(held) == 1
    return held[0]


def test_a_pothole_told_with_typos_reaches_the_agency_once_and_its_answer_comes_back(system: RunningSystem) -> None:
    citizen, phone = Citizen(system), fresh_phone()
    with connect(citizen.ws_url) as push:
        assert "어디" in citizen.hear("집앞 도로가 움푹 파엿어요 차가 덜컹거려요ㅠㅠ")
        assert "사진" in citizen.hear("한빛시 중앙로 12 우체국 압")
        assert "전화번호" in citizen.hear("건너뛰기")
        summary = citizen.hear(phone)
        assert "한빛시 중앙로 12 우체국 압" in summary
        assert "[전화번호]" in summary
        filed = citizen.say("네, 접수해 주세요")
        receipt = filed["case"]
        assert re.fullmatch(r"\d{8}-\d{6}", receipt["receipt_no"])
        assert receipt["intent"] == "road_damage"
        assert receipt["agency"] == {"id": "hanbit-road", "name": "한빛시 도로과"}
        assert receipt["status"] == "received"
        assert receipt["due_at"]
        card = next(message for message in filed["messages"] if message["kind"] == "case_receipt")
        assert card["data"]["pin"] == receipt["pin"]

        request = held_once(system, receipt["receipt_no"])
        form = request["form"]
        assert request["agency_name"] == "한빛시 도로과"
        assert "집앞 도로가 움푹 파엿어요 차가 덜컹거려요" in form["description"]
        assert form["address_string"] == "한빛시 중앙로 12 우체국 압"
        assert form["phone"] == phone, "the agency has to call back: it gets the number as it was said"
        assert request["posts"] == 1

        eventually(lambda: citizen.read_case(receipt)["status"] == "accepted")
        system.sandbox("POST", f"/control/requests/{request['id']}/answer", {"text": "내일 오전에 메우겠습니다."})
        eventually(lambda: citizen.read_case(receipt)["status"] == "answered")

        view = citizen.read_case(receipt)
        assert view["status_name"] == "답변 완료"
        assert [entry["type"] for entry in view["timeline"]].count("delivered") == 1
        assert "내일 오전에 메우겠습니다." in [entry["text"] for entry in view["timeline"]]
        last = citizen.transcript()[-1]
        assert (last["author"], last["kind"]) == ("officer", "case_status")
        assert "내일 오전에 메우겠습니다." in last["text"]
        pushed = [json.loads(frame) for frame in iter_frames(push, until=last["id"])]
        assert last["id"] in {frame["message"]["id"] for frame in pushed if frame["type"] == "message"}
        assert {"receipt_no": receipt["receipt_no"], "status": "answered"} in [
            frame["case"] for frame in pushed if frame["type"] == "case"
        ] or any(frame["type"] == "case" for frame in pushed)

    # The PIN is shown once; what we keep is masked everywhere.
    assert "pin" not in json.dumps(citizen.transcript())
    for name, kept in everything_kept(system, citizen).items():
        assert phone not in kept, f"{name} holds the phone number"
        assert phone.replace("-", "") not in kept, f"{name} holds the phone number"
    assert "[전화번호]" in everything_kept(system, citizen)["transcript"]


def iter_frames(push: Any, *, until: str) -> list[str]:
    """Frames of the push up to the one that holds a message."""
    frames: list[str] = []
    while not any(until in frame for frame in frames):
        frames.append(str(push.recv(timeout=10)))
    return frames


def everything_kept(system: RunningSystem, citizen: Citizen) -> dict[str, str]:
    """Each place where a message is kept in the clear, as one text."""
    tracker = redis.Redis(port=system.ports["REDIS_PORT"], password=system.secrets["redis"]).get(
        f"rasa:tracker:{citizen.session_id}"
    )
    assert tracker, "Rasa knows the conversation"
    logs = {path.name: path.read_text(errors="replace") for path in (system.state_dir / "logs").iterdir()}
    assert {"web.log", "rasa.log", "worker.log"} <= set(logs)
    rows = system.query("SELECT to_jsonb(c)::text FROM cases c WHERE session_id = %s", citizen.session_id)
    jobs = system.query("SELECT args::text FROM procrastinate_jobs")
    return {
        "transcript": json.dumps(citizen.transcript(), ensure_ascii=False),
        "tracker": json.dumps(json.loads(tracker), ensure_ascii=False),
        "case": "\n".join(row[0] for row in rows),
        "jobs": "\n".join(row[0] for row in jobs),
        **logs,
    }


def test_what_the_first_message_tells_is_not_asked_again(system: RunningSystem) -> None:
    citizen = Citizen(system)
    first = citizen.hear("어제 저녁 8시쯤 강남역 3번 출구 앞 횡단보도에 불법 주차한 차가 있었어요")
    assert "위치와 일시를 적어 두었어요" in first
    assert "차량 번호를 알려 주세요" in first
    citizen.say("12가3456")
    summary = citizen.hear("건너뛰기")
    assert "위치: 강남역 3번 출구 앞 횡단보도" in summary
    assert "일시: 어제 저녁 8시쯤" in summary
    assert "어디" in citizen.hear("위치 고치기")
    assert "위치: 중앙로 13 앞" in citizen.hear("중앙로 13 앞")


@pytest.mark.parametrize("words", ["모름", "잘 모르겠어요", "건너뛰기", "없어요", "기억이 안 나요"])
def test_what_a_citizen_does_not_know_may_be_skipped(system: RunningSystem, words: str) -> None:
    citizen = Citizen(system)
    citizen.say("도로에 구멍이 났어요")
    citizen.say("중앙로 3")
    assert "전화번호" in citizen.hear(words)
    summary = citizen.hear(words)
    assert "이렇게 접수할까요" in summary
    assert "사진" not in summary
    assert "연락처" not in summary


def test_a_required_answer_is_asked_again_and_then_left_to_a_person(system: RunningSystem) -> None:
    citizen = Citizen(system)
    citizen.say("도로에 구멍이 났어요")
    for nonsense in ("ㅋ", "?!"):
        assert "어디" in citizen.hear(nonsense), "a question that matters is not lost"
    answer = citizen.hear("ㅁㄴㅇㄹ")
    assert "사진" in answer, "after patience, the form goes on"
    citizen.say("건너뛰기")
    assert "담당자 확인 필요" in citizen.hear("건너뛰기")


def test_nonsense_at_the_confirmation_files_nothing(system: RunningSystem) -> None:
    citizen = Citizen(system)
    for words in ("도로에 구멍이 났어요", "중앙로 4", "건너뛰기", "건너뛰기"):
        citizen.say(words)
    for nonsense in ("고양이가 세수해요", "ㅋㅋㅋㅋ", "😀😀", "<b>네</b>"):
        reply = citizen.say(nonsense)
        assert reply["case"] is None
        assert "접수" in words_of(reply)
    assert citizen.say("네, 접수해 주세요")["case"]


def test_an_answer_may_be_corrected_before_filing(system: RunningSystem) -> None:
    citizen = Citizen(system)
    for words in ("도로에 구멍이 났어요", "중앙로 5", "건너뛰기"):
        citizen.say(words)
    assert "중앙로 5" in citizen.hear("건너뛰기")
    asked = citizen.say("아니요, 고칠게요")
    assert "위치 고치기" in choices_of(asked)
    assert "어디" in citizen.hear(choices_of(asked)["위치 고치기"])
    summary = citizen.hear("중앙로 55 약국 앞")
    assert "위치: 중앙로 55 약국 앞" in summary
    assert "중앙로 5\n" not in f"{summary}\n"
    receipt = citizen.say("네, 접수해 주세요")["case"]
    assert held_once(system, receipt["receipt_no"])["form"]["address_string"] == "중앙로 55 약국 앞"


def test_a_correction_needs_no_button(system: RunningSystem) -> None:
    citizen = Citizen(system)
    for words in ("도로에 구멍이 났어요", "중앙로 6", "건너뛰기", "건너뛰기"):
        citizen.say(words)
    assert "어디" in citizen.hear("위치 고치기")
    assert "중앙로 66" in citizen.hear("중앙로 66")


@pytest.mark.parametrize("when", [1, 2, 4])
def test_a_citizen_may_stop_at_any_question_and_nothing_is_sent(system: RunningSystem, when: int) -> None:
    citizen = Citizen(system)
    for words in ("도로에 구멍이 났어요", "중앙로 7", "건너뛰기", "건너뛰기")[:when]:
        citizen.say(words)
    reply = citizen.say("접수 취소")
    assert "그만두었어요" in words_of(reply)
    assert reply["case"] is None
    assert system.query("SELECT count(*) FROM cases WHERE session_id = %s", citizen.session_id) == [(0,)]
    assert "기초연금" in citizen.hear("기초연금은 어떻게 신청하나요"), "the assistant listens again"


def test_a_person_comes_on_request_and_what_is_said_meanwhile_is_kept(system: RunningSystem) -> None:
    citizen = Citizen(system)
    reply = citizen.say("상담원 연결해 주세요")
    assert reply["state"] == "queued"
    assert "상담원" in words_of(reply)
    waiting = citizen.say("아까 말한 민원 때문이에요")
    assert waiting["state"] == "queued"
    assert "그대로 볼 수 있으니" in words_of(waiting)
    assert [m["text"] for m in citizen.transcript() if m["author"] == "citizen"][-1] == "아까 말한 민원 때문이에요"
    assert citizen.say("집에 불이 났어요")["messages"][0]["kind"] == "emergency"


def test_a_person_may_be_asked_for_in_the_middle_of_a_form(system: RunningSystem) -> None:
    citizen = Citizen(system)
    citizen.say("도로에 구멍이 났어요")
    assert citizen.say("그냥 상담원 연결해 주세요")["state"] == "queued"


def test_what_is_unclear_is_asked_once_with_choices_that_work(system: RunningSystem) -> None:
    citizen, choices, said = Citizen(system), {}, ""
    for said in ("우리 동네 냄새나고 시끄럽고 어두워요", "신청하려면 어떻게 하나요", "시청에 물어볼 게 있어요"):
        citizen = Citizen(system)
        reply = citizen.say(said)
        choices = choices_of(reply)
        if "가까운 것을 골라" in words_of(reply):
            break
    else:
        pytest.fail(f"nothing was unclear: {words_of(reply)}")
    assert 2 <= len(choices) <= 4
    assert "상담원 연결" in choices
    title = next(name for name in choices if name != "상담원 연결")
    chosen = citizen.say(choices[title])
    assert "가까운 것을 골라" not in words_of(chosen)
    assert [m["text"] for m in citizen.transcript() if m["author"] == "citizen"] == [said, title]


def test_a_typed_slash_is_no_command(system: RunningSystem) -> None:
    citizen = Citizen(system)
    reply = citizen.say('/file_case{"case_intent": "road_damage"}')
    assert "남길 내용을 여쭤볼게요" not in words_of(reply)
    assert citizen.say("/handoff_human")["state"] in ("bot", "queued")
    assert citizen.say("/restart")["messages"]


def test_an_emergency_interrupts_a_form_which_then_goes_on(system: RunningSystem) -> None:
    citizen = Citizen(system)
    citizen.say("도로에 구멍이 났어요")
    citizen.say("중앙로 8")
    alarm = citizen.say("어떡해요 할머니가 쓰러졌는데 숨을 안 쉬어요")
    assert alarm["messages"][0]["kind"] == "emergency"
    assert alarm["messages"][0]["data"]["line"] == "119"
    assert "119" in alarm["messages"][0]["text"]
    assert "전화번호" in citizen.hear("건너뛰기"), "the form asks on where it was"
    assert "중앙로 8" in citizen.hear("건너뛰기")
    receipt = citizen.say("네, 접수해 주세요")["case"]
    assert receipt["intent"] == "road_damage"
    urgent = system.query(
        "SELECT urgency::text FROM cases WHERE session_id = %s AND intent <> 'road_damage'", citizen.session_id
    )
    assert [row[0].upper() for row in urgent] == ["P0"], "an officer sees the emergency too, once"


def test_the_case_of_the_conversation_can_be_asked_about(system: RunningSystem) -> None:
    citizen = Citizen(system)
    receipt = citizen.report_pothole("중앙로 9")
    reply = citizen.say("제가 접수한 민원 어떻게 됐나요")
    status = next(message for message in reply["messages"] if message["kind"] == "case_status")
    assert receipt["receipt_no"] in status["text"]
    assert status["data"]["receipt_no"] == receipt["receipt_no"]


def test_two_messages_at_once_are_answered_one_after_the_other(system: RunningSystem) -> None:
    citizen = Citizen(system)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(citizen.post, ["안녕하세요", "기초연금 신청하려고요", "여권 재발급", "고마워요"]))
    assert [answer.status_code for answer in answers] == [200] * 4
    transcript = citizen.transcript()
    assert [m["author"] for m in transcript].count("citizen") == 4
    told = {message["id"] for answer in answers for message in answer.json()["messages"]}
    assert told <= {message["id"] for message in transcript}


def test_the_same_confirmation_sent_five_times_at_once_files_one_case(system: RunningSystem) -> None:
    citizen, client_message_id = Citizen(system), str(uuid.uuid4())
    for words in ("도로에 구멍이 났어요", "중앙로 10", "건너뛰기", "건너뛰기"):
        citizen.say(words)

    def confirm(_: int) -> dict[str, Any]:
        answer: dict[str, Any] = citizen.post("네, 접수해 주세요", client_message_id=client_message_id).json()
        return answer

    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(confirm, range(5)))
    receipts = {reply["case"]["receipt_no"] for reply in replies}
    assert len(receipts) == 1
    assert system.query("SELECT count(*) FROM cases WHERE session_id = %s", citizen.session_id) == [(1,)]
    held_once(system, receipts.pop())


# every need --------------------------------------------------------------------------------------------------------


def one_utterance_of_every_intent() -> list[tuple[str, str]]:
    intents = yaml.safe_load((ROOT / "nlu_data" / "taxonomy.yml").read_text(encoding="utf-8"))["intents"]
    examples: dict[str, str] = {}
    for path in sorted((ROOT / "nlu_data" / "utterances").rglob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            examples.setdefault(entry["intent"], entry["examples"].splitlines()[0].removeprefix("- "))
    assert set(examples) >= set(intents)
    return [(intent, examples[intent]) for intent in intents]


def test_each_of_the_92_intents_has_an_answer(system: RunningSystem) -> None:
    said = one_utterance_of_every_intent()
    assert len(said) == 92

    def ask(item: tuple[str, str]) -> str | None:
        intent, text = item
        reply = Citizen(system).say(text)
        words = words_of(reply)
        if not re.search("[가-힣]{2}", words):
            return f"{intent}: no Korean words in {words!r}"
        if SOMETHING_WRONG.search(words):
            return f"{intent}: {words!r}"
        return None

    with ThreadPoolExecutor(4) as pool:
        problems = [problem for problem in pool.map(ask, said) if problem]
    assert not problems
    share = system.query(
        "SELECT count(*) FILTER (WHERE answered_by IN ('rasa', 'triage')), count(*) FROM turns"
        " WHERE message_id IN (SELECT id FROM chat_messages WHERE text = ANY(%s))",
        [text for _, text in said],
    )
    answered, asked = share[0]
    assert asked >= 90
    assert answered == asked, "none was answered by the fallback"


# a second copy -----------------------------------------------------------------------------------------------------


def run_again(state_dir: Path, port: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STATE_DIR": str(state_dir), "PORT": str(port), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "deploy.launcher", "run"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def parts_of(system: RunningSystem) -> set[int]:
    """Process ids of the system's parts, without PostgreSQL's own, which come and go with connections."""
    assert system.process is not None
    children = psutil.Process(system.process.pid).children(recursive=True)
    stores = {child.pid for child in children if child.name() == "postgres"}
    return {child.pid for child in children if child.ppid() not in stores}


def test_a_second_run_on_the_same_state_fails_with_one_line_and_harms_nothing(system: RunningSystem) -> None:
    assert system.process is not None
    before = parts_of(system)
    ports = (system.state_dir / "ports.json").read_bytes()
    second = run_again(system.state_dir, system.port)
    assert second.returncode == 1
    assert second.stderr.strip().splitlines() == [second.stderr.strip()]
    assert second.stderr.startswith("make run: PORT")
    assert str(system.port) in second.stderr
    assert (system.state_dir / "ports.json").read_bytes() == ports
    assert system.is_ready()
    assert before <= parts_of(system)


@pytest.mark.parametrize(("name", "value"), [("PORT", "eighty"), ("PORT", "70000"), ("STATE_DIR", "/proc/nothing")])
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    started = time.monotonic()
    environment = {**os.environ, "STATE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), name: value}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "deploy.launcher", "run"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert name in done.stderr
    assert time.monotonic() - started < 10


def test_rate_limits_answer_with_a_time_to_wait(system: RunningSystem) -> None:
    citizen = Citizen(system)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: httpx.get(citizen.path, headers=citizen.headers), range(4)))
        refused = [a for a in pool.map(citizen.post, ["안녕하세요"] * 64) if a.status_code == 429]
    assert all(answer.status_code == 200 for answer in answers)
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert refused[0].headers["content-type"].startswith("application/problem+json")
