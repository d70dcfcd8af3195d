"""Scores a model on the frozen test set: `python -m bot.evaluate --model PATH --out DIR`.

Writes DIR/report.html (per intent, style, family, language and owner agency; confusions; reliability; learning curve;
worst errors with the nearest training utterances) and DIR/scores.json; prints the main figures. `--baseline DIR` puts the
figures that `bot.baseline` measured beside them. Exit status 1: the model falls below the recorded floor
(nlu_data/frozen_test/floor.json); 2: something to evaluate is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from tqdm import tqdm

from bot.environment import prepare
from bot.scoring import (
    Example,
    Judged,
    Scores,
    at_thresholds,
    by,
    calibration_error,
    macro_f1,
    per_intent,
    reliability,
)

DATA = Path(__file__).resolve().parents[1] / "nlu_data"
FROZEN = DATA / "frozen_test"
FLOOR = FROZEN / "floor.json"
UTTERANCES = DATA / "utterances"
_BATCH = 64
_WORST = 40
_THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_CURVE = (0.125, 0.25, 0.5, 1.0)

Json = dict[str, Any]


def read_examples(folder: Path) -> list[Example]:
    """The test set's examples, from the JSON lines of its files.

    Raises:
        FileNotFoundError: there are none.
        ValueError: a line is no example; names the line.
    """
    examples = []
    for file in sorted(folder.glob("*.jsonl")) if folder.is_dir() else [folder]:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                examples.append(
                    Example(
                        row["text"],
                        row["intent"],
                        tuple(row.get("also") or ()),
                        row.get("style", "plain"),
                        row.get("lang", "ko"),
                    )
                )
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{file}:{number}: not an example ({type(error).__name__}: {error})") from None
    if not examples:
        raise FileNotFoundError(f"no examples at {folder}")
    return examples


def read_utterances(folder: Path) -> Iterator[tuple[str, str]]:
    """(text, intent) of each training utterance, as Rasa reads it: without the marks of entities."""
    from rasa.shared.nlu.training_data.entities_parser import replace_entities

    for file in sorted(folder.rglob("*.yml")):
        for block in (yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}).get("nlu", []):
            for line in block.get("examples", "").splitlines():
                if line.lstrip().startswith("- "):
                    yield replace_entities(line.strip()[2:].strip()), block["intent"]


def judge(model: Path, examples: Sequence[Example]) -> tuple[list[Judged], str]:
    """What a model archive says of each example, and the model's version."""
    from bot.classify import load

    parse, version = load(model)
    judged = []
    for start in tqdm(range(0, len(examples), _BATCH), desc="classifying", unit="batch", file=sys.stderr):
        batch = examples[start : start + _BATCH]
        for example, found in zip(batch, parse([e.text for e in batch])):
            ranking = tuple((entry["name"], float(entry["confidence"])) for entry in found["intent_ranking"])
            best = ranking[0][0] if ranking else None
            judged.append(Judged(example, ranking, best is None or found["intent"]["name"] != best))
    return judged, version


def summary(judged: Sequence[Judged], taxonomy: dict[str, Json]) -> Json:
    """All figures of the report, as JSON."""
    owners = {name: str(intent.get("owner", name)) for name, intent in taxonomy.items()}

    def group(key: Any) -> dict[str, Json]:
        return {name: asdict(Scores.of(found, owners)) for name, found in by(judged, key).items()}

    return {
        "all": asdict(Scores.of(judged, owners)),
        "macro_f1": macro_f1(judged),
        "calibration_error": calibration_error(judged),
        "style": group(lambda j: j.example.style),
        "family": group(lambda j: taxonomy[j.example.intent]["family"]),
        "lang": group(lambda j: j.example.lang),
        "owner": group(lambda j: owners[j.example.intent]),
        "intents": [
            {
                "intent": s.intent,
                "recall": s.recall,
                "precision": s.precision,
                "f1": s.f1,
                "n": s.right + s.missed,
                "mistaken_for": s.mistaken_for.most_common(3),
            }
            for s in per_intent(judged)
        ],
        "reliability": [asdict(b) for b in reliability(judged)],
        "thresholds": at_thresholds(judged, _THRESHOLDS),
    }


def below_floor(scores: Json, floor: Json) -> list[str]:
    """A line for each figure that falls below the recorded floor (calibration error: rises above it)."""
    found = []
    for name, least in floor.items():
        value: Any = scores
        for part in name.split("."):
            value = value[part]
        if value > least if name == "calibration_error" else value < least:
            found.append(f"{name} is {value:.3f}, the floor is {least:.3f}")
    return found


def worst(judged: Sequence[Judged], utterances: Sequence[tuple[str, str]]) -> list[Json]:
    """The errors of which the classifier was surest, each with the nearest training utterances by meaning."""
    from bot.components.encoder import encode

    errors = sorted((j for j in judged if not j.right), key=lambda j: -j.confidence)[:_WORST]
    if not errors:
        return []
    known = encode([text for text, _ in utterances], threads=2, progress=True)
    nearest = np.argsort(-(encode([j.example.text for j in errors]) @ known.T), axis=1)[:, :3]
    return [
        {
            "text": j.example.text,
            "intent": j.example.intent,
            "style": j.example.style,
            "ranking": [(name, round(confidence, 3)) for name, confidence in j.ranking[:3]],
            "nearest": [utterances[i] for i in row],
        }
        for j, row in zip(errors, nearest)
    ]


def learning_curve(examples: Sequence[Example], utterances: Sequence[tuple[str, str]]) -> list[Json]:
    """Top-1 of the pipeline trained on growing shares of the utterances, drawn at random from each intent."""
    from bot.pipeline import NluPipeline

    order = np.random.default_rng(0).permutation(len(utterances))
    places: dict[str, int] = {}
    rank = {}
    sizes: dict[str, int] = {}
    for _, intent in utterances:
        sizes[intent] = sizes.get(intent, 0) + 1
    for i in order:
        intent = utterances[i][1]
        rank[i] = places[intent] = places.get(intent, -1) + 1
    found = []
    for part in tqdm(_CURVE, desc="learning curve", unit="training", file=sys.stderr):
        chosen = [u for i, u in enumerate(utterances) if rank[i] < part * sizes[u[1]]]
        pipeline = NluPipeline.train([text for text, _ in chosen], [intent for _, intent in chosen])
        ranked = pipeline.rank([e.text for e in examples])
        judged = [Judged(e, tuple(r), not r) for e, r in zip(examples, ranked)]
        found.append(
            {
                "utterances": len(chosen),
                "top1": sum(j.right for j in judged) / len(judged),
                "style": {
                    style: sum(j.right for j in group) / len(group)
                    for style, group in by(judged, lambda j: j.example.style).items()
                },
            }
        )
    return found


def confusions(judged: Sequence[Judged], taxonomy: dict[str, Json]) -> Json:
    """The confusion matrix: {"labels": k intents, "rows": k lists of k counts}, true intents down, guesses across."""
    labels = [name for name in taxonomy if any(name in (j.example.intent, j.guess) for j in judged)]
    place = {name: i for i, name in enumerate(labels)}
    rows = [[0] * len(labels) for _ in labels]
    for j in judged:
        if j.guess in place:
            rows[place[j.example.intent]][place[j.example.intent if j.right else j.guess]] += 1
    return {"labels": labels, "rows": rows}


def write_report(folder: Path, content: Json) -> None:
    """Writes `scores.json` and `report.html` (one file, no scripts, nothing loaded from elsewhere)."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in content.items() if name not in ("taxonomy", "confusions")}
    (folder / "scores.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(environment.get_template("evaluation.html").render(content), encoding="utf-8")


def _table(scores: Json, baseline: Json | None) -> str:
    beside = baseline["scores"] if baseline else None
    rows = [f"{'':18}{'model':>8}" + (f"{'baseline':>10}" if beside else "")]

    def row(name: str, value: float, other: float | None) -> None:
        rows.append(f"{name:18}{value:8.3f}" + (f"{other:10.3f}" if other is not None else ""))

    for name in ("top1", "top3", "owner", "answered", "answered_right"):
        row(name, scores["all"][name], beside["all"][name] if beside else None)
    for name in ("macro_f1", "calibration_error"):
        row(name, scores[name], beside[name] if beside else None)
    for group in ("style", "lang"):
        for name, found in scores[group].items():
            row(f"{group} {name}", found["top1"], beside[group][name]["top1"] if beside else None)
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, evaluates, writes the report and prints the main figures."""
    parser = argparse.ArgumentParser(prog="bot.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model archive")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--test", type=Path, default=FROZEN, help="a folder of JSON lines, or one such file")
    parser.add_argument("--baseline", type=Path, help="a folder with the scores.json of bot.baseline")
    parser.add_argument("--quick", action="store_true", help="no learning curve, no nearest utterances")
    options = parser.parse_args(arguments)
    if not options.model.is_file():
        print(f"bot.evaluate: no model at {options.model}", file=sys.stderr)
        return 2
    try:
        examples = read_examples(options.test)
    except (OSError, ValueError) as error:
        print(f"bot.evaluate: {error}", file=sys.stderr)
        return 2
    prepare()
    taxonomy = yaml.safe_load((DATA / "taxonomy.yml").read_text(encoding="utf-8"))["intents"]
    if strange := {e.intent for e in examples} - taxonomy.keys():
        print(f"bot.evaluate: not in the taxonomy: {', '.join(sorted(strange))}", file=sys.stderr)
        return 2
    judged, version = judge(options.model, examples)
    scores = summary(judged, taxonomy)
    floor = json.loads(FLOOR.read_text()) if options.test == FROZEN and FLOOR.exists() else {}
    failures = below_floor(scores, floor)
    kept = options.baseline / "scores.json" if options.baseline else None
    baseline = json.loads(kept.read_text()) if kept and kept.exists() else None
    utterances = [] if options.quick else list(read_utterances(UTTERANCES))
    write_report(
        options.out,
        {
            "model_version": version,
            "made_at": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
            "scores": scores,
            "baseline": baseline,
            "floor": floor,
            "failures": failures,
            "taxonomy": taxonomy,
            "confusions": confusions(judged, taxonomy),
            "worst": [] if options.quick else worst(judged, utterances),
            "curve": [] if options.quick else learning_curve(examples, utterances),
        },
    )
    print(_table(scores, baseline))
    print(f"report: {options.out / 'report.html'}")
    for failure in failures:
        print(f"bot.evaluate: below the floor: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
