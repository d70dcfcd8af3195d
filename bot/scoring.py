"""How good a classification is: the measures of the evaluation, free of Rasa.

A guess is right if it is the utterance's intent or one of `also` (others that a reasonable civil servant accepts).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

BINS = 10
"""Bins of equal width of the reliability diagram and of the expected calibration error."""


@dataclass(frozen=True)
class Example:
    """An utterance of a test set.

    Attributes:
        text: as the citizen wrote it.
        intent: the best intent.
        also: other intents that are accepted.
        style: plain, indirect, noisy, elder, long, short or foreign.
        lang: ISO 639-1.
    """

    text: str
    intent: str
    also: tuple[str, ...] = ()
    style: str = "plain"
    lang: str = "ko"

    @property
    def accepted(self) -> frozenset[str]:
        """The intents that are right."""
        return frozenset((self.intent, *self.also))


@dataclass(frozen=True)
class Judged:
    """An example and what the classifier said.

    Attributes:
        example: the utterance.
        ranking: (intent, confidence), the likeliest first; empty if nothing was recognised.
        abstained: the assistant would have asked back.
    """

    example: Example
    ranking: tuple[tuple[str, float], ...]
    abstained: bool

    @property
    def guess(self) -> str:
        """The likeliest intent; '' if there is none."""
        return self.ranking[0][0] if self.ranking else ""

    @property
    def confidence(self) -> float:
        """How sure the classifier is of its guess, 0 to 1."""
        return self.ranking[0][1] if self.ranking else 0.0

    @property
    def right(self) -> bool:
        """The guess is accepted."""
        return self.guess in self.example.accepted

    def among(self, k: int) -> bool:
        """One of the k likeliest is accepted."""
        return any(intent in self.example.accepted for intent, _ in self.ranking[:k])


@dataclass(frozen=True)
class Scores:
    """Measures of a group of judged examples, shares from 0 to 1.

    Attributes:
        n: how many.
        top1, top3: the likeliest, one of the three likeliest is right.
        owner: the guess's owner agency is that of an accepted intent.
        answered: share answered without asking back.
        answered_right: share right among these; 0 if none.
    """

    n: int
    top1: float
    top3: float
    owner: float
    answered: float
    answered_right: float

    @classmethod
    def of(cls, judged: Sequence[Judged], owners: dict[str, str]) -> Scores:
        """The measures of a group.

        Args:
            judged: the group.
            owners: each intent's owner agency; an intent without one is its own.
        """
        sure = [j for j in judged if not j.abstained]

        def same_owner(j: Judged) -> bool:
            return owners.get(j.guess, j.guess) in {owners.get(intent, intent) for intent in j.example.accepted}

        return cls(
            len(judged),
            share(judged, lambda j: j.right),
            share(judged, lambda j: j.among(3)),
            share(judged, same_owner),
            len(sure) / len(judged) if judged else 0.0,
            share(sure, lambda j: j.right),
        )


@dataclass
class IntentScores:
    """Precision, recall and F1 of an intent, and what it is mistaken for.

    An accepted guess counts as if it were the intent itself.
    """

    intent: str
    right: int = 0
    missed: int = 0
    false: int = 0
    mistaken_for: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """Share of the intent's utterances that were understood."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def precision(self) -> float:
        """Share of the guesses of the intent that were right."""
        return self.right / (self.right + self.false) if self.right + self.false else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Bin:
    """Guesses whose confidence lies in [low, high): how many, their mean confidence, the share that was right."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


def share(judged: Sequence[Judged], holds: Callable[[Judged], bool]) -> float:
    """The share for which something holds; 0 of none."""
    return sum(map(holds, judged)) / len(judged) if judged else 0.0


def by(judged: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    """Groups, in the order of their names."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for j in judged:
        groups[key(j)].append(j)
    return dict(sorted(groups.items()))


def per_intent(judged: Iterable[Judged]) -> list[IntentScores]:
    """The scores of each intent that occurs, the worst F1 first."""
    scores: dict[str, IntentScores] = {}

    def of(intent: str) -> IntentScores:
        return scores.setdefault(intent, IntentScores(intent))

    for j in judged:
        if j.right:
            of(j.example.intent).right += 1
        else:
            of(j.example.intent).missed += 1
            of(j.example.intent).mistaken_for[j.guess] += 1
            of(j.guess).false += 1
    return sorted((s for s in scores.values() if s.intent), key=lambda s: (s.f1, s.intent))


def macro_f1(judged: Iterable[Judged]) -> float:
    """Mean F1 over the intents that occur in the test set."""
    known = [s for s in per_intent(judged) if s.right + s.missed]
    return sum(s.f1 for s in known) / len(known) if known else 0.0


def reliability(judged: Sequence[Judged]) -> list[Bin]:
    """The bins of the reliability diagram, empty ones left out."""
    groups: dict[int, list[Judged]] = defaultdict(list)
    for j in judged:
        groups[min(int(j.confidence * BINS), BINS - 1)].append(j)
    return [
        Bin(
            i / BINS,
            (i + 1) / BINS,
            len(group),
            sum(j.confidence for j in group) / len(group),
            share(group, lambda j: j.right),
        )
        for i, group in sorted(groups.items())
    ]


def calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error: the bins' |confidence - right|, weighted by their size; 0 is perfect."""
    return sum(b.n * abs(b.confidence - b.right) for b in reliability(judged)) / len(judged) if judged else 0.0


def at_thresholds(judged: Sequence[Judged], thresholds: Sequence[float]) -> list[tuple[float, float, float]]:
    """(threshold, share answered, share right among these), if the threshold alone decided about asking back."""
    found = []
    for threshold in thresholds:
        sure = [j for j in judged if j.confidence >= threshold]
        found.append((threshold, len(sure) / len(judged) if judged else 0.0, share(sure, lambda j: j.right)))
    return found
