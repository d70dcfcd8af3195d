from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

ROOT = Path(__file__).resolve().parent.parent.parent


class SandboxSettings(BaseSettings):
    """One field is one environment variable: SANDBOX_ and the field's name in capitals. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_", env_file=None, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8090
    state_dir: Path = ROOT / "var" / "sandbox"
    api_key: Annotated[SecretStr, Field(min_length=16, description="for Open311 writes, for /control and for the desk")]

    webhook_url: str | None = Field(None, description="events go to {url}/api/v1/agencies/{agency_id}/events")
    webhook_secrets: Annotated[dict[str, SecretStr], Field(description="JSON object: agency id to secret")] = {}
    accept_delay: Annotated[float, Field(ge=0)] = 1.0
    retry_delay: Annotated[float, Field(gt=0, description="before the second attempt; doubles")] = 1.0
    retry_delay_max: Annotated[float, Field(gt=0)] = 60.0

    registry_path: Path = ROOT / "services" / "agencies" / "registry.yml"
    taxonomy_path: Path = ROOT / "nlu_data" / "taxonomy.yml"


def settings_or_exit() -> SandboxSettings:
    """Prints one line that names every wrong variable, but shows no value, and ends the process."""
    try:
        return SandboxSettings()
    except ValidationError as error:
        wrong = "; ".join(f"SANDBOX_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
    except SettingsError:
        # Its message names the field, not the variable; only this one is not plain text.
        wrong = "SANDBOX_WEBHOOK_SECRETS: must be a JSON object of strings"
    print(f"sandbox settings: {wrong}", file=sys.stderr)
    raise SystemExit(2)
