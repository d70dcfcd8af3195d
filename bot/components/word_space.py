"""Meanings of Korean morphemes as numbers, out of the language model of Kiwi's wheel (`kiwipiepy-model`, 76 MB).

Kiwi tells how alike two morphemes are (`Kiwi.morpheme_similarity`, the cosine of two vectors of its model, 1 µs a pair) but
not the vectors. They follow from the similarities to a few hundred anchors: the anchors' own similarities are a Gram matrix
of rank 256, and its square root gives every morpheme's place, up to a rotation that no use of it can see.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Morpheme = tuple[str, str]
"""Form and Kiwi's part of speech, e.g. ("가로등", "NNG")."""

DIMENSIONS = 256
"""The rank of Kiwi 0.24's model."""
ANCHORS = 400
"""More than the rank, so that the square root is well-conditioned."""
_COMMON_DIRECTIONS = 3
"""Directions that nearly all morphemes share and that tell nothing apart; they are taken out, as the mean is."""
_SMALLEST = 1e-2
"""Eigenvalues below it are rounding errors of the similarities."""
_CONTENT = ("N", "V", "M", "X")
"""First letters of the parts of speech that carry meaning: nouns, verbs, adverbs and determiners, roots and affixes."""
_REMEMBERED = 50_000
"""Places kept in memory (1 KB each) beside those of the training texts."""
_LONGEST = 1_000
"""Characters analysed: a longer message's need is told in its beginning."""


@lru_cache(maxsize=1)
def _kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=os.cpu_count() or 1, model_type="cong")


def content_morphemes(texts: Sequence[str]) -> list[list[Morpheme]]:
    """The morphemes of each text that carry meaning, in order; texts are normalised already. Loads Kiwi once (2 s)."""
    return [
        [(token.form, token.tag) for token in tokens if token.tag.startswith(_CONTENT)]
        for tokens in _kiwi().tokenize([text[:_LONGEST] for text in texts])
    ]


@dataclass(frozen=True)
class WordSpace:
    """Places of morphemes, and the mean place of those of a sentence.

    Attributes:
        anchors: a morphemes.
        projection: shape [a, d]; similarities to the anchors times this, less `offset`, is a morpheme's place.
        offset: shape [d].
        idf: how rare each morpheme of the training texts is: ln((n + 1) / (df + 1)).
        unseen: the idf of the others.
        known: the places of the training texts' morphemes, shape [len(idf), d], in the order of `idf`; zero if Kiwi's model
            does not know the morpheme. Others are placed when they come up (0.4 ms) and remembered.
    """

    anchors: list[Morpheme]
    projection: Floats
    offset: Floats
    idf: dict[Morpheme, float]
    unseen: float
    known: Floats
    _places: dict[Morpheme, Floats | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def fit(cls, documents: Sequence[Sequence[Morpheme]]) -> WordSpace:
        """Learns what is common and what is rare from the training texts' morphemes (`content_morphemes`).

        With too few known morphemes the space has fewer dimensions, with none it has one and all places are 0.
        """
        counts = Counter(word for document in documents for word in document)
        frequency = Counter(word for document in documents for word in set(document))
        anchors: list[Morpheme] = []
        for word, _ in counts.most_common():
            if len(anchors) == ANCHORS:
                break
            if similarities(word, [word]) is not None:
                anchors.append(word)
        n = len(documents)
        idf = {word: round(float(np.log((n + 1) / (df + 1))), 4) for word, df in frequency.items()}
        unseen = round(float(np.log(n + 1)), 4)
        if not anchors:
            none = np.zeros((0, 1), np.float32)
            return cls([], none, np.zeros(1, np.float32), idf, unseen, np.zeros((len(idf), 1), np.float32))
        known = {word: row for word in counts if (row := similarities(word, anchors)) is not None}
        root = inverse_root(np.stack([known[anchor] for anchor in anchors]))
        places = np.stack(list(known.values())) @ root
        mean = places.mean(axis=0)
        _, _, directions = np.linalg.svd(places - mean, full_matrices=False)
        common = directions[: min(_COMMON_DIRECTIONS, len(directions) - 1)]
        rest = np.eye(root.shape[1]) - common.T @ common
        projection, offset = (root @ rest).astype(np.float32), (mean @ rest).astype(np.float32)
        kept = np.zeros((len(idf), root.shape[1]), np.float32)
        for i, word in enumerate(idf):
            if word in known:
                kept[i] = _unit(known[word] @ projection - offset)
        return cls(anchors, projection, offset, idf, unseen, kept)

    def __post_init__(self) -> None:
        """Remembers the places that came with the model."""
        for word, place in zip(self.idf, self.known):
            self._places[word] = place if place.any() else None

    @property
    def dimensions(self) -> int:
        """Length of a place."""
        return int(self.projection.shape[1])

    def sentences(self, documents: Iterable[Sequence[Morpheme]]) -> Floats:
        """Unit vectors, shape [n, d], float32: the mean place of each text's different morphemes, the rarer the weightier.

        The row of a text without a known morpheme is zero.
        """
        rows = [self._sentence(document) for document in documents]
        return np.stack(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def _sentence(self, document: Sequence[Morpheme]) -> Floats:
        total = np.zeros(self.dimensions, np.float32)
        for word in dict.fromkeys(document):
            place = self.place(word)
            if place is not None:
                total += place * np.float32(self.idf.get(word, self.unseen) ** 0.5)
        return _unit(total)

    def place(self, word: Morpheme) -> Floats | None:
        """A morpheme's place, of unit length, shape [d]; None if Kiwi's model does not know it."""
        if word not in self._places:
            if len(self._places) >= len(self.idf) + _REMEMBERED:
                self._places.clear()
                self.__post_init__()
            self._places[word] = self._placed(word)
        return self._places[word]

    def _placed(self, word: Morpheme) -> Floats | None:
        row = similarities(word, self.anchors) if self.anchors else None
        if row is None:
            return None
        place = _unit(row @ self.projection - self.offset)
        return place if place.any() else None


def _unit(vector: Floats) -> Floats:
    """The vector with length 1, or zeros."""
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def inverse_root(gram: Floats) -> NDArray[np.float64]:
    """What turns similarities to anchors into places: shape [a, rank], for the anchors' own similarities [a, a].

    With it, `similarities @ root` of two morphemes have the dot product that Kiwi tells of them.
    """
    values, vectors = np.linalg.eigh(gram.astype(np.float64))
    kept = values > _SMALLEST
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def similarities(word: Morpheme, anchors: Sequence[Morpheme]) -> Floats | None:
    """A morpheme's similarity to each anchor, shape [a], float32; None if Kiwi's model does not know it."""
    compare = _kiwi().morpheme_similarity
    try:
        return np.array([compare(word, anchor) for anchor in anchors], dtype=np.float32)
    except ValueError:
        return None
