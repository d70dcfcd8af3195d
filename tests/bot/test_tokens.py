"""Text as it is written in, morphemes with places in it out."""

from __future__ import annotations

import shutil
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.components import analyzers
from bot.components.align import align
from bot.components.analyzers import AnalyzerUnavailable
from bot.components.jamo import decompose
from bot.components.normalize import _normalize as normalize_anew
from bot.components.normalize import normalize
from bot.components.tokenizer import KoNLPyTokenizer, tokens_of

ON_JAVA = ("okt", "komoran", "hannanum", "kkma")
HAS_JAVA = shutil.which("java") is not None

WRITTEN = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.sampled_from("ㅋㅎㅠㅜㅏㄱ ㄳ　\n\t\u200b\u1112\u1161\u11ab😀👍🏽\u200d！？１２ＡＢＣ.,?!~()0123456789"),
        st.characters(),
        st.sampled_from(["\ud83d", "\udc4d"]),
    ),
    max_size=60,
)
SENTENCES = [
    "가로등이 안 들어와요ㅠㅠㅠㅠ 했다고 전해 주세요!!!!!!",
    "어제 먹었던거 환불해줬으면 합니다. 도와주셔서 감사했습니다",
    "버스가 안왔다니까요 몇번을 말해야 됨? 짜증나 죽겠네 진짜",
    "아이고 우야노 뒷집 헛간에 불이 붙어가 다 타뿌린다",
    "My streetlight 가 broken 😀👍🏽 3층 101호 plz",
    "路灯坏了，请修理。 가로등",
]


def check(text: str, tokens: list[Any]) -> None:
    """Every promise about the places of tokens."""
    spans = [(token.start, token.end) for token in tokens]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    assert [end for _, end in spans] == sorted(end for _, end in spans)
    assert all(token.text == text[token.start : token.end] for token in tokens)
    assert all(token.text.strip() for token in tokens)
    assert all(isinstance(token.get("pos"), str) for token in tokens)
    assert bool(tokens) == bool(normalize(text).text)


@given(st.text(alphabet="가ㅋa1! \u1161\u0301\u200b\nA", max_size=12))
def test_a_plain_text_is_left_as_it_is(text: str) -> None:
    assert normalize(text) == normalize_anew(text)


@given(WRITTEN)
def test_normalising_keeps_places_and_is_stable(text: str) -> None:
    found = normalize(text)
    assert len(found.text) == len(found.starts) == len(found.ends)
    assert all(0 <= s < e <= len(text) for s, e in zip(found.starts, found.ends, strict=True))
    assert list(found.starts) == sorted(found.starts)
    assert list(found.ends) == sorted(found.ends)
    assert normalize(found.text).text == found.text
    found.text.encode("utf-8")


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("ㅋㅋㅋㅋㅋㅋ", "ㅋㅋ"),
        ("ㅠㅠㅠㅠ ㅎㅎㅎ", "ㅠㅠ ㅎㅎ"),
        ("네!!!!!!!", "네!!!"),
        ("0000000", "0000000"),
        ("ＡＢ　１２３", "AB 123"),
        ("a\n\n\tb", "a b"),
        ("\ud83d여기", "\ufffd여기"),
        (unicodedata.normalize("NFD", "가로등"), "가로등"),
        ("\u110f\u110f\u110f", "ㅋㅋ"),
        ("불\u200b이야\ufeff", "불이야"),
        (" \n ", ""),
    ],
)
def test_what_normalising_does(written: str, clean: str) -> None:
    assert normalize(written).text == clean


def test_a_span_of_the_clean_text_leads_back_to_the_written_one() -> None:
    written = "  ㅋㅋㅋㅋ 가로등 "
    found = normalize(written)
    start, end = found.surface_span(*_span(found.text, "가로등"))
    assert written[start:end] == "가로등"
    start, end = found.surface_span(0, 2)
    assert written[start:end] == "ㅋㅋㅋㅋ"
    for bad in ((0, 0), (3, 2), (0, 99), (-1, 1)):
        with pytest.raises(IndexError):
            found.surface_span(*bad)


def _span(text: str, part: str) -> tuple[int, int]:
    return text.index(part), text.index(part) + len(part)


@given(WRITTEN)
@settings(max_examples=300, deadline=None)
def test_mecab_tokens_have_places_in_any_text(text: str) -> None:
    check(text, tokens_of(text))


@pytest.mark.parametrize("text", SENTENCES)
def test_mecab_covers_every_visible_character(text: str) -> None:
    covered = {i for token in tokens_of(text) for i in range(token.start, token.end)}
    assert {i for i, c in enumerate(text) if not c.isspace()} <= covered


def test_tokens_carry_surface_form_and_part_of_speech() -> None:
    first = tokens_of("ㅋㅋㅋㅋ 가로등이")
    assert [(t.text, t.lemma, t.start, t.end) for t in first][:2] == [
        ("ㅋㅋㅋㅋ", "ㅋㅋ", 0, 4),
        ("가로등", "가로등", 5, 8),
    ]
    assert first[1].get("pos") == "NNG"


@pytest.mark.parametrize("name", ON_JAVA)
def test_an_analyzer_on_java_aligns_or_says_what_is_missing(name: str) -> None:
    if not HAS_JAVA:
        with pytest.raises(AnalyzerUnavailable, match="Java runtime"):
            tokens_of("가로등", name)
        return
    for text in [*SENTENCES, "", " ", "😀", "\ud83d", "\u200b", "가" * 320]:
        check(text, tokens_of(text, name))


@pytest.mark.parametrize("name", ["okt", "komoran"])
def test_any_text_aligns_on_java(name: str) -> None:
    if not HAS_JAVA:
        with pytest.raises(AnalyzerUnavailable):
            tokens_of("가로등", name)
        return

    @given(WRITTEN)
    @settings(max_examples=150, deadline=None)
    def holds(text: str) -> None:
        check(text, tokens_of(text, name))

    holds()


def test_changed_forms_stand_on_the_syllables_they_come_from() -> None:
    assert align(["하", "았", "다고"], "했다고") == [(0, 1), (0, 1), (1, 3)]
    assert align(["가", "ㄴ", "다"], "간다") == [(0, 1), (0, 1), (1, 2)]
    assert align(["돕", "아", "주", "시", "어"], "도와 주셔") == [(0, 1), (1, 2), (3, 4), (4, 5), (4, 5)]


@given(st.lists(st.text(st.sampled_from("가나다하았었ㄴㄹ시아 어요"), min_size=1, max_size=4), max_size=12), st.data())
def test_alignment_keeps_its_promise_for_any_forms(forms: list[str], data: st.DataObject) -> None:
    forms = [form.strip() for form in forms if form.strip()]
    text = data.draw(st.text(st.sampled_from("가나다하했간 시아셔어요갔"), min_size=1, max_size=30))
    if not text.strip():
        if forms:
            with pytest.raises(ValueError, match="blank"):
                align(forms, text)
        return
    spans = align(forms, text)
    assert len(spans) == len(forms)
    assert all(0 <= s < e <= len(text) for s, e in spans)
    assert [s for s, _ in spans] == sorted(s for s, _ in spans)
    assert [e for _, e in spans] == sorted(e for _, e in spans)


def test_a_missing_jvm_is_told_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    from konlpy import tag

    def no_jvm() -> None:
        raise RuntimeError("No JVM shared library file (libjvm.so) found")

    monkeypatch.setattr(analyzers, "_made", {})
    monkeypatch.setattr(tag, "Komoran", no_jvm)
    with pytest.raises(AnalyzerUnavailable, match=r"'komoran' needs a Java runtime.*libjvm.*analyzer: mecab"):
        tokens_of("가로등", "komoran")


def test_an_unknown_analyzer_is_refused_when_the_component_is_made() -> None:
    with pytest.raises(AnalyzerUnavailable, match="mecab, okt"):
        KoNLPyTokenizer({**KoNLPyTokenizer.get_default_config(), "analyzer": "nori"})


def test_making_the_component_makes_no_analyzer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzers, "_made", {})
    KoNLPyTokenizer({**KoNLPyTokenizer.get_default_config(), "analyzer": "kkma"})
    assert analyzers._made == {}


def test_the_component_tokenizes_messages_and_leaves_intents_whole() -> None:
    tokenizer = KoNLPyTokenizer(KoNLPyTokenizer.get_default_config())
    message = Message({TEXT: "가로등이 나갔어요", "intent": "street_light"})
    tokenizer.process([message])
    assert message.get("text_tokens")[0].text == "가로등"
    assert [t.text for t in message.get("intent_tokens")] == ["street_light"]


def test_letters_of_syllables() -> None:
    assert decompose("했다 a1ㅋ") == "ㅎㅐㅆㄷㅏ a1ㅋ"
