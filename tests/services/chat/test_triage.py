"""What the emergency triage promises. The sentences live beside this file; their headers say how they came about."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.triage import Emergency, EmergencyCards, ExpertFileError, Triage

HERE = Path(__file__).parent
EMERGENCY = HERE.parents[2] / "nlu_data" / "emergency"
TAXONOMY = HERE.parents[2] / "nlu_data" / "taxonomy.yml"
LINES = {"suicide_crisis": "109", "abuse_violence": "112"}
INTENTS = (
    "fire",
    "medical_rescue",
    "gas_leak",
    "electric_hazard",
    "collapse_sinkhole",
    "landslide",
    "flood_typhoon",
    "earthquake",
    "suicide_crisis",
    "abuse_violence",
)
TRIAGE = Triage.load(EMERGENCY / "cues.yml", TAXONOMY)
CARDS = EmergencyCards.load(EMERGENCY / "cards.yml", TAXONOMY)
NOT_INSTEAD = "이 챗봇은 119·112 신고를 대신하지 않습니다."

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=())) | st.text(
    "불이났어요 .\n\ud800ㅠㅋ나면작년aé\u0301́", max_size=200
)


def sentences(name: str) -> Iterator[tuple[str, str]]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            intent, text = line.split("\t")
            yield intent, text


def line_of(intent: str) -> str:
    return LINES.get(intent, "119")


@pytest.mark.parametrize("intent", INTENTS)
def test_no_emergency_is_missed_and_its_phone_line_is_right(intent: str) -> None:
    texts = [text for named, text in sentences("emergency_true.txt") if named == intent]
    assert len(texts) >= 20
    found = {text: TRIAGE.check(text) for text in texts}
    wrong = {text: found[text] for text in texts if (found[text] or Emergency("", "", "")).line != line_of(intent)}
    assert not wrong


def test_at_most_three_in_a_hundred_harmless_messages_alarm() -> None:
    texts = [text for _, text in sentences("emergency_false.txt")]
    assert len(texts) >= 200
    alarms = {text: emergency for text in texts if (emergency := TRIAGE.check(text))}
    assert len(alarms) <= 0.03 * len(texts), alarms


@pytest.mark.parametrize(
    "text",
    [
        "배고파 죽겠다",
        "소방차 전용구역에 주차한 차가 있어요",
        "화재보험 가입 문의",
        "심폐소생술 교육 신청",
        "가스요금 자동이체",
        "가스라이팅 상담",
        "작년 산불 지원금",
        "드라마에서 주인공이 쓰러지는 장면",
        "불이 나면 어떻게 대피하나요",
        "가로등이 꺼졌어요",
        "기초연금 신청하려고요",
    ],
)
def test_words_of_danger_alone_do_not_alarm(text: str) -> None:
    assert TRIAGE.check(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "작년에도 그랬는데 지금 또 불이 났어요",
        "작년에 이사 왔는데 옆집에서 불이 났어요",
        "드라마 보는데 남편이 갑자기 쓰러졌어요",
        "배고파 죽겠는데 부엌에 불이 났어요",
        "화재보험은 들었는데 지금 집에 불이 났어요",
        "나무 옆에서 할머니가 쓰러졌어요",
        "사람이 불 때문에 못 나와요",
        "안녕하세요. 불편을 드려 죄송한데 아버지가 숨을 안 쉬어요",
        "지난번 다친 데는 이제 나았는데 오늘 또 남편이 때려요",
        "치료는 끝났고 다 나았어요. 그런데 방금 아버지가 쓰러지셨어요",
        "어제 불은 다 꺼졌다고 들었는데 지금 다시 연기가 나요",
        "경보기 설치 지원 되나요? 지금 부엌에 불이 났어요",
        "보험 서류는 어디서 받나요? 아버지가 숨을 안 쉬어요",
        "집에 불이 났어요 보험 되나요",
        "남편이 칼을 들고 있어요 상담 신청 어떻게 하나요",
        "벽이 무너져서 사람이 깔렸어요 보상 신청은요",
        "엄마가 심장마비 온 것 같아요 보험금 청구 되나요",
        "사람은 안 다쳤는데 집에 불이 났어요",
        "살려 주세요 불났어요 숙제하다가",
        "죽고 싶어요 상담 신청하고 싶어요",
        "나 죽어 버릴 거야",
        "죽고 싶을 만큼 힘들어요",
        "우리 할머니 숨 넘어가겠어요 빨리요",
        "이제 아무 의미가 없네요 다들 잘 지내세요",
        "값을 물어보려다 길이 갑자기 내려앉았어요",
        "My house is on fire, does insurance cover it?",
        "My husband hits me, where can I apply for a shelter",
        "我家着火了，保险赔吗",
        "Nhà tôi đang cháy, bảo hiểm có trả không",
    ],
)
def test_a_harmless_word_beside_it_does_not_hide_a_danger(text: str) -> None:
    assert TRIAGE.check(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "목발로 짚고 가는데 문 앞을 막고 있어요",
        "저희 개발로 담을 쌓았는데 남편이 좋아해요",
        "재개발 구역에 사람이 없어요",
    ],
)
def test_an_indirect_cue_does_not_begin_inside_a_word(text: str) -> None:
    assert TRIAGE.check(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("아버지가 아침부터 숟가락을 자꾸 떨어뜨리고 발음이 새요", "119"),
        ("장롱 안에 숨어 있는데 그 사람이 제 이름을 불러요", "112"),
        ("신발을 가지런히 벗어 놓고 난간 앞에 서 있는 사람이 있어요", "109"),
        ("보험 서류를 여쭤보려고요 방금 동료가 기계에 팔이 말려 들어갔어요", "119"),
        ("전에 만나던 사람이 지금 제 현관문 앞에 서 있어요", "112"),
    ],
)
def test_a_danger_said_indirectly_is_heard(text: str, line: str) -> None:
    found = TRIAGE.check(text)
    assert found is not None
    assert found.line == line


@pytest.mark.parametrize(
    "text",
    [
        "뮤지컬을 보다가 숨도 못 쉬었어요 재관람 할인되나요",
        "세금으로 두들겨 맞은 기분이에요 분납 되나요",
        "작년에 쓰러지셨던 어머니가 지금은 건강하게 지내세요 보험금 청구 서류가 궁금해요",
        "아이 몸에 멍이 있을 때 신고하는 절차를 교재로 만들고 있어요",
        "Where can I find suicide rate statistics for my thesis?",
        "민원 처리가 늦어서 피가 거꾸로 솟네요",
        "쌀값이 폭삭 내려앉아서 걱정이에요",
        "사장님 속이 새카맣게 탑니다",
        "너네 공무원들 다 죽어야 돼",
        "你们这些官僚去死吧",
        "선배가 죽고 싶냐고 화를 냈어요",
        "공인인증서 또 만료돼서 죽고 싶다",
        "번지점프에서 뛰어내리고 왔어요 재밌었어요",
        "익사이팅 캠프",
        "살려 주세요 연말정산 너무 어려워요",
        "살려 주세요라고 쓰면 무슨 답이 나오나요",
        "아이가 까무러치는 시늉을 해요",
        "표지판이 쓰러져 있어요 등산로 입구예요",
        "윗집 뛰는 소리에 천장이 무너지겠어요 매트 지원 되나요",
        "친구한테 스토킹을 당했고 그 사람은 실형을 살고 있어요 이사비를 받을 수 있나요",
        "창고에 불이 나서 놀랐는데 다 꺼졌다고 하고 모두 무사하대요",
        "태어날 때부터 말이 어눌한 조카예요 언어 치료를 알아봅니다",
        "여진이 며칠 동안 이어질 수 있는지 알고 싶습니다",
        "일산화탄소 경보기는 뭘 사야 하나요",
        "I am drowning in paperwork",
        "My wife fell off her bike last spring, where do I apply for a refund?",
        "The fire alarm test is too loud",
        "我婆婆三年前中风，想申请长期护理",
        "Где взять справку о пожаре",
        "Sertifikat kebakaran habis, perpanjang di mana",
        "Khi có cháy thì làm gì? Em làm bài tập",
        "孩子的护照丢了",
    ],
)
def test_a_finished_figurative_or_studied_danger_does_not_alarm(text: str) -> None:
    assert TRIAGE.check(text) is None


@pytest.mark.parametrize(
    ("plain", "noisy"),
    [
        ("집에 불이 났어요", "집에불이낫어요ㅠㅠㅠ"),
        ("집에 불이 났어요", "집 에 불 이 났 어 요"),
        ("집에 불이 났어요", "집에 불이\u200b 났...어요🔥"),
        ("사람이 쓰러졌어요", "사람이쓰러젓어요"),
        ("감전됐어요", "감전됬어요"),
        ("콘센트에서 불꽃이 튀어요", "콘샌트에서 불꽃이 튀어요"),
        ("gas leak", "ＧＡＳ　ＬＥＡＫ"),
        (
            "집에 불이 났어요",
            "\u110c\u1175\u11b8\u110b\u1166 \u1107\u116e\u11af\u110b\u1175 \u1102\u1161\u11bb\u110b\u1165\u110b\u116d",
        ),
    ],
)
def test_misspelling_and_noise_change_nothing(plain: str, noisy: str) -> None:
    expected, found = TRIAGE.check(plain), TRIAGE.check(noisy)
    assert expected is not None
    assert found is not None
    assert (found.intent, found.line) == (expected.intent, expected.line)


def test_the_cue_is_quoted_in_the_citizens_own_words() -> None:
    found = TRIAGE.check("저기요, 우리 집에 불 이 낫 어요!!")
    assert found == Emergency(line="119", cue="불 이 낫", intent="fire")


def test_a_cue_deep_in_a_long_message_is_found() -> None:
    filler = "민원 처리 결과를 알고 싶어서 문의드립니다. 담당 부서가 어디인지 모르겠어요. "
    assert TRIAGE.check(filler * 60 + "그런데 지금 아버지가 숨을 안 쉬어요 " + filler * 20) is not None


@given(ANY_TEXT)
def test_any_text_is_answered_and_never_raises(text: str) -> None:
    found = TRIAGE.check(text)
    assert found is None or (found.line in {"109", "112", "119"} and found.cue)


@pytest.mark.parametrize(
    "text",
    [
        "민원 처리 결과를 알고 싶어서 문의드립니다. 접수번호는 잃어버렸고 담당 부서가 어디인지 모르겠어요. ",
        "불",
        "이불 나눔 ",
        "작년에 불이 났던 곳 ",
        "사람 사람이 사람을 ",
        "a aa aaa fire insurance ",
    ],
)
def test_four_thousand_characters_take_milliseconds_whatever_they_are(text: str) -> None:
    # Measured: 1.3 ms for the first, 4 to 8 ms for the worst. The bound only tells a few milliseconds from a backtracking regex.
    message = (text * 4000)[:4000]
    assert min(seconds(message) for _ in range(5)) < 0.05


def seconds(message: str) -> float:
    start = time.process_time()
    TRIAGE.check(message)
    return time.process_time() - start


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("version: 1", "version: 7"),
        ("intent: fire", "intent: fyre"),
        ("{다급}", "{급함}"),
        ("before: 14", "before: many"),
        ("reach: earlier", "reach: later"),
        ("not_for: [죽고", "not_for: [죽구"),
        ("- 죽을맛|", "- ~3 죽을맛|"),
    ],
)
def test_a_malformed_cue_file_names_the_line_of_the_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    text = (EMERGENCY / "cues.yml").read_text(encoding="utf-8")
    assert right in text
    cues = tmp_path / "cues.yml"
    cues.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ExpertFileError) as caught:
        Triage.load(cues, TAXONOMY)
    assert str(caught.value).startswith(f"cues.yml:{caught.value.line}: ")
    assert wrong in cues.read_text(encoding="utf-8").splitlines()[caught.value.line - 1]


@pytest.mark.parametrize("content", ["", "- a list", "version: 1\nversion: 1\n", "\tbroken: [", "words: {사람: 아이}"])
def test_a_file_that_is_no_cue_book_is_refused_by_name(tmp_path: Path, content: str) -> None:
    cues = tmp_path / "cues.yml"
    cues.write_text(content, encoding="utf-8")
    with pytest.raises(ExpertFileError):
        Triage.load(cues, TAXONOMY)


@pytest.mark.parametrize("intent", INTENTS)
def test_a_card_gives_its_line_and_never_claims_that_help_is_coming(intent: str) -> None:
    korean = CARDS.card(intent, "ko")
    assert line_of(intent) in "\n".join(korean.text.splitlines()[:2])
    assert NOT_INSTEAD in korean.text
    assert len(korean.text.splitlines()) <= 6
    assert not any(claim in korean.text for claim in ("출동했", "출동 중", "신고했", "신고되었", "접수되었"))
    for lang in ("en", "zh"):
        assert line_of(intent) in CARDS.card(intent, lang).text


def test_only_the_violence_card_offers_a_quick_exit_and_it_advises_no_confrontation() -> None:
    assert [intent for intent in INTENTS if CARDS.card(intent, "ko").quick_exit] == ["abuse_violence"]
    assert "1366" in CARDS.card("abuse_violence", "ko").text
    assert "맞서지 말고" in CARDS.card("abuse_violence", "ko").text


def test_the_gas_card_sends_people_out_before_they_call() -> None:
    text = CARDS.card("gas_leak", "ko").text
    assert text.index("밖으로") < text.index("119") < text.index("1544-4500")


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    cards = tmp_path / "cards.yml"
    cards.write_text("version: 1\ncards: {}\n", encoding="utf-8")
    with pytest.raises(ExpertFileError, match="fire"):
        EmergencyCards.load(cards, TAXONOMY)
