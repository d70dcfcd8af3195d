"""What a first message tells, and what of it the form takes down.

details.jsonl: a message a line with its `intent` and the `slots` that it clearly tells (none for a trap). The lines with
`blind` were written after the code was finished.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.chat import texts
from services.chat.details import details
from services.chat.enums import Language
from services.chat.place_words import PLACES, words
from services.chat.regions import regions
from services.settings import ROOT, Settings
from services.taxonomy import Slot, load_taxonomy
from tests.support.actions import run_action
from tests.support.citizen import Conversation
from tests.support.rasa import FakeRasa, said

TAXONOMY = load_taxonomy(ROOT / "nlu_data" / "taxonomy.yml")
NOW = datetime(2026, 11, 23, 12, 0)
EVERY = [Slot(name, required=False) for name in ("location", "when", "vehicle", "region", "age_band", "household")]

Row = dict[str, Any]


def read(text: str, *names: str) -> dict[str, str]:
    return details(text, [slot for slot in EVERY if slot.name in names], now=NOW)


# measured -----------------------------------------------------------------------------------------------------------


def rows(*, blind: bool) -> list[Row]:
    lines = Path(__file__).with_name("details.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row.get("blind", False) is blind]


def found_in(row: Row) -> dict[str, str]:
    return details(row["text"], TAXONOMY.get(row["intent"]).slots, now=NOW)


def precision_and_recall(measured: Iterable[Row]) -> tuple[float, float]:
    """Of the slots filled, the share that is right to the letter; of those told, the share that is filled and right."""
    count: Counter[str] = Counter()
    for row in measured:
        found, told = found_in(row), row["slots"]
        count["found"] += len(found)
        count["told"] += len(told)
        count["right"] += sum(told.get(name) == value for name, value in found.items())
    return count["right"] / count["found"], count["right"] / count["told"]


def test_what_is_filled_is_right_and_most_of_what_is_told_is_filled() -> None:
    measured = rows(blind=False)
    precision, recall = precision_and_recall(measured)
    assert len(measured) >= 400
    assert precision >= 0.97
    assert recall >= 0.8


def test_what_nothing_was_tuned_on_is_no_worse_than_it_was_at_first() -> None:
    measured = rows(blind=True)
    precision, recall = precision_and_recall(measured)
    assert len(measured) >= 120
    assert precision >= 0.951
    assert recall >= 0.831
    assert not any(found_in(row) for row in measured if not row["slots"])


def test_no_trap_is_filled() -> None:
    traps = [row for row in rows(blind=False) if not row["slots"]]
    assert len(traps) >= 100
    assert {row["text"]: found for row in traps if (found := found_in(row))} == {}


def test_every_expected_detail_is_asked_for_and_stands_in_its_message() -> None:
    for row in [*rows(blind=False), *rows(blind=True)]:
        asked = {slot.name for slot in TAXONOMY.get(row["intent"]).slots}
        assert set(row["slots"]) <= asked, row
        squeezed = row["text"].replace(" ", "")
        for value in row["slots"].values():
            assert all(part in squeezed for part in value.split()), row


def test_a_word_of_a_place_stands_in_its_list_once() -> None:
    lists = yaml.safe_load(PLACES.read_text(encoding="utf-8"))
    for name in lists.keys() - {"version"}:
        words_of = words(name).words
        assert all(words_of), name
        assert [word for word, times in Counter(words_of).items() if times > 1] == [], name


# places -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("강남역 3번 출구 앞 횡단보도에 차가 서 있어요", "강남역 3번 출구 앞 횡단보도"),
        ("강남역3번출구앞횡단보도에 차가 서 있어요", "강남역3번출구앞횡단보도"),
        ("서울 강남구 테헤란로 123 앞 인도가 깨졌어요", "서울 강남구 테헤란로 123 앞"),
        ("한빛시 중앙로 12 우체국 압 도로가 파였어요", "한빛시 중앙로 12 우체국 압"),
        ("중앙로 12, 101동 1203호에서 물이 새요", "중앙로 12, 101동 1203호"),
        ("와우산로21길 19-3 앞", "와우산로21길 19-3 앞"),
        ("봉천동 산 12-3 옆 공터에 쓰레기가 있어요", "봉천동 산 12-3 옆 공터"),
        ("역삼동 우체국 앞에 차가 있어요", "역삼동 우체국 앞"),
        ("신촌 로터리 신호등이 꺼졌어요", "신촌 로터리"),
        ("한남대교 위에 구멍이 났어요", "한남대교 위"),
        ("스타벅스 강남점 앞에서 담배를 피워요", "스타벅스 강남점 앞"),
        ("강남역과 역삼역 사이 도로에 구멍이 있어요", "강남역과 역삼역 사이 도로"),
        ("우성아파트 101동과 102동 사이에 소파를 버렸어요", "우성아파트 101동과 102동 사이"),
        ("보라매공원 화장실에 휴지가 없어요", "보라매공원 화장실"),
        ("이수역 9번 출구 옆 인도에 오토바이가 있어요", "이수역 9번 출구 옆 인도"),
        ("은마아파트 정문 앞이요", "은마아파트 정문 앞"),
    ],
)
def test_a_place_is_taken_as_a_whole(text: str, place: str) -> None:
    assert read(text, "location") == {"location": place}


@pytest.mark.parametrize(
    "text",
    [
        "우리 집 앞에 차가 있어요",
        "여기요 여기",
        "동네 길거리에 쓰레기가 많아요",
        "우리 아파트 101동 앞이에요",
        "저희 초등학교 앞 횡단보도요",
        "회사 앞 사거리요",
        "역삼동에 가로등이 꺼졌어요",
        "강남구에 쓰레기가 많아요",
        "금연구역 앞에서 피워요",
        "어린이공원 화장실이 더러워요",
        "서울시장님 도와주세요",
        "강남역까지 가는 버스가 안 와요",
        "강남역에서 내려서 걸어오면 있어요",
        "강남역 3번 출구 근처에 사는데 집 앞 골목이 어두워요",
        "강남구청에 전화했는데 안 받아요",
        "강남역 3번 출구 말고 다른 데요",
        "강남역 3번 출구 앞이랑 역삼초등학교 앞에 차가 있어요",
        "버스로 30분 걸려요",
        "서로 3명이 싸워요",
        "냉장고가 안 돌아가요",
        "실수로 교차로에서 넘어졌어요",
        "접촉사고가 났어요",
        "[전화번호] 앞이요",
    ],
)
def test_what_an_officer_could_not_find_is_asked(text: str) -> None:
    assert read(text, "location") == {}


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("서울 관악구 신림동에 사는 사람입니다", "서울 관악구 신림동"),
        ("수원시민인데요", "수원시"),
        ("저는 창원이에요", "창원"),
        ("역삼1동 주민이에요", "역삼1동"),
        ("전주에 살아요", "전주"),
        ("경남 고성군 거주", "경남 고성군"),
        ("광주 북구 주민입니다", "광주 북구"),
        ("파주시 운정동 살아요", "파주시 운정동"),
        ("송파구 미세먼지 알려 주세요", "송파구"),
        ("서울에서 이사 왔는데 지금은 춘천에 살아요", "춘천"),
    ],
)
def test_where_somebody_lives(text: str, region: str) -> None:
    assert read(text, "region") == {"region": region}


@pytest.mark.parametrize(
    "text",
    [
        "고양이 사는 곳이에요",
        "양산이 부러졌어요",
        "고성을 질러요",
        "장수하세요",
        "상주하는 직원이요",
        "나주곰탕 집이에요",
        "부산은행에서 왔어요",
        "동구 밖에 살아요",
        "중구난방이에요",
        "중구에 살아요",
        "이동 신고",
        "사동 살아요",
        "딸은 서울에 살아요",
        "서울 사는 며느리가요",
        "서울로 이사 가요",
        "대구에서 왔어요",
        "제주도 여행 가요",
        "수원 살다가 용인 살아요 지금은 안산 살고요",
    ],
)
def test_a_word_that_looks_like_a_region_is_none(text: str) -> None:
    assert read(text, "region") == {}


def test_the_second_name_lies_in_the_first() -> None:
    assert [found.text for found in regions("수원시 팔달구 인계동, 부산 해운대구")] == [
        "수원시 팔달구 인계동",
        "부산 해운대구",
    ]


# times --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("어제 저녁 8시쯤 봤어요", "어제 저녁 8시쯤"),
        ("오늘 아침에 봤어요", "오늘 아침"),
        ("11월 20일에 봤어요", "11월 20일"),
        ("2026-11-20 15:30에 찍었어요", "2026-11-20 15:30"),
        ("어젯밤 11시에요", "어젯밤 11시"),
        ("아까 3시쯤 봤어요", "아까 3시쯤"),
        ("조금 전에 지나갔어요", "조금 전"),
        ("지난주 토요일 밤 9시경에요", "지난주 토요일 밤 9시경"),
        ("오늘 새벽 2시부터 4시까지 떠들었어요", "오늘 새벽 2시부터 4시까지"),
        ("어제 시장에서 밤 10시쯤 봤어요", "어제 밤 10시쯤"),
        ("지금 차가 서 있어요", "지금"),
    ],
)
def test_a_point_in_time(text: str, when: str) -> None:
    assert read(text, "when", "location") == {"when": when}


@pytest.mark.parametrize(
    "text",
    [
        "매일 저녁 8시에 와요",
        "어제도 오늘도 요즘 자꾸 그래요",
        "밤만 되면 시끄러워요",
        "어제 신고했는데 그대로예요",
        "어제 전화했는데 안 받아요",
        "내일까지 치워 주세요",
        "다음 주에 공사해요",
        "월요일에 와요",
        "지난달에 봤어요",
        "67세 노인이에요",
        "3번 출구요",
        "신림동 12-3이요",
        "12만 원이에요",
        "어제 봤고 그저께도 봤어요",
        "유통기한이 2025.11.20 지났어요",
        "지금 당장 와 주세요",
    ],
)
def test_no_point_in_time(text: str) -> None:
    assert "when" not in read(text, "when", "location")


def test_a_call_is_when_it_happened_where_the_need_is_about_the_call() -> None:
    text = "어제 오후에 전화했는데 담당자가 소리를 질렀어요"
    assert read(text, "when") == {"when": "어제 오후"}
    assert read(text, "when", "location") == {}


# vehicles and people ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("차량 12가3456이요", "12가3456"),
        ("123가 4567 신고합니다", "123가4567"),
        ("서울12가3456이요", "서울12가3456"),
        ("경기 34 바 5678 택시", "경기34바5678"),
    ],
)
def test_a_plate_survives_in_a_sentence(text: str, plate: str) -> None:
    assert read(text, "vehicle") == {"vehicle": plate}


@pytest.mark.parametrize(
    "text", ["12만 3456원이에요", "25도 3000미터", "번호는 3456이요", "12가3456하고 34나5678이요", "110가구 1234세대"]
)
def test_what_is_no_single_plate_is_asked(text: str) -> None:
    assert read(text, "vehicle") == {}


@pytest.mark.parametrize(
    ("text", "age_band", "household"),
    [
        ("67세 어머니 혼자 사세요", "67세", "혼자"),
        ("저는 67세이고 혼자 살아요", "67세", "혼자"),
        ("어머니가 82세이신데 제가 대신 신청하려고요", "82세", None),
        ("저는 40대이고 어머니는 혼자 사세요", None, None),
        ("72세 남편과 둘이 살아요", None, "남편과 둘이"),
        ("아이 둘 키우는 40대 엄마예요", "40대", "아이 둘"),
        ("65세 이상이면 받나요", None, None),
        ("예순다섯 생일이 다음 달이에요", None, None),
        ("아이가 3살이에요", None, None),
        ("일흔둘 된 노인입니다", "일흔둘", None),
        ("58년생이에요", "58년생", None),
        ("혼자 신청하기 어려워요", None, None),
        ("4인 가구 기준 소득이 얼마예요", None, None),
        ("4인 가구입니다", None, "4인 가구"),
        ("옆집 할머니가 혼자 사세요", None, None),
    ],
)
def test_age_and_household_are_those_of_one_person(text: str, age_band: str | None, household: str | None) -> None:
    told = {"age_band": age_band, "household": household}
    assert read(text, "age_band", "household") == {name: value for name, value in told.items() if value}


# whatever is said ---------------------------------------------------------------------------------------------------


def test_a_contact_is_never_taken() -> None:
    assert details("010-1234-5678이요", [Slot("contact", required=True), Slot("detail", required=True)], now=NOW) == {}


@given(st.text(max_size=200))
def test_no_message_is_an_error(text: str) -> None:
    assert set(details(text, EVERY, now=NOW)) <= {slot.name for slot in EVERY}


@pytest.mark.parametrize(
    "text",
    ["앞쪽" * 2000, "강남역 " + "앞쪽" * 2000, "강남역 앞 " * 800, "중앙로 1 " * 700, "서울 강남구 " * 700, "가" * 4000, "어제 " * 1300, "저 " * 2000,
     "0" * 4000, "12가" * 1300, "역삼동 우체국 " * 500],
)  # fmt: skip
def test_the_longest_message_is_read_at_once(text: str) -> None:
    started = time.perf_counter()
    details(text[:4000], EVERY, now=NOW)
    assert time.perf_counter() - started < 2


# where the form begins ----------------------------------------------------------------------------------------------

Act = Callable[..., Awaitable[tuple[list[dict[str, Any]], dict[str, Any]]]]
MESSAGE_ID = "11111111-1111-1111-1111-111111111111"
PARKING = "어제 저녁 강남역 3번 출구 앞 횡단보도에 12가3456 차가 서 있었어요"


@pytest.fixture
async def chat(client: httpx.AsyncClient) -> Conversation:
    return await Conversation.open(client)


@pytest.fixture
def act(client: httpx.AsyncClient, settings: Settings, chat: Conversation) -> Act:
    """Runs an action as Rasa does; returns its messages and the slots that it set."""

    async def run(action: str, text: str, intent: str, **more: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        more = {"lang": "ko", "message_id": MESSAGE_ID, **more}
        return await run_action(client, settings, action, session_id=chat.session_id, text=text, intent=intent, **more)

    return run


async def test_the_form_begins_with_the_first_slot_that_is_not_known(act: Act) -> None:
    started, slots = await act("action_start_case", PARKING, "illegal_parking")
    assert slots["location"] == "강남역 3번 출구 앞 횡단보도"
    assert slots["when"] == "어제 저녁"
    assert slots["vehicle"] == "12가3456"
    assert slots["photo"] is None
    assert slots["slot_sources"] == {"description": MESSAGE_ID}
    assert started[-1]["text"] == "말씀하신 내용에서 위치, 일시와 차량 번호를 적어 두었어요."
    _, asked = await act("validate_case_form", PARKING, "illegal_parking", slots=slots)
    assert asked["requested_slot"] == "photo"


async def test_a_message_that_tells_nothing_is_asked_everything(act: Act) -> None:
    started, slots = await act("action_start_case", "차가 막고 있어요", "illegal_parking")
    assert len(started) == 1
    assert slots["location"] is None


@pytest.mark.parametrize(
    ("lang", "noted"),
    [("en", "From what you wrote, I have noted the place."), ("zh", "我已从您所写的内容中记下地点。")],
)
async def test_what_was_noted_is_told_in_the_language(act: Act, lang: str, noted: str) -> None:
    started, _ = await act("action_start_case", "pothole 강남역 3번 출구 앞", "road_damage", lang=lang)
    assert started[-1]["text"] == noted


def test_names_are_listed_as_people_do() -> None:
    assert texts.noted(["지역"], Language.KO) == "말씀하신 내용에서 지역을 적어 두었어요."
    assert texts.noted(["지역", "가구"], Language.KO) == "말씀하신 내용에서 지역과 가구를 적어 두었어요."
    assert "the place, time and vehicle number." in texts.noted(["place", "time", "vehicle number"], Language.EN)


async def test_after_a_choice_it_is_the_first_message_that_counts(act: Act) -> None:
    slots = {"pending_text": "강남역 3번 출구 앞이 이상해요", "pending_source": None, "clarified": True}
    _, after_clarifying = await act("action_start_case", "/road_damage", "road_damage", slots=slots)
    assert after_clarifying["location"] == "강남역 3번 출구 앞"
    chosen = [{"entity": "case_intent", "value": "public_facility"}]
    asked = {**slots, "clarified": False}
    _, after_answer = await act("action_start_case", "/file_case", "file_case", slots=asked, entities=chosen)
    assert after_answer["location"] == "강남역 3번 출구 앞"
    _, another_matter = await act("action_start_case", "/streetlight", "streetlight", slots=asked)
    assert another_matter["location"] is None


async def test_the_sentence_of_another_need_tells_nothing_of_this_one(act: Act) -> None:
    other = "그리고 역삼초등학교 앞에 쓰레기가 있어요"
    needs = [{"intent": "illegal_dumping", "text": other, "confidence": 0.9}]
    text = f"강남역 3번 출구 앞 가로등이 꺼졌어요. {other}"
    _, first = await act("action_start_case", text, "streetlight", needs=needs)
    assert first["location"] == "강남역 3번 출구 앞"
    _, second = await act("action_start_case", other, "illegal_dumping")
    assert second["location"] == "역삼초등학교 앞"


async def test_a_later_need_of_the_message_knows_the_person(act: Act, chat: Conversation, rasa: FakeRasa) -> None:
    rasa.answers = lambda turn: said([{"text": "안내예요."}])
    later = "그리고 난방비 지원도 궁금해요"
    await chat.say(f"관악구에 혼자 사는데 기초연금이 궁금해요. {later}")
    await chat.say(later)
    _, slots = await act("action_start_case", later, "energy_voucher")
    assert (slots["region"], slots["household"]) == ("관악구", "혼자")
