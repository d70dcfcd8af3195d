"""Sentence meaning as a Rasa dense feature."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.encoder import encode


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Adds the sentence feature of `bot.components.encoder`: float32, shape [1, 512], L2-normalised.

    There is no sequence feature. Messages without text are left as they are.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threads`, `training_threads`: BLAS threads; `batch_size`: texts a step; `progress_from`: texts that get a bar."""
        return {
            FEATURIZER_CLASS_ALIAS: None,
            "threads": 1,
            "training_threads": 2,
            "batch_size": 2048,
            "progress_from": 500,
        }

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Checks that the counts are positive.

        Raises:
            InvalidConfigException: one of them is not.
        """
        for key in ("threads", "training_threads", "batch_size"):
            if int(config[key]) < 1:
                raise InvalidConfigException(f"SentenceEncoder: '{key}' must be at least 1, not {config[key]}")

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,  # noqa: ARG003
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Creates the component (Rasa calls this while it builds the graph)."""
        return cls(execution_context.node_name, config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to all examples that have a text, in batches, with a bar on stderr if they are many."""
        self._add([m for m in training_data.training_examples if m.get(TEXT)], "training_threads")
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to the messages of one prediction, in one batch."""
        self._add([m for m in messages if m.get(TEXT)], "threads")
        return messages

    def _add(self, messages: list[Message], threads: str) -> None:
        vectors = encode(
            [m.get(TEXT) for m in messages],
            threads=int(self._config[threads]),
            batch_size=int(self._config["batch_size"]),
            progress=len(messages) >= int(self._config["progress_from"]),
        )
        for message, vector in zip(messages, vectors):
            row = np.ascontiguousarray(vector[np.newaxis, :])
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
