"""Structured logs: one JSON object a line, no personal data.

The rule is kept at the source: log ids, counts and names of errors, never what a person wrote. Exceptions are logged
with their frames but without their messages or local variables, because both may quote a citizen.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


def _frames_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    exc = event.pop("exc_info", None)
    if exc is True:
        exc = sys.exc_info()[1]
    elif isinstance(exc, tuple):
        exc = exc[1]
    if isinstance(exc, BaseException):
        event["exception"] = type(exc).__name__
        event["frames"] = [
            f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}:{frame.name}"
            for frame in traceback.extract_tb(exc.__traceback__)
        ][-8:]
    return event


class _FrameFormatter(logging.Formatter):
    """The same shape for the records of libraries (uvicorn, procrastinate, sqlalchemy)."""

    _render = structlog.processors.JSONRenderer(ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "event": record.msg if isinstance(record.msg, str) and not record.args else record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
        }
        if record.exc_info:
            event["exc_info"] = record.exc_info
        return str(self._render(None, "", _frames_only(None, "", event)))


def configure(part: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _frames_only,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(part=part)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FrameFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "procrastinate"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # paths may hold receipt numbers; metrics count requests
