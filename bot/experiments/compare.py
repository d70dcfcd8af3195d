"""Measures the choices behind the default classifier by cross-validation: `python -m bot.experiments.compare`.

Prints two Markdown tables, which bot/README.md quotes: features and classifiers side by side, then what the default's
confidence is worth. Rows with another analyzer than Mecab need a JVM. An hour on two cores with all utterances;
`--share 0.3` draws some.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from bot.components.encoder import encode
from bot.components.intent_model import IntentModel, Settings, Utterance
from bot.components.normalize import normalize
from bot.components.terms import TermWeights, char_terms, letter_terms
from bot.components.tokenizer import tokens_of
from bot.components.word_space import WordSpace, content_morphemes
from bot.evaluate import UTTERANCES, read_utterances

_CONTENT = ("N", "V", "M", "SL", "SN", "SH", "XR", "IC", "UNK")
"""First letters of the Mecab tags that carry meaning: no particles, endings, punctuation."""

Documents = list[list[str]]
Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True)
class Block:
    """One kind of feature: documents of terms or dense vectors, its weight, and the rarest term that counts."""

    content: Documents | NDArray[np.float32]
    weight: float = 1.0
    min_documents: int = 1

    def split(self, seen: NDArray[np.int64], unseen: NDArray[np.int64]) -> tuple[csr_matrix, csr_matrix]:
        """Features of seen and unseen utterances, learnt from the seen."""
        if isinstance(self.content, np.ndarray):
            return csr_matrix(self.content[seen] * self.weight), csr_matrix(self.content[unseen] * self.weight)
        learnt = [self.content[i] for i in seen]
        weights = TermWeights.fit(learnt, self.min_documents)
        return (
            weights.matrix(learnt) * self.weight,
            weights.matrix([self.content[i] for i in unseen]) * self.weight,
        )


class Corpus:
    """The training utterances and their features, each computed when first asked for."""

    def __init__(self, utterances: Path, share: float = 1.0) -> None:
        """Reads all YAML files below a folder, or a share of each intent's utterances drawn at random."""
        pairs = list(read_utterances(utterances))
        if share < 1:
            labels = [label for _, label in pairs]
            pairs = train_test_split(pairs, train_size=share, stratify=labels, random_state=0)[0]
        self.texts = [text for text, _ in pairs]
        self.labels = np.array([label for _, label in pairs])
        self.clean = [normalize(text).text for text in self.texts]

    @cache  # noqa: B019
    def meaning(self) -> NDArray[np.float32]:
        """Sentence vectors, shape [n, 512]."""
        return encode(self.texts, threads=2, progress=True)

    @cache  # noqa: B019
    def tokens(self, analyzer: str) -> list[list[tuple[str, str]]]:
        """(form, tag) of each morpheme of each text."""
        return [[(t.lemma, str(t.data["pos"])) for t in tokens_of(text, analyzer)] for text in self.texts]

    def morphemes(self, analyzer: str = "mecab", *, tags: bool = False, content: bool = False) -> Documents:
        """Forms, optionally with their tags, optionally of content words only."""
        return [
            [f"{form}/{tag}" if tags else form for form, tag in text if not content or tag.startswith(_CONTENT)]
            for text in self.tokens(analyzer)
        ]

    @cache  # noqa: B019
    def words(self) -> NDArray[np.float32]:
        """Mean places of the words, shape [n, 256]; what is common and rare is learnt from all texts, not their labels."""
        morphemes = content_morphemes(self.clean)
        return WordSpace.fit(morphemes).sentences(morphemes)

    def letters(self, shortest: int, longest: int) -> Documents:
        """Letter n-grams."""
        return [letter_terms(text, shortest, longest) for text in self.clean]


def rows(corpus: Corpus, analyzers: Sequence[str]) -> Iterator[tuple[str, list[Block], Callable[[], Any]]]:
    """Name, features and classifier of each row of the first table."""

    def machine() -> LinearSVC:
        return LinearSVC(C=0.4, tol=0.1, random_state=0)

    morphemes, letters = Block(corpus.morphemes(), 0.7), Block(corpus.letters(2, 4), 1.0, 2)
    meaning = Block(corpus.meaning())
    yield "words between blanks", [Block([text.split() for text in corpus.clean])], machine
    for name in analyzers:
        yield f"morphemes ({name})", [Block(corpus.morphemes(name))], machine
    yield "morphemes with tags (mecab)", [Block(corpus.morphemes(tags=True))], machine
    yield "content morphemes only (mecab)", [Block(corpus.morphemes(content=True))], machine
    pairs = [[*m, *(f"{a} {b}" for a, b in zip(m, m[1:]))] for m in corpus.morphemes()]
    yield "morphemes and their pairs (mecab)", [Block(pairs)], machine
    yield "characters 1-4", [Block([char_terms(text, 1, 4) for text in corpus.clean], 1.0, 2)], machine
    yield "letters 2-4", [letters], machine
    yield "letters 3-6", [Block(corpus.letters(3, 6), 1.0, 2)], machine
    yield "meaning", [meaning], machine
    yield "morphemes + letters 2-4", [morphemes, letters], machine
    yield "morphemes + meaning", [morphemes, meaning], machine
    yield "letters 2-4 + meaning", [letters, meaning], machine
    yield (
        "morphemes + characters 1-4 + meaning",
        [morphemes, Block([char_terms(text, 1, 4) for text in corpus.clean], 1.0, 2), meaning],
        machine,
    )
    yield "morphemes + letters 3-6 + meaning", [morphemes, Block(corpus.letters(3, 6), 1.0, 2), meaning], machine
    words = Block(corpus.words())
    yield "words (Kiwi's vectors)", [words], machine
    yield "morphemes + letters 2-4 + meaning", [morphemes, letters, meaning], machine
    yield "morphemes + letters 2-4 + words", [morphemes, letters, words], machine
    default = [morphemes, letters, meaning, words]
    yield "**morphemes + letters 2-4 + meaning + words (default)**", default, machine
    for name in analyzers:
        if name != "mecab":
            yield f"the default with {name}", [Block(corpus.morphemes(name), 0.7), *default[1:]], machine
    yield "the default with pairs of morphemes", [Block(pairs, 0.7), *default[1:]], machine
    yield (
        "the default's features under logistic regression (softmax, C=20, 60 steps)",
        default,
        lambda: LogisticRegression(C=20, max_iter=60, tol=1e-3),
    )
    yield (
        "the default's features, ten nearest neighbours (cosine)",
        default,
        lambda: KNeighborsClassifier(10, metric="cosine", weights="distance"),
    )
    yield (
        "the default's features under ridge regression",
        default,
        lambda: RidgeClassifier(alpha=1.0, solver="sag", tol=1e-2),
    )
    yield (
        "meaning + words under a network (one layer of 512)",
        [Block(corpus.meaning(), 8.0), Block(corpus.words(), 8.0)],
        lambda: MLPClassifier((512,), early_stopping=True, max_iter=60, random_state=0),
    )


def measure(blocks: Sequence[Block], labels: NDArray[np.str_], make: Callable[[], Any], folds: Folds) -> str:
    """Accuracy, macro-F1, number of features and seconds of one fit, as table cells."""
    accuracy, f1, seconds, width = [], [], [], 0
    for seen, unseen in folds:
        parts = [block.split(seen, unseen) for block in blocks]
        known, new = (hstack([part[side] for part in parts], format="csr") for side in (0, 1))
        started = time.perf_counter()
        trained = make().fit(known, labels[seen])
        seconds.append(time.perf_counter() - started)
        predicted = trained.predict(new)
        accuracy.append(float((predicted == labels[unseen]).mean()))
        f1.append(f1_score(labels[unseen], predicted, average="macro"))
        width = known.shape[1]
    return f"{np.mean(accuracy):.3f} | {np.mean(f1):.3f} | {width:,} | {np.mean(seconds):.1f}"


def confidence(corpus: Corpus, folds: Folds) -> Iterator[str]:
    """Lines about the default model's calibrated confidence on unseen utterances."""
    vectors = np.hstack([corpus.meaning(), corpus.words()])
    utterances = [Utterance(*seen) for seen in zip(corpus.clean, corpus.morphemes(), vectors)]
    best, second, right, third, likelihood, ask = [], [], [], [], [], []
    for seen, unseen in folds:
        model = IntentModel.fit([utterances[i] for i in seen], list(corpus.labels[seen]), Settings())
        place = {label: i for i, label in enumerate(model.labels)}
        for i in unseen:
            started = time.perf_counter()
            row = model.probabilities([utterances[i]])[0]
            ask.append(time.perf_counter() - started)
            order = np.argsort(-row)
            truth = place[corpus.labels[i]]
            best.append(row[order[0]])
            second.append(row[order[1]])
            right.append(order[0] == truth)
            third.append(truth in order[:3])
            likelihood.append(-np.log(row[truth] + 1e-9))
    top, margin, ok = np.array(best), np.array(best) - np.array(second), np.array(right)
    bins = np.minimum((top * 10).astype(int), 9)
    error = sum(
        (bins == b).mean() * abs(top[bins == b].mean() - ok[bins == b].mean()) for b in range(10) if (bins == b).any()
    )
    yield f"top-1 {ok.mean():.3f}, top-3 {np.mean(third):.3f}, negative log-likelihood {np.mean(likelihood):.3f}, "
    yield f"expected calibration error {error:.3f} (ten bins), {np.median(ask) * 1e3:.2f} ms a prediction"
    yield "\n| threshold | ambiguity | answered without asking | right among these |\n|---|---|---|---|"
    for threshold in (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        for ambiguity in (0.0, 0.1, 0.2):
            sure = (top >= threshold) & (margin >= ambiguity)
            yield f"| {threshold} | {ambiguity} | {sure.mean():.2f} | {ok[sure].mean():.3f} |"


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line and prints the tables."""
    parser = argparse.ArgumentParser(prog="bot.experiments.compare", description=__doc__)
    parser.add_argument("--utterances", type=Path, default=UTTERANCES)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--analyzers", nargs="+", default=["mecab", "okt", "komoran"])
    parser.add_argument("--share", type=float, default=1.0, help="of each intent's utterances (default 1)")
    parser.add_argument("--rows", default="", help="regular expression: only the rows whose name it finds")
    parser.add_argument("--only", choices=["features", "confidence"])
    options = parser.parse_args(arguments)
    corpus = Corpus(options.utterances, options.share)
    split = StratifiedKFold(options.folds, shuffle=True, random_state=0)
    folds: Folds = list(split.split(corpus.texts, corpus.labels))
    print(f"{len(corpus.texts)} utterances, {len(set(corpus.labels))} intents, {options.folds} folds\n")
    if options.only != "confidence":
        print("| features | accuracy | macro-F1 | dimensions | seconds a fit |\n|---|---|---|---|---|")
        for name, blocks, make in rows(corpus, options.analyzers):
            if not re.search(options.rows, name):
                continue
            print(f"| {name} | {measure(blocks, corpus.labels, make, folds)} |", flush=True)
        print()
    if options.only != "features":
        for line in confidence(corpus, folds):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
