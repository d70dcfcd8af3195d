"""Measures the assistant against a stock Rasa project on the same data and machine: `python -m bot.bench --out DIR`.

Four things, ours and the baseline's (bot/baseline.yml: whitespace, DIET, TED) one after the other in one run: training from
the data to an archive, how well the frozen test set is understood, how many texts a second are classified (ours: the
archive command on all cores; the baseline's: its /model/parse), and what a turn of a conversation costs inside Rasa
(HTTP, conversations in memory, answers from rules). Prints a table; the figures are in DIR/bench.json, and the baseline's
scores in DIR/baseline/scores.json, where `make evaluate` finds them.

DIET on a CPU needs many hours for its hundred epochs here; `--baseline-epochs` (default 3) trains fewer, says so in the table,
and reckons the training time from the time of an epoch. What has been trained is kept in DIR and used again while the data
are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from bot.environment import prepare
from bot.evaluate import DATA, FROZEN, UTTERANCES, judge, read_examples, read_utterances, summary
from bot.train import sha256_of, yaml_files

HOME = Path(__file__).resolve().parent
BASELINE = HOME / "baseline.yml"
FULL_EPOCHS = 100
_ARCHIVE_LINES = 20_000
_PARSES = 600
_CLIENTS = 2
_TURNS = 300
_WARM = 30
_SAID_BY_RULE = ("greet", "goodbye_thanks", "bot_identity", "privacy_rights", "easy_language", "case_amend")
"""Needs whose rule answers with a fixed text in both projects."""

Json = dict[str, Any]


def train(out: Path, config: Path | None = None) -> Json:
    """The report of `bot.train`, and `components`: the seconds that each component's training took.

    Raises:
        subprocess.CalledProcessError: the training failed; its reason is on stderr.
    """
    command = [sys.executable, "-m", "bot.train", "--out", str(out)]
    if config:  # the baseline has no use for examples of a special purpose
        command += ["--config", str(config), "--utterances", str(UTTERANCES)]
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    components: dict[str, float] = {}
    started: dict[str, float] = {}
    for line in process.stderr or ():
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
        for event, name in re.findall(rb"(Starting to train|Finished training) component '(\w+)'", line):
            if event.startswith(b"Starting"):
                started[name.decode()] = time.monotonic()
            else:
                components[name.decode()] = round(time.monotonic() - started[name.decode()], 1)
    printed = process.stdout.read().decode() if process.stdout else ""
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)
    return {**json.loads(printed.strip().splitlines()[-1]), "components": components}


def train_baseline(out: Path, epochs: int) -> Json:
    """Trains the baseline, or finds that it has been done with these data.

    Adds `epoch`, the seconds of an epoch of DIET, and `full`, those of the training with all hundred.
    """
    fingerprint = sha256_of(yaml_files(UTTERANCES))
    kept = out / "training.json"
    if kept.exists():
        known: Json = json.loads(kept.read_text())
        if (known["data"], known["epochs"]) == (fingerprint, epochs) and Path(known["path"]).is_file():
            return known
    out.mkdir(parents=True, exist_ok=True)
    config = out / "baseline.yml"
    config.write_text(re.sub(r"epochs: \d+", f"epochs: {epochs}", BASELINE.read_text(encoding="utf-8")))
    print(f"baseline: training {epochs} of {FULL_EPOCHS} epochs", file=sys.stderr)
    report = train(out / "models", config)
    epoch = report["components"]["DIETClassifier"] / epochs
    full = report["seconds"] + (FULL_EPOCHS - epochs) * epoch
    found = {**report, "data": fingerprint, "epochs": epochs, "epoch": round(epoch, 1), "full": round(full, 1)}
    kept.write_text(json.dumps(found))
    return found


def understanding(model: Path) -> Json:
    """The evaluation's figures of an archive on the frozen test set."""
    taxonomy = yaml.safe_load((DATA / "taxonomy.yml").read_text(encoding="utf-8"))["intents"]
    judged, version = judge(model, read_examples(FROZEN))
    return {"model_version": version, "scores": summary(judged, taxonomy)}


def classify_rate(model: Path, texts: Sequence[str], folder: Path) -> Json:
    """Lines a second of `python -m bot.classify` on all cores: with the loading of the model, and without it."""
    archive = folder / "archive.jsonl"
    archive.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts))
    first = folder / "first.jsonl"
    first.write_text(json.dumps({"text": texts[0]}) + "\n")

    def seconds(source: Path) -> float:
        started = time.monotonic()
        with source.open("rb") as lines:
            subprocess.run(  # noqa: S603
                [sys.executable, "-m", "bot.classify", "--model", str(model)],
                stdin=lines,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )
        return time.monotonic() - started

    loading, whole = seconds(first), seconds(archive)
    return {
        "lines": len(texts),
        "loading": loading,
        "rate_with_loading": len(texts) / whole,
        "rate": len(texts) / (whole - loading),
    }


@contextmanager
def serving(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[str]:
    """A server process that answers on a port of loopback; its base address. Ends it with SIGTERM.

    Raises:
        RuntimeError: it ended, or did not answer within three minutes.
    """
    process = subprocess.Popen(  # noqa: S603
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 180
        while True:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{' '.join(command)} does not serve")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        time.sleep(2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def silent_actions() -> Iterator[str]:
    """An action server whose every action says one sentence; its address. Both projects use it where they need one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"events": [], "responses": [{"text": "네."}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _posts(address: str, bodies: Sequence[Json], headers: dict[str, str], clients: int) -> list[float]:
    """Seconds of each request, `clients` of them at a time.

    Raises:
        aiohttp.ClientResponseError: one was refused.
    """
    import aiohttp

    taken: list[float] = []
    waiting = iter(bodies)

    async def client(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            started = time.perf_counter()
            async with session.post(address, json=body, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()
            taken.append(time.perf_counter() - started)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(client(session) for _ in range(clients)))
    return taken


def parse_rate(address: str, texts: Sequence[str]) -> float:
    """Texts a second of Rasa's /model/parse, the better of one client and a few."""
    rates = []
    for clients in (1, _CLIENTS):
        bodies = [{"text": text} for text in texts]
        asyncio.run(_posts(f"{address}/model/parse", bodies[:_WARM], {}, 1))
        started = time.perf_counter()
        asyncio.run(_posts(f"{address}/model/parse", bodies, {}, clients))
        rates.append(len(bodies) / (time.perf_counter() - started))
    return max(rates)


def turn_cost(address: str, path: str, texts: Sequence[str], headers: dict[str, str]) -> float:
    """Median milliseconds of a turn, in conversations of six turns, one client."""
    bodies = [
        {"sender": f"c{i // 6}", "message": text, "message_id": f"m{i}", "metadata": {}} for i, text in enumerate(texts)
    ]
    asyncio.run(_posts(address + path, [{**b, "sender": "warm"} for b in bodies[:_WARM]], headers, 1))
    return 1000 * statistics.median(asyncio.run(_posts(address + path, bodies, headers, 1)))


def measure_servers(ours: Path, baseline: Path, texts: Sequence[str], said: Sequence[str], folder: Path) -> Json:
    """Parse rate of the baseline and the cost of a turn of both."""
    with silent_actions() as actions:
        (folder / "endpoints.yml").write_text(f"action_endpoint:\n  url: {actions}\n")
        (folder / "credentials.yml").write_text("rest:\n")
        return _measured(ours, baseline, texts, said, folder)


def _measured(ours: Path, baseline: Path, texts: Sequence[str], said: Sequence[str], folder: Path) -> Json:
    found: Json = {}
    port = _free_port()
    stock = [sys.executable, "-m", "rasa", "run", "--model", str(baseline), "--enable-api", "-i", "127.0.0.1"]
    stock += ["--port", str(port), "--credentials", str(folder / "credentials.yml")]
    with serving([*stock, "--endpoints", str(folder / "endpoints.yml")], port, {}) as address:
        found["baseline_parse_rate"] = parse_rate(address, texts)
        found["baseline_turn"] = turn_cost(address, "/webhooks/rest/webhook", said, {})
    port = _free_port()
    serve = [sys.executable, "-m", "bot.serve", "--model", str(ours), "--port", str(port)]
    with serving([*serve, "--endpoints", str(folder / "endpoints.yml")], port, {"RASA_TOKEN": "bench"}) as address:
        found["turn"] = turn_cost(address, "/webhooks/gateway/webhook", said, {"X-Rasa-Token": "bench"})
    return found


def table(found: Json) -> str:
    """The figures side by side; the ratio is the better over the worse where ours should be more, else ours over theirs."""
    ours, base = found["training"], found["baseline_training"]
    classified, servers = found["classify"], found["servers"]
    rate, parses = classified["rate"], servers["baseline_parse_rate"]
    whole = classified["rate_with_loading"]
    trained = f"{base['seconds']:.0f} ({base['epochs']} of {FULL_EPOCHS} epochs)"
    rows = [
        ("", "ours", "stock Rasa", "ratio"),
        (
            "training, s (without imports)",
            f"{ours['seconds']:.0f}",
            trained,
            f"{base['seconds'] / ours['seconds']:.1f}",
        ),
        (f"  {FULL_EPOCHS} epochs, reckoned", "", f"{base['full']:.0f}", f"{base['full'] / ours['seconds']:.0f}"),
        ("classified a second", f"{rate:.0f}", f"{parses:.0f}", f"{rate / parses:.1f}"),
        (f"  {classified['lines']} lines with loading", f"{whole:.0f}", "", f"{whole / parses:.1f}"),
        (
            "a turn, ms (median)",
            f"{servers['turn']:.1f}",
            f"{servers['baseline_turn']:.1f}",
            f"{servers['turn'] / servers['baseline_turn']:.2f}",
        ),
    ]
    for name, key in (("right", "top1"), ("right among three", "top3"), ("right agency", "owner")):
        rows.append((name, f"{found['scores']['all'][key]:.3f}", f"{found['baseline_scores']['all'][key]:.3f}", ""))
    error = "calibration_error"
    rows.append(("calibration error", f"{found['scores'][error]:.3f}", f"{found['baseline_scores'][error]:.3f}", ""))
    for style, scores in found["scores"]["style"].items():
        theirs = found["baseline_scores"]["style"][style]
        rows.append((f"right, {style}", f"{scores['top1']:.3f}", f"{theirs['top1']:.3f}", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(prog="bot.bench", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for models and figures")
    parser.add_argument("--baseline-epochs", type=int, default=3, help="epochs of the baseline's training (default 3)")
    options = parser.parse_args(arguments)
    if not 1 <= options.baseline_epochs <= FULL_EPOCHS:
        print(f"bot.bench: --baseline-epochs must be 1 to {FULL_EPOCHS}", file=sys.stderr)
        return 2
    prepare()
    options.out.mkdir(parents=True, exist_ok=True)
    utterances = list(read_utterances(UTTERANCES))
    ours = train(options.out / "models")
    base = train_baseline(options.out / "baseline", options.baseline_epochs)
    texts = [text for text, _ in utterances][:: max(1, len(utterances) // _PARSES)]
    said = [text for text, intent in utterances if intent in _SAID_BY_RULE]
    said = said[:: max(1, len(said) // _TURNS)][:_TURNS]
    archive = (texts * (1 + _ARCHIVE_LINES // len(texts)))[:_ARCHIVE_LINES]
    servers = measure_servers(Path(ours["path"]), Path(base["path"]), texts, said, options.out)
    classified = classify_rate(Path(ours["path"]), archive, options.out)
    scores, base_scores = understanding(Path(ours["path"])), understanding(Path(base["path"]))
    name = f"Rasa DIET, {base['epochs']} / {FULL_EPOCHS}"
    (options.out / "baseline" / "scores.json").write_text(
        json.dumps({**base_scores, "name": name}, ensure_ascii=False), encoding="utf-8"
    )
    found = {
        "training": ours,
        "baseline_training": base,
        "servers": servers,
        "classify": classified,
        "scores": scores["scores"],
        "baseline_scores": base_scores["scores"],
    }
    (options.out / "bench.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    print(table(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
