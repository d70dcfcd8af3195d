"""Structured logs, one JSON object a line on stderr, that never hold what a citizen wrote.

Rasa puts message texts into log events, warnings and exceptions. So of an exception only its type and its frames are
kept, of a structlog event only its name and harmless fields, and of a Python warning only its kind and place.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
import warnings
from collections.abc import MutableMapping
from datetime import datetime, timezone
from typing import Any

import structlog

_HARMLESS = frozenset({"action_name", "filename", "key", "url"})
"""Text fields of structlog events that may be written; numbers and booleans always are."""
_LONGEST = 300
_UNSAFE_LOGGERS = ("rasa.shared.core.events",)
"""Loggers that interpolate events, hence messages, into their lines."""


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, event, fields and exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, as described above."""
        unsafe = record.name.startswith(_UNSAFE_LOGGERS)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": f"{record.funcName}:{record.lineno}" if unsafe else record.getMessage()[:_LONGEST],
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _chain(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first, without their messages."""
    found: list[dict[str, Any]] = []
    while error is not None and len(found) < 5:
        frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-8:]]
        found.append({"type": f"{type(error).__module__}.{type(error).__qualname__}", "frames": frames})
        error = error.__cause__ or error.__context__
    return found


def configure_logs(level: int = logging.INFO) -> None:
    """Sends all logs of this process to stderr as JSON; call it once, before the server is made."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    for name in ("rasa", "bot", "sanic", "sanic.root", "sanic.error"):
        logging.getLogger(name).setLevel(level)
    adopt_loggers()
    warnings.showwarning = _log_warning
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.processors.add_log_level, _to_stdlib],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def adopt_loggers() -> None:
    """Takes from Sanic's loggers their own handlers; call it again after the Sanic application is made."""
    for name in ("sanic.root", "sanic.error", "sanic.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _to_stdlib(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    fields = {
        key: value
        for key, value in event.items()
        if key in _HARMLESS or (isinstance(value, (bool, int, float)) and key != "exc_info")
    }
    return {"msg": str(event.get("event")), "exc_info": event.get("exc_info"), "extra": {"fields": fields}}


def _log_warning(
    message: Warning | str,  # noqa: ARG001
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    if issubclass(category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning)):
        return
    logging.getLogger("bot.warnings").warning("%s at %s:%d", category.__name__, filename, lineno)
