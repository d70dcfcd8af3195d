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
        rows = [self.row(document) for document in documents]
        pointers = np.concatenate([[0], np.cumsum([len(indices) for indices, _ in rows])]).astype(np.int32)
        indices = np.concatenate([r[0] for r in rows]) if rows else np.zeros(0, np.int32)
        data = np.concatenate([r[1] for r in rows]) if rows else np.zeros(0, np.float32)
        return csr_matrix((data, indices, pointers), shape=(len(rows), len(self.terms)))
