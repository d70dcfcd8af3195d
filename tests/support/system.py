"""The whole system under test: started by the launcher, talked to over HTTP, its parts killed by name."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent

# What a part's command line holds (see Procfile).
COMMANDS = {
    "postgres": "pginstall/bin/postgres",
    "valkey": "valkey-server",
    "rasa": "bot.serve",
    "web": "deploy.web",
    "worker": "services.worker",
    "sandbox": "deploy.sandbox",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def eventually(check: Callable[[], Any], *, seconds: float = 20.0, every: float = 0.2) -> Any:
    """The first truthy value of `check`; fails the test with the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    value: Any = None
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"not within {seconds:.0f} s; last seen: {value!r}")


@dataclass
class RunningSystem:
    state_dir: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    seconds_to_ready: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, timeout: float = 420.0) -> None:
        """Runs the launcher until /readyz is green; a model is trained if the state has none."""
        environment = {**os.environ, "STATE_DIR": str(self.state_dir), "PORT": str(self.port), "PYTHONPATH": str(ROOT)}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.launcher", "run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._watch, args=(ready,), daemon=True).start()
        while not ready.wait(0.5):
            if self.process.poll() is not None or time.monotonic() - started > timeout:
                raise AssertionError(f"the system did not start: {self.output[-2000:]}")
        self.seconds_to_ready = time.monotonic() - started

    output: str = ""

    def _watch(self, ready: threading.Event) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            text = line.decode(errors="replace")
            self.output += text
            if "mode 600" in text:
                ready.set()

    def stop(self, *, timeout: float = 15.0) -> float:
        """Sends SIGTERM; returns the seconds until the launcher has ended."""
        assert self.process is not None
        if self.process.poll() is not None:
            return 0.0
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout)
        return time.monotonic() - started

    @property
    def credentials(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.state_dir / "credentials.json").read_text())
        return value

    def password(self, role: str) -> tuple[str, str]:
        user = next(user for user in self.credentials["users"] if user["role"] == role)
        return user["username"], user["password"]

    @property
    def ports(self) -> dict[str, int]:
        value: dict[str, int] = json.loads((self.state_dir / "ports.json").read_text())
        return value

    @property
    def secrets(self) -> dict[str, str]:
        value: dict[str, str] = json.loads((self.state_dir / "secrets.json").read_text())
        return value

    @property
    def database_url(self) -> str:
        return f"postgresql://postgres:{self.secrets['postgres']}@127.0.0.1:{self.ports['POSTGRES_PORT']}/assistant"

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            return connection.execute(statement, parameters).fetchall()  # type: ignore[arg-type]

    # the sandbox agencies -------------------------------------------------------------------------------------------

    def sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx.request(
            method,
            f"http://127.0.0.1:{self.ports['SANDBOX_PORT']}{path}",
            json=body,
            headers={"X-Sandbox-Key": self.secrets["agency"]},
            timeout=20,
        )
        answer.raise_for_status()
        return answer.json()

    # processes ------------------------------------------------------------------------------------------------------

    def pid(self, part: str) -> int:
        """The part's own process: the supervisor's child, found by its command line."""
        assert self.process is not None
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if COMMANDS[part] in " ".join(process.cmdline()):
                    return process.pid
            except psutil.Error:
                continue
        raise LookupError(part)

    def kill(self, part: str) -> int:
        """kill -9 of one part; returns the pid that died."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        return pid

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_ready(self, *, seconds: float = 60.0) -> None:
        eventually(self.is_ready, seconds=seconds)


@dataclass
class Citizen:
    """A conversation over the public API."""

    system: RunningSystem
    session_id: str = ""
    token: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        answer = httpx.post(f"{self.system.url}/api/v1/chat/sessions", json={}, timeout=20)
        answer.raise_for_status()
        opened = answer.json()
        self.session_id, self.token, self.messages = opened["session_id"], opened["token"], opened["messages"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self) -> str:
        return f"{self.system.url}/api/v1/chat/sessions/{self.session_id}/messages"

    def post(self, text: str, *, client_message_id: str | None = None) -> httpx.Response:
        body = {"text": text, "client_message_id": client_message_id or str(uuid.uuid4())}
        return httpx.post(self.path, json=body, headers=self.headers, timeout=30)

    def say(self, text: str) -> dict[str, Any]:
        answer = self.post(text)
        assert answer.status_code == 200, answer.text
        reply: dict[str, Any] = answer.json()
        self.messages += reply["messages"]
        return reply

    def transcript(self) -> list[dict[str, Any]]:
        answer = httpx.get(self.path, headers=self.headers, timeout=20)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def report_pothole(self, place: str = "중앙로 12 앞") -> dict[str, Any]:
        """Files a case through the form; returns its Receipt."""
        self.say("집앞 도로가 파엿어요 차가 덜컹거려요")
        self.say(place)
        self.say("건너뛰기")
        self.say("010-1234-5678")
        reply = self.say("네, 접수해 주세요")
        receipt: dict[str, Any] = reply["case"]
        assert receipt, reply
        return receipt
