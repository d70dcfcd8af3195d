"""Looks for mistakes in nlu_data: `python -m bot.lint_data`.

| check | error | warning |
|---|---|---|
| format | what Rasa would misread or skip; a block whose `use` does not fit its folder | |
| taxonomy | an intent that the taxonomy lacks, an intent without utterances | |
| identical | the same words twice, within an intent or across | |
| leak | a training utterance that is nearly one of the frozen test or of the calibration set, a calibration utterance \
that is nearly one of the frozen test, an emergency example that is in the blind set | the same by meaning only, or of everyday words |
| balance | fewer than 100 utterances for an intent outside dialogue | fewer than 100 within; other languages scarce |
| personal | resident and card numbers, telephone numbers of persons, e-mail addresses | |
| labels | | what the cross-validated classifier takes for another intent (cleanlab's confident learning) |

Two texts are the same if their letters and digits are, after `bot.components.normalize`. They are nearly the same if the
sets of three successive Hangul letters (ㅎㅏㄴ) or characters share `NEAR` of their union; shorter ones than `SHORT`
characters must be the same. `--fast` leaves out what needs the sentence encoder: leaks by meaning, and labels.

The label check is a list for a human to read, not a verdict. Its probabilities are out-of-fold ones of the project's own
features under the project's own machines, calibrated.

Exit status: 0 nothing but warnings; 1 errors; 2 there is nothing to check.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from bot.components.jamo import decompose
from bot.components.normalize import normalize
from bot.environment import prepare
from bot.evaluate import DATA, read_examples

NEAR = 0.65
"""Share of letter trigrams in common from which two texts are nearly the same."""
SHORT = 5
"""Syllables below which only the same is nearly the same. What everybody says in a dialogue (네, 안녕하세요) has no more than
these and must be both taught and asked, so there a leak is a warning."""
SAME_MEANING = 0.95
"""Cosine of sentence vectors from which two texts may be one said twice."""
LEAST = 100
"""Utterances that an intent needs."""
UNKNOWN_TO_THE_ENCODER = ("vi", "mn", "ne, hi", "km", "my")
"""Languages in which its vectors of different sentences are much alike (mean cosine 0.5 to 0.7; Korean: 0.2)."""
OTHER_LANGUAGES = 0.05
"""Share of other languages below which an intent outside dialogue is warned of."""
FOLDS = 3

TRAINING, CALIBRATION, FROZEN, EMERGENCY, BLIND = "training", "calibration", "frozen", "emergency", "blind"
CHECKS = ("format", "taxonomy", "identical", "leak", "balance", "personal", "labels")
_USES: dict[str, set[str | None]] = {TRAINING: {None}, CALIBRATION: {"calibration"}, EMERGENCY: {"danger", "no_danger"}}
_NGRAM = 3
_STEP = 2_000

PERSONAL = {
    "resident number": re.compile(r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[ -]?[1-8]\d{6}(?!\d)"),
    "card number": re.compile(r"(?<!\d)\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?!\d)"),
    "telephone number": re.compile(r"(?<!\d)(?:\+?82[ -]?|0)(?:1[016789]|2|[3-6]\d|70)[ .-]?\d{3,4}[ .-]?\d{4}(?!\d)"),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]*\w"),
}

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Line:
    """An utterance, where it stands and what it is for."""

    text: str
    intent: str
    part: str
    place: str
    use: str | None = None


@dataclass(frozen=True)
class Finding:
    """What a check says; `error` makes the exit status 1."""

    check: str
    error: bool
    message: str


class Data:
    """What there is to check.

    Attributes:
        lines: of all parts.
        taxonomy: family of each intent.
        misread: what was found while reading.
    """

    def __init__(self, home: Path) -> None:
        """Reads a folder that is laid out as nlu_data.

        Raises:
            OSError, ValueError, yaml.YAMLError: there is no taxonomy, no utterances, or the frozen set is damaged.
        """
        intents = yaml.safe_load((home / "taxonomy.yml").read_text(encoding="utf-8"))["intents"]
        self.taxonomy: dict[str, str] = {name: intent["family"] for name, intent in intents.items()}
        self.misread: list[Finding] = []
        self.lines: list[Line] = []
        for part, folder in ((TRAINING, "utterances"), (CALIBRATION, "calibration"), (EMERGENCY, "emergency/examples")):
            for file in sorted((home / folder).rglob("*.yml")):
                self._read(file, part, home)
        if not self.lines:
            raise FileNotFoundError(f"no utterances below {home}")
        for file in sorted((home / "frozen_test").glob("*.jsonl")):
            place = str(file.relative_to(home))
            self.lines += [Line(e.text, e.intent, FROZEN, place) for e in read_examples(file)]
        for file in sorted((home.parent / "tests" / "services" / "chat").glob("emergency_blind_*.jsonl")):
            self.lines += [Line(e.text, e.intent, BLIND, file.name) for e in _blind(file)]

    def of(self, *parts: str) -> list[Line]:
        """The lines of some parts."""
        return [line for line in self.lines if line.part in parts]

    def _read(self, file: Path, part: str, home: Path) -> None:
        """Reads one file of Rasa's with its line numbers."""
        from rasa.shared.nlu.training_data.entities_parser import replace_entities

        name = str(file.relative_to(home))

        def wrong(number: int, message: str) -> None:
            self.misread.append(Finding("format", True, f"{name}:{number}: {message}"))

        try:
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
            blocks = content["nlu"]
            nodes = next(value for key, value in root.value if key.value == "nlu").value
        except (yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
            wrong(1, f"not a file of utterances ({type(error).__name__})")
            return
        for block, node in zip(blocks, nodes):
            at = node.start_mark.line + 1
            intent, examples = block.get("intent"), block.get("examples")
            if not isinstance(intent, str) or not isinstance(examples, str):
                wrong(at, "a block needs an intent and examples after a |")
                continue
            use = (block.get("metadata") or {}).get("use")
            if use not in _USES[part]:
                wrong(at, f"metadata use is {use}, which does not belong here")
            mark = next(value for key, value in node.value if key.value == "examples").start_mark.line + 2
            for number, example in enumerate(examples.splitlines(), mark):
                if not example.startswith("-"):
                    wrong(number, f"Rasa skips a line without '- ' at its start: {example}")
                    continue
                text = example[1:].strip()
                if reason := _misread(text):
                    wrong(number, f"{reason}: {text}")
                text = replace_entities(text)
                self.lines.append(Line(text, intent, part, f"{name}:{number}", use))


def _blind(file: Path) -> list[Line]:
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return [Line(row["text"], row.get("intent") or "", BLIND, file.name) for row in rows]


def _misread(text: str) -> str | None:
    """Why Rasa would read a text as something else, or None."""
    from rasa.shared.nlu.training_data.entities_parser import replace_entities

    if not squeezed(text):
        return "no words"
    if text.startswith("/"):
        return "Rasa takes what begins with / for an intent"
    if re.search(r"\$\{.*\}", text):
        return "Rasa puts an environment variable in the place of ${}"
    rest = replace_entities(text)
    if any(rest.count(left) != rest.count(right) for left, right in ("[]", "{}")) or re.search(r"\][(\[{]", rest):
        return "half a mark of an entity"
    return None


@cache
def squeezed(text: str) -> str:
    """The letters and digits of a text (of a text without any: its signs), normalised, in small letters."""
    clean = normalize(text).text.lower().replace(" ", "")
    return "".join(c for c in clean if unicodedata.category(c)[0] in "LNM") or clean


def language(text: str) -> str:
    """'ko' if at least half of the letters are Hangul or there are none; otherwise a guess by the letters used."""
    letters = [c for c in normalize(text).text if c.isalpha()]
    scripts = Counter(unicodedata.name(c, "?").split()[0] for c in letters)
    if 2 * scripts["HANGUL"] >= len(letters):
        return "ko"
    if scripts["HIRAGANA"] + scripts["KATAKANA"]:
        return "ja"
    script = scripts.most_common(1)[0][0]
    if script == "LATIN":
        return (
            "vi" if re.search(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]", unicodedata.normalize("NFC", text)) else "en and other Latin"
        )
    if script == "CYRILLIC":
        return "mn" if re.search("[өүӨҮ]", text) else "ru and other Cyrillic"
    return {"CJK": "zh", "THAI": "th", "ARABIC": "ar", "DEVANAGARI": "ne, hi", "KHMER": "km", "MYANMAR": "my"}.get(
        script, script.lower()
    )


# ---- checks ----------------------------------------------------------------------------------------------------------


def check_taxonomy(data: Data) -> Iterator[Finding]:
    """Intents that the taxonomy lacks, and those of it that have no training utterances."""
    for intent, lines in _grouped(data.of(TRAINING, CALIBRATION, EMERGENCY, FROZEN)).items():
        if intent not in data.taxonomy:
            yield Finding("taxonomy", True, f"{lines[0].place}: {intent} is not in the taxonomy")
    for line in data.of(TRAINING):
        parts = Path(line.place.rsplit(":", 1)[0]).parts
        family = data.taxonomy.get(line.intent)
        if family and len(parts) > 2 and family != parts[1]:
            yield Finding("taxonomy", True, f"{line.place}: {line.intent} is of the family {family}")
    for intent in data.taxonomy.keys() - {line.intent for line in data.of(TRAINING)}:
        yield Finding("taxonomy", True, f"{intent} has no utterances")


def check_identical(data: Data) -> Iterator[Finding]:
    """The same words twice, in the training set, the calibration set or the emergency examples."""
    for part in (TRAINING, CALIBRATION, EMERGENCY):
        seen: dict[str, Line] = {}
        for line in data.of(part):
            first = seen.setdefault(squeezed(line.text), line)
            if first is not line:
                across = "" if first.intent == line.intent else f", {line.intent} and {first.intent}"
                yield Finding("identical", True, f"{line.place}: also at {first.place}{across}: {line.text}")


def check_leaks(data: Data) -> Iterator[Finding]:
    """Lines that are nearly one of a set that measures."""
    training, calibration, frozen = data.of(TRAINING), data.of(CALIBRATION), data.of(FROZEN)
    for lines, others in ((training, frozen), (training, calibration), (calibration, frozen)):
        for line, other, share in near(lines, others):
            everyday = data.taxonomy.get(other.intent) == "dialogue" and len(squeezed(other.text)) <= SHORT
            yield Finding("leak", not everyday, f"{line.place}: {line.text} ≈ {other.text} ({other.part}, {share:.2f})")
    blind = {squeezed(line.text) for line in data.of(BLIND)}
    for line in data.of(EMERGENCY, TRAINING):
        if squeezed(line.text) in blind:
            yield Finding("leak", line.part == EMERGENCY, f"{line.place}: {line.text} is in the blind set")


def near(lines: Sequence[Line], others: Sequence[Line]) -> Iterator[tuple[Line, Line, float]]:
    """Each line that is nearly one of the others, the nearest, and the share of trigrams they have in common."""
    if not lines or not others:
        return
    columns: dict[str, int] = {}
    theirs, ours = _trigrams(others, columns), _trigrams(lines, columns)
    theirs.resize(theirs.shape[0], len(columns))
    sizes = np.asarray(theirs.sum(axis=1)).ravel()
    keys = [squeezed(line.text) for line in others]
    wording = {key: i for i, key in reversed(list(enumerate(keys)))}
    long_enough = np.array([len(key) >= SHORT for key in keys])
    for start in range(0, len(lines), _STEP):
        part = ours[start : start + _STEP]
        shared = (part @ theirs.T).toarray()
        union = np.asarray(part.sum(axis=1)).ravel()[:, None] + sizes - shared
        share = shared / np.maximum(union, 1) * long_enough
        for i, best in enumerate(share.argmax(axis=1)):
            line = lines[start + i]
            key = squeezed(line.text)
            if (same := wording.get(key)) is not None:
                yield line, others[same], 1.0
            elif len(key) >= SHORT and share[i, best] >= NEAR:
                yield line, others[best], float(share[i, best])


def _trigrams(lines: Sequence[Line], columns: dict[str, int]) -> csr_matrix:
    """Which trigrams of letters each line has: sparse, shape [len(lines), len(columns)]; adds to the columns."""
    indices: list[int] = []
    pointers = [0]
    for line in lines:
        letters = decompose(squeezed(line.text))
        grams = {letters[i : i + _NGRAM] for i in range(max(len(letters) - _NGRAM + 1, 1))}
        indices += [columns.setdefault(gram, len(columns)) for gram in grams]
        pointers.append(len(indices))
    return csr_matrix((np.ones(len(indices), np.float32), indices, pointers), shape=(len(lines), len(columns)))


def check_balance(data: Data) -> Iterator[Finding]:
    """Intents with few utterances, or with few in other languages."""
    for intent, lines in _grouped(data.of(TRAINING)).items():
        dialogue = data.taxonomy.get(intent) == "dialogue"
        if len(lines) < LEAST:
            yield Finding("balance", not dialogue, f"{intent} has {len(lines)} utterances, fewer than {LEAST}")
        other = sum(language(line.text) != "ko" for line in lines) / len(lines)
        if not dialogue and other < OTHER_LANGUAGES:
            yield Finding("balance", False, f"{intent} has {other:.1%} of other languages")


def check_personal(data: Data) -> Iterator[Finding]:
    """What looks like the data of a person, in any part."""
    for line in data.lines:
        for kind, pattern in PERSONAL.items():
            if pattern.search(normalize(line.text).text):
                yield Finding("personal", True, f"{line.place}: {kind}: {line.text}")
                break


def check_meaning(data: Data, vectors: Floats) -> Iterator[Finding]:
    """Training utterances that say what one of a measuring set says; not again those that are nearly the same.

    Args:
        data: all there is.
        vectors: of the training lines, in their order.
    """
    from bot.components.encoder import encode

    training = data.of(TRAINING)
    others = [line for line in data.of(FROZEN, CALIBRATION) if language(line.text) not in UNKNOWN_TO_THE_ENCODER]
    if not others:
        return
    known = encode([line.text for line in others], threads=2, progress=True)
    leaked = {line.place for line, _, _ in (*near(training, data.of(FROZEN)), *near(training, data.of(CALIBRATION)))}
    for start in range(0, len(training), _STEP):
        cosine = vectors[start : start + _STEP] @ known.T
        for i, best in enumerate(cosine.argmax(axis=1)):
            line, other = training[start + i], others[best]
            if cosine[i, best] >= SAME_MEANING and line.place not in leaked and len(squeezed(line.text)) >= SHORT:
                message = f"{line.place}: {line.text} ≈ {other.text} ({other.part}, cosine {cosine[i, best]:.2f})"
                yield Finding("leak", False, message)


def check_labels(data: Data, vectors: Floats) -> Iterator[Finding]:
    """Utterances that the classifier, trained on the others, takes for another intent; the worst first."""
    from cleanlab.filter import find_label_issues

    lines = data.of(TRAINING)
    sizes = Counter(line.intent for line in lines)
    chosen = [i for i, line in enumerate(lines) if sizes[line.intent] >= FOLDS]
    lines = [lines[i] for i in chosen]
    if len({line.intent for line in lines}) < 2:
        return
    labels, y, probabilities = out_of_fold(lines, vectors[chosen])
    print(
        f"cross-validated accuracy on the training set: {(probabilities.argmax(axis=1) == y).mean():.3f}",
        file=sys.stderr,
    )
    worst = find_label_issues(
        y,
        probabilities,
        filter_by="confident_learning",  # surer of the other intent than it is, on average, of that intent's own
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    for i in worst:
        guess = int(probabilities[i].argmax())
        line = lines[i]
        yield Finding(
            "labels",
            False,
            f"{line.place}: {line.intent} {probabilities[i, y[i]]:.3f}, "
            f"{labels[guess]} {probabilities[i, guess]:.3f}: {line.text}",
        )


def out_of_fold(lines: Sequence[Line], vectors: Floats) -> tuple[list[str], NDArray[np.int64], Floats]:
    """Intents k, the number of each line's intent, and probabilities [n, k] from machines that had not seen the line."""
    from sklearn.model_selection import StratifiedKFold

    from bot.components.calibration import Calibration
    from bot.components.intent_model import Blocks, Settings, Utterance
    from bot.components.machines import Task, train_each
    from bot.components.tokenizer import tokens_of

    labels = sorted({line.intent for line in lines})
    numbers = {label: i for i, label in enumerate(labels)}
    y = np.array([numbers[line.intent] for line in lines], dtype=np.int64)
    texts = [normalize(line.text).text for line in lines]
    utterances = [Utterance(t, [token.lemma for token in tokens_of(t)], v) for t, v in zip(texts, vectors)]
    settings = Settings()
    blocks, sparse = Blocks.fit(utterances, settings)
    features = hstack([sparse, csr_matrix(blocks.dense(utterances))], format="csr")
    task = Task(features, y, len(labels), settings.penalty, settings.tolerance)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(texts, y))
    scores = np.zeros((len(lines), len(labels)), dtype=np.float32)
    for (_, unseen), (weights, bias) in zip(folds, train_each(task, [seen for seen, _ in folds])):
        scores[unseen] = features[unseen] @ weights + bias
    return labels, y, Calibration.fit(scores, y)(scores)


def _grouped(lines: Iterable[Line]) -> dict[str, list[Line]]:
    groups: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.intent].append(line)
    return dict(groups)


# ---- report ----------------------------------------------------------------------------------------------------------


def lint(data: Data, *, fast: bool = False) -> list[Finding]:
    """All findings, in the order of `CHECKS`."""
    found = list(data.misread)
    for check in (check_taxonomy, check_identical, check_leaks, check_balance, check_personal):
        found += check(data)
    if not fast:
        from bot.components.encoder import encode

        vectors = encode([line.text for line in data.of(TRAINING)], threads=2, progress=True)
        found += check_meaning(data, vectors)
        found += check_labels(data, vectors)
    return sorted(found, key=lambda finding: (CHECKS.index(finding.check), not finding.error))


def figures(data: Data) -> str:
    """Sizes of the parts, and of the training set by family and by language."""
    out = [f"{'part':14}{'lines':>8}{'intents':>9}"]
    for part in (TRAINING, CALIBRATION, FROZEN, EMERGENCY, BLIND):
        if lines := data.of(part):
            uses = Counter(line.use for line in lines if line.part == EMERGENCY)
            rest = "".join(f"  {use} {count:,}" for use, count in uses.most_common())
            intents = {line.intent for line in lines if line.intent}
            out.append(f"{part:14}{len(lines):8,}{len(intents):9}{rest}")
    out += ["", f"{'family':14}{'lines':>8}{'intents':>9}{'least':>7}{'median':>8}{'most':>6}{'other languages':>17}"]
    training = data.of(TRAINING)
    families = sorted(set(data.taxonomy.values()))
    for family in (*families, "all"):
        lines = [line for line in training if family in ("all", data.taxonomy.get(line.intent))]
        if not lines:
            continue
        sizes = sorted(Counter(line.intent for line in lines).values())
        other = sum(language(line.text) != "ko" for line in lines) / len(lines)
        out.append(
            f"{family:14}{len(lines):8,}{len(sizes):9}{sizes[0]:7}{np.median(sizes):8g}{sizes[-1]:6}{other:17.1%}"
        )
    languages = Counter(language(line.text) for line in training)
    out += ["", "languages: " + ", ".join(f"{name} {count:,}" for name, count in languages.most_common())]
    ranked = Counter(line.intent for line in training).most_common()
    for title, few in (("fewest", ranked[::-1][:5]), ("most", ranked[:5])):
        out.append(f"{title}: " + ", ".join(f"{intent} {count}" for intent, count in few))
    return "\n".join(out)


def table(found: Sequence[Finding], *, fast: bool, show: int) -> str:
    """Counts by check, then the findings themselves, at most `show` a check and kind."""
    out = [f"{'check':14}{'errors':>8}{'warnings':>10}"]
    for check in CHECKS:
        if fast and check == "labels":
            continue
        counts = Counter(finding.error for finding in found if finding.check == check)
        out.append(f"{check:14}{counts[True]:8,}{counts[False]:10,}")
    for check in CHECKS:
        for error in (True, False):
            messages = [f.message for f in found if (f.check, f.error) == (check, error)]
            if messages:
                out += ["", f"{check}: {'errors' if error else 'warnings'}", *(f"  {m}" for m in messages[:show])]
                if len(messages) > show:
                    out.append(f"  … and {len(messages) - show:,} more (--show)")
    return "\n".join(out)


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, checks and prints."""
    parser = argparse.ArgumentParser(
        prog="bot.lint_data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA, help="a folder laid out as nlu_data")
    parser.add_argument("--fast", action="store_true", help="without the checks that need the sentence encoder")
    parser.add_argument("--show", type=int, default=40, metavar="N", help="findings shown of each check (40)")
    parser.add_argument("--quiet", action="store_true", help="without the figures")
    options = parser.parse_args(arguments)
    prepare()
    try:
        data = Data(options.data)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        print(f"bot.lint_data: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    found = lint(data, fast=options.fast)
    if not options.quiet:
        print(figures(data), end="\n\n")
    print(table(found, fast=options.fast, show=options.show))
    return 1 if any(finding.error for finding in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
