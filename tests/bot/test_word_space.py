"""Meanings of words, and the component that adds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.word_meaning import WordMeaning
from bot.components.word_space import WordSpace, content_morphemes, inverse_root, similarities
from tests.bot.tiny import UTTERANCES

TEXTS = [text for texts in UTTERANCES.values() for text in texts] + [
    "집 앞 골목이 어두워서 밤에 무서워요",
    "보안등을 새로 달아 주세요",
    "할머니가 병원에 가야 하는데 차비가 없어요",
    "아이가 학교에서 점심을 못 먹었다고 해요",
]


@pytest.fixture(scope="module")
def space() -> WordSpace:
    return WordSpace.fit(content_morphemes(TEXTS))


def test_only_what_carries_meaning_is_kept() -> None:
    [words] = content_morphemes(["가로등이 꺼졌어요!"])
    assert [form for form, _ in words] == ["가로등", "꺼지"]


def test_places_give_back_the_similarities_they_were_made_from() -> None:
    words = list(dict.fromkeys(word for words in content_morphemes(TEXTS) for word in words))
    known = [word for word in words if similarities(word, [word]) is not None]
    anchors, others = known[: len(known) // 2], known[len(known) // 2 :]
    gram = np.array([similarities(word, anchors) for word in anchors])
    places = gram @ inverse_root(gram)
    assert places @ places.T == pytest.approx(gram, abs=1e-3)
    outside = np.array([similarities(word, anchors) for word in others]) @ inverse_root(gram)
    assert np.linalg.norm(outside, axis=1).max() <= 1.001  # the part of a unit vector that the anchors can see


def test_like_words_are_near(space: WordSpace) -> None:
    light, lamp, passport = (space.place((form, "NNG")) for form in ("가로등", "보안등", "여권"))
    assert light is not None
    assert lamp is not None
    assert passport is not None
    assert light @ lamp > light @ passport
    assert np.linalg.norm(light) == pytest.approx(1, abs=1e-3)


def test_a_sentence_without_known_words_is_zero(space: WordSpace) -> None:
    rows = space.sentences(content_morphemes(["ㅋㅋ", "pothole", "가로등 고장", ""]))
    assert rows.shape == (4, space.dimensions)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([0, 0, 1, 0], abs=1e-3)


def test_rare_words_weigh_more(space: WordSpace) -> None:
    assert space.unseen >= max(space.idf.values())
    assert min(space.idf.values()) >= 0


def test_a_space_without_words_gives_zeros() -> None:
    empty = WordSpace.fit([[], []])
    assert empty.sentences([[("가로등", "NNG")]]).tolist() == [[0.0]]


def test_a_loaded_component_gives_the_features_of_the_trained_one(tmp_path: Path) -> None:
    storage = LocalModelStorage.create(tmp_path)
    context = ExecutionContext(GraphSchema({}))
    context.node_name = "words"
    resource = Resource("words")
    config = WordMeaning.get_default_config()
    trained = WordMeaning.create(config, storage, resource, context)
    data = TrainingData([Message({"text": text, "intent": "x"}) for text in TEXTS])
    trained.train(data)
    loaded = WordMeaning.load(config, storage, resource, context)
    texts = ["가로등이 나갔어요", "어두운 골목"]
    ours, theirs = ([Message({"text": text}) for text in texts] for _ in range(2))
    trained.process(ours)
    loaded.process(theirs)
    for a, b in zip(ours, theirs, strict=True):
        _, one = a.get_dense_features("text")
        _, other = b.get_dense_features("text")
        assert one is not None
        assert other is not None
        assert one.features == pytest.approx(other.features, abs=1e-3)
    assert not [file for file in (tmp_path / "words").iterdir() if file.suffix not in (".json", ".npz")]
