"""The NLU part of `bot/config.yml` run directly on texts and labels, without Rasa's training files.

For benchmarks and tests: any text and any label is allowed, also '[a](b)', which Rasa's YAML would read as an entity.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_config_file

CONFIG = Path(__file__).resolve().parent / "config.yml"

Ranking = list[tuple[str, float]]


class NluPipeline:
    """A trained pipeline; the fallback classifier is left out, so the best intent is always named."""

    def __init__(self, components: Sequence[GraphComponent]) -> None:
        """Holds trained components in their order."""
        self._components = list(components)

    @classmethod
    def train(cls, texts: Sequence[str], labels: Sequence[str], config: Path = CONFIG) -> NluPipeline:
        """Trains the components of a configuration file.

        Args:
            texts: n texts; blank ones and repetitions with the same label are left out.
            labels: their n labels.
            config: a Rasa configuration with a `pipeline`.

        Raises:
            ValueError: the lengths differ.
            InvalidConfigException: there are fewer than two labels, or a component is not trainable here.
        """
        if len(texts) != len(labels):
            raise ValueError(f"{len(texts)} texts and {len(labels)} labels")
        data = TrainingData(
            [Message({TEXT: text, INTENT: label}) for text, label in zip(texts, labels) if text.strip()]
        )
        components = []
        with tempfile.TemporaryDirectory() as folder:
            storage = LocalModelStorage.create(Path(folder))
            context = ExecutionContext(GraphSchema({}))
            for number, entry in enumerate(read_config_file(config)["pipeline"]):
                kind, settings = _component(entry)
                if kind is FallbackClassifier:
                    continue
                context.node_name = f"{kind.__name__}{number}"
                component: Any = kind.create(settings, storage, Resource(context.node_name), context)
                if hasattr(component, "train"):
                    component.train(data)
                if hasattr(component, "process_training_data"):
                    component.process_training_data(data)
                components.append(component)
        return cls(components)

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        """For each text its likeliest intents and their probabilities, best first; [] for a blank one."""
        messages = [Message({TEXT: text}) for text in texts]
        for component in self._components:
            messages = component.process(messages)
        return [[(entry["name"], entry["confidence"]) for entry in m.get(INTENT_RANKING_KEY) or []] for m in messages]


def _component(entry: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A pipeline entry's class, found as Rasa's recipe finds it, and its settings over the defaults.

    Raises:
        InvalidConfigException: there is no such component.
    """
    kind = DefaultV1Recipe._from_registry(entry["name"]).clazz
    return kind, {**kind.get_default_config(), **{key: value for key, value in entry.items() if key != "name"}}
