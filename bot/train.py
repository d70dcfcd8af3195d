"""Trains a model: `python -m bot.train --out DIR`.

Reads nlu_data (utterances, calibration, emergency/examples), bot/domain, bot/rules and bot/config.yml. The last line
of stdout is JSON: {path, sha256, data_sha256, intents, utterances, seconds, format}; progress goes to stderr. The archive is named
by UTC time and data, e.g. `20261122T083000Z-1f2e3d4c5b6a.tar.gz`. Exit status 1: the training failed; 2: something to
train from is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

import yaml

from bot.environment import prepare

HOME = Path(__file__).resolve().parent
UTTERANCES = HOME.parent / "nlu_data" / "utterances"
BESIDE = (HOME.parent / "nlu_data" / "calibration", HOME.parent / "nlu_data" / "emergency" / "examples")
"""Examples with a purpose of their own (`bot.components.purpose`)."""


class TrainingFailed(RuntimeError):
    """Rasa could not train a model; what it said is on stderr."""


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        path: of the archive.
        sha256: of the archive.
        data_sha256: of everything it was trained from.
        intents, utterances: how many were trained on.
        seconds: the training took, imports not included.
        format: of what the components store (bot/FORMAT: raise it when older archives can no longer be loaded).
    """

    path: str
    sha256: str
    data_sha256: str
    intents: int
    utterances: int
    seconds: float
    format: str


def train(
    out: Path,
    *,
    utterances: Path = UTTERANCES,
    beside: Sequence[Path] = BESIDE,
    domain: Path = HOME / "domain",
    rules: Path = HOME / "rules",
    config: Path = HOME / "config.yml",
) -> Trained:
    """Trains language understanding and dialogue rules into one archive in `out`.

    `beside` holds examples that teach no intent: what the confidence is worth, and what danger is.

    Raises:
        FileNotFoundError: there is nothing to train from at one of the paths.
        TrainingFailed: Rasa refused the data or produced no archive.
    """
    prepare()
    os.environ["LOG_LEVEL"] = "ERROR"  # what turns off Rasa's progress bars, a line a rule
    data = [utterances, *beside, rules]
    sources = [file for path in (*data, domain, config) for file in yaml_files(path)]
    fingerprint = sha256_of(sources)
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{fingerprint[:12]}"

    from rasa.model_training import train as rasa_train
    from rasa.utils.log_utils import configure_structlog

    from bot import speedups

    speedups.apply_to_training()
    configure_structlog(logging.INFO)  # Rasa's default writes every step of every rule

    try:
        result = rasa_train(
            domain=str(domain),
            config=str(config),
            training_files=[str(path) for path in data],
            output=str(out),
            fixed_model_name=name,
            force_training=True,
        )
    except Exception as error:  # Rasa has a kind of its own for each of its components
        raise TrainingFailed("; ".join(_reasons(error))) from error
    if result.code != 0 or not result.model or not Path(result.model).is_file():
        raise TrainingFailed(f"Rasa ended with code {result.code} and the model {result.model}")
    counts = count_utterances(utterances)
    return Trained(
        path=str(Path(result.model).resolve()),
        sha256=sha256_of([Path(result.model)]),
        data_sha256=fingerprint,
        intents=len(counts),
        utterances=sum(counts.values()),
        seconds=round(time.monotonic() - started, 1),
        format=(HOME / "FORMAT").read_text().strip(),
    )


def count_utterances(path: Path) -> Counter[str]:
    """How many utterances each intent has in the YAML files at a path (Rasa takes seconds for what takes half a one)."""
    counts: Counter[str] = Counter()
    for file in yaml_files(path):
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for block in content.get("nlu", []):
            if intent := block.get("intent"):
                counts[intent] += sum(line.lstrip().startswith("- ") for line in block["examples"].splitlines())
    return counts


def _reasons(error: BaseException | None) -> Iterator[str]:
    """What an exception and its causes say, the outermost first."""
    while error is not None:
        yield f"{type(error).__name__}: {error}"
        error = error.__cause__


def yaml_files(path: Path) -> list[Path]:
    """The YAML files at a path, sorted.

    Raises:
        FileNotFoundError: there are none.
    """
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in (".yml", ".yaml"))
    if not files:
        raise FileNotFoundError(f"nothing to train from at {path}")
    return files


def sha256_of(files: Sequence[Path]) -> str:
    """The SHA-256 of one file's content, or of several files' names and contents, in hexadecimal."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        if len(files) > 1:  # names and lengths keep moved lines from colliding
            digest.update(f"{file.parent.name}/{file.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, trains, and prints the result."""
    parser = argparse.ArgumentParser(prog="bot.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the archive")
    parser.add_argument("--utterances", type=Path, help="default: nlu_data/utterances")
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        help="examples with a purpose of their own; default: those of nlu_data, or none where --utterances is given",
    )
    parser.add_argument("--domain", type=Path, default=HOME / "domain")
    parser.add_argument("--rules", type=Path, default=HOME / "rules")
    parser.add_argument("--config", type=Path, default=HOME / "config.yml")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Rasa reports on stdout
            trained = train(
                options.out,
                utterances=options.utterances or UTTERANCES,
                beside=options.beside or (BESIDE if options.utterances is None else ()),
                domain=options.domain,
                rules=options.rules,
                config=options.config,
            )
    except FileNotFoundError as error:
        print(f"bot.train: {error}", file=sys.stderr)
        return 2
    except TrainingFailed as error:
        print(f"bot.train: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(trained)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
