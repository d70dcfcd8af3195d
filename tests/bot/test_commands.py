"""The commands: train, serve, classify, benchmark; and what they write to logs."""

from __future__ import annotations

import io
import json
import logging
import re
import tarfile
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import benchmark, classify, logs, serve, train
from tests.bot.tiny import UTTERANCES


def parses(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Understands a text as itself."""
    return [
        {
            "text": text,
            "intent": {"name": "nlu_fallback" if "?" in text else text, "confidence": 0.9},
            "intent_ranking": [{"name": text, "confidence": 0.9}]
            + [{"name": f"i{n}", "confidence": 0.01} for n in range(9)],
            "entities": [],
        }
        for text in texts
    ]


def lines(*rows: Any) -> Iterator[bytes]:
    return (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)


def test_a_line_comes_back_with_its_classification() -> None:
    [row] = classify.classify_lines(lines({"id": 7, "text": "가로등"}), parses, "v1")
    assert row["id"] == 7
    assert (row["intent"], row["confidence"], row["abstained"], row["model_version"]) == ("가로등", 0.9, False, "v1")
    assert [entry["intent"] for entry in row["ranking"]] == ["가로등", "i0", "i1", "i2", "i3"]


def test_an_unsure_line_names_its_best_guess_and_abstains() -> None:
    [row] = classify.classify_lines(lines({"text": "뭐?"}), parses, "v1")
    assert (row["intent"], row["abstained"]) == ("뭐?", True)


def test_bad_lines_stay_in_their_places() -> None:
    rows = list(
        classify.classify_lines(
            lines({"text": "a"}, b"{", b"[]", {"text": 1}, b"", b"\xff\xfe", {"error": "x", "text": "b"}, {"x": 1}),
            parses,
            "v1",
        )
    )
    assert [row.get("error") for row in rows] == [
        None, "not JSON", "not a JSON object", "no text", "not JSON", "not UTF-8", "x", "no text",
    ]  # fmt: skip
    assert (rows[0]["intent"], rows[6]["intent"]) == ("a", "b")


def test_lines_stream_in_order_a_batch_at_a_time() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield json.dumps({"text": f"t{taken}"}).encode()

    found = classify.classify_lines(endless(), parses, "v1")
    assert [next(found)["text"] for _ in range(300)] == [f"t{n}" for n in range(1, 301)]
    assert taken == 2 * classify.BATCH


def test_one_poisonous_text_does_not_spoil_its_batch() -> None:
    def fragile(texts: Sequence[str]) -> list[dict[str, Any]]:
        if "bad" in texts:
            raise RuntimeError
        return parses(texts)

    rows = list(classify.classify_lines(lines({"text": "a"}, {"text": "bad"}, {"text": "b"}), fragile, "v1"))
    assert [row.get("intent") for row in rows] == ["a", None, "b"]
    assert rows[1] == {"error": "could not be classified"}


def test_half_an_emoji_can_be_written() -> None:
    first, second = classify.encoded({"text": "\ud83d 가로등"}), classify.encoded({"text": "가로등"})
    assert json.loads(first)["text"] == "\ud83d 가로등"
    assert "가로등" in second.decode()


def test_an_archive_is_classified_with_a_model(tiny: Any) -> None:
    parse, version = classify.load(tiny.model)
    texts = [text for texts in UTTERANCES.values() for text in texts]
    rows = list(classify.classify_lines(lines(*({"text": text} for text in texts), {"text": " "}), parse, version))
    truth = [intent for intent, texts in UTTERANCES.items() for _ in texts]
    assert sum(row["intent"] == intent for row, intent in zip(rows[:-1], truth, strict=True)) >= len(truth) - 1
    assert (rows[-1]["intent"], rows[-1]["ranking"], rows[-1]["abstained"]) == (None, [], True)
    assert {row["model_version"] for row in rows} == {tiny.model.name.removesuffix(".tar.gz")}


def test_processes_share_an_archive_and_keep_its_order(tiny: Any) -> None:
    archive = [json.dumps({"text": "가로등이 나갔어요", "n": n}).encode() for n in range(3 * classify.BATCH)]
    archive[classify.BATCH] = b"{"
    rows = [json.loads(line) for batch in classify.classify_batches(archive, tiny.model, 2) for line in batch]
    assert [row.get("n") for row in rows] == [
        *range(classify.BATCH),
        None,
        *range(classify.BATCH + 1, 3 * classify.BATCH),
    ]
    assert rows[classify.BATCH] == {"error": "not JSON"}
    assert {row.get("intent") for row in rows} == {"streetlight", None}


def test_a_process_that_cannot_load_the_model_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "broken.tar.gz").write_bytes(b"no archive")
    with pytest.raises(BrokenProcessPool):
        list(classify.classify_batches([b"{}"], tmp_path / "broken.tar.gz", 1))


def test_a_model_is_named_by_time_and_data_and_holds_no_pickle(tiny: Any) -> None:
    trained = tiny.trained
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-{trained.data_sha256[:12]}\.tar\.gz", tiny.model.name)
    assert trained.sha256 == train.sha256_of([tiny.model])
    assert (trained.intents, trained.utterances) == (4, 24)
    with tarfile.open(tiny.model) as archive:
        names = archive.getnames()
    assert any(name.endswith("model.npz") for name in names)
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_the_data_hash_follows_the_data(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yml", tmp_path / "b.yml"
    first.write_text("one")
    second.write_text("two")
    before = train.sha256_of([first, second])
    assert before == train.sha256_of([first, second])
    first.write_text("onet")
    second.write_text("wo")
    assert train.sha256_of([first, second]) != before


def test_training_without_data_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--out", str(tmp_path), "--utterances", str(tmp_path / "none")]) == 2
    assert "nothing to train from" in capsys.readouterr().err


def test_a_training_that_rasa_refuses_is_an_error(
    tmp_path: Path, tiny: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "r.yml").write_text(
        'version: "3.1"\nrules:\n'
        "- rule: a\n  steps: [{intent: greet}, {action: utter_greet}]\n"
        "- rule: b\n  steps: [{intent: greet}, {action: utter_light}]\n"
    )
    options = ["--utterances", str(tiny.utterances), "--domain", str(tiny.domain), "--rules", str(rules)]
    assert train.main(["--out", str(tmp_path / "out"), *options]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Contradicting rules" in captured.err


def test_the_report_is_the_only_line_on_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def noisy(out: Path, **_: Path) -> train.Trained:
        print("Rasa talks")
        return train.Trained(str(out / "m.tar.gz"), "a", "b", 1, 2, 3.0, "2")

    monkeypatch.setattr(train, "train", noisy)
    assert train.main(["--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert list(json.loads(captured.out)) == [
        "path",
        "sha256",
        "data_sha256",
        "intents",
        "utterances",
        "seconds",
        "format",
    ]
    assert "Rasa talks" in captured.err


def test_the_server_wants_its_environment(tiny: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    for name in serve._REQUIRED:
        monkeypatch.delenv(name, raising=False)
    assert serve.main(["--model", str(tiny.model), "--port", "1"]) == 2
    assert "RASA_TOKEN, ACTION_ENDPOINT_URL" in capsys.readouterr().err


def test_the_server_wants_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    for name in serve._REQUIRED:
        monkeypatch.setenv(name, "1")
    assert serve.main(["--model", str(tmp_path / "none.tar.gz"), "--port", "1"]) == 2
    assert "no model at" in capsys.readouterr().err


def test_the_server_listens_on_loopback_with_the_channel_and_a_guarded_api(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sanic import Sanic

    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text("action_endpoint:\n  url: http://127.0.0.1:1\n")
    started: dict[str, Any] = {}
    monkeypatch.setattr(Sanic, "run", lambda app, **options: started.update(options, app=app))
    monkeypatch.setattr(logs, "configure_logs", lambda *_: None)
    monkeypatch.setattr("bot.speedups.apply", lambda: None)
    try:
        assert serve.main(["--model", str(tiny.model), "--port", "5999", "--endpoints", str(endpoints)]) == 0
    finally:
        Sanic._app_registry.clear()
    assert (started["host"], started["port"], started["workers"]) == ("127.0.0.1", 5999, 1)
    assert started["app"].config.GRACEFUL_SHUTDOWN_TIMEOUT < 5
    paths = {"/" + route.path for route in started["app"].router.routes}
    assert {"/webhooks/gateway", "/webhooks/gateway/webhook", "/webhooks/gateway/classify", "/model"} <= {
        path.rstrip("/") for path in paths
    }


def test_telemetry_is_off_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from bot.environment import prepare

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    prepare()
    assert os.environ["RASA_TELEMETRY_ENABLED"] == "false"
    assert os.environ["TICKET_LOCK_LIFETIME"] == "6"


SECRET = "제 주민번호는 900101-1234567"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the configured logs write; the configuration is undone afterwards."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    handlers, level = logging.root.handlers[:], logging.root.level
    logs.configure_logs()
    yield out
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def test_logs_are_json_without_what_a_citizen_wrote(written: io.StringIO) -> None:
    structlog.get_logger("rasa.x").warning("message.parsing.failed", user_text=SECRET, rasa_events=[SECRET], count=3)
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise RuntimeError(SECRET) from cause
    except RuntimeError:
        logging.getLogger("rasa.core.processor").exception("Encountered an exception")
        structlog.get_logger("bot.channel").error("gateway.failed", exc_info=True)
    warnings.warn(f"Failed to parse arguments in line '{SECRET}'", UserWarning, stacklevel=1)
    logging.getLogger("rasa.shared.core.events").warning(f"Parameters: {SECRET}")
    rows = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(rows) == 5
    assert SECRET not in written.getvalue()
    assert (rows[0]["event"], rows[0]["count"], rows[0]["level"]) == ("message.parsing.failed", 3, "warning")
    assert [e["type"] for e in rows[1]["exception"]] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert rows[2]["exception"][0]["frames"]
    assert "UserWarning at" in rows[3]["event"]


def test_debug_lines_are_not_written(written: io.StringIO) -> None:
    structlog.get_logger("rasa.core.processor").debug("processor.message.parse", parse_data_text=SECRET)
    logging.getLogger("rasa.core").debug(SECRET)
    assert written.getvalue() == ""


def write_tsv(path: Path, rows: list[tuple[str, str]]) -> str:
    path.write_text("".join(f"{text}\t{label}\n" for text, label in rows), encoding="utf-8")
    return str(path)


def test_a_labelled_set_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(text, intent) for intent, texts in UTTERANCES.items() for text in texts]
    paths = [write_tsv(tmp_path / "train.tsv", rows), write_tsv(tmp_path / "test.tsv", rows)]
    assert benchmark.main(paths) == 0
    printed = capsys.readouterr().out.splitlines()
    assert float(printed[0].removeprefix("accuracy")) > 0.9
    assert float(printed[1].removeprefix("macro-F1")) > 0.9


def test_a_text_may_hold_tabs_and_lines_may_be_blank(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes("\ufeff가\t나\tx\r\n\r\n다\ty\n".encode())
    assert benchmark.read_tsv(path) == (["가\t나", "다"], ["x", "y"])


@pytest.mark.parametrize("content", ["", "no tab", "\tlabel", "text\t ", "a\tb\nc"])
def test_an_unfit_set_is_refused(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(content)
    assert benchmark.main([str(path), str(path)]) == 2
    assert "bot.benchmark" in capsys.readouterr().err
