"""The running parts of one copy of the system: found by the STATE_DIR of their process manager, and killed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg

# What a part's command line holds (Procfile), in the order in which the parts are killed.
COMMANDS = {
    "worker": "services.worker",
    "sandbox": "deploy.sandbox",
    "rasa": "bot.serve",
    "valkey": "valkey-server",
    "web": "deploy.web",
    "postgres": "pginstall/bin/postgres",
}


@dataclass(frozen=True)
class Parts:
    """One running copy. `url` is its public address; everything else it reads from the state directory."""

    url: str
    state_dir: Path

    def _kept(self, name: str) -> dict[str, str]:
        value: dict[str, str] = json.loads((self.state_dir / name).read_text(encoding="utf-8"))
        return value

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self._kept('ports.json')['SANDBOX_PORT']}"

    @property
    def sandbox_headers(self) -> dict[str, str]:
        return {"X-Sandbox-Key": self._kept("secrets.json")["agency"]}

    @property
    def database_url(self) -> str:
        password, port = self._kept("secrets.json")["postgres"], self._kept("ports.json")["POSTGRES_PORT"]
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/assistant"

    def process(self, part: str) -> psutil.Process | None:
        """The part's own process, or None while it does not run. A shell that is about to become it is not it."""
        wanted = str(self.state_dir.resolve())
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or [""]
            if COMMANDS[part] not in " ".join(command) or command[0].endswith("sh"):
                continue
            try:
                # Of its parent, the process manager: Valkey overwrites its own environment with its title.
                parent = process.parent()
                if parent is not None and parent.environ().get("STATE_DIR") == wanted:
                    return process
            except psutil.Error:
                continue
        return None

    def kill(self, part: str) -> int:
        """kill -9; returns the pid that died. Raises LookupError when the part does not run."""
        process = self.process(part)
        if process is None:
            raise LookupError(f"{part} does not run in {self.state_dir}")
        process.kill()
        return process.pid

    def why_not_ready(self, part: str, *, instead_of: int, killed_at: float) -> str | None:
        """None once the part runs again as another process, works, and /readyz is green; otherwise the reason."""
        process = self.process(part)
        if process is None or process.pid == instead_of:
            return f"{part} is not running again"
        try:
            if httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code != httpx.codes.OK:
                return "/readyz is red"
            if part == "sandbox":
                httpx.get(f"{self.sandbox_url}/healthz", timeout=5, trust_env=False).raise_for_status()
            if part == "worker" and not self._worker_lives_since(killed_at):
                return "the new worker has not said that it lives"
        except (httpx.HTTPError, psycopg.Error) as error:
            return type(error).__name__
        return None

    def _worker_lives_since(self, moment: float) -> bool:
        """/readyz forgives a silent worker for some seconds; here only a heartbeat after the kill counts."""
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            found = connection.execute(
                "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > to_timestamp(%s)", (moment + 0.5,)
            )
            return found.fetchone() is not None
