"""A danger buried in a long message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.danger import HINT, PLAIN, raise_buried

STORY = (
    "골목 가로등이 한 달째 꺼져 있어서 세 번이나 신고했습니다. 지금은 안방에서 어머니가 숨을 안 쉬세요. "
    "담당자 전화번호와 처리 예정일을 문자로 알려 주시면 좋겠습니다."
)


class Parser:
    """Danger where somebody does not breathe; remembers what it was asked."""

    def __init__(self, plain: float) -> None:
        self.plain = plain
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        self.asked += texts
        return [{"text": text, "danger": self.plain if "숨을" in text else 0.01} for text in texts]


def raised(text: str, danger: float | None, parser: Parser) -> float | None:
    parsed = {"text": text, "danger": danger}
    raise_buried([{"text": "네", "danger": 0.5}, parsed], parser)
    return parsed["danger"]  # type: ignore[return-value]


def test_the_most_dangerous_sentence_of_a_long_message_speaks_for_it() -> None:
    parser = Parser(0.97)
    assert raised(STORY, HINT, parser) == 0.97
    assert len(parser.asked) == 3


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        (STORY, HINT / 2),  # ordinary as a whole: not worth the time
        (STORY, PLAIN),  # an alarm already
        (STORY, None),  # a model without an opinion
        ("어머니가 숨을 안 쉬세요. 도와주세요.", 0.3),  # short: nothing is buried
        ("어머니가 숨을 안 쉬세요 " * 8, 0.3),  # one sentence
    ],
)
def test_no_sentence_is_looked_at_where_none_could_matter(text: str, danger: float | None) -> None:
    parser = Parser(0.97)
    assert raised(text, danger, parser) == danger
    assert parser.asked == []


def test_a_sentence_that_is_not_plain_raises_nothing() -> None:
    assert raised(STORY, 0.2, Parser(PLAIN - 0.01)) == 0.2
