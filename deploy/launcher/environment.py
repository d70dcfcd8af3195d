"""Where this copy of the system keeps its state, on which ports it talks to itself, and its secrets.

All are made once and kept under STATE_DIR, so that a second start finds its data again and two copies can run side by
side. Only the port of the web process is fixed (PORT); the others are free ports of the loopback interface.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent.parent

INTERNAL_PORTS = ("POSTGRES_PORT", "REDIS_PORT", "RASA_PORT", "SANDBOX_PORT")


class LauncherError(Exception):
    """The system cannot be started; the message is one line that says what to change."""


@dataclass(frozen=True)
class Installation:
    """One copy of the system: its folder, its port and the environment that its parts run in."""

    state_dir: Path
    port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def prepare(variables: dict[str, str] | None = None, *, running: bool = False) -> Installation:
    """Reads PORT and STATE_DIR, makes what is missing; `running` looks at a system that is up. Raises LauncherError."""
    given = dict(os.environ if variables is None else variables)
    port = _port(given.get("PORT") or "8000")
    state_dir = (ROOT / (given.get("STATE_DIR") or "var")).resolve()
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise LauncherError(f"STATE_DIR: {state_dir} cannot be used ({error.strerror})") from None
    if not running and not _is_free(port):
        raise LauncherError(f"PORT: {port} is taken; choose another, e.g. `make run PORT={port + 1}`")
    kept = _secrets(state_dir)
    ports = (_known_ports(state_dir) if running else {}) or _ports(state_dir, taken=port)
    base = f"http://127.0.0.1:{port}"
    environment = {
        **given,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "STATE_DIR": str(state_dir),
        "PORT": str(port),
        "SERVICES_PYTHON": sys.executable,
        "BOT_PYTHON": given.get("BOT_PYTHON") or str(ROOT / ".venv-bot" / "bin" / "python"),
        **{name: str(value) for name, value in ports.items()},
        "DATABASE_URL": given.get("DATABASE_URL")
        or f"postgresql://postgres:{kept['postgres']}@127.0.0.1:{ports['POSTGRES_PORT']}/assistant",
        "REDIS_URL": given.get("REDIS_URL") or f"redis://:{kept['redis']}@127.0.0.1:{ports['REDIS_PORT']}/0",
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PASSWORD": kept["redis"],
        "RASA_URL": f"http://127.0.0.1:{ports['RASA_PORT']}",
        "RASA_TOKEN": kept["rasa"],
        "ACTION_TOKEN": kept["action"],
        "ACTION_ENDPOINT_URL": f"{base}/internal/actions",
        "SECRET_KEY": kept["secret"],
        "ENCRYPTION_KEY": kept["encryption"],
        "API_KEYS": kept["api_key"],
        "AGENCY_BASE_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}",
        "AGENCY_API_KEY": kept["agency"],
        "AGENCY_WEBHOOK_SECRETS": json.dumps(_webhook_secrets(kept["webhook"])),
        "SANDBOX_STATE_DIR": str(state_dir / "sandbox"),
        "SANDBOX_API_KEY": kept["agency"],
        "SANDBOX_WEBHOOK_URL": base,
        "SANDBOX_WEBHOOK_SECRETS": json.dumps(_webhook_secrets(kept["webhook"])),
    }
    return Installation(state_dir=state_dir, port=port, environment=environment)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise LauncherError(f"PORT: {text!r} is not a port number (1 to 65535)")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _known_ports(state_dir: Path) -> dict[str, int]:
    file = state_dir / "ports.json"
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    return known


def _ports(state_dir: Path, *, taken: int) -> dict[str, int]:
    """The internal ports of the last start where they are still free, others where they are not."""
    known = _known_ports(state_dir)
    ports: dict[str, int] = {}
    for name in INTERNAL_PORTS:
        port = known.get(name, 0)
        if not port or port == taken or port in ports.values() or not _is_free(port):
            port = _free_port(avoid={taken, *ports.values()})
        ports[name] = port
    (state_dir / "ports.json").write_text(json.dumps(ports))
    return ports


def _free_port(*, avoid: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in avoid:
            return port


def _secrets(state_dir: Path) -> dict[str, str]:
    file = state_dir / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    for name in ("postgres", "redis", "rasa", "action", "secret", "api_key", "agency", "webhook"):
        kept.setdefault(name, secrets.token_urlsafe(32))
    kept.setdefault("encryption", Fernet.generate_key().decode())
    write_private(file, json.dumps(kept, indent=2))
    return kept


def _webhook_secrets(master: str) -> dict[str, str]:
    """A secret an agency of the registry, derived from one that is kept."""
    import hashlib
    import hmac

    registry = yaml.safe_load((ROOT / "services" / "agencies" / "registry.yml").read_text(encoding="utf-8"))
    ids = [agency["id"] for agency in registry["agencies"]]
    return {name: hmac.new(master.encode(), name.encode(), hashlib.sha256).hexdigest() for name in ids}


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner may read, never half."""
    partial = file.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    partial.replace(file)
