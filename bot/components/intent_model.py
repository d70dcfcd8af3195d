"""The classifier's mathematics, free of Rasa: terms and meaning in, calibrated probabilities out.

One linear support-vector machine an intent (that intent against the rest) over three blocks of features, and a calibration
that turns their scores into probabilities, found on scores of utterances that the machines had not seen.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.model_selection import StratifiedKFold

from bot.components.calibration import Calibration
from bot.components.machines import Floats, Labels, Task, train_each
from bot.components.terms import TermWeights, letter_terms

log = logging.getLogger(__name__)

ENOUGH = 200
"""Utterances that suffice to calibrate on."""
_WORTH_A_MATRIX = 8
"""Utterances from which on building matrices costs less than going row by row."""


@dataclass(frozen=True)
class Utterance:
    """What the classifier sees of a message.

    Attributes:
        text: normalised.
        morphemes: in the order of the text.
        meaning: shape [d]: parts of unit length each, or zeros.
    """

    text: str
    morphemes: Sequence[str]
    meaning: Floats

    @cached_property
    def letters(self) -> list[str]:
        """The n-grams of the text's letters."""
        return letter_terms(self.text)


@dataclass(frozen=True)
class Settings:
    """What may be tuned; bot/README.md has the measurements behind the defaults.

    Attributes:
        penalty: inverse regularisation of the support-vector machine (its C).
        tolerance: at which its training stops.
        morphemes, letters, meaning: length of each block's vector; 0 leaves the block out.
        min_documents: utterances in which a letter n-gram must occur to be known.
        folds: of the cross-validation that calibrates.
    """

    penalty: float = 0.4
    tolerance: float = 0.1
    morphemes: float = 0.7
    letters: float = 1.0
    meaning: float = 1.0
    min_documents: int = 2
    folds: int = 3


class Blocks:
    """The feature blocks of utterances: tf-idf of morphemes, tf-idf of letters, meaning."""

    def __init__(self, settings: Settings, morphemes: TermWeights, letters: TermWeights) -> None:
        """Holds what was learnt; use `fit`."""
        self.settings = settings
        self.morphemes = morphemes
        self.letters = letters

    @classmethod
    def fit(cls, utterances: Sequence[Utterance], settings: Settings) -> tuple[Blocks, csr_matrix]:
        """Learns the terms of the utterances; returns their `sparse`, too."""
        morphemes = [u.morphemes for u in utterances]
        letters = [u.letters for u in utterances]
        blocks = cls(
            settings,
            TermWeights.fit(morphemes if settings.morphemes else []),
            TermWeights.fit(letters if settings.letters else [], settings.min_documents),
        )
        return blocks, blocks._side_by_side(morphemes, letters)

    def sparse(self, utterances: Sequence[Utterance]) -> csr_matrix:
        """The two blocks of terms side by side: sparse, shape [n, terms], float32."""
        return self._side_by_side([u.morphemes for u in utterances], [u.letters for u in utterances])

    def _side_by_side(self, morphemes: Sequence[Sequence[str]], letters: Sequence[Sequence[str]]) -> csr_matrix:
        counted = self.morphemes.matrix(morphemes) * self.settings.morphemes
        return hstack([counted, self.letters.matrix(letters) * self.settings.letters], format="csr")

    def row(self, utterance: Utterance) -> tuple[NDArray[np.int32], Floats]:
        """Columns and values of one row of `sparse`, without the cost of building matrices."""
        morphemes, counted = self.morphemes.row(utterance.morphemes)
        letters, weighted = self.letters.row(utterance.letters)
        return (
            np.concatenate([morphemes, letters + len(self.morphemes.terms)]),
            np.concatenate(
                [counted * np.float32(self.settings.morphemes), weighted * np.float32(self.settings.letters)]
            ),
        )

    def dense(self, utterances: Sequence[Utterance]) -> Floats:
        """The meaning block: shape [n, d], float32."""
        return np.stack([u.meaning for u in utterances]).astype(np.float32) * np.float32(self.settings.meaning)


class IntentModel:
    """A trained classifier; see the module's docstring.

    Attributes:
        labels: the k intents, in the order of the probabilities.
        calibration: from scores to probabilities.
    """

    def __init__(
        self,
        labels: Sequence[str],
        blocks: Blocks,
        sparse_weights: Floats,
        dense_weights: Floats,
        bias: Floats,
        calibration: Calibration,
    ) -> None:
        """Holds the parts as they are.

        Args:
            labels: k intents.
            blocks: what makes features of utterances.
            sparse_weights: shape [terms, k].
            dense_weights: shape [d, k].
            bias: shape [k].
            calibration: see the class.
        """
        self.labels = list(labels)
        self.blocks = blocks
        self.calibration = calibration
        self._sparse_weights = sparse_weights
        self._dense_weights = dense_weights
        self._bias = bias

    @classmethod
    def fit(
        cls,
        utterances: Sequence[Utterance],
        intents: Sequence[str],
        settings: Settings | None = None,
        held_out: Sequence[tuple[Utterance, str]] = (),
    ) -> IntentModel:
        """Trains on utterances and their intents.

        Args:
            utterances: n of them.
            intents: the n intents.
            settings: see the class.
            held_out: utterances and intents to calibrate on, not trained on. Those of unknown intents are left out. With
                fewer than `ENOUGH`, parts of the training data take turns instead, which takes longer.

        Raises:
            ValueError: there are fewer than two intents.
        """
        settings = settings or Settings()
        labels = sorted(set(intents))
        if len(labels) < 2:
            raise ValueError("training needs utterances of at least two intents")
        numbers = {label: i for i, label in enumerate(labels)}
        y = np.array([numbers[intent] for intent in intents], dtype=np.int64)
        blocks, sparse = Blocks.fit(utterances, settings)
        dense = blocks.dense(utterances)
        features = _joined(sparse, dense)
        held_out = [(utterance, intent) for utterance, intent in held_out if intent in numbers]
        folds = _folds(y, settings) if len(held_out) < ENOUGH else []
        task = Task(features, y, len(labels), settings.penalty, settings.tolerance)
        (weights, bias), *partly = train_each(task, [np.arange(len(y)), *(seen for seen, _ in folds)])
        calibration = Calibration()
        if len(held_out) >= ENOUGH:
            apart = [utterance for utterance, _ in held_out]
            scores = _joined(blocks.sparse(apart), blocks.dense(apart)) @ weights + bias
            calibration = Calibration.fit(scores, np.array([numbers[intent] for _, intent in held_out]))
        elif folds:
            unseen = np.concatenate([rows for _, rows in folds])
            scores = [features[rows] @ w + b for (_, rows), (w, b) in zip(folds, partly)]
            calibration = Calibration.fit(np.vstack(scores), y[unseen])
        terms = sparse.shape[1]
        return cls(labels, blocks, weights[:terms], weights[terms:], bias, calibration)

    def probabilities(self, utterances: Sequence[Utterance]) -> Floats:
        """Calibrated probabilities, shape [n, k], float32, each row summing to 1."""
        scores = self.blocks.dense(utterances) @ self._dense_weights + self._bias
        if len(utterances) < _WORTH_A_MATRIX:
            for score, utterance in zip(scores, utterances):
                columns, values = self.blocks.row(utterance)
                score += values @ self._sparse_weights[columns]
        else:
            scores += self.blocks.sparse(utterances) @ self._sparse_weights
        return self.calibration(scores)

    def save(self, directory: Path) -> None:
        """Writes `model.json` and `model.npz`; neither can hold code. Weights are kept as 16-bit floats."""
        described = {
            "labels": self.labels,
            "calibration": vars(self.calibration),
            "settings": vars(self.blocks.settings),
            "morphemes": self.blocks.morphemes.terms,
            "letters": self.blocks.letters.terms,
        }
        (directory / "model.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
        np.savez(
            directory / "model.npz",
            morphemes=self.blocks.morphemes.idf,
            letters=self.blocks.letters.idf,
            sparse_weights=self._sparse_weights.astype(np.float16),
            dense_weights=self._dense_weights,
            bias=self._bias,
        )

    @classmethod
    def load(cls, directory: Path) -> IntentModel:
        """Reads what `save` wrote.

        Raises:
            OSError: the files are not there.
            ValueError: they are damaged.
        """
        described = json.loads((directory / "model.json").read_text(encoding="utf-8"))
        with np.load(directory / "model.npz", allow_pickle=False) as arrays:
            blocks = Blocks(
                Settings(**described["settings"]),
                TermWeights(described["morphemes"], arrays["morphemes"]),
                TermWeights(described["letters"], arrays["letters"]),
            )
            return cls(
                described["labels"],
                blocks,
                arrays["sparse_weights"].astype(np.float32),
                arrays["dense_weights"],
                arrays["bias"],
                Calibration(**described["calibration"]),
            )


def _joined(sparse: csr_matrix, dense: Floats) -> csr_matrix:
    return hstack([sparse, csr_matrix(dense)], format="csr")


def _folds(y: Labels, settings: Settings) -> list[tuple[Labels, Labels]]:
    """Rows to learn from and rows to calibrate on, a pair a fold; [] if there are too few utterances."""
    frequent = np.flatnonzero(np.bincount(y)[y] >= settings.folds)
    if settings.folds < 2 or len(np.unique(y[frequent])) < 2:
        log.warning("too few utterances to calibrate: the default calibration is used")
        return []
    split = StratifiedKFold(settings.folds, shuffle=True, random_state=0)
    return [(frequent[seen], frequent[unseen]) for seen, unseen in split.split(frequent, y[frequent])]
