"""Whether a message tells of a present danger to life, as a Rasa component: the second opinion of the emergency triage."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.intent_classifier import utterance_of
from bot.components.intent_model import IntentModel
from bot.components.normalize import normalize
from bot.components.purpose import DANGER, NO_DANGER, purpose

DANGER_KEY = "danger"
"""Key of a message's output: the probability of danger, 0 to 1."""
_ENOUGH = 50
"""Examples of danger, and of none, from which on it is trained."""
_ORDINARY = 30_000
"""Ordinary utterances that suffice."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DangerClassifier(GraphComponent, IntentClassifier):
    """Adds `danger`, the probability that a life is at risk now, from the features of the intent classifier.

    It learns from the examples whose purpose is `danger` or `no_danger` (nlu_data/emergency/examples); utterances of
    the intents outside `urgent` count as no danger, those of the intents in it may be either and are left out. Without
    enough examples it stays silent. The deterministic triage of the services comes first; this may only add an alarm.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """What must stand before it in the pipeline."""
        return [Tokenizer, DenseFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`urgent`: the intents whose utterances may tell of a danger."""
        return {"urgent": []}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        """Holds the configuration and, when loaded, the model."""
        self._urgent = frozenset(config["urgent"])
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> DangerClassifier:
        """Creates an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Trains and stores the model, or notes that there is none."""
        danger, safe, ordinary = [], [], []
        for message in training_data.intent_examples:
            if not normalize(message.get(TEXT) or "").text:
                continue
            use = purpose(message)
            if use == DANGER:
                danger.append(message)
            elif use == NO_DANGER:
                safe.append(message)
            elif use is None and message.get(INTENT) not in self._urgent:
                ordinary.append(message)
        safe += ordinary[:: max(1, len(ordinary) // _ORDINARY)]
        if min(len(danger), len(safe)) >= _ENOUGH:
            labels = [DANGER] * len(danger) + [NO_DANGER] * len(safe)
            self._model = IntentModel.fit([utterance_of(m) for m in (*danger, *safe)], labels)
        with self._model_storage.write_to(self._resource) as directory:
            if self._model:
                self._model.save(directory)
            else:
                (directory / "untrained").touch()
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
        **kwargs: Any,  # noqa: ARG003
    ) -> DangerClassifier:
        """Loads what `train` stored.

        Raises:
            ValueError: the model archive holds no trained classifier.
        """
        with model_storage.read_from(resource) as directory:
            model = None if (directory / "untrained").exists() else IntentModel.load(directory)
        return cls(config, model_storage, resource, model)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the probability to each message that has words."""
        if self._model is None:
            return messages
        known = [m for m in messages if normalize(m.get(TEXT) or "").text]
        if known:
            column = self._model.labels.index(DANGER)
            probabilities = self._model.probabilities([utterance_of(m) for m in known])[:, column]
            for message, probability in zip(known, probabilities):
                message.set(DANGER_KEY, float(probability), add_to_output=True)
        return messages
