"""Linear support-vector machines, one an intent, trained on several parts of the data at the same time."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

log = logging.getLogger(__name__)

ABSENT = -10.0
"""Score of a label that the training part lacks."""
_WORTH_PROCESSES = 3_000
"""Examples from which on the two seconds that a process takes to start are won back."""


@dataclass(frozen=True)
class Task:
    """What all machines are trained on.

    Attributes:
        features: sparse, shape [n, d], float32.
        y: shape [n], labels 0 to k - 1.
        k: number of labels.
        penalty: inverse regularisation (C).
        tolerance: at which training stops.
    """

    features: csr_matrix
    y: Labels
    k: int
    penalty: float
    tolerance: float

    def train(self, rows: Labels) -> tuple[Floats, Floats]:
        """Weights [d, k] and bias [k] of the machines trained on these rows."""
        machine = LinearSVC(C=self.penalty, tol=self.tolerance, random_state=0)
        machine.fit(self.features[rows], self.y[rows])
        coefficients, intercepts = machine.coef_, machine.intercept_
        if len(machine.classes_) == 2:  # scikit-learn keeps one machine for two labels
            coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
        weights = np.zeros((self.features.shape[1], self.k), dtype=np.float32)
        bias = np.full(self.k, ABSENT, dtype=np.float32)
        weights[:, machine.classes_] = coefficients.T
        bias[machine.classes_] = intercepts
        return weights, bias


def train_each(task: Task, parts: Sequence[Labels]) -> list[tuple[Floats, Floats]]:
    """The machines of each part, in order; on all cores when there is much to do.

    liblinear holds Python's lock, so threads would not help. The processes are started afresh, not forked: a fork would
    copy TensorFlow's threads and, with some analyzers, a JVM.
    """
    workers = min(os.cpu_count() or 1, len(parts))
    if workers == 1 or len(task.y) < _WORTH_PROCESSES:
        return [task.train(rows) for rows in parts]
    try:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, _remember, (task,)) as pool:
            return list(pool.map(_train_remembered, parts))
    except (OSError, BrokenProcessPool):  # no semaphores, no memory for a second process
        log.warning("training goes on in one process")
        return [task.train(rows) for rows in parts]


_remembered: list[Task] = []


def _remember(task: Task) -> None:
    _remembered.append(task)


def _train_remembered(rows: Labels) -> tuple[Floats, Floats]:
    return _remembered[0].train(rows)
