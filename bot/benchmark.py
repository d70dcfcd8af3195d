"""Measures the default pipeline on any labelled set: `python -m bot.benchmark TRAIN.tsv TEST.tsv`.

Both files are UTF-8 with a line `text<TAB>label` an example. Prints accuracy and macro-F1 (the mean over all labels
that occur in the test set or were predicted), then the counts and times behind them. Exit status 2: a file is unfit.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bot.environment import prepare

_BATCH = 256


def read_tsv(path: Path) -> tuple[list[str], list[str]]:
    """Texts and labels of a file; blank lines are skipped, a text may hold tabs.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line has no tab, no text or no label, or the file has no line.
    """
    texts, labels = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        text, tab, label = line.rstrip("\r").rpartition("\t")
        if not tab or not text.strip() or not label.strip():
            raise ValueError(f"{path}:{number}: not text<TAB>label")
        texts.append(text)
        labels.append(label.strip())
    if not texts:
        raise ValueError(f"{path}: no examples")
    return texts, labels


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, trains, predicts and prints."""
    parser = argparse.ArgumentParser(prog="bot.benchmark", description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--config", type=Path, help="another Rasa configuration than bot/config.yml")
    options = parser.parse_args(arguments)
    try:
        train_texts, train_labels = read_tsv(options.train)
        test_texts, test_labels = read_tsv(options.test)
    except (OSError, ValueError) as error:
        print(f"bot.benchmark: {error}", file=sys.stderr)
        return 2
    prepare()
    from sklearn.metrics import accuracy_score, f1_score

    from bot.pipeline import CONFIG, NluPipeline

    started = time.monotonic()
    pipeline = NluPipeline.train(train_texts, train_labels, options.config or CONFIG)
    trained = time.monotonic()
    predicted = []
    for start in range(0, len(test_texts), _BATCH):
        predicted += [r[0][0] if r else "" for r in pipeline.rank(test_texts[start : start + _BATCH])]
    done = time.monotonic()
    print(f"accuracy  {accuracy_score(test_labels, predicted):.4f}")
    print(f"macro-F1  {f1_score(test_labels, predicted, average='macro', zero_division=0):.4f}")
    print(f"trained on {len(train_texts)} examples, {len(set(train_labels))} labels, in {trained - started:.1f} s")
    print(f"tested on {len(test_texts)} examples in {done - trained:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
