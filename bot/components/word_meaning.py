"""Meanings of a message's words as a Rasa dense feature."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.normalize import normalize
from bot.components.word_space import WordSpace, content_morphemes

_WORDS = "words"
"""Key under which a training message keeps its morphemes."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class WordMeaning(DenseFeaturizer, GraphComponent):
    """Adds the sentence feature of `bot.components.word_space`: float32, shape [1, 256], of unit length or zero.

    There is no sequence feature. Messages without text are left as they are. Stored as JSON and NumPy arrays.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to set but the alias that all featurizers have."""
        return {FEATURIZER_CLASS_ALIAS: None}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to get wrong."""

    @staticmethod
    def required_packages() -> list[str]:
        """What Rasa checks before training."""
        return ["kiwipiepy"]

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        space: WordSpace | None = None,
    ) -> None:
        """Holds the configuration and, when loaded, the space."""
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._space = space

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> WordMeaning:
        """Creates an untrained component."""
        return cls(config, execution_context.node_name, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the space of the training texts and stores it."""
        written = [m for m in training_data.training_examples if m.get(TEXT)]
        morphemes = content_morphemes([normalize(m.get(TEXT)).text for m in written])
        for message, words in zip(written, morphemes):
            message.set(_WORDS, words)  # for process_training_data, which comes next
        self._space = space = WordSpace.fit(morphemes)
        with self._model_storage.write_to(self._resource) as directory:
            described = {
                "anchors": space.anchors,
                "idf": [[*word, idf] for word, idf in space.idf.items()],
                "unseen": space.unseen,
            }
            (directory / "words.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
            np.savez(
                directory / "words.npz",
                projection=space.projection,
                offset=space.offset,
                known=space.known.astype(np.float16),
            )
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,  # noqa: ARG003
    ) -> WordMeaning:
        """Loads what `train` stored.

        Raises:
            ValueError: the model archive holds no trained component.
        """
        with model_storage.read_from(resource) as directory:
            described = json.loads((directory / "words.json").read_text(encoding="utf-8"))
            with np.load(directory / "words.npz", allow_pickle=False) as arrays:
                space = WordSpace(
                    [(form, tag) for form, tag in described["anchors"]],
                    arrays["projection"],
                    arrays["offset"],
                    {(form, tag): idf for form, tag, idf in described["idf"]},
                    described["unseen"],
                    arrays["known"].astype(np.float32),
                )
        return cls(config, execution_context.node_name, model_storage, resource, space)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to all examples that have a text."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to each message with a text."""
        if self._space is None:
            raise RuntimeError("WordMeaning is neither trained nor loaded")
        written = [m for m in messages if m.get(TEXT)]
        unread = [m for m in written if m.get(_WORDS) is None]
        read = iter(content_morphemes([normalize(m.get(TEXT)).text for m in unread]))
        morphemes = [m.get(_WORDS) if m.get(_WORDS) is not None else next(read) for m in written]
        for message, vector in zip(written, self._space.sentences(morphemes)):
            message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages
