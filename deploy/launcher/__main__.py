"""Starts the whole system on one machine: `python -m deploy.launcher run|train`.

`run` stays in the foreground; SIGINT and SIGTERM stop every part. `train` trains a model, registers it and, if the
system of this STATE_DIR is running, swaps it in without a restart.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from types import FrameType

from deploy.launcher import steps
from deploy.launcher.embedded import EmbeddedError, initialise_postgres
from deploy.launcher.environment import Installation, LauncherError, prepare
from deploy.launcher.supervision import Supervision


class Stopped(Exception):
    """Somebody asked us to end."""


def say(text: str) -> None:
    print(text, flush=True)


def _raise_stopped(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise Stopped


def run() -> int:
    installation = prepare()
    secrets_file = installation.state_dir / "secrets.json"
    kept = json.loads(secrets_file.read_text())
    signal.signal(signal.SIGTERM, _raise_stopped)
    signal.signal(signal.SIGINT, _raise_stopped)
    supervision = Supervision(installation)
    started = time.monotonic()
    try:
        say(f"시작합니다 · state in {installation.state_dir}")
        steps.check(installation)
        initialise_postgres(installation.state_dir, kept["postgres"])
        supervision.start()
        supervision.launch("postgres", "valkey")
        steps.wait_for("postgres", lambda: steps.postgres_answers(installation), seconds=30, alive=supervision.alive)
        steps.create_database(installation)
        steps.migrate(installation)
        steps.ensure_users(installation)
        steps.ensure_model(installation, say)
        supervision.launch("rasa", "web", "worker", "sandbox")
        say("각 부분이 준비되기를 기다립니다 · waiting for every part")
        steps.wait_for("the system", lambda: steps.not_ready(installation), seconds=180, alive=supervision.alive)
        announce(installation, seconds=time.monotonic() - started)
        while supervision.alive():
            supervision.wait(timeout=3600)
        raise LauncherError("the process manager has died")
    except Stopped:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("\n멈춥니다 · stopping")
        return 0
    finally:
        supervision.stop()


def train() -> int:
    installation = prepare(running=True)
    if steps.postgres_answers(installation) is None:
        steps.train(installation)
        say(steps.swap_model(installation))
        return 0
    installation = prepare()
    kept = json.loads((installation.state_dir / "secrets.json").read_text())
    supervision = Supervision(installation)
    try:
        initialise_postgres(installation.state_dir, kept["postgres"])
        supervision.start()
        supervision.launch("postgres")
        steps.wait_for("postgres", lambda: steps.postgres_answers(installation), seconds=30, alive=supervision.alive)
        steps.create_database(installation)
        steps.migrate(installation)
        steps.train(installation)
        say("학습한 모델을 등록했습니다. 다음에 시작할 때 쓰입니다 · registered, used from the next start")
        return 0
    finally:
        supervision.stop()


def announce(installation: Installation, *, seconds: float) -> None:
    credentials = installation.state_dir / "credentials.json"
    users = json.loads(credentials.read_text())["users"]
    say(
        "\n".join(
            [
                "",
                f"  준비되었습니다 · ready after {seconds:.0f} s",
                f"  시민 화면   {installation.url}/",
                f"  담당자 화면 {installation.url}/admin/",
                f"  API 문서    {installation.url}/docs",
                *(f"  시연 계정   {user['role']}: {user['username']} / {user['password']}" for user in users),
                f"  API 키와 시연 계정은 {credentials} 에 있습니다 (mode 600).",
                f"  로그는 {installation.state_dir / 'logs'} 에 있습니다. Ctrl-C로 멈춥니다.",
                "",
            ]
        )
    )


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["run"]:
                return run()
            case ["train"]:
                return train()
    except (LauncherError, EmbeddedError) as error:
        print(f"make {arguments[0]}: {error}", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
