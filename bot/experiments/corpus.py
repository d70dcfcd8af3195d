"""The training utterances and their features, as the experiments take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import train_test_split

from bot.components.encoder import encode
from bot.components.intent_model import Utterance
from bot.components.normalize import normalize
from bot.components.terms import TermWeights, letter_terms
from bot.components.tokenizer import tokens_of
from bot.components.word_space import WordSpace, content_morphemes
from bot.evaluate import read_utterances
from bot.experiments.classifiers import Floats, Labels

_CONTENT = ("N", "V", "M", "SL", "SN", "SH", "XR", "IC", "UNK")
"""First letters of the Mecab tags that carry meaning: no particles, endings, punctuation."""

Documents = list[list[str]]
Content = Documents | Floats
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """One kind of feature: documents of terms or dense vectors, its weight, and the rarest term that counts.

    Attributes:
        copies: the same of a changed copy of each utterance, learnt from beside it.
    """

    content: Content
    weight: float = 1.0
    min_documents: int = 1
    copies: Content | None = None

    def split(self, seen: Rows, unseen: Rows) -> tuple[csr_matrix, csr_matrix]:
        """Features of seen (then of their copies) and unseen utterances, learnt from the seen and the copies."""
        sources = [self.content] if self.copies is None else [self.content, self.copies]
        if isinstance(self.content, np.ndarray):
            known = np.vstack([np.asarray(source)[seen] for source in sources])
            return csr_matrix(known * self.weight), csr_matrix(self.content[unseen] * self.weight)
        learnt = [list(source[i]) for source in sources for i in seen]
        weights = TermWeights.fit(learnt, self.min_documents)
        return (
            weights.matrix(learnt) * self.weight,
            weights.matrix([self.content[i] for i in unseen]) * self.weight,
        )


class Corpus:
    """Utterances and their features, each computed when first asked for."""

    def __init__(self, texts: Sequence[str], labels: Labels, space: WordSpace | None = None) -> None:
        """Holds the texts; what is common and rare in the word space is learnt from them, unless one is given."""
        self.texts = list(texts)
        self.labels = labels
        self.clean = [normalize(text).text for text in texts]
        self._given = space

    @classmethod
    def read(cls, utterances: Path, share: float = 1.0) -> Corpus:
        """All YAML files below a folder, or a share of each intent's utterances drawn at random."""
        pairs = list(read_utterances(utterances))
        if share < 1:
            labels = [label for _, label in pairs]
            pairs = train_test_split(pairs, train_size=share, stratify=labels, random_state=0)[0]
        return cls([text for text, _ in pairs], np.array([label for _, label in pairs]))

    def rewritten(self, texts: Sequence[str]) -> Corpus:
        """The same utterances in other words."""
        return Corpus(texts, self.labels, self._space())

    @cache  # noqa: B019
    def meaning(self) -> Floats:
        """Sentence vectors, shape [n, 512]."""
        return encode(self.texts, threads=2)

    @cache  # noqa: B019
    def tokens(self, analyzer: str) -> list[list[tuple[str, str]]]:
        """(form, tag) of each morpheme of each text."""
        return [[(t.lemma, str(t.data["pos"])) for t in tokens_of(text, analyzer)] for text in self.texts]

    def morphemes(self, analyzer: str = "mecab", *, tags: bool = False, content: bool = False) -> Documents:
        """Forms, optionally with their tags, optionally of content words only."""
        return [
            [f"{form}/{tag}" if tags else form for form, tag in text if not content or tag.startswith(_CONTENT)]
            for text in self.tokens(analyzer)
        ]

    @cache  # noqa: B019
    def _space(self) -> WordSpace:
        return self._given or WordSpace.fit(content_morphemes(self.clean))

    @cache  # noqa: B019
    def words(self) -> Floats:
        """Mean places of the words, shape [n, 256]; what is common and rare is learnt from all texts, not their labels."""
        return self._space().sentences(content_morphemes(self.clean))

    @cache  # noqa: B019
    def letters(self, shortest: int = 2, longest: int = 4) -> Documents:
        """Letter n-grams."""
        return [letter_terms(text, shortest, longest) for text in self.clean]

    def utterances(self) -> list[Utterance]:
        """What the default's classifier sees."""
        vectors = np.hstack([self.meaning(), self.words()])
        return [Utterance(*seen) for seen in zip(self.clean, self.morphemes(), vectors)]
