"""What one process of the services holds: made once at start, closed once at the end, handed to whoever needs it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import httpx
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.agencies.registry import Registry
from services.cases.deadlines import WorkingCalendar
from services.chat.translations import Translations, load_translations
from services.database import Database
from services.events import EventBus
from services.privacy.service import Vault
from services.settings import Settings
from services.taxonomy import Taxonomy, load_taxonomy


@lru_cache
def load_registry(path: Path, taxonomy_path: Path, agency_base_url: str) -> Registry:
    """Immutable once read, and reading with line numbers takes a quarter of a second: once a process is enough."""
    return Registry.load(path, taxonomy_path, {"AGENCY_BASE_URL": agency_base_url})


class Services:
    """The shared resources. Attributes are public and read-only by convention."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = Database(settings)
        self.redis: Redis = Redis.from_url(
            settings.redis_url,
            socket_timeout=30,
            socket_connect_timeout=2,
            retry=Retry(ExponentialBackoff(cap=1, base=0.05), 3),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
            health_check_interval=15,
        )
        self.bus = EventBus(self.redis)
        self.vault = Vault(settings.encryption_key.get_secret_value())
        self.taxonomy: Taxonomy = load_taxonomy(settings.taxonomy_path)
        self.translations: Translations = load_translations(settings.translations_path, self.taxonomy)
        self.registry = load_registry(settings.registry_path, settings.taxonomy_path, settings.agency_base_url)
        self.calendar = WorkingCalendar(settings.extra_holidays)
        self.http = httpx.AsyncClient(timeout=httpx.Timeout(10.0, connect=3.0), follow_redirects=False)

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.redis.aclose()
        await self.db.aclose()


# A job has no other way to reach the resources of the process that works on it.
_held: list[Services] = []


def bind(services: Services) -> None:
    """Makes the resources those of this process's jobs; the worker does it at start."""
    _held[:] = [services]


def bound() -> Services:
    """The resources of this process's jobs. Raises RuntimeError in a process that has not bound any."""
    if not _held:
        raise RuntimeError("the worker has not bound its services")
    return _held[0]
