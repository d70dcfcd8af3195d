"""The parts under supervisord: started in order, restarted when they die, stopped together.

Supervisor is the process manager; this module writes its configuration from the Procfile and speaks its XML-RPC.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from configparser import RawConfigParser
from pathlib import Path
from xmlrpc.client import Fault, ServerProxy

from honcho.environ import parse_procfile
from supervisor.xmlrpc import SupervisorTransport

from deploy.launcher.environment import ROOT, Installation, LauncherError

STORES = ("postgres", "valkey")
# Supervisor stops one group after the other, each part within its own time: 6 + 3 s stay below the promised ten.
STOP_PARTS, STOP_STORES = 5, 3


class Supervision:
    """supervisord as a child of this process, with one log file a part under STATE_DIR/logs."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._parts = dict(parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes)
        # A short path: the name of a UNIX socket has at most 107 characters.
        self._run_dir = Path(tempfile.mkdtemp(prefix="assistant-"))
        self._socket = self._run_dir / "supervisor.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def parts(self) -> list[str]:
        return list(self._parts)

    def start(self) -> None:
        """Starts supervisord; the parts wait to be started by name."""
        logs = self._installation.state_dir / "logs"
        logs.mkdir(exist_ok=True, mode=0o700)
        config = self._run_dir / "supervisord.conf"
        with config.open("w", encoding="utf-8") as file:
            self._configuration(logs).write(file)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)],
            env=self._installation.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C reaches the launcher alone, which then stops all in order
        )
        deadline = time.monotonic() + 15
        while not self._socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise LauncherError(f"the process manager did not start; see {logs / 'supervisord.log'}")
            time.sleep(0.05)

    def _configuration(self, logs: Path) -> RawConfigParser:
        config = RawConfigParser()
        config["unix_http_server"] = {"file": str(self._socket), "chmod": "0700"}
        config["supervisord"] = {
            "nodaemon": "true",
            "logfile": str(logs / "supervisord.log"),
            "pidfile": str(self._run_dir / "supervisord.pid"),
            "childlogdir": str(logs),
            "directory": str(ROOT),
            "user": str(os.geteuid()) if os.geteuid() == 0 else "",
        }
        if os.geteuid() != 0:
            del config["supervisord"]["user"]
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for name, command in self._parts.items():
            store = name in STORES
            config[f"program:{name}"] = {
                "command": f"/bin/sh -c '{command}'",
                "autostart": "false",
                "autorestart": "true",
                "startsecs": "1",
                "startretries": "100000",  # with a growing pause between tries
                "stopsignal": "INT" if name == "postgres" else "TERM",  # INT is PostgreSQL's fast shutdown
                "stopwaitsecs": str(STOP_STORES if store else STOP_PARTS),
                "stopasgroup": "false",
                "killasgroup": "true",
                "redirect_stderr": "true",
                "stdout_logfile": str(logs / f"{name}.log"),
                "stdout_logfile_maxbytes": "20MB",
                "stdout_logfile_backups": "2",
            }
        others = [name for name in self._parts if name not in STORES]
        config["group:stores"] = {"programs": ",".join(STORES), "priority": "10"}
        config["group:parts"] = {"programs": ",".join(others), "priority": "20"}
        return config

    def _rpc(self) -> ServerProxy:
        return ServerProxy("http://127.0.0.1", transport=SupervisorTransport(serverurl=f"unix://{self._socket}"))

    def launch(self, *names: str) -> None:
        for name in names:
            try:
                self._rpc().supervisor.startProcess(self._full(name), False)
            except Fault as fault:
                raise LauncherError(f"{name} did not start: {fault.faultString}") from None

    def _full(self, name: str) -> str:
        return f"{'stores' if name in STORES else 'parts'}:{name}"

    def pids(self) -> dict[str, int]:
        """Process ids of the parts that run now."""
        listed = self._rpc().supervisor.getAllProcessInfo()
        assert isinstance(listed, list)  # noqa: S101
        return {str(item["name"]): int(item["pid"]) for item in listed if isinstance(item, dict) and item["pid"]}

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit status of supervisord, or None after `timeout` seconds."""
        if self._process is None:
            return None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Stops every part in order. Idempotent."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            if self.wait(STOP_PARTS + STOP_STORES + 1.5) is None:
                self._process.kill()
        shutil.rmtree(self._run_dir, ignore_errors=True)
