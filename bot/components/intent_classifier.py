"""Which need a message is about, as a Rasa component."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.intent_model import IntentModel, Settings, Utterance
from bot.components.normalize import normalize
from bot.components.purpose import CALIBRATION, purpose

_DEFAULTS = Settings()
_UTTERANCE = "utterance"
"""Key under which a message keeps what classifiers see of it; no output."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KoreanIntentClassifier(GraphComponent, IntentClassifier):
    """Classifies by morphemes, letters and meaning (`bot.components.intent_model`), with calibrated confidence.

    Needs a tokenizer and a dense sentence feature before it. Adds `intent` ({name, confidence}) and `intent_ranking` (the
    `ranking_length` likeliest). A blank message gets the intent None and confidence
    0.0, which a fallback classifier behind this one takes up. Stored as JSON and NumPy arrays, without pickle.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """What must stand before it in the pipeline."""
        return [Tokenizer, DenseFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`ranking_length`, and the fields of `bot.components.intent_model.Settings`."""
        return {"ranking_length": 10, **vars(_DEFAULTS)}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        """Holds the configuration and, when loaded, the model.

        Raises:
            InvalidConfigException: `ranking_length` is less than 1.
        """
        if int(config["ranking_length"]) < 1:
            raise InvalidConfigException("KoreanIntentClassifier: ranking_length must be at least 1")
        self._config = config
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
    ) -> KoreanIntentClassifier:
        """Creates an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Trains on all examples with a text and an intent, and stores the model.

        Examples with a purpose of their own (`bot.components.purpose`) are not trained on; those for the calibration find out
        what the confidence is worth.

        Raises:
            InvalidConfigException: the examples have fewer than two intents.
        """
        examples = [m for m in training_data.intent_examples if m.get(INTENT) and normalize(m.get(TEXT) or "").text]
        learnt = [m for m in examples if purpose(m) is None]
        held_out = [m for m in examples if purpose(m) == CALIBRATION]
        settings = Settings(
            **{f.name: type(getattr(_DEFAULTS, f.name))(self._config[f.name]) for f in fields(Settings)}
        )
        try:
            self._model = IntentModel.fit(
                [utterance_of(m) for m in learnt],
                [m.get(INTENT) for m in learnt],
                settings,
                [(utterance_of(m), m.get(INTENT)) for m in held_out],
            )
        except ValueError as error:
            raise InvalidConfigException(str(error)) from error
        with self._model_storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
        **kwargs: Any,  # noqa: ARG003
    ) -> KoreanIntentClassifier:
        """Loads what `train` stored.

        Raises:
            ValueError: the model archive holds no trained classifier.
        """
        with model_storage.read_from(resource) as directory:
            return cls(config, model_storage, resource, IntentModel.load(directory))

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds intent and ranking to each message with a text, all in one step."""
        if self._model is None:
            raise RuntimeError("KoreanIntentClassifier is neither trained nor loaded")
        known: list[tuple[Message, Utterance]] = []
        for message in messages:
            if message.get(TEXT) is None:
                continue
            if normalize(message.get(TEXT)).text:
                known.append((message, utterance_of(message)))
            else:
                _answer(message, [])
        if known:
            probabilities = self._model.probabilities([utterance for _, utterance in known])
            for (message, _), row in zip(known, probabilities):
                best = np.argsort(-row, kind="stable")[: int(self._config["ranking_length"])]
                _answer(message, [(self._model.labels[i], float(row[i])) for i in best])
        return messages


def utterance_of(message: Message) -> Utterance:
    """What the model sees of a message; made once, for all classifiers.

    Raises:
        InvalidConfigException: the pipeline gives messages no dense sentence feature.
    """
    known: Utterance | None = message.get(_UTTERANCE)
    if known:
        return known
    text = normalize(message.get(TEXT)).text
    _, sentence = message.get_dense_features(TEXT)
    if sentence is None:
        raise InvalidConfigException(
            "KoreanIntentClassifier needs a dense sentence feature: put SentenceEncoder before it"
        )
    morphemes = [token.lemma for token in message.get(TOKENS_NAMES[TEXT], [])]
    made = Utterance(text, morphemes, np.asarray(sentence.features, dtype=np.float32).reshape(-1))
    message.set(_UTTERANCE, made)
    return made


def _answer(message: Message, ranking: list[tuple[str, float]]) -> None:
    scored = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    message.set(INTENT, dict(scored[0]) if scored else {"name": None, "confidence": 0.0}, add_to_output=True)
    message.set(INTENT_RANKING_KEY, scored, add_to_output=True)
