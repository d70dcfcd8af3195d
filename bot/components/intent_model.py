"""The classifier's mathematics, free of Rasa: terms and meaning in, calibrated probabilities out.

One linear support-vector machine (one against the rest) over three blocks of features, and a temperature that turns its
scores into probabilities, found on scores of utterances that the machine had not seen.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from bot.components.terms import TermWeights, letter_terms

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

log = logging.getLogger(__name__)

_DEFAULT_TEMPERATURE = 0.11
"""Where there is too little data to find one (the value found with 50 utterances for each of 92 intents)."""
_ABSENT = -10.0
"""Score of a label that a fold's training part lacks."""


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
        folds: of the cross-validation that finds the temperature.
    """

    penalty: float = 0.25
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
        temperature: the scores are divided by it before the softmax.
    """

    def __init__(
        self,
        labels: Sequence[str],
        blocks: Blocks,
        sparse_weights: Floats,
        dense_weights: Floats,
        bias: Floats,
        temperature: float,
    ) -> None:
        """Holds the parts as they are.

        Args:
            labels: k intents.
            blocks: what makes features of utterances.
            sparse_weights: shape [terms, k].
            dense_weights: shape [d, k].
            bias: shape [k].
            temperature: see the class.
        """
        self.labels = list(labels)
        self.blocks = blocks
        self.temperature = temperature
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
        temperature = _temperature(features, y, len(labels), settings)
        weights, bias = _machine(features, y, len(labels), settings)
        terms = sparse.shape[1]
        return cls(labels, blocks, weights[:terms], weights[terms:], bias, temperature)

    def probabilities(self, utterances: Sequence[Utterance]) -> Floats:
        """Calibrated probabilities, shape [n, k], float32, each row summing to 1."""
        scores = self.blocks.dense(utterances) @ self._dense_weights + self._bias
        for score, utterance in zip(scores, utterances):
            columns, values = self.blocks.row(utterance)
            score += values @ self._sparse_weights[columns]
        return _softmax(scores / np.float32(self.temperature))

    def save(self, directory: Path) -> None:
        """Writes `model.json` and `model.npz`; neither can hold code. Weights are kept as 16-bit floats."""
        described = {
            "labels": self.labels,
            "temperature": self.temperature,
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
                float(described["temperature"]),
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


def _temperature(features: csr_matrix, y: Labels, k: int, settings: Settings) -> float:
    """The temperature that makes unseen utterances' true intents likeliest."""
    frequent = np.flatnonzero(np.bincount(y, minlength=k)[y] >= settings.folds)
    if settings.folds < 2 or len(np.unique(y[frequent])) < 2:
        log.warning("too few utterances to calibrate: the default temperature is used")
        return _DEFAULT_TEMPERATURE
    scores = np.empty((len(frequent), k), dtype=np.float32)
    splits = StratifiedKFold(settings.folds, shuffle=True, random_state=0).split(frequent, y[frequent])
    for seen, unseen in splits:
        weights, bias = _machine(features[frequent[seen]], y[frequent[seen]], k, settings)
        scores[unseen] = features[frequent[unseen]] @ weights + bias
    return fit_temperature(scores, y[frequent])


def fit_temperature(scores: Floats, y: Labels) -> float:
    """The temperature with the least negative log-likelihood.

    Args:
        scores: shape [n, k], of utterances not trained on.
        y: shape [n], their true labels.
    """

    def loss(logarithm: float) -> float:
        likelihood = _softmax(scores / np.float32(np.exp(logarithm)))[np.arange(len(y)), y]
        return float(-np.log(likelihood + 1e-9).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 3.0), method="bounded").x))


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), dtype=np.float32)
