"""Settings of the services runtime, read from environment variables.

Every secret is required: there is no default that could reach production by accident. `make run` generates them
once into `STATE_DIR/secrets.json` and hands them to each part as environment variables.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

ROOT = Path(__file__).resolve().parent.parent

Secret = Annotated[SecretStr, Field(min_length=16)]


class Settings(BaseSettings):
    """One field is one environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    environment: Literal["development", "production"] = "development"
    state_dir: Path = ROOT / "var"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000

    database_url: str = Field(description="postgresql://user:password@host:port/name")
    redis_url: str = Field(description="redis://[:password@]host:port/db")
    database_pool: Annotated[int, Field(ge=2, le=100)] = 20

    rasa_url: str = Field(description="base URL of the Rasa server, loopback in every deployment")
    rasa_token: Secret
    rasa_timeout: Annotated[float, Field(gt=0, le=30)] = 3.0
    action_token: Secret

    secret_key: Secret
    encryption_key: Annotated[SecretStr, Field(description="Fernet keys, comma separated, the newest first")]
    api_keys: Annotated[SecretStr, Field(description="comma separated keys of API clients")]

    agency_base_url: str = Field(description="substituted for ${AGENCY_BASE_URL} in agencies/registry.yml")
    agency_api_key: Secret
    agency_webhook_secrets: Annotated[dict[str, SecretStr], Field(description="JSON object: agency id to secret")]

    taxonomy_path: FilePath = ROOT / "nlu_data" / "taxonomy.yml"
    translations_path: FilePath = ROOT / "nlu_data" / "translations.yml"
    emergency_cues_path: FilePath = ROOT / "nlu_data" / "emergency" / "cues.yml"
    emergency_cards_path: FilePath = ROOT / "nlu_data" / "emergency" / "cards.yml"
    registry_path: FilePath = ROOT / "services" / "agencies" / "registry.yml"

    embed_origins: Annotated[list[str], Field(description="JSON list of origins whose pages may embed the widget")] = []
    secure_cookies: bool = False

    extra_holidays: Annotated[
        list[date], Field(description="JSON list of days that were declared holidays since the last release")
    ] = []

    delivery_max_attempts: Annotated[int, Field(ge=1, le=50)] = 12
    delivery_backoff: Annotated[float, Field(gt=0, description="seconds before the second attempt; doubles")] = 2.0
    worker_heartbeat: Annotated[float, Field(gt=0)] = 2.0
    worker_stalled_after: Annotated[float, Field(gt=0)] = 10.0

    @field_validator("database_url")
    @classmethod
    def _only_postgresql(cls, value: str) -> str:
        if not value.startswith("postgresql://"):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _only_redis(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("rasa_url", "agency_base_url")
    @classmethod
    def _only_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value

    @field_validator("encryption_key")
    @classmethod
    def _fernet_keys(cls, value: SecretStr) -> SecretStr:
        from cryptography.fernet import Fernet

        for key in value.get_secret_value().split(","):
            Fernet(key.strip())
        return value

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names it."""


def load_settings(**overrides: Any) -> Settings:
    """Reads the environment. Raises SettingsError, whose one line names every wrong variable but shows no value."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']).upper()}: {item['msg']}" for item in error.errors()
        )
        raise SettingsError(f"settings: {wrong}") from None
    except UnreadableSetting as error:  # a list or an object that is not JSON: its message names the field
        name = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"settings: {name[1].upper() if name else 'a setting'}: must be JSON") from None


@lru_cache
def get_settings() -> Settings:
    return load_settings()


def settings_or_exit() -> Settings:
    """For entry points: prints the one line and ends the process instead of a traceback."""
    try:
        return get_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
