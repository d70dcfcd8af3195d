"""Classifies an archive: `python -m bot.classify --model PATH < in.jsonl > out.jsonl`.

Each line is a JSON object with `text`. It comes out with `intent`, `confidence`, `ranking` (the five likeliest),
`abstained` (a conversation would have asked back) and `model_version` added, in the same order. A line that is no such
object yields {"error": ...} in its place. Nothing is held longer than one batch; progress is on stderr.
Exit status: 0, also if lines were bad; 2 if there is no model.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
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
        "model_version": version,
    }


def _write(out: BinaryIO, row: Json) -> None:
    try:
        encoded = json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # half an emoji has no UTF-8, only an escape
        encoded = json.dumps(row).encode("ascii")
    out.write(encoded + b"\n")


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

    def parse(texts: Sequence[str]) -> list[Json]:
        return [public_parse(found) for found in parse_batch(processor, texts)]

    return parse, version_of(processor)


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line and classifies stdin to stdout."""
    parser = argparse.ArgumentParser(prog="bot.classify", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model archive")
    options = parser.parse_args(arguments)
    if not options.model.is_file():
        print(f"bot.classify: no model at {options.model}", file=sys.stderr)
        return 2
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    parse, version = load(options.model)
    with tqdm(total=_line_count(source), unit="line", desc="classifying", file=sys.stderr) as bar:
        try:
            for number, row in enumerate(classify_lines(iter(source), parse, version), 1):
                _write(sink, row)
                bar.update()
                if number % BATCH == 0:
                    sink.flush()
            sink.flush()
        except BrokenPipeError:  # the reader has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
