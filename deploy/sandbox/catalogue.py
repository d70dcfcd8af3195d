"""The services that the sandbox agencies offer: those which the assistant's registry sends to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml


class Endpoint(StrEnum):
    MUNICIPALITY = "municipality"
    MINISTRY = "ministry"


@dataclass(frozen=True)
class Attribute:
    """A question of a service; `code` is a slot of the taxonomy."""

    code: str
    description: str


@dataclass(frozen=True)
class Service:
    code: str
    name: str
    endpoint: Endpoint
    jurisdiction_id: str
    agency_id: str
    agency_name: str
    needs_location: bool
    attributes: tuple[Attribute, ...]


_QUESTIONS = {
    "when": "언제 일어난 일인가요?",
    "detail": "자세한 내용을 적어 주세요.",
    "vehicle": "차량번호를 적어 주세요.",
    "photo": "사진이 있나요?",
    "region": "어느 지역인가요?",
    "age_band": "연령대가 어떻게 되나요?",
    "household": "가구 형태가 어떻게 되나요?",
    "language": "어떤 언어가 편하신가요?",
}


class Catalogue:
    def __init__(self, services: Iterable[Service]) -> None:
        self._services = {(service.endpoint, service.code): service for service in services}

    @classmethod
    def load(cls, registry_path: Path, taxonomy_path: Path) -> Catalogue:
        """From the two files as they stand. The assistant has checked them; here a mistake is a KeyError."""
        agencies = yaml.safe_load(registry_path.read_text(encoding="utf-8"))["agencies"]
        intents = yaml.safe_load(taxonomy_path.read_text(encoding="utf-8"))["intents"]
        return cls(service for agency in agencies for service in _services_of(agency, intents))

    def all(self, endpoint: Endpoint, jurisdiction_id: str | None) -> list[Service]:
        """One endpoint's services, of one jurisdiction where one is given."""
        return [
            service
            for service in self._services.values()
            if service.endpoint == endpoint and jurisdiction_id in (None, service.jurisdiction_id)
        ]

    def get(self, endpoint: Endpoint, code: str) -> Service | None:
        return self._services.get((endpoint, code))


def _services_of(agency: dict[str, Any], intents: dict[str, dict[str, Any]]) -> Iterable[Service]:
    match = re.search(r"/(municipality|ministry)/open311/v2/?$", agency.get("base_url") or "")
    if match is None:
        return
    for intent, code in agency["services"].items():
        slots = [str(slot) for slot in intents[intent]["slots"]]
        yield Service(
            code=code,
            name=intents[intent]["ko"],
            endpoint=Endpoint(match[1]),
            jurisdiction_id=agency["jurisdiction_id"],
            agency_id=agency["id"],
            agency_name=agency["name"],
            needs_location="location*" in slots,
            attributes=tuple(
                Attribute(code=slot, description=_QUESTIONS[slot])
                for slot in (slot.rstrip("*") for slot in slots)
                if slot in _QUESTIONS
            ),
        )
