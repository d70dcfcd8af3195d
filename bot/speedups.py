"""Repeated costs of Rasa 3.6.21, paid once instead, or not at all.

Measured on one core of this project's development machine, a conversation of eight turns:

- every answer of the action server made Rasa check its own JSON schema of answers before it checked the answer: 30 ms a
  custom action, and a form's turn has two or three;
- every event read back from the tracker store made Rasa list all event classes anew: 0.1 ms an event, eight events a turn.

Nothing else changes: the same schema, the same classes, the same errors. The tests hold both against Rasa's own code.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.engine.training.hooks import TrainingHook
from rasa.shared.core.events import Event

_resolve_anew = Event.resolve_by_type
_known: dict[str, type[Event]] = {}


def apply() -> None:
    """Puts both in place for this process; may be called again."""
    RemoteAction._validate_action_result = _validate_action_result
    Event.resolve_by_type = staticmethod(_resolve_by_type)


def apply_to_training() -> None:
    """Keeps Rasa from fingerprinting what each step of a training gives.

    With 28,000 examples that is 40 s. The fingerprints fill a cache that lets unchanged steps be left out; ours is of size
    zero and every training is a whole one (bot.environment).
    """
    TrainingHook.on_before_node = _nothing_before
    TrainingHook.on_after_node = _nothing_after


def _nothing_before(*_: Any, **__: Any) -> dict[str, Any]:
    return {}


def _nothing_after(*_: Any, **__: Any) -> None:
    return None


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
