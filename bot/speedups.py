"""Repeated costs of Rasa 3.6.21, paid once instead, or not at all.

Measured on one core of this project's development machine, a conversation of eight turns:

- every answer of the action server made Rasa check its own JSON schema of answers before it checked the answer: 30 ms a
  custom action, and a form's turn has two or three;
- every event read back from the tracker store made Rasa list all event classes anew: 0.1 ms an event, eight events a turn.

Nothing else changes: the same schema, the same classes, the same errors. The tests hold both against Rasa's own code.
"""

from __future__ import annotations

import gc
from copy import deepcopy
from functools import lru_cache
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.engine.training.hooks import TrainingHook
from rasa.shared.core.events import Event
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

_read_files = RasaFileImporter.get_nlu_data
_resolve_anew = Event.resolve_by_type
_known: dict[str, type[Event]] = {}


def apply() -> None:
    """Puts both in place for this process; may be called again."""
    RemoteAction._validate_action_result = _validate_action_result
    Event.resolve_by_type = staticmethod(_resolve_by_type)


def apply_to_training() -> None:
    """Puts those of a training in place, for this process.

    Measured with 37,000 examples, of which a training needs 120 s:

    - fingerprints of what each step gives, 40 s: they fill a cache that lets unchanged steps be left out; ours is of size
      zero and every training is a whole one (bot.environment);
    - each file of examples is read and checked three times, copied six times, and each copy is fingerprinted to find doubles,
      20 s: it is read once, copies share their texts, and only examples that have text and intent in common are compared;
    - Python's search for cyclic garbage among millions of objects, 20 s: there is next to none (of memory, 2 GB, it takes
      nothing off), and the process ends with the training.
    """
    TrainingHook.on_before_node = _nothing_before
    TrainingHook.on_after_node = _nothing_after
    RasaFileImporter.get_nlu_data = _read_once
    Message.__hash__ = _hash_of_text_and_intent
    Message.__deepcopy__ = _copy
    gc.disable()


def _nothing_before(*_: Any, **__: Any) -> dict[str, Any]:
    return {}


def _nothing_after(*_: Any, **__: Any) -> None:
    return None


def _read_once(importer: RasaFileImporter, language: str | None = "en") -> TrainingData:
    """As Rasa's; no format that is read here has the language that Rasa passes on."""
    if not hasattr(importer, "_read"):
        importer._read = _read_files(importer, language)
    found: TrainingData = importer._read
    return found


def _hash_of_text_and_intent(message: Message) -> int:
    """Alike for messages that are equal; Rasa's fingerprint still decides whether two are."""
    return hash((message.get(TEXT), message.get(INTENT)))


def _copy(message: Message, memo: dict[int, Any]) -> Message:
    """As Python's deep copy; texts, which cannot change, are shared."""
    copied = Message.__new__(Message)
    copied.__dict__.update(message.__dict__)
    copied.data = {
        key: value if isinstance(value, str) else deepcopy(value, memo) for key, value in message.data.items()
    }
    for name in ("features", "output_properties"):
        setattr(copied, name, deepcopy(getattr(message, name), memo))
    return copied


def _validate_action_result(_: RemoteAction, result: dict[str, Any]) -> bool:
    """As Rasa's: True, or jsonschema's ValidationError."""
    error = best_match(_answers().iter_errors(result))
    if error is not None:
        error.message += ". Failed to validate Action server response from API."
        raise error
    return True


@lru_cache(maxsize=1)
def _answers() -> Any:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """As Rasa's: the class, the default, or ValueError."""
    if type_name not in _known:
        found = _resolve_anew(type_name, default)
        if found is None or found is default:
            return found
        _known[type_name] = found
    return _known[type_name]
