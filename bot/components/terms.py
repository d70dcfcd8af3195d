"""Countable terms of a message: morphemes, characters and letters, each weighted by tf-idf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.components.jamo import decompose


def char_terms(text: str, shortest: int, longest: int) -> list[str]:
    """n-grams of the characters inside each word, the word's ends marked by blanks (as scikit-learn's char_wb)."""
    terms: list[str] = []
    for word in text.lower().split():
        padded = f" {word} "
        for n in range(shortest, min(longest, len(padded)) + 1):
            terms += [padded[i : i + n] for i in range(len(padded) - n + 1)]
    return terms


def letter_terms(text: str, shortest: int = 2, longest: int = 4) -> list[str]:
    """n-grams of Hangul letters inside each word: a misspelt syllable still shares most of them."""
    return char_terms(decompose(text), shortest, longest)


class TermWeights:
    """tf-idf with logarithmic term frequency, rows of unit length; what it learns is a list of terms and an array.

    Attributes:
        terms: the known terms, in column order.
        idf: shape [len(terms)], float32.
    """

    def __init__(self, terms: Sequence[str], idf: NDArray[np.float32]) -> None:
        self.terms = list(terms)
        self.idf = idf
        self._columns = {term: i for i, term in enumerate(self.terms)}

    @classmethod
    def fit(cls, documents: Sequence[Sequence[str]], min_documents: int = 1) -> TermWeights:
        """Learns the terms that occur in at least `min_documents` documents.

        idf = ln((1 + n) / (1 + df)) + 1, as scikit-learn's smooth idf.
        """
        frequency = Counter(chain.from_iterable(map(set, documents)))
        terms = sorted(term for term, df in frequency.items() if df >= min_documents)
        n = len(documents)
        idf = np.array([log((1 + n) / (1 + frequency[term])) + 1 for term in terms], dtype=np.float32)
        return cls(terms, idf)

    def row(self, document: Iterable[str]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Columns and weights of one document; both empty if no term is known."""
        counts: Counter[int] = Counter()
        columns = self._columns
        for term in document:
            if (column := columns.get(term)) is not None:
                counts[column] += 1
        indices = np.fromiter(counts.keys(), dtype=np.int32, count=len(counts))
        weights = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        weights = (np.log(weights) + 1) * self.idf[indices]
        norm = float(np.linalg.norm(weights))
        return indices, (weights / norm if norm else weights)

    def matrix(self, documents: Sequence[Iterable[str]]) -> csr_matrix:
        """The rows of all documents: sparse, shape [len(documents), len(terms)], float32."""
        columns = self._columns
        known = [[columns[term] for term in document if term in columns] for document in documents]
        ends = np.zeros(len(known) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in known], out=ends[1:])
        indices = np.fromiter(chain.from_iterable(known), dtype=np.int32, count=ends[-1])
        ones = np.ones(len(indices), dtype=np.float32)
        counted = csr_matrix((ones, indices, ends), shape=(len(known), len(self.terms)))
        counted.sum_duplicates()
        counted.data = (np.log(counted.data) + 1) * self.idf[counted.indices]
        norms = np.sqrt(np.bincount(_rows(counted), counted.data**2, minlength=len(known))).astype(np.float32)
        counted.data /= norms[_rows(counted)]
        return counted


def _rows(matrix: csr_matrix) -> NDArray[np.int64]:
    """The row of each value."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
