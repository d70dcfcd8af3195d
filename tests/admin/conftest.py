"""The panel within the whole web app, over the shared `services`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from admin.auth import passwords
from deploy.web import create_whole_app
from services.runtime import Services
from services.settings import Settings


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same Argon2 at a thousandth of its cost. The command's tests run the real one, in a process of its own."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_nobody", hasher.hash("nobody"))


@pytest.fixture
def app(settings: Settings, services: Services) -> FastAPI:
    made = create_whole_app(settings, services=services)
    # The panel needs nothing else of what the app's lifespan sets up.
    made.state.services = services
    return made


@pytest_asyncio.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies and follows no redirect by itself."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://panel.test") as client:
        yield client
