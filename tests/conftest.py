"""Shared fixtures: real servers, started once a run.

`services`  the services' resources over a database of its own (a copy of a migrated template) and an empty Valkey
`app`       the whole web app over `services`, panel included, called in-process over ASGI
`system`    the whole system as `make run` starts it, with a trained model and a real Rasa (system, browser, faults)

For development only: TEST_STATE_DIR names a folder that `system` uses instead of a new one, so that its model is
trained once; a system that runs on it already (`make run STATE_DIR=...`) is used as it is, and left running.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.launcher import steps
from deploy.launcher.embedded import initialise_postgres
from deploy.launcher.environment import Installation, prepare
from services.runtime import Services
from services.settings import Settings
from tests.support.system import RunningSystem, free_port

ROOT = Path(__file__).resolve().parent.parent

TEMPLATE = "assistant_template"


@pytest.fixture(scope="session")
def stores() -> Iterator[Installation]:
    """PostgreSQL and Valkey for the whole run, with a migrated template database."""
    with tempfile.TemporaryDirectory(prefix="assistant-test-") as folder:
        installation = prepare({**os.environ, "STATE_DIR": folder, "PORT": str(free_port())})
        kept = json.loads((installation.state_dir / "secrets.json").read_text())
        initialise_postgres(installation.state_dir, kept["postgres"])
        log = (installation.state_dir / "stores.log").open("wb")
        servers = [
            subprocess.Popen(
                [sys.executable, "-m", "deploy.launcher.embedded", name],
                env=installation.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            for name in ("postgres", "valkey")
        ]
        try:
            steps.wait_for("postgres", lambda: steps.postgres_answers(installation), seconds=30, alive=lambda: True)
            template = _with_database(installation, TEMPLATE)
            steps.create_database(template)
            steps.migrate(template)
            yield installation
        finally:
            servers[0].send_signal(signal.SIGINT)
            servers[1].send_signal(signal.SIGTERM)
            for server in servers:
                with suppress(subprocess.TimeoutExpired):
                    server.wait(10)
                if server.poll() is None:
                    server.kill()
            log.close()


def _with_database(installation: Installation, name: str) -> Installation:
    url = httpx.URL(installation.environment["DATABASE_URL"]).copy_with(path=f"/{name}")
    return Installation(
        installation.state_dir, installation.port, {**installation.environment, "DATABASE_URL": str(url)}
    )


@pytest.fixture
def database_url(stores: Installation) -> Iterator[str]:
    """A database of the test's own, copied from the migrated template in about 50 ms."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    own = _with_database(stores, name).environment["DATABASE_URL"]
    admin = make_conninfo(**{**conninfo_to_dict(own), "dbname": "postgres"})
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
        )
    yield own
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def settings(stores: Installation, database_url: str) -> Settings:
    environment = {**stores.environment, "DATABASE_URL": database_url}
    names = Settings.model_fields
    values = {name: environment[name.upper()] for name in names if name.upper() in environment}
    values["agency_webhook_secrets"] = json.loads(environment["AGENCY_WEBHOOK_SECRETS"])
    return Settings(**values)


@pytest_asyncio.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    held = Services(settings)
    await _valkey_answers(held)
    await held.redis.flushdb()
    yield held
    await held.aclose()


async def _valkey_answers(services: Services) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            await services.redis.ping()
            return
        except Exception:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture
async def client(services: Services, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client on the whole app, in-process. Rasa is not there: `system` has it."""
    from deploy.web import create_whole_app

    app = create_whole_app(settings, services=services)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://test"
        ) as held,
    ):
        yield held


class EarlySystem:
    """The whole system, starting on one core while the tests that do without it run on the other."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="assistant-system-")
        kept = os.environ.get("TEST_STATE_DIR")
        self.running = RunningSystem(Path(kept or self._folder.name).resolve())
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._start, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        try:
            self.running.start()
        except BaseException as error:
            self._error = error

    def ready(self) -> RunningSystem:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.running

    def stop(self) -> None:
        self.running.stop()
        self._thread.join(20)
        self._folder.cleanup()


EARLY: pytest.StashKey[EarlySystem] = pytest.StashKey()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need the whole system come last; until then it has time to train its model."""
    items.sort(key=_needs_system)


def _needs_system(item: pytest.Item) -> bool:
    return "system" in getattr(item, "fixturenames", ())


def pytest_collection_finish(session: pytest.Session) -> None:
    kept = os.environ.get("TEST_STATE_DIR")
    attached = kept and RunningSystem.attached(Path(kept).resolve())
    if not session.config.option.collectonly and not attached and any(map(_needs_system, session.items)):
        session.config.stash[EARLY] = EarlySystem()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (early := session.config.stash.get(EARLY, None)) is not None:
        early.stop()


@pytest.fixture(scope="session")
def system(pytestconfig: pytest.Config) -> RunningSystem:
    """The whole system, started once a run as `make run` does it."""
    if (early := pytestconfig.stash.get(EARLY, None)) is not None:
        return early.ready()
    running = RunningSystem.attached(Path(os.environ["TEST_STATE_DIR"]).resolve())
    assert running is not None
    return running
