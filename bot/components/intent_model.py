"""The classifier's mathematics, free of Rasa: terms and meaning in, calibrated probabilities out.

One linear support-vector machine an intent (that intent against the rest) over three blocks of features, and a calibration
that turns their scores into probabilities, found on scores of utterances that the machines had not seen.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from bot.components.terms import TermWeights, letter_terms

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

log = logging.getLogger(__name__)

_ABSENT = -10.0
"""Score of a label that a fold's training part lacks."""
_CALIBRATED_ON = 5_000
"""Utterances that suffice to find two numbers."""


@dataclass(frozen=True)
class Utterance:
    """What the classifier sees of a message.

    Attributes:
        text: normalised.
        morphemes: in the order of the text.
        meaning: shape [d], of unit length, or zeros.
    """

    text: str
    morphemes: Sequence[str]
    meaning: Floats


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

    penalty: float = 0.25
    tolerance: float = 0.1
    morphemes: float = 0.7
    letters: float = 1.0
    meaning: float = 1.0
    min_documents: int = 2
    folds: int = 3


@dataclass(frozen=True)
class Calibration:
    """From the machines' scores to probabilities: sigmoid(slope * score + offset) of each intent, then scaled to sum 1.

    Measured on this project's utterances, it is a third as wrong about itself as a softmax with a temperature (expected
    calibration error 0.019 against 0.064), since several machines may say yes, or all of them no.

    The defaults are what 50 utterances for each of 92 intents led to, for data too small to find its own.
    """

    slope: float = 10.3
    offset: float = 3.4

    def __call__(self, scores: Floats) -> Floats:
        """Probabilities of scores, both of shape [n, k]."""
        log_odds = np.float32(self.slope) * scores + np.float32(self.offset)
        log_sigmoid = -np.logaddexp(np.float32(0), -log_odds)
        exponentials = np.exp(log_sigmoid - log_sigmoid.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), dtype=np.float32)

    @classmethod
    def fit(cls, scores: Floats, y: Labels) -> Calibration:
        """The calibration with the least negative log-likelihood.

        Args:
            scores: shape [n, k], of utterances not trained on.
            y: shape [n], their true labels.
        """
        if len(y) > _CALIBRATED_ON:
            chosen = np.random.default_rng(0).choice(len(y), _CALIBRATED_ON, replace=False)
            scores, y = scores[chosen], y[chosen]
        spread = float(scores.std()) or 1.0

        def at(point: Floats) -> Calibration:
            return cls(float(np.exp(np.clip(point[0], -5, 7))) / spread, float(point[1]))

        def loss(point: Floats) -> float:
            return float(-np.log(at(point)(scores)[np.arange(len(y)), y] + 1e-9).mean())

        return at(minimize(loss, [1.0, 1.0], method="Nelder-Mead", options={"maxiter": 150, "xatol": 1e-2}).x)


class Blocks:
    """The feature blocks of utterances: tf-idf of morphemes, tf-idf of letters, meaning."""

    def __init__(self, settings: Settings, morphemes: TermWeights, letters: TermWeights) -> None:
        """Holds what was learnt; use `fit`."""
        self.settings = settings
        self.morphemes = morphemes
        self.letters = letters

    @classmethod
    def fit(cls, utterances: Sequence[Utterance], settings: Settings) -> Blocks:
        """Learns the terms of the utterances."""
        morphemes = [u.morphemes for u in utterances] if settings.morphemes else []
        letters = [letter_terms(u.text) for u in utterances] if settings.letters else []
        return cls(settings, TermWeights.fit(morphemes), TermWeights.fit(letters, settings.min_documents))

    def sparse(self, utterances: Sequence[Utterance]) -> csr_matrix:
        """The two blocks of terms side by side: sparse, shape [n, terms], float32."""
        morphemes = self.morphemes.matrix([u.morphemes for u in utterances])
        letters = self.letters.matrix([letter_terms(u.text) for u in utterances])
        return hstack([morphemes * self.settings.morphemes, letters * self.settings.letters], format="csr")

    def row(self, utterance: Utterance) -> tuple[NDArray[np.int32], Floats]:
        """Columns and values of one row of `sparse`, without the cost of building matrices."""
        morphemes, counted = self.morphemes.row(utterance.morphemes)
        letters, weighted = self.letters.row(letter_terms(utterance.text))
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
        cls, utterances: Sequence[Utterance], intents: Sequence[str], settings: Settings | None = None
    ) -> IntentModel:
        """Trains on utterances and their intents.

        Raises:
            ValueError: there are fewer than two intents.
        """
        settings = settings or Settings()
        labels = sorted(set(intents))
        if len(labels) < 2:
            raise ValueError("training needs utterances of at least two intents")
        numbers = {label: i for i, label in enumerate(labels)}
        y = np.array([numbers[intent] for intent in intents], dtype=np.int64)
        blocks = Blocks.fit(utterances, settings)
        sparse, dense = blocks.sparse(utterances), blocks.dense(utterances)
        features = _joined(sparse, dense)
        calibration = _calibration(features, y, len(labels), settings)
        weights, bias = _machine(features, y, len(labels), settings)
        terms = sparse.shape[1]
        return cls(labels, blocks, weights[:terms], weights[terms:], bias, calibration)

    def probabilities(self, utterances: Sequence[Utterance]) -> Floats:
        """Calibrated probabilities, shape [n, k], float32, each row summing to 1."""
        scores = self.blocks.dense(utterances) @ self._dense_weights + self._bias
        for score, utterance in zip(scores, utterances):
            columns, values = self.blocks.row(utterance)
            score += values @ self._sparse_weights[columns]
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


def _machine(features: csr_matrix, y: Labels, k: int, settings: Settings) -> tuple[Floats, Floats]:
    """Weights [features, k] and bias [k] of one machine a label; labels absent from `y` score `_ABSENT`."""
    trained = LinearSVC(C=settings.penalty, tol=settings.tolerance, random_state=0).fit(features, y)
    coefficients, intercepts = trained.coef_, trained.intercept_
    if len(trained.classes_) == 2:  # scikit-learn keeps one machine for two labels
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
    weights = np.zeros((features.shape[1], k), dtype=np.float32)
    bias = np.full(k, _ABSENT, dtype=np.float32)
    weights[:, trained.classes_] = coefficients.T
    bias[trained.classes_] = intercepts
    return weights, bias


def _calibration(features: csr_matrix, y: Labels, k: int, settings: Settings) -> Calibration:
    """The calibration of machines trained on all utterances, from those trained on parts of them."""
    frequent = np.flatnonzero(np.bincount(y, minlength=k)[y] >= settings.folds)
    if settings.folds < 2 or len(np.unique(y[frequent])) < 2:
        log.warning("too few utterances to calibrate: the default calibration is used")
        return Calibration()
    scores = np.empty((len(frequent), k), dtype=np.float32)
    splits = StratifiedKFold(settings.folds, shuffle=True, random_state=0).split(frequent, y[frequent])
    for seen, unseen in splits:
        weights, bias = _machine(features[frequent[seen]], y[frequent[seen]], k, settings)
        scores[unseen] = features[frequent[unseen]] @ weights + bias
    return Calibration.fit(scores, y[frequent])
