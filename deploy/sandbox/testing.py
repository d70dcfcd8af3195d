"""For tests, fault drills and load tests: a sandbox in a process of its own, and a receiver of what it tells."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.sandbox.settings import ROOT


class SandboxProcess:
    """`with SandboxProcess(directory) as sandbox:` waits until it answers. Its port stays the same over restarts."""

    def __init__(
        self,
        state_dir: Path,
        *,
        webhook_url: str | None = None,
        webhook_secrets: dict[str, str] | None = None,
        accept_delay: float = 0.05,
        retry_delay: float = 0.1,
    ) -> None:
        self.api_key = secrets.token_urlsafe(24)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_STATE_DIR": str(state_dir),
            "SANDBOX_API_KEY": self.api_key,
            "SANDBOX_WEBHOOK_SECRETS": json.dumps(webhook_secrets or {}),
            "SANDBOX_ACCEPT_DELAY": str(accept_delay),
            "SANDBOX_RETRY_DELAY": str(retry_delay),
            "SANDBOX_RETRY_DELAY_MAX": "1.0",
        }
        if webhook_url:
            self._environment["SANDBOX_WEBHOOK_URL"] = webhook_url
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(
            base_url=self.base_url, headers={"X-Sandbox-Key": self.api_key}, timeout=10.0, trust_env=False
        )

    def start(self) -> None:
        """Raises RuntimeError if it does not answer within 20 seconds."""
        self._process = subprocess.Popen([sys.executable, "-m", "deploy.sandbox"], env=self._environment, cwd=ROOT)
        end = time.monotonic() + 20
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if self._client.get("/healthz").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        self.kill()
        raise RuntimeError("the sandbox did not start")

    def kill(self) -> None:
        """kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """As Ctrl-C would; kills it after ten seconds."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def file(self, reference: str, *, idempotency_key: str | None = None, **fields: str) -> httpx.Response:
        """Files a report of a damaged road at the municipality; `fields` change or, when empty, take away."""
        form = {
            "api_key": self.api_key,
            "jurisdiction_id": "hanbit.go.kr",
            "service_code": "HB0301",
            "account_id": reference,
            "description": "도로가 파였어요",
            "address_string": "한빛시 중앙로 1",
            **fields,
        }
        return self._client.post(
            "/municipality/open311/v2/requests.json",
            data={name: value for name, value in form.items() if value},
            headers={"Idempotency-Key": idempotency_key} if idempotency_key else {},
        )

    def held(self) -> dict[str, Any]:
        """GET /control/requests."""
        held: dict[str, Any] = self._client.get("/control/requests").raise_for_status().json()
        return held

    def fault(
        self, mode: str, *, count: int | None = 1, agency: str | None = None, seconds: float | None = None
    ) -> None:
        body = {"mode": mode, "count": count, "agency": agency, "seconds": seconds}
        self._client.post("/control/faults", json=body).raise_for_status()

    def answer(self, request_id: str, text: str) -> str:
        """The event's id."""
        response = self._client.post(f"/control/requests/{request_id}/answer", json={"text": text})
        return str(response.raise_for_status().json()["event_id"])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()


@dataclass(frozen=True)
class Delivery:
    """One POST that the receiver got, and what it answered."""

    path: str
    signature: str
    body: bytes
    status: int

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class WebhookReceiver:
    """Stands in for the assistant's webhook endpoint. It answers with `statuses` in turn, then 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.seen: list[Delivery] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def taken(self, count: int, *, seconds: float = 15) -> list[Delivery]:
        """The first POSTs that got a 2xx, as soon as there are `count`. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while len(found := [delivery for delivery in list(self.seen) if delivery.status < 300]) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(found)} of {count} events came")
            time.sleep(0.02)
        return found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    status = receiver.statuses.pop(0) if receiver.statuses else 204
                    receiver.seen.append(Delivery(self.path, self.headers["X-Signature"], body, status))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        return Handler

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
