"""Faults that the sandbox is told to have. They are in memory: a restart is a cure.

none                  answers as it should
slow                  waits `seconds`, then answers as it should
error500              answers 500 and takes nothing in
timeout_after_accept  takes the request in, then does not answer for `seconds`
html_error            answers 200 with a maintenance page and takes nothing in
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request

from deploy.sandbox.catalogue import Endpoint


class Mode(StrEnum):
    NONE = "none"
    SLOW = "slow"
    ERROR500 = "error500"
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    HTML_ERROR = "html_error"


_SECONDS = {Mode.SLOW: 3.0, Mode.TIMEOUT_AFTER_ACCEPT: 30.0}


@dataclass
class Fault:
    """`count` POSTs are left to fail; None: all, until told otherwise."""

    mode: Mode
    count: int | None
    seconds: float


class Faults:
    """At most one fault an endpoint. It befalls POST requests.json, nothing else."""

    def __init__(self) -> None:
        self._faults: dict[Endpoint, Fault] = {}

    def set(self, mode: Mode, *, count: int | None, endpoint: Endpoint | None, seconds: float | None) -> None:
        """Without an endpoint, both share one fault and its count."""
        fault = Fault(mode, count, _SECONDS.get(mode, 0.0) if seconds is None else seconds)
        for each in [endpoint] if endpoint else list(Endpoint):
            self._faults[each] = fault

    def next(self, endpoint: Endpoint) -> Fault:
        """What happens to the POST that has just come."""
        fault = self._faults.get(endpoint)
        if fault is None or fault.count == 0:
            return Fault(Mode.NONE, None, 0.0)
        if fault.count is not None:
            fault.count -= 1
        return fault


async def stall(request: Request, seconds: float) -> None:
    """Waits, though not for a client that has gone. The request's body must have been read."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
