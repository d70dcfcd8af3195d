"""Which language the assistant answers in: asked for, plainly written, or kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.enums import Language
from services.chat.languages import WIDGET_PERSON_REQUEST, detect, requested
from services.settings import ROOT

KO, EN, ZH = Language.KO, Language.EN, Language.ZH

WISHES = {
    EN: [
        "English please",
        "English, please!",
        "english",
        "in English",
        "Do you speak English?",
        "Can you speak English?",
        "I only speak English",
        "Please answer in English",
        "영어로 해 주세요",
        "영어로 말해줘",
        "영어 되나요?",
        "请用英语",
    ],
    ZH: [
        "中文",
        "请用中文",
        "请说中文",
        "可以说中文吗？",
        "用中文回答",
        "Chinese please",
        "중국어로 부탁해요",
        "중국어 가능해요?",
    ],
    KO: ["한국어", "한국어로", "한국어로 해 주세요", "한국말로 해줘", "Korean please", "请用韩语", "korean"],
}


@pytest.mark.parametrize(("language", "text"), [(language, text) for language in WISHES for text in WISHES[language]])
def test_a_wish_for_a_language_is_heard(language: Language, text: str) -> None:
    assert requested(text) is language


@pytest.mark.parametrize(
    "text",
    [
        "영어로 된 안내문 받을 수 있나요",
        "한국어 교육 신청하고 싶어요",
        "Where can I learn Korean?",
        "English school next door is noisy",
        "中文学校旁边的路灯坏了",
        "중국어 학원 앞 불법 주차",
        "영어마을 앞",
        "",
        " ",
        "😀",
        "English " * 30,
    ],
)
def test_a_language_that_is_only_mentioned_is_not_wished_for(text: str) -> None:
    assert requested(text) is None


ENGLISH = [
    "There is a pothole in front of my house",
    "I lost my residence card",
    "help me please",
    "Hello",
    "How do I renew my visa?",
    "streetlight broken near the school",
    "my number is [전화번호]",
    "There is a big pothole in front of 우체국",
]
CHINESE = ["路灯坏了", "我家门口的路面有一个大坑", "你好", "怎么申请外国人登录证？", "老板不给我发工资"]
KOREAN = ["가로등이 꺼졌어요", "LG U+ 인터넷이 고장났어요", "CCTV 설치", "네네", "火災 났어요 도와주세요"]


@pytest.mark.parametrize("current", Language)
@pytest.mark.parametrize(
    ("text", "language"), [*((t, EN) for t in ENGLISH), *((t, ZH) for t in CHINESE), *((t, KO) for t in KOREAN)]
)
def test_a_plain_message_decides(text: str, language: Language, current: Language) -> None:
    assert detect(text, current=current, asked=False) is language


@pytest.mark.parametrize("current", Language)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "ㅋㅋㅋ",
        "SOS",
        "😀",
        "010-1234-5678",
        "20260213-000017",
        "a@example.com",
        "https://example.com/is/this/it",
        "[전화번호]",
        "dkssudgktpdy ehfhrk vkduTdjdy tkfkd",  # Korean typed with the keyboard set to English
        "'; DROP TABLE chat_messages; --",
        WIDGET_PERSON_REQUEST,
    ],
)
def test_what_is_no_language_changes_none(text: str, current: Language) -> None:
    assert detect(text, current=current, asked=False) is current


@pytest.mark.parametrize(
    "text",
    [
        "Tôi muốn hỏi về thị thực",
        "Rumah kontrakan saya rusak karena gempa",
        "コンビニの前に穴があります",
        "Мне нужна помощь с визой",
        "ฉันต้องการความช่วยเหลือ",
    ],
)
def test_other_languages_get_english_instead_of_korean_and_keep_what_they_have(text: str) -> None:
    assert detect(text, current=KO, asked=False) is EN
    assert detect(text, current=EN, asked=False) is EN
    assert detect(text, current=ZH, asked=False) is ZH
    assert detect(text, current=KO, asked=True) is KO


ANSWERS = [
    "12 Jungang-ro, Hanbit-si",
    "In front of the post office",
    "한빛시 중앙로 12 우체국 앞",
    "12가3456",
    "首尔市中区明洞",
    "Hanbit Apt 101-dong near Exit 3",
    "Skip",
    "跳过",
    "건너뛰기",
    "yesterday around 7 pm",
    "어제 저녁 7시쯤",
    "I don't know",
    "60s",
    "60대",
    "中文",
    "Kim Minsu",
]


@pytest.mark.parametrize("current", Language)
@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_to_a_question_is_no_change_of_language(text: str, current: Language) -> None:
    assert detect(text, current=current, asked=True) is current


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It is in front of the post office", EN),
        ("我不知道怎么写地址", ZH),
        ("우체국 바로 앞에 있어요", KO),
        ("어디인지 잘 모르겠습니다", KO),
    ],
)
def test_a_plain_sentence_changes_the_language_even_in_a_form(text: str, language: Language) -> None:
    for current in Language:
        assert detect(text, current=current, asked=True) is language


@given(st.text(max_size=200), st.sampled_from(Language), st.booleans())
def test_every_text_has_an_answer(text: str, current: Language, asked: bool) -> None:
    assert detect(text, current=current, asked=asked) in Language
    requested(text)


@pytest.mark.parametrize("unit", ["가", "a ", "的", "?", "a@", "요 ", "please in ", "가요 "])
@pytest.mark.timeout(2)
def test_the_longest_message_is_read_at_once(unit: str) -> None:
    text = (unit * 4_000)[:4_000]
    for asked in (False, True):
        detect(text, current=EN, asked=asked)
    requested(text[:40])


def test_the_widgets_own_words_are_known() -> None:
    """static/widget.js sends them for the citizen; the first says nothing about the language, the others wish for one."""
    widget = (ROOT / "services" / "chat" / "static" / "widget.js").read_text(encoding="utf-8")
    assert f'PERSON_REQUEST = "{WIDGET_PERSON_REQUEST}"' in widget
    for language, wish in ((KO, "한국어로 해 주세요"), (EN, "English please"), (ZH, "请用中文")):
        assert f'{language}: "{wish}"' in widget
        assert requested(wish) is language
