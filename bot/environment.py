"""Process settings that Rasa reads from the environment at import; import this before anything of Rasa."""

from __future__ import annotations

import os
import warnings
from typing import Any

_DEFAULTS = {
    "RASA_TELEMETRY_ENABLED": "false",
    # a process killed in mid-turn leaves its lock behind for this long (seconds); see bot.turn.LOCK_SECONDS
    "TICKET_LOCK_LIFETIME": "6",
    # two Sanic workers gained nothing: scale by processes on ports of their own
    "SANIC_WORKERS": "1",
    # components are retrained every time: Rasa's cache does not see changes in the modules that they import
    "RASA_MAX_CACHE_SIZE": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def prepare() -> None:
    """Sets what is not set yet. Telemetry is off whatever the environment says."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    _hush_deprecations()


def _hush_deprecations() -> None:
    """Keeps from stderr what Rasa's and TensorFlow's old dependencies deprecate; they undo filters, so not by one."""
    show = warnings.showwarning

    def show_others(message: Warning | str, category: type[Warning], *place: Any, **options: Any) -> None:
        if not issubclass(category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning)):
            show(message, category, *place, **options)

    warnings.showwarning = show_others
