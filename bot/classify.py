"""Classifies an archive: `python -m bot.classify --model PATH < in.jsonl > out.jsonl`.

Each line is a JSON object with `text`. It comes out with `intent`, `confidence`, `ranking` (the five likeliest),
`abstained` (a conversation would have asked back), `danger` (0 to 1) and `model_version` added, in the same order. A line
that is no such object yields {"error": ...} in its place. All cores work, each process with the model loaded (some 10 s);
of the archive only a few batches are held. Progress is on stderr.
Exit status: 0, also if lines were bad; 1 if a process died; 2 if there is no model.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import stat
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from bot.environment import prepare

BATCH = 256
"""Lines classified at once."""
TOP = 5

Json = dict[str, Any]
Parser = Callable[[Sequence[str]], list[Json]]
"""Texts → Rasa's public parse (bot.turn.public_parse) of each."""


def classify_lines(lines: Iterator[bytes], parse: Parser, version: str) -> Iterator[Json]:
    """The classified lines, in order, a batch at a time.

    Args:
        lines: JSON lines, UTF-8.
        parse: understands texts.
        version: the model's version, added to each line.
    """
    while batch := list(islice(lines, BATCH)):
        read = [_read(line) for line in batch]
        texts = [row["text"] for row in read if "text" in row]
        parses = iter(_parse_each(texts, parse))
        for row in read:
            yield row if "text" not in row else _classified(row, next(parses), version)


def _read(line: bytes) -> Json:
    """The line's object, or {"error": ...} without a text."""
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return {"error": "not UTF-8"}
    except (json.JSONDecodeError, RecursionError):
        return {"error": "not JSON"}
    if not isinstance(row, dict):
        return {"error": "not a JSON object"}
    if not isinstance(row.get("text"), str):
        return {"error": "no text"}
    return row


def _parse_each(texts: list[str], parse: Parser) -> list[Json | None]:
    """The parses of a batch; if it fails, one by one, None for the text that fails."""
    try:
        return list(parse(texts))
    except Exception:
        parses: list[Json | None] = []
        for text in texts:
            found: Json | None = None
            with suppress(Exception):
                found = parse([text])[0]
            parses.append(found)
        return parses


def _classified(row: Json, parse: Json | None, version: str) -> Json:
    if parse is None:
        return {"error": "could not be classified"}
    ranking = [{"intent": entry["name"], "confidence": entry["confidence"]} for entry in parse["intent_ranking"][:TOP]]
    best = ranking[0] if ranking else {"intent": None, "confidence": 0.0}
    return {
        **row,
        **best,
        "ranking": ranking,
        "abstained": parse["intent"]["name"] != best["intent"] or not ranking,
        "danger": parse.get("danger"),
        "model_version": version,
    }


def encoded(row: Json) -> bytes:
    """A line of output, in UTF-8."""
    try:
        return json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError:  # half an emoji has no UTF-8, only an escape
        return json.dumps(row).encode("ascii") + b"\n"


def _line_count(stream: BinaryIO) -> int | None:
    """Lines of a regular file, for the progress bar; None for a pipe."""
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return None
    start = stream.tell()
    count = sum(1 for _ in stream)
    stream.seek(start)
    return count


def load(model: Path) -> tuple[Parser, str]:
    """What understands texts with a model archive, and the model's version; imports Rasa (some 10 s)."""
    prepare()
    import logging

    from rasa.core.agent import Agent

    from bot.classification import parse_batch, version_of
    from bot.logs import configure_logs
    from bot.turn import public_parse

    configure_logs(logging.ERROR)
    processor = Agent.load(model).processor
    gc.freeze()  # the model stays; searching it for garbage again and again took a tenth of the time

    def parse(texts: Sequence[str]) -> list[Json]:
        return [public_parse(found) for found in parse_batch(processor, texts)]

    return parse, version_of(processor)


def classify_batches(lines: Iterable[bytes], model: Path, processes: int) -> Iterator[list[bytes]]:
    """The classified lines encoded, in order, a batch at a time, from several processes that each load the model.

    No more than two batches a process are held, however long the archive is.

    Raises:
        BrokenProcessPool: a process has died (no memory), or could not load the model.
    """
    source = iter(lines)
    batches = iter(lambda: list(islice(source, BATCH)), [])
    context = multiprocessing.get_context("spawn")  # a fork would copy TensorFlow's threads
    with ProcessPoolExecutor(processes, context, _load_here, (model,)) as pool:
        waiting: deque[Future[list[bytes]]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(_classify_here, batch))
                if len(waiting) >= 2 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


_here: list[tuple[Parser, str]] = []
"""What this process has loaded."""


def _load_here(model: Path) -> None:
    _here.append(load(model))


def _classify_here(lines: list[bytes]) -> list[bytes]:
    parse, version = _here[0]
    return [encoded(row) for row in classify_lines(iter(lines), parse, version)]


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line and classifies stdin to stdout."""
    parser = argparse.ArgumentParser(prog="bot.classify", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model archive")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one a core")
    options = parser.parse_args(arguments)
    if not options.model.is_file():
        print(f"bot.classify: no model at {options.model}", file=sys.stderr)
        return 2
    if options.processes < 1:
        print("bot.classify: --processes must be at least 1", file=sys.stderr)
        return 2
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    with tqdm(total=_line_count(source), unit="line", desc="classifying", file=sys.stderr) as bar:
        try:
            for batch in classify_batches(source, options.model, options.processes):
                sink.write(b"".join(batch))
                sink.flush()
                bar.update(len(batch))
        except BrokenPipeError:  # the reader has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except BrokenProcessPool:
            print("bot.classify: a process has ended; its reason is above", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
