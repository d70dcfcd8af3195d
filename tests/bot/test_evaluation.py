"""The measures and the report of the evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot import evaluate
from bot.scoring import Example, Judged, Scores, calibration_error, macro_f1, per_intent, reliability
from tests.bot.conftest import TinyAssistant


def judged(
    intent: str, guess: str, confidence: float = 0.9, *, also: tuple[str, ...] = (), asked: bool = False
) -> Judged:
    rest = (("z", (1 - confidence) / 2),)
    return Judged(Example("글", intent, also), ((guess, confidence), *rest) if guess else (), asked)


def test_an_accepted_intent_is_right() -> None:
    assert judged("a", "b", also=("b",)).right
    assert not judged("a", "b").right
    assert not judged("a", "").right


def test_shares_of_a_group() -> None:
    group = [judged("a", "a"), judged("a", "b"), judged("a", "c", asked=True), judged("a", "z", 0.4)]
    scores = Scores.of(group, {"a": "구청", "b": "구청", "c": "시청"})
    assert (scores.n, scores.top1, scores.owner) == (4, 0.25, 0.5)
    assert (scores.answered, scores.answered_right) == (0.75, pytest.approx(1 / 3))
    assert Scores.of([], {}).top1 == 0


def test_top_three_looks_no_further() -> None:
    ranking = (("b", 0.4), ("c", 0.3), ("d", 0.2), ("a", 0.1))
    assert not Judged(Example("글", "a"), ranking, False).among(3)
    assert Judged(Example("글", "d"), ranking, False).among(3)


def test_f1_of_each_intent() -> None:
    group = [judged("a", "a"), judged("a", "b"), judged("b", "b"), judged("b", "b")]
    found = {s.intent: s for s in per_intent(group)}
    assert found["a"].f1 == pytest.approx(2 / 3)
    assert found["b"].f1 == pytest.approx(0.8)
    assert found["a"].mistaken_for.most_common() == [("b", 1)]
    assert macro_f1(group) == pytest.approx((2 / 3 + 0.8) / 2)


def test_calibration_error_is_zero_when_confidence_is_the_truth() -> None:
    group = [judged("a", "a", 0.75)] * 3 + [judged("a", "b", 0.75)]
    assert calibration_error(group) == pytest.approx(0)
    assert calibration_error([judged("a", "b", 1.0)]) == pytest.approx(1)
    assert [b.n for b in reliability([*group, judged("a", "a", 1.0)])] == [4, 1]


def test_a_figure_below_the_floor_is_named() -> None:
    scores = {"all": {"top1": 0.8}, "calibration_error": 0.07}
    assert evaluate.below_floor(scores, {"all.top1": 0.8, "calibration_error": 0.07}) == []
    found = evaluate.below_floor(scores, {"all.top1": 0.81, "calibration_error": 0.05})
    assert len(found) == 2
    assert "all.top1 is 0.800" in found[0]


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "가"}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "가", "intent": "b"}\n\n' + line)
    with pytest.raises(ValueError, match=r"a\.jsonl:3"):
        evaluate.read_examples(tmp_path)


def test_the_report_of_a_trained_model(tiny: TinyAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"text": "가로등이 또 나갔어요", "intent": "streetlight", "style": "plain", "lang": "ko"},
        {"text": "<b>도로</b>가 움푹 파였어요", "intent": "road_damage", "style": "noisy", "lang": "ko"},
        {"text": "안녕하세요", "intent": "passport", "style": "short", "lang": "ko"},
    ]
    test = tmp_path / "test.jsonl"
    test.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    assert (
        evaluate.main(["--model", str(tiny.model), "--out", str(tmp_path / "out"), "--test", str(test), "--quick"]) == 0
    )
    kept = json.loads((tmp_path / "out/scores.json").read_text())
    assert kept["scores"]["all"]["n"] == 3
    assert kept["scores"]["all"]["top1"] == pytest.approx(2 / 3)
    assert kept["model_version"] == tiny.model.name.removesuffix(".tar.gz")
    page = (tmp_path / "out/report.html").read_text()
    assert "가로등·보안등" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "style plain" in capsys.readouterr().out


def test_what_is_missing_is_said(tiny: TinyAssistant, tmp_path: Path) -> None:
    assert evaluate.main(["--model", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert evaluate.main(["--model", str(tiny.model), "--out", str(tmp_path), "--test", str(tmp_path / "none")]) == 2
    test = tmp_path / "test.jsonl"
    test.write_text('{"text": "가", "intent": "no_such_intent"}')
    assert evaluate.main(["--model", str(tiny.model), "--out", str(tmp_path), "--test", str(test)]) == 2
