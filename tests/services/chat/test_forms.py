"""What a citizen's answer to a form means, in the ways people really write."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat import forms
from services.chat.forms import PATIENCE, Answer, Outcome, interpret, interpret_confirmation
from services.settings import ROOT
from services.taxonomy import Slot, load_taxonomy

TAXONOMY = load_taxonomy(ROOT / "nlu_data" / "taxonomy.yml")
ROAD = TAXONOMY.get("road_damage")  # location*, photo, contact
PARKING = TAXONOMY.get("illegal_parking")  # location*, when*, vehicle, photo

OPTIONAL = [Slot(name, required=False) for name in forms.SLOT_NAMES]
PLACE = Slot("location", required=True)


def read(name: str, text: str, *, required: bool = False, tries: int = 0) -> Answer:
    return interpret(Slot(name, required=required), text, tries=tries)


SKIPS = [
    "모름",
    "모르겠어요",
    "모르겠습니다",
    "잘 모르겠는데요",
    "잘 모르겠어요",
    "잘모르겠네요",
    "저도 잘 몰라요",
    "몰라",
    "몰라요ㅠㅠ",
    "모르겠어요 ㅠㅠ",
    "모르겠어요😅",
    "없어요",
    "없음",
    "없습니다.",
    "없는데요",
    "딱히 없어요",
    "사진은 없어요",
    "사진 없음",
    "건너뛰기",
    "건너뛸게요",
    "건너 뛰어 주세요",
    "그냥 건너뛸래요",
    "넘어갈게요",
    "넘어가 주세요",
    "다음으로 넘어갈게요",
    "생략할게요",
    "패스",
    "패스할게요!",
    "스킵",
    "안 찍었어요",
    "못 찍었어요",
    "사진 안 찍었어요",
    "찍지 못했어요",
    "기억이 안 나요",
    "기억 안나요",
    "생각이 잘 안 나요",
    "skip",
    "I don't know",
    "没有",
]


@pytest.mark.parametrize("text", SKIPS)
@pytest.mark.parametrize("name", ["photo", "contact", "vehicle", "when", "detail"])
def test_an_optional_question_may_be_passed_over_in_many_words(name: str, text: str) -> None:
    assert read(name, text).outcome is Outcome.SKIPPED


@pytest.mark.parametrize("text", SKIPS)
def test_a_required_question_is_asked_again_when_passed_over(text: str) -> None:
    assert read("location", text, required=True) == Answer(Outcome.REASK, "location")


@pytest.mark.parametrize("text", ["아니요", "아뇨", "아니오!", "ㄴㄴ", "no"])
@pytest.mark.parametrize("name", ["photo", "contact", "detail"])
def test_a_bare_no_to_an_optional_question_passes_it_over(name: str, text: str) -> None:
    assert read(name, text).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    "text", ["아니 계속 깜빡거려요", "불이 안 들어와요", "없어진 지 오래된 표지판이에요", "못이 튀어나와 있어요"]
)
def test_a_detail_that_begins_like_a_no_is_a_detail(text: str) -> None:
    assert read("detail", text) == Answer(Outcome.FILLED, text)


NONSENSE = ["ㅋㅋㅋ", "ㅋㅋㅋㅋㅋㅋ", "!!!", "😀", "😀😀😀", "...", "ㅠㅠ", "?", "ㅁㄴㅇㄹ", "~", "、", "​", "\ufffd"]


@pytest.mark.parametrize("text", NONSENSE)
@pytest.mark.parametrize("name", list(forms.SLOT_NAMES))
def test_nonsense_is_asked_again(name: str, text: str) -> None:
    assert read(name, text, required=True) == Answer(Outcome.REASK, name)


@pytest.mark.parametrize("text", NONSENSE)
def test_patience_ends_after_two_useless_answers(text: str) -> None:
    taken = read("location", text, required=True, tries=PATIENCE)
    assert taken.outcome is Outcome.FILLED
    assert taken.value is not None
    assert taken.value.endswith("(담당자 확인 필요)")
    assert read("photo", text, tries=PATIENCE).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    "text",
    [
        "중앙로 12 앞",
        "사람인 빌딩 앞",
        "사람들 많이 다니는 시장 입구",
        "취소선 그어진 표지판 앞",
        "취소선 앞",
        "취소된 공사장 앞",
        "중단된 공사장",
        "공사 중단된 건물 옆",
        "직원 주차장 입구",
        "공무원 연금공단 앞",
        "직원 상담실 맞은편",
        "상담원 교육원 뒤",
        "그만두레 식당 앞",
        "그만빌라 옆",
        "접수처 옆 화단",
        "민원실 앞",
        "신고센터 앞 사거리",
        "없는 번지라고 나와요 시청 뒤편이에요",
        "정확히는 모르겠고 시청 앞이에요",
        "잘 모르겠는데 역 근처",
        "모르네 카페 앞",
        "몰라몰라 분식 앞",
        "안경점 앞",
        "못골시장",
        "다음 빌딩",
        "넘버원 마트 앞",
        "패스트푸드점 앞",
        "스킵플로어 아파트 앞",
        "맞은편 도로",
        "예술의전당 앞",
        "네거리",
        "어린이집 앞",
        "어린이대공원",
        "노인정 앞",
        "노원구청",
        "아니메이트 매장 앞",
        "처음처럼 식당 앞",
        "생략동 3번지",
        "Seoul City Hall",
        "市政府门前",
        "서울시 중구 세종대로 110",
        "<script>alert(1)</script> 앞",
        "'; DROP TABLE cases; -- 앞 도로",
        "😀 시청 앞 😀",
    ],
)
def test_a_place_is_a_place_whatever_words_are_in_its_name(text: str) -> None:
    assert interpret(PLACE, text, tries=0) == Answer(Outcome.FILLED, text)


@pytest.mark.parametrize(
    "text",
    [
        "담당 공무원과 통화했는데 반말을 했어요",
        "직원이랑 이야기하는데 소리를 질렀어요",
        "사람을 불러 놓고 기다리게 했어요",
        "상담원 연결이 30분째 안 돼요",
        "공무원이 상담 중에 전화를 끊었어요",
        "직원 바꿔 달라고 했더니 끊었어요",
    ],
)
def test_a_complaint_about_a_person_is_not_a_wish_for_one(text: str) -> None:
    assert read("detail", text, required=True) == Answer(Outcome.FILLED, text)


PERSON = [
    "상담원 연결",
    "상담원 연결해 주세요",
    "상담사 연결",
    "사람이랑 얘기하고 싶어요",
    "사람과 이야기할래요",
    "사람 연결해줘",
    "담당자 바꿔주세요",
    "담당자와 통화하고 싶습니다",
    "직원이랑 통화하고 싶어요",
    "직원 좀 불러 주세요",
    "상담원",
    "공무원하고 직접 상담하고 싶어요",
    "I want to talk to a human",
    "转人工",
]


@pytest.mark.parametrize("text", PERSON)
def test_a_person_is_one_sentence_away_in_every_question(text: str) -> None:
    for slot in OPTIONAL:
        assert interpret(slot, text, tries=0).outcome is Outcome.PERSON
    assert interpret_confirmation(ROAD, text).outcome is Outcome.PERSON


CANCELS = [
    "취소",
    "접수 취소",
    "취소할게요",
    "취소할래요",
    "취소해 주세요",
    "취소해줘",
    "취소합니다",
    "취소하고 싶어요",
    "신고 취소할게요",
    "민원 취소 부탁드려요",
    "접수 안 할래요",
    "안 할래요",
    "안할게요",
    "그만",
    "그만할게요",
    "그만둘래요",
    "그만 할래요",
    "그냥 취소할게요",
    "됐어요",
    "처음으로",
    "취소!!",
    "취소요 ㅠㅠ",
    "cancel",
    "取消",
]


@pytest.mark.parametrize("text", CANCELS)
def test_a_citizen_may_stop_at_every_question(text: str) -> None:
    for slot in OPTIONAL:
        assert interpret(slot, text, tries=0).outcome is Outcome.CANCEL
    assert interpret_confirmation(ROAD, text).outcome is Outcome.CANCEL


@pytest.mark.parametrize(
    "text",
    ["네", "네네", "네!", "예", "넵", "응", "어", "ㅇㅇ", "네 맞아요", "네, 맞습니다", "네 접수해 주세요", "네, 접수해 주세요",
     "맞아요", "맞습니다.", "좋아요", "그래요", "그렇게 해주세요", "접수해 주세요", "접수해줘", "접수", "신고해 주세요", "해 주세요",
     "해줘요", "부탁드려요", "네 부탁드립니다", "확인했어요", "네 이대로 접수해 주세요", "네 다 맞아요", "네 감사합니다", "네ㅎㅎ",
     "네 😀", "ok", "yes", "好的", "/affirm"],
)  # fmt: skip
def test_a_yes_files(text: str) -> None:
    assert interpret_confirmation(ROAD, text).outcome is Outcome.FILE


@pytest.mark.parametrize(
    "text",
    ["네 취소해 주세요", "네 잠깐만요", "네 그만할게요", "네 안 할래요", "접수하지 마세요", "접수하지마세요", "접수하지 말아 주세요",
     "신고하지 않을래요", "좋지 않아요", "맞지 않아요", "맞지않아요", "그래도 위치가 달라요", "예전 위치예요", "네?", "네 근데 위치가 틀렸어요",
     "네 아니요", "접수 안 해요", "접수 보류해 주세요", "확인 안 했어요", "나중에 접수할게요", "어디로 접수돼요?", "맞나요?", "응?",
     "어제 일이에요", "접수되면 어떻게 되나요", "해 지고 나서예요", "신고하면 누가 오나요", "ㅋㅋㅋ", "!!!", "😀", "네 위치 고칠게요",
     "no", "아니요", "don't"],
)  # fmt: skip
def test_what_is_no_clear_yes_files_nothing(text: str) -> None:
    assert interpret_confirmation(ROAD, text).outcome is not Outcome.FILE


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("아니요 위치가 틀렸어요", "location"),
        ("위치 고치기", "location"),
        ("위치 고칠게요", "location"),
        ("위치를 바꿀게요", "location"),
        ("위치 바꿔 주세요", "location"),
        ("주소가 잘못됐어요", "location"),
        ("주소 다시 적을게요", "location"),
        ("네 근데 위치가 달라요", "location"),
        ("연락처 고칠게요", "contact"),
        ("연락처 수정", "contact"),
        ("전화번호가 틀렸어요", "contact"),
        ("사진 고치기", "photo"),
        ("사진 설명 바꿀래요", "photo"),
    ],
)
def test_a_named_part_is_asked_again(text: str, slot: str) -> None:
    assert interpret_confirmation(ROAD, text) == Answer(Outcome.CORRECT, slot)


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("차량 번호 고치기", "vehicle"),
        ("번호판이 틀려요", "vehicle"),
        ("시간이 틀렸어요", "when"),
        ("날짜 수정할게요", "when"),
    ],
)
def test_parts_are_known_by_their_everyday_names(text: str, slot: str) -> None:
    assert interpret_confirmation(PARKING, text) == Answer(Outcome.CORRECT, slot)


@pytest.mark.parametrize(
    "text",
    [
        "아니요",
        "아니요, 고칠게요",
        "아니에요",
        "아뇨",
        "틀렸어요",
        "고칠게요",
        "고쳐 주세요",
        "수정할게요",
        "잘못됐어요",
        "no",
        "/deny",
    ],
)
def test_a_no_asks_which_part_is_wrong(text: str) -> None:
    assert interpret_confirmation(ROAD, text).outcome is Outcome.CHOOSE_CORRECTION


@pytest.mark.parametrize("text", ["ㅋㅋㅋ", "!!!", "😀", "뭐라고요", "어디서 확인해요?", ""])
def test_what_says_neither_yes_nor_no_is_asked_again(text: str) -> None:
    assert interpret_confirmation(ROAD, text) == Answer(Outcome.REASK, forms.CONFIRM)


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("12가3456", "12가3456"),
        ("12가 3456", "12가3456"),
        ("123나4567이에요", "123나4567"),
        ("서울 12 가 3456 입니다", "서울12가3456"),
        ("흰색 소나타 12가3456 인데 매일 와요 정말", "흰색 소나타 12가3456 인데 매일 와요 정말"),
        ("흰색 트럭이에요", "흰색 트럭이에요"),
    ],
)
def test_a_plate_is_taken_out_of_its_sentence(text: str, plate: str) -> None:
    assert read("vehicle", text, required=True) == Answer(Outcome.FILLED, plate)


@pytest.mark.parametrize(
    "text", ["010-1234-5678", "01012345678", "[전화번호]", "[전화번호]로 주세요", "a@b.co.kr", "02-123-4567"]
)
def test_a_contact_is_a_number_or_an_address(text: str) -> None:
    assert read("contact", text) == Answer(Outcome.FILLED, text)


@pytest.mark.parametrize("text", ["전화 주세요", "이걸로요", "비밀이에요"])
def test_a_contact_without_one_is_asked_again_and_then_passed_over(text: str) -> None:
    assert read("contact", text) == Answer(Outcome.REASK, "contact")
    assert read("contact", text, tries=PATIENCE).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    "text",
    [
        "어제 저녁 7시쯤",
        "방금",
        "매일 아침",
        "지난주부터",
        "3월 2일",
        "며칠 됐어요",
        "주말마다",
        "지금도요",
        "yesterday",
        "昨天",
    ],
)
def test_a_time_may_be_vague(text: str) -> None:
    assert read("when", text, required=True) == Answer(Outcome.FILLED, text)


def test_letters_taken_apart_mean_what_they_mean_together() -> None:
    for text in ("모르겠어요", "취소할게요", "상담원 연결해 주세요"):
        apart = unicodedata.normalize("NFD", text)
        assert read("photo", apart).outcome is read("photo", text).outcome


def test_a_very_long_answer_is_cut_and_not_refused() -> None:
    taken = interpret(PLACE, "중앙로 " * 1_000, tries=0)
    assert taken.outcome is Outcome.FILLED
    assert taken.value is not None
    assert len(taken.value) <= 1_000


@given(st.sampled_from(OPTIONAL), st.booleans(), st.text(max_size=300), st.integers(0, 4))
def test_no_answer_is_an_error(slot: Slot, required: bool, text: str, tries: int) -> None:
    answer = interpret(Slot(slot.name, required), text, tries=tries)
    assert answer.outcome in set(Outcome)
    assert not (answer.outcome is Outcome.SKIPPED and required)
    assert interpret_confirmation(ROAD, text).outcome in set(Outcome)


@pytest.mark.parametrize(
    "text",
    ["네 " * 2000, "아니 " * 2000, "사람 " * 2000, "취소 " * 2000, "그냥 " * 2000, "0" * 4000, "@" * 4000, "가" * 4000],
)
def test_the_longest_message_is_read_at_once(text: str) -> None:
    import time

    started = time.perf_counter()
    for slot in OPTIONAL:
        interpret(slot, text[:4000], tries=0)
    interpret_confirmation(ROAD, text[:4000])
    assert time.perf_counter() - started < 2


def test_the_questions_come_in_the_taxonomys_order_and_end_with_the_confirmation() -> None:
    filled: dict[str, str | None] = {}
    asked = []
    while (name := forms.next_slot(PARKING, filled)) != forms.CONFIRM:
        asked.append(name)
        filled[name] = forms.SKIPPED
    assert asked == ["location", "when", "vehicle", "photo"]


def test_the_summary_shows_what_will_be_filed_and_not_what_was_passed_over() -> None:
    shown = forms.summary(ROAD, {"location": "중앙로 12", "photo": forms.SKIPPED, "contact": None})
    assert shown.splitlines() == ["· 분류: 도로·보도 파손", "· 위치: 중앙로 12"]
