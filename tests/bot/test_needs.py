"""Several needs in one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.needs import other_needs, sentences

WORDS = {"가로등": "streetlight", "쓰레기": "illegal_dumping", "여권": "passport", "light": "streetlight"}


def parse(texts: Sequence[str], confidence: float = 0.95) -> list[dict[str, Any]]:
    """Knows an intent by its word."""
    found = []
    for text in texts:
        name = next((intent for word, intent in WORDS.items() if word in text), "nlu_fallback")
        found.append({"intent": {"name": name, "confidence": confidence}})
    return found


def whole(*ranking: tuple[str, float]) -> dict[str, Any]:
    return {"intent_ranking": [{"name": name, "confidence": confidence} for name, confidence in ranking]}


def test_one_sentence_has_one_need() -> None:
    assert sentences("집 앞 가로등이 꺼져 있어요") == []
    assert other_needs("집 앞 가로등이 꺼져 있어요", whole(("streetlight", 0.9)), parse) == []


@pytest.mark.parametrize(
    "text",
    [
        "집 앞 가로등이 꺼져 있어요. 그리고 골목에 쓰레기를 버리고 가요",
        "집 앞 가로등이 꺼져 있어요 아 참 골목에 쓰레기를 버리고 가요",
        "집 앞 가로등이 꺼져 있어요\n또 골목에 쓰레기를 버리고 가요",
        "The light is out for days, also 쓰레기 on the corner",
    ],
)
def test_what_starts_anew_is_a_need_of_its_own(text: str) -> None:
    [found] = other_needs(text, whole(("streetlight", 0.9), ("smoking", 0.01)), parse)
    assert found["intent"] == "illegal_dumping"
    assert "쓰레기" in found["text"]


def test_a_sentence_of_a_story_is_not_a_need() -> None:
    text = "여권을 만들러 가는 길이었어요. 골목이 너무 어두웠어요. 집 앞 가로등이 꺼져 있어요."
    assert other_needs(text, whole(("streetlight", 0.9), ("passport", 0.02)), parse) == []


def test_two_plain_sentences_count_if_the_whole_reminds_of_both() -> None:
    text = "집 앞 가로등이 꺼져 있어요. 여권을 만들려면 어디로 가나요?"
    [found] = other_needs(text, whole(("streetlight", 0.6), ("passport", 0.3)), parse)
    assert found["intent"] == "passport"
    assert other_needs(text, whole(("streetlight", 0.6), ("passport", 0.1)), parse) == []


def test_an_unsure_sentence_is_no_need() -> None:
    text = "집 앞 가로등이 꺼져 있어요. 그리고 골목에 쓰레기를 버리고 가요"
    assert other_needs(text, whole(("streetlight", 0.9)), lambda texts: parse(texts, 0.5)) == []


def test_a_long_story_is_not_taken_apart() -> None:
    assert sentences("오늘도 같은 일이 있었어요. " * 7) == []


def test_nothing_recognised_has_no_needs() -> None:
    assert other_needs("가나다라마바. 그리고 아자차카타파", {"intent_ranking": []}, parse) == []
