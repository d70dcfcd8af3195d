"""Events on their way to the assistant: signed, one request's in order, each repeated until it is taken (2xx)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
import sqlite3
import time

import httpx

from deploy.sandbox.settings import SandboxSettings
from deploy.sandbox.store import HeldEvent, Store

log = logging.getLogger("sandbox.webhooks")

_TOGETHER = 20
_LONGEST_NAP = 5.0


class WebhookSender:
    """`run` works until cancelled. Without a URL, or for an agency without a secret, events wait where they are."""

    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        self._store = store
        self._url = (settings.webhook_url or "").rstrip("/")
        self._secrets = {agency: secret.get_secret_value() for agency, secret in settings.webhook_secrets.items()}
        self._delay = settings.retry_delay
        self._delay_max = settings.retry_delay_max
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._news.set()

    async def run(self) -> None:
        if not self._url:
            return
        # Not through a proxy of the environment: the assistant is a neighbour.
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            while True:
                self._news.clear()
                try:
                    if not await self._send_due(client):
                        await self._nap()
                except sqlite3.Error as error:
                    # A full disk, say. What is due stays due.
                    log.error("events cannot be read or marked: %s", error)
                    await asyncio.sleep(_LONGEST_NAP)

    async def _send_due(self, client: httpx.AsyncClient) -> bool:
        due = await asyncio.to_thread(self._store.due_events, self._secrets, now=time.time(), limit=_TOGETHER)
        await asyncio.gather(*(self._send(client, event) for event in due))
        return bool(due)

    async def _nap(self) -> None:
        next_due = await asyncio.to_thread(self._store.next_due, self._secrets)
        nap = _LONGEST_NAP if next_due is None else min(max(next_due - time.time(), 0.0), _LONGEST_NAP)
        try:
            async with asyncio.timeout(nap):
                await self._news.wait()
        except TimeoutError:
            return

    async def _send(self, client: httpx.AsyncClient, event: HeldEvent) -> None:
        body = json.dumps(
            {
                "event_id": event.event_id,
                "reference": event.reference,
                "external_id": event.request_id,
                "type": event.type,
                "text": event.text,
                "occurred_at": event.occurred_at,
            },
            ensure_ascii=False,
        ).encode()
        headers = {
            "Content-Type": "application/json",
            # Anew for each attempt, or a late one would be stale.
            "X-Signature": signature(self._secrets[event.agency_id], body, time.time()),
        }
        try:
            response = await client.post(
                f"{self._url}/api/v1/agencies/{event.agency_id}/events", content=body, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = type(error).__name__
        else:
            if response.is_success:
                await asyncio.to_thread(self._store.mark_delivered, event.event_id)
                return
            failure = f"HTTP {response.status_code}"
        delay = min(self._delay * 2 ** min(event.attempts, 16), self._delay_max) * random.uniform(0.5, 1.0)  # noqa: S311
        log.warning("event %s: %s, attempt %d, again in %.1f s", event.event_id, failure, event.attempts + 1, delay)
        await asyncio.to_thread(self._store.mark_failed, event.event_id, failure, due_at=time.time() + delay)


def signature(secret: str, body: bytes, now: float) -> str:
    """As the assistant documents it (services/agencies/signing.py), written again: agencies have no copy of it."""
    digest = hmac.new(secret.encode(), f"{int(now)}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={int(now)},v1={digest}"
