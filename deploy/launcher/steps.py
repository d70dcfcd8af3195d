"""What has to be there before the parts can start: database, tables, a model, people who can sign in."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from deploy.launcher.environment import ROOT, Installation, LauncherError, write_private

DEMO_USERS = (
    ("officer", "officer", "김민원", "민원여권과"),
    ("administrator", "admin", "이관리", "디지털정책과"),
)


def wait_for(what: str, probe: Callable[[], str | None], *, seconds: float, alive: Callable[[], bool]) -> None:
    """Waits until `probe` returns None. Raises LauncherError with its last reason after `seconds`."""
    deadline = time.monotonic() + seconds
    reason: str | None = None
    while alive():
        reason = probe()
        if reason is None:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    raise LauncherError(f"{what} is not ready after {seconds:.0f} s: {reason}")


def postgres_answers(installation: Installation) -> str | None:
    parameters = conninfo_to_dict(installation.environment["DATABASE_URL"]) | {"dbname": "postgres"}
    try:
        with psycopg.connect(**parameters, connect_timeout=2):  # type: ignore[arg-type]
            return None
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[-1]


def create_database(installation: Installation) -> None:
    parameters = conninfo_to_dict(installation.environment["DATABASE_URL"])
    name = str(parameters["dbname"])
    parameters["dbname"] = "postgres"
    with psycopg.connect(**parameters, autocommit=True) as connection:  # type: ignore[arg-type]
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not exists:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def check(installation: Installation) -> None:
    """Settings, registry and emergency rules, before anything is started."""
    run(installation, ["-m", "services.check"], "check")


def migrate(installation: Installation) -> None:
    run(installation, ["-m", "alembic", "-c", "deploy/alembic.ini", "upgrade", "head"], "migration")


def ensure_model(installation: Installation, say: Callable[[str], None]) -> None:
    """Trains and registers a model if none is registered, its archive is gone, or this version cannot load it."""
    wanted = ["current", "--format", (ROOT / "bot" / "FORMAT").read_text().strip()]
    if run(installation, ["-m", "services.nlu", *wanted], "model registry", accept=(0, 3)).returncode == 0:
        return
    say("모델이 없어 학습합니다 (3~5분) · training a model")
    train(installation)


def train(installation: Installation) -> None:
    environment = installation.environment
    trained = subprocess.run(
        [environment["BOT_PYTHON"], "-m", "bot.train", "--out", str(installation.state_dir / "models")],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=False,
    )
    if trained.returncode != 0:
        raise LauncherError("training failed; its messages are above")
    run(installation, ["-m", "services.nlu", "register"], "model registry", stdin=trained.stdout)


def swap_model(installation: Installation) -> str:
    """Has the running Rasa load the promoted model; says what happened."""
    path = run(installation, ["-m", "services.nlu", "current"], "model registry").stdout.decode().strip()
    environment = installation.environment
    request = urllib.request.Request(  # noqa: S310  (loopback)
        f"{environment['RASA_URL']}/model?token={environment['RASA_TOKEN']}",
        data=json.dumps({"model_file": path}).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request, timeout=60):  # noqa: S310
            return f"새 모델을 쓰고 있습니다 · now live: {Path(path).name}"
    except OSError:
        return "등록했지만 Rasa가 꺼져 있습니다. 켜지면 새 모델을 씁니다 · registered, live as soon as Rasa is up"


def ensure_users(installation: Installation) -> None:
    """Demo sign-ins with generated passwords, written to credentials.json once."""
    file = installation.state_dir / "credentials.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    passwords = {user["username"]: user["password"] for user in known.get("users", [])}
    users = []
    for role, username, name, department in DEMO_USERS:
        password = passwords.get(username) or secrets.token_urlsafe(12)
        run(
            installation,
            [
                *("-m", "admin.auth", "create-user", "--if-absent", "--username", username, "--role", role),
                *("--display-name", name, "--department", department),
            ],
            "demo sign-ins",
            extra={"ADMIN_PASSWORD": password},
        )
        users.append({"role": role, "username": username, "password": password})
    write_private(
        file,
        json.dumps({"api_key": installation.environment["API_KEYS"], "users": users}, ensure_ascii=False, indent=2),
    )


def run(
    installation: Installation,
    arguments: list[str],
    what: str,
    *,
    accept: tuple[int, ...] = (0,),
    stdin: bytes | None = None,
    extra: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [installation.environment["SERVICES_PYTHON"], *arguments],
        env=installation.environment | (extra or {}),
        cwd=ROOT,
        input=stdin if stdin is not None else b"",
        capture_output=True,
        check=False,
    )
    if done.returncode not in accept:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise LauncherError(f"{what} failed: {lines[-1] if lines else f'exit status {done.returncode}'}")
    return done


def not_ready(installation: Installation) -> str | None:
    """None when /readyz is green, otherwise its reasons."""
    try:
        with urllib.request.urlopen(f"{installation.url}/readyz", timeout=5):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        try:
            parts = json.loads(error.read()).get("parts", {})
        except ValueError:
            parts = {}
        return ", ".join(f"{part}: {state}" for part, state in parts.items() if state != "ok") or str(error)
    except OSError as error:
        return f"web: {error}"
