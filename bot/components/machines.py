"""Linear support-vector machines, one an intent, trained on several parts of the data at the same time."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

log = logging.getLogger(__name__)

ABSENT = -10.0
"""Score of a label that the training part lacks."""
_SHARES = 4
"""Shares of the labels that are trained apart from each other."""
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

    def train(self, rows: Labels, labels: Labels) -> tuple[Floats, Floats]:
        """Weights [d, len(labels)] and bias [len(labels)] of the machines of some labels, trained on some rows."""
        place = np.full(self.k, len(labels))  # the labels of other machines are one label: "another"
        place[labels] = np.arange(len(labels))
        y = place[self.y[rows]]
        weights = np.zeros((self.features.shape[1], len(labels)), dtype=np.float32)
        bias = np.full(len(labels), ABSENT, dtype=np.float32)
        if len(np.unique(y)) < 2:
            return weights, bias
        features = self.features if len(rows) == len(self.y) else self.features[rows]
        machine = LinearSVC(C=self.penalty, tol=self.tolerance, random_state=0).fit(features, y)
        coefficients, intercepts = machine.coef_, machine.intercept_
        if len(machine.classes_) == 2:  # scikit-learn keeps one machine for two labels
            coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
        wanted = machine.classes_ < len(labels)
        weights[:, machine.classes_[wanted]] = coefficients[wanted].T
        bias[machine.classes_[wanted]] = intercepts[wanted]
        return weights, bias


def train_each(task: Task, parts: Sequence[Labels]) -> list[tuple[Floats, Floats]]:
    """The machines of all labels for each part (rows) of the data, in order; on all cores when there is much to do.

    liblinear holds Python's lock, so threads would not help. The processes are started afresh, not forked: a fork would
    copy TensorFlow's threads and, with some analyzers, a JVM. How the labels are shared out does not depend on the
    machine, so that a training can be repeated elsewhere.

    Returns:
        Weights [d, k] and bias [k] of each part.
    """
    shares = np.array_split(np.arange(task.k), min(_SHARES, max(task.k // 2, 1)))
    jobs = [(rows, share) for rows in parts for share in shares]
    workers = min(os.cpu_count() or 1, len(jobs))
    if workers == 1 or len(task.y) < _WORTH_PROCESSES:
        done = [task.train(*job) for job in jobs]
    else:
        try:
            context = multiprocessing.get_context("spawn")
            with TemporaryDirectory() as shared:
                _write(task, Path(shared))
                with ProcessPoolExecutor(workers, context, _remember, (Path(shared),)) as pool:
                    done = list(pool.map(_train_remembered, jobs))
        except (OSError, BrokenProcessPool):  # no semaphores, no memory for a second process
            log.warning("training goes on in one process")
            done = [task.train(*job) for job in jobs]
    found = []
    for start in range(0, len(done), len(shares)):
        machines = done[start : start + len(shares)]
        found.append((np.hstack([w for w, _ in machines]), np.hstack([b for _, b in machines])))
    return found


def _write(task: Task, directory: Path) -> None:
    """Puts a task where other processes read it without a copy of their own: it has some hundred megabytes."""
    for name in ("data", "indices", "indptr"):
        np.save(directory / name, getattr(task.features, name))
    np.save(directory / "y", task.y)
    rest = {"shape": task.features.shape, "k": task.k, "penalty": task.penalty, "tolerance": task.tolerance}
    (directory / "rest.json").write_text(json.dumps(rest))


def _read(directory: Path) -> Task:
    rest = json.loads((directory / "rest.json").read_text())
    data, indices, indptr, y = (
        np.load(directory / f"{name}.npy", mmap_mode="r") for name in ("data", "indices", "indptr", "y")
    )
    features = csr_matrix((data, indices, indptr), shape=rest.pop("shape"))
    return Task(features, y, **rest)


_remembered: list[Task] = []


def _remember(directory: Path) -> None:
    _remembered.append(_read(directory))


def _train_remembered(job: tuple[Labels, Labels]) -> tuple[Floats, Floats]:
    return _remembered[0].train(*job)
