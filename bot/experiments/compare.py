"""Measures the choices behind the default classifier by cross-validation: `python -m bot.experiments.compare`.

Prints two Markdown tables, which bot/README.md quotes: tokens, features, normalisation, augmentation and classifiers side by
side, then what the default's confidence is worth. Rows with another analyzer than Mecab need a JVM. Hours on two cores with
all utterances; `--share 0.3` draws some.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from bot.components.intent_model import IntentModel, Settings, Utterance
from bot.components.terms import char_terms, letter_terms
from bot.evaluate import UTTERANCES
from bot.experiments import texts as rewriting
from bot.experiments.classifiers import (
    Floats,
    KernelRidge,
    Labels,
    Neighbours,
    Transformer,
    word_pieces,
)
from bot.experiments.corpus import Block, Content, Corpus, Rows

_LONG = 90
"""Characters of a message from which on it is split into sentences."""
_LETTERS = 6
"""Letters of the shortest sentence that can tell a need."""

Folds = list[tuple[Rows, Rows]]
Made = tuple[Floats, int, float]
"""Probabilities of a fold's unseen utterances, number of features, seconds of training."""


@dataclass(frozen=True)
class Answer:
    """What a row says of a fold's unseen utterances, the number of its features, and the seconds of its training."""

    predicted: Labels
    width: int
    seconds: float


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        answer: of the fold with that number.
        folds: how many are measured; 0: all.
        long: only long messages count.
    """

    name: str
    answer: Callable[[int], Answer]
    folds: int = 0
    long: bool = False


class Experiments:
    """The rows of the table over one corpus and its folds."""

    def __init__(self, corpus: Corpus, folds: Folds, analyzers: Sequence[str]) -> None:
        self.corpus, self.folds, self.analyzers = corpus, folds, analyzers
        self.names = np.unique(corpus.labels)
        self._default_right = np.full(len(corpus.labels), -1)

    def rows(self) -> Iterator[Row]:
        """All of them, the default first, since the others are compared with it."""
        yield self._row("**the default: morphemes (mecab) + letters 2-4 + meaning + words**", self._default)
        yield from self._features()
        yield from self._normalised()
        yield from self._augmented()
        yield from self._long_messages()
        yield from self._classifiers()
        yield from self._ensembles()

    def line(self, row: Row) -> str:
        """Accuracy, the same less the default's and its standard error, macro-F1, features and seconds, as a table row."""
        right, f1, answers, places = [], [], [], []
        folds = self.folds[: row.folds or None]
        for number, (_, unseen) in enumerate(folds):
            answer = row.answer(number)
            counted = np.array([len(self.corpus.clean[i]) >= _LONG or not row.long for i in unseen])
            truth, predicted = self.corpus.labels[unseen[counted]], answer.predicted[counted]
            right.append(predicted == truth)
            f1.append(f1_score(truth, predicted, average="macro"))
            answers.append(answer)
            places.append(unseen[counted])
        found, at = np.concatenate(right), np.concatenate(places)
        if self._default_right[0] < 0:
            self._default_right[at] = found
        gained = found - self._default_right[at]
        against = f"{gained.mean():+.3f} ± {gained.std() / len(gained) ** 0.5:.3f}" if gained.any() else "0"
        name = row.name + (f" ({len(folds)} of {len(self.folds)} folds)" if len(folds) < len(self.folds) else "")
        width, seconds = answers[0].width, np.mean([answer.seconds for answer in answers])
        return f"| {name} | {found.mean():.3f} | {against} | {np.mean(f1):.3f} | {width:,} | {seconds:.1f} |"

    def _row(
        self, name: str, blocks: Callable[[], Sequence[Block]], make: Callable[[], Any] | None = None, folds: int = 0
    ) -> Row:
        """Blocks of features under a classifier; without one, under the support-vector machines."""

        def answer(number: int) -> Answer:
            known, labels, new = self._fold(blocks(), number)
            started = time.perf_counter()
            trained = (make or _machine)().fit(known, labels)
            seconds = time.perf_counter() - started
            return Answer(trained.predict(new), known.shape[1], seconds)

        return Row(name, answer, folds)

    def _fold(self, blocks: Sequence[Block], number: int) -> tuple[csr_matrix, Labels, csr_matrix]:
        """Features to learn from, their labels, and the unseen utterances' features."""
        seen, unseen = self.folds[number]
        parts = [block.split(seen, unseen) for block in blocks]
        known, new = (hstack([part[side] for part in parts], format="csr") for side in (0, 1))
        return known, np.tile(self.corpus.labels[seen], known.shape[0] // len(seen)), new

    def _default(self, corpus: Corpus | None = None, copy: Corpus | None = None) -> list[Block]:
        """The default's four blocks, optionally of rewritten texts, optionally with copies."""
        corpus = corpus or self.corpus
        kinds: list[tuple[Callable[[Corpus], Content], float, int]] = [
            (Corpus.morphemes, 0.7, 1),
            (Corpus.letters, 1.0, 2),
            (Corpus.meaning, 1.0, 1),
            (Corpus.words, 1.0, 1),
        ]
        return [Block(of(corpus), weight, least, of(copy) if copy else None) for of, weight, least in kinds]

    def _features(self) -> Iterator[Row]:
        corpus, row = self.corpus, self._row
        morphemes, letters, meaning, words = self._default()
        characters = Block([char_terms(text, 1, 4) for text in corpus.clean], 1.0, 2)
        longer = Block(corpus.letters(3, 6), 1.0, 2)
        pairs = [[*m, *(f"{a} {b}" for a, b in zip(m, m[1:]))] for m in corpus.morphemes()]
        yield row("words between blanks", lambda: [Block([text.split() for text in corpus.clean])])
        for name in self.analyzers:
            yield row(f"morphemes ({name})", partial(self._morphemes, [name], 1.0))
        yield row("morphemes with tags (mecab)", lambda: [Block(corpus.morphemes(tags=True))])
        yield row("content morphemes only (mecab)", lambda: [Block(corpus.morphemes(content=True))])
        yield row("morphemes and their pairs (mecab)", lambda: [Block(pairs)])
        yield row("characters 1-4", lambda: [characters])
        yield row("letters 2-4", lambda: [letters])
        yield row("letters 3-6", lambda: [longer])
        yield row("meaning", lambda: [meaning])
        yield row("words", lambda: [words])
        yield row("meaning + words", lambda: [meaning, words])
        yield row("morphemes + letters 2-4", lambda: [morphemes, letters])
        yield row("letters 2-4 + meaning", lambda: [letters, meaning])
        yield row("the default without morphemes", lambda: [letters, meaning, words])
        yield row("the default without letters", lambda: [morphemes, meaning, words])
        yield row("the default without meaning", lambda: [morphemes, letters, words])
        yield row("the default without words", lambda: [morphemes, letters, meaning])
        yield row("characters 1-4 instead of letters", lambda: [morphemes, characters, meaning, words])
        yield row("characters 1-4 beside letters", lambda: [morphemes, letters, characters, meaning, words])
        yield row("letters 3-6 instead of 2-4", lambda: [morphemes, longer, meaning, words])
        yield row("pairs of morphemes, too", lambda: [Block(pairs, 0.7), letters, meaning, words])
        for name in self.analyzers:
            if name != "mecab":
                yield row(f"{name} instead of mecab", partial(self._default_with, [name], 0.7))
        yield row(f"{', '.join(self.analyzers)} side by side", partial(self._default_with, self.analyzers, 0.4))

    def _morphemes(self, analyzers: Sequence[str], weight: float) -> list[Block]:
        return [Block(self.corpus.morphemes(name), weight) for name in analyzers]

    def _default_with(self, analyzers: Sequence[str], weight: float) -> list[Block]:
        return [*self._morphemes(analyzers, weight), *self._default()[1:]]

    def _normalised(self) -> Iterator[Row]:
        corpus, row = self.corpus, self._row
        morphemes, letters, meaning, words = self._default()

        def terms(change: Callable[[str], str]) -> Block:
            return Block([letter_terms(change(text)) for text in corpus.clean], 1.0, 2)

        def other(change: Callable[[str], str]) -> list[Block]:
            return [morphemes, terms(change), meaning, words]

        def beside(change: Callable[[str], str]) -> list[Block]:
            return [morphemes, letters, terms(change), meaning, words]

        def rewritten(change: Callable[[Sequence[str]], list[str]]) -> list[Block]:
            return self._default(corpus.rewritten(change(corpus.clean)))

        def kiwi(*, corrected: bool) -> list[Block]:
            found = rewriting.kiwi_morphemes(corpus.clean, corrected=corrected)
            return [Block(found, 0.7), letters, meaning, words]

        yield row("spacing: letters of the text without blanks, instead", partial(other, rewriting.unspaced))
        yield row("spacing: letters of the text without blanks, beside", partial(beside, rewriting.unspaced))
        yield row("spacing: blanks as Kiwi sets them, all blocks", partial(rewritten, rewriting.respaced))
        yield row(
            "typing: no ㅋㅋ, ㅠㅠ, repeated characters, all blocks",
            lambda: rewritten(lambda found: [rewriting.without_lone_letters(text) for text in found]),
        )
        yield row("typing: ㅐㅔ, ㅚㅙㅞ alike in letters", partial(other, rewriting.vowels_alike))
        yield row("typing: these and final consonants alike in letters", partial(other, rewriting.sounds_alike))
        yield row("typing: the same beside the letters", partial(beside, rewriting.sounds_alike))
        yield row("Kiwi's morphemes instead of Mecab's", partial(kiwi, corrected=False))
        yield row("typing: the same with Kiwi's correction", partial(kiwi, corrected=True))

    def _augmented(self) -> Iterator[Row]:
        def with_copies(change: rewriting.Change) -> list[Block]:
            return self._default(copy=self.corpus.rewritten(rewriting.copies(self.corpus.clean, change)))

        yield self._row("a noisy copy of each utterance: blanks, vowels, finals", partial(with_copies, rewriting.noisy))
        yield self._row("a copy without half of the particles", partial(with_copies, rewriting.without_particles))
        yield self._row("a copy with other endings", partial(with_copies, rewriting.other_endings))
        yield self._row("a copy in dialect and with synonyms", partial(with_copies, rewriting.dialect))
        yield self._row("a copy with two of the four", partial(with_copies, rewriting.all_kinds))
        yield self._row("no copies, but as much weight (C = 0.8)", self._default, partial(_machine, 0.8))

    def _classifiers(self) -> Iterator[Row]:
        row, default = self._row, self._default
        yield row("C = 0.2", default, partial(_machine, 0.2))
        yield row(
            "logistic regression (softmax, C = 20, 60 steps)",
            default,
            lambda: LogisticRegression(C=20, max_iter=60, tol=1e-3),
            folds=1,
        )
        yield row("ridge regression", default, lambda: KernelRidge(3.0))
        yield row("kernel ridge regression (Gaussian)", default, lambda: KernelRidge(0.3, 0.15))
        yield row("20 nearest neighbours", default, lambda: Neighbours(20))
        yield row("20 nearest neighbours by meaning + words", lambda: default()[2:], lambda: Neighbours(20))
        yield self._average("a network over meaning + words (one layer of 512)", self._dense_network)
        yield self._average("a network over the default's features (one layer of 128)", self._network, folds=1)
        yield self._average("a transformer from scratch (two layers of 128)", self._transformer, folds=1)

    def _ensembles(self) -> Iterator[Row]:
        machines, dense, full, transformer = (
            self._probabilities,
            self._dense_network,
            self._network,
            self._transformer,
        )
        yield self._average("machines and the network over meaning + words, averaged", machines, dense, folds=1)
        yield self._average("machines and the network over all features, averaged", machines, full, folds=1)
        yield self._average("machines and the transformer, averaged", machines, transformer, folds=1)
        yield self._average("all four, averaged", machines, dense, full, transformer, folds=1)

    def _average(self, name: str, *members: Callable[[int], Made], folds: int = 0) -> Row:
        """The mean of the members' probabilities; the features and the seconds are their sums."""

        def answer(number: int) -> Answer:
            probabilities, widths, seconds = zip(*(member(number) for member in members))
            predicted = self.names[np.mean(probabilities, axis=0).argmax(axis=1)]
            return Answer(predicted, sum(widths), sum(seconds))

        return Row(name, answer, folds)

    @cache  # noqa: B019
    def model(self, number: int) -> tuple[IntentModel, float]:
        """The default's model of a fold, calibrated, and the seconds of its training."""
        seen, _ = self.folds[number]
        utterances = self.utterances()
        started = time.perf_counter()
        model = IntentModel.fit([utterances[i] for i in seen], list(self.corpus.labels[seen]), Settings())
        return model, time.perf_counter() - started

    @cache  # noqa: B019
    def utterances(self) -> list[Utterance]:
        """What the default's classifier sees of the corpus."""
        return self.corpus.utterances()

    @cache  # noqa: B019
    def _probabilities(self, number: int) -> Made:
        model, seconds = self.model(number)
        utterances = self.utterances()
        blocks = model.blocks
        width = len(blocks.morphemes.terms) + len(blocks.letters.terms) + utterances[0].meaning.shape[0]
        return model.probabilities([utterances[i] for i in self.folds[number][1]]), width, seconds

    @cache  # noqa: B019
    def _dense_network(self, number: int) -> Made:
        meaning, words = (Block(block.content, 4.0) for block in self._default()[2:])
        return self._networked([meaning, words], 512, number)

    @cache  # noqa: B019
    def _network(self, number: int) -> Made:
        blocks = [Block(b.content, 4 * b.weight, b.min_documents) for b in self._default()]
        return self._networked(blocks, 128, number)

    def _networked(self, blocks: Sequence[Block], width: int, number: int) -> Made:
        known, labels, new = self._fold(blocks, number)
        started = time.perf_counter()
        network = MLPClassifier((width,), early_stopping=True, max_iter=60, random_state=0).fit(known, labels)
        return network.predict_proba(new), known.shape[1], time.perf_counter() - started

    @cache  # noqa: B019
    def _transformer(self, number: int) -> Made:
        seen, unseen = self.folds[number]
        pieces = self._pieces()
        started = time.perf_counter()
        transformer = Transformer().fit([pieces[i] for i in seen], self.corpus.labels[seen])
        seconds = time.perf_counter() - started
        return transformer.probabilities([pieces[i] for i in unseen]), transformer.parameters, seconds

    @cache  # noqa: B019
    def _pieces(self) -> list[list[int]]:
        return word_pieces(self.corpus.clean)

    def _long_messages(self) -> Iterator[Row]:
        def row(name: str, choose: Callable[[Floats, Floats, int], Floats]) -> Row:
            return Row(f"long messages: {name}", partial(self._split, choose), long=True)

        yield row("whole (the default)", lambda whole, _, __: whole)
        yield row("the surest sentence", lambda _, parts, __: parts[parts.max(axis=1).argmax()])
        yield row("the sentence that asks", lambda _, parts, asks: parts[asks])
        yield row("mean of whole and surest sentence", lambda w, parts, _: w + parts[parts.max(axis=1).argmax()])
        yield row("mean of whole and the sentence that asks", lambda whole, parts, asks: whole + parts[asks])
        yield row("mean of whole and all sentences", lambda whole, parts, _: whole + parts.mean(axis=0))

    def _split(self, choose: Callable[[Floats, Floats, int], Floats], number: int) -> Answer:
        """The default's answers, where long messages are answered as `choose` says.

        Args:
            choose: from the probabilities of the whole, those of its sentences, and which sentence asks.
            number: of the fold.
        """
        probabilities, width, seconds = self._probabilities(number)
        predicted = self.names[probabilities.argmax(axis=1)]
        for place, parts, asks in self._sentences(number):
            predicted[place] = self.names[choose(probabilities[place], parts, asks).argmax()]
        return Answer(predicted, width, seconds)

    @cache  # noqa: B019
    def _sentences(self, number: int) -> list[tuple[int, Floats, int]]:
        """Of each long message of several sentences: its place in the fold, their probabilities, and which one asks."""
        texts = [self.corpus.clean[i] for i in self.folds[number][1]]
        long = [i for i, text in enumerate(texts) if len(text) >= _LONG]
        cut = [
            [part for part in parts if sum(c.isalnum() for c in part) >= _LETTERS]
            for parts in rewriting.split([texts[i] for i in long])
        ]
        parted = [(i, parts) for i, parts in zip(long, cut) if len(parts) > 1]
        found = self.corpus.rewritten([part for _, parts in parted for part in parts])
        rows = self.model(number)[0].probabilities(found.utterances())
        ends = np.cumsum([len(parts) for _, parts in parted])
        return [(i, rows[end - len(parts) : end], rewriting.asking(parts)) for (i, parts), end in zip(parted, ends)]


def _machine(penalty: float = Settings().penalty) -> LinearSVC:
    return LinearSVC(C=penalty, tol=0.1, random_state=0)


def confidence(experiments: Experiments) -> Iterator[str]:
    """Lines about the default model's calibrated confidence on unseen utterances."""
    utterances = experiments.utterances()
    best, second, right, third, likelihood, ask = [], [], [], [], [], []
    for number, (_, unseen) in enumerate(experiments.folds):
        model, _ = experiments.model(number)
        place = {label: i for i, label in enumerate(model.labels)}
        for i in unseen:
            started = time.perf_counter()
            row = model.probabilities([utterances[i]])[0]
            ask.append(time.perf_counter() - started)
            order = np.argsort(-row)
            truth = place[experiments.corpus.labels[i]]
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
    parser.add_argument(
        "--rows", default="", help="regular expression: beside the default only rows whose name it finds"
    )
    parser.add_argument("--only", choices=["features", "confidence"])
    options = parser.parse_args(arguments)
    corpus = Corpus.read(options.utterances, options.share)
    split = StratifiedKFold(options.folds, shuffle=True, random_state=0)
    folds: Folds = list(split.split(corpus.texts, corpus.labels))
    experiments = Experiments(corpus, folds, options.analyzers)
    long = sum(len(text) >= _LONG for text in corpus.clean)
    print(f"{len(corpus.texts)} utterances ({long} long), {len(experiments.names)} intents, {options.folds} folds\n")
    if options.only != "confidence":
        print(
            "| what | accuracy | against the default | macro-F1 | dimensions | seconds a fit |\n|---|---|---|---|---|---|"
        )
        for number, row in enumerate(experiments.rows()):
            if number == 0 or re.search(options.rows, row.name):
                print(experiments.line(row), flush=True)
        print()
    if options.only != "features":
        for line in confidence(experiments):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
