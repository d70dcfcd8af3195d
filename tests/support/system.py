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

from deploy.load.parts import Parts

ROOT = Path(__file__).resolve().parent.parent.parent


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
    process: psutil.Process | psutil.Popen | None = None
    seconds_to_ready: float = 0.0
    output: str = ""

    @classmethod
    def attached(cls, state_dir: Path) -> RunningSystem | None:
        """The system that a developer has running on this state directory, if there is one."""
        for process in psutil.process_iter(["cmdline"]):
            if "deploy.launcher run" not in " ".join(process.info["cmdline"] or []):
                continue
            environment = process.environ()
            if Path(environment.get("STATE_DIR", "")) == state_dir:
                return cls(state_dir, int(environment["PORT"]), process)
        return None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def parts(self) -> Parts:
        return Parts(self.url, self.state_dir)

    def start(self, *, timeout: float = 900.0) -> None:
        """Runs the launcher until /readyz is green; a model is trained if the state has none."""
        environment = {**os.environ, "STATE_DIR": str(self.state_dir), "PORT": str(self.port), "PYTHONPATH": str(ROOT)}
        started = time.monotonic()
        self.output = ""
        self.process = process = psutil.Popen(
            [sys.executable, "-m", "deploy.launcher", "run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._watch, args=(process, ready), daemon=True).start()
        while not ready.wait(0.5):
            if process.poll() is not None or time.monotonic() - started > timeout:
                raise AssertionError(f"the system did not start: {self.output[-2000:]}")
        self.seconds_to_ready = time.monotonic() - started

    def _watch(self, process: psutil.Popen, ready: threading.Event) -> None:
        for line in process.stdout:
            text = line.decode(errors="replace")
            self.output += text
            if "mode 600" in text:
                ready.set()

    def stop(self, *, timeout: float = 15.0) -> float:
        """Sends SIGTERM; returns the seconds until the launcher has ended."""
        assert self.process is not None
        if not self.process.is_running():
            return 0.0
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout)
        return time.monotonic() - started

    # what the launcher keeps -----------------------------------------------------------------------------------------

    def _kept(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.state_dir / name).read_text(encoding="utf-8"))
        return value

    @property
    def credentials(self) -> dict[str, Any]:
        return self._kept("credentials.json")

    def password(self, role: str) -> tuple[str, str]:
        user = next(user for user in self.credentials["users"] if user["role"] == role)
        return user["username"], user["password"]

    @property
    def ports(self) -> dict[str, int]:
        return self._kept("ports.json")

    @property
    def secrets(self) -> dict[str, str]:
        return self._kept("secrets.json")

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.parts.database_url, connect_timeout=5) as connection:
            return connection.execute(statement, parameters).fetchall()  # type: ignore[arg-type]

    # the sandbox agencies -------------------------------------------------------------------------------------------

    def sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the sandbox's control API; the decoded answer, None when there is none."""
        answer = httpx.request(
            method, self.parts.sandbox_url + path, json=body, headers=self.parts.sandbox_headers, timeout=20
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def requests_at_agency(self, receipt_no: str) -> list[dict[str, Any]]:
        """What the sandbox agencies hold of one case: exactly one, if all is well."""
        held: list[dict[str, Any]] = self.sandbox("GET", "/control/requests")["requests"]
        return [request for request in held if request["reference"] == receipt_no]

    # processes ------------------------------------------------------------------------------------------------------

    def pid(self, part: str) -> int:
        """The part's own process."""
        found = self.parts.process(part)
        if found is None:
            raise LookupError(part)
        return found.pid

    def kill(self, part: str) -> int:
        """kill -9 of one part; returns the pid that died."""
        return self.parts.kill(part)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_ready(self, *, seconds: float = 60.0) -> None:
        eventually(self.is_ready, seconds=seconds)

    def wait_restarted(self, part: str, *, instead_of: int, killed_at: float, seconds: float = 60.0) -> None:
        """Until a killed part works again as another process and /readyz is green."""
        deadline = time.monotonic() + seconds
        while reason := self.parts.why_not_ready(part, instead_of=instead_of, killed_at=killed_at):
            assert time.monotonic() < deadline, f"after {seconds:.0f} s: {reason}"
            time.sleep(0.2)


@dataclass
class Citizen:
    """A conversation over the public API."""

    system: RunningSystem
    lang: str = "ko"
    session_id: str = ""
    token: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        answer = httpx.post(f"{self.system.url}/api/v1/chat/sessions", json={"lang": self.lang}, timeout=20)
        answer.raise_for_status()
        opened = answer.json()
        self.session_id, self.token, self.messages = opened["session_id"], opened["token"], opened["messages"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self) -> str:
        return f"{self.system.url}/api/v1/chat/sessions/{self.session_id}/messages"

    @property
    def ws_url(self) -> str:
        base = self.system.url.replace("http://", "ws://")
        return f"{base}/api/v1/chat/sessions/{self.session_id}/ws?token={self.token}"

    def post(self, text: str, *, client_message_id: str | None = None) -> httpx.Response:
        body = {"text": text, "client_message_id": client_message_id or str(uuid.uuid4())}
        return httpx.post(self.path, json=body, headers=self.headers, timeout=30)

    def say(self, text: str) -> dict[str, Any]:
        answer = self.post(text)
        assert answer.status_code == 200, answer.text
        reply: dict[str, Any] = answer.json()
        self.messages += reply["messages"]
        return reply

    def hear(self, text: str) -> str:
        """What the assistant answers, all messages of the turn as one text."""
        return "\n".join(message["text"] for message in self.say(text)["messages"])

    def transcript(self) -> list[dict[str, Any]]:
        answer = httpx.get(self.path, headers=self.headers, timeout=20)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def read_case(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """The citizen's view of a case, by receipt number and PIN."""
        path = f"{self.system.url}/api/v1/cases/{receipt['receipt_no']}"
        answer = httpx.get(path, headers={"X-Case-Pin": receipt["pin"]}, timeout=20)
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    def report_pothole(self, place: str = "중앙로 12 앞", *, contact: str = "010-1234-5678") -> dict[str, Any]:
        """Files a case through the form; returns its Receipt."""
        self.say("집앞 도로가 파엿어요 차가 덜컹거려요")
        self.say(place)
        self.say("건너뛰기")
        self.say(contact)
        reply = self.say("네, 접수해 주세요")
        receipt: dict[str, Any] = reply["case"]
        assert receipt, reply
        return receipt
