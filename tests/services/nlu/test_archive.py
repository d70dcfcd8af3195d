"""The second half of `make classify`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from services.chat.triage import Triage
from services.nlu import archive
from services.taxonomy import load_taxonomy


@pytest.fixture(scope="module")
def triage() -> Triage:
    return Triage.load(archive.NLU_DATA / "emergency" / "cues.yml", archive.NLU_DATA / "taxonomy.yml")


def complete(triage: Triage, *rows: Any) -> list[dict[str, Any]]:
    lines: Iterable[bytes] = (json.dumps(row).encode() for row in rows)
    return list(archive.complete(lines, load_taxonomy(archive.NLU_DATA / "taxonomy.yml"), triage))


def row(text: str, intent: str, *, abstained: bool = False, danger: float | None = 0.0, **more: Any) -> dict[str, Any]:
    ranking = [{"intent": intent, "confidence": 0.9}]
    return {
        **more, "text": text, "intent": intent, "confidence": 0.9, "ranking": ranking,
        "abstained": abstained, "danger": danger, "model_version": "v1",
    }  # fmt: skip


def test_a_line_becomes_a_whole_classification(triage: Triage) -> None:
    [found] = complete(triage, row("가로등이 나갔어요", "streetlight", id=7))
    assert found["id"] == 7
    assert (found["family"], found["agency"], found["urgency"]) == ("civil", "시군구 도로조명팀", 1)
    assert (found["abstained"], found["emergency"], found["model_version"]) == (False, None, "v1")
    assert "danger" not in found


def test_an_unsure_line_abstains(triage: Triage) -> None:
    [found] = complete(triage, row("뭐죠", "streetlight", abstained=True))
    assert (found["intent"], found["abstained"]) == ("streetlight", True)


def test_emergencies_are_told_by_cue_or_by_the_second_opinion(triage: Triage) -> None:
    by_cue, by_model = complete(
        triage, row("집에 불이 났어요", "greet"), row("그이가 자꾸 이상해요", "medical_rescue", danger=0.99)
    )
    assert by_cue["emergency"]["line"] == "119"
    assert by_model["emergency"] == {"line": "119", "cue": "구급·구조"}


def test_an_error_stays_in_its_place(triage: Triage) -> None:
    found = complete(triage, row("가", "greet"), {"error": "not JSON"}, row("나", "greet"))
    assert found[1] == {"error": "not JSON"}
    assert [r.get("text") for r in found] == ["가", None, "나"]


def test_a_line_of_somebody_else_is_refused(triage: Triage) -> None:
    with pytest.raises(ValueError, match="line 1"):
        complete(triage, {"text": "가로등"})
