"""Which agency answers for a need in a place, read from registry.yml and checked as a whole at start.

RegistryError
├── InvalidRegistry    the file is wrong; one line a mistake, each with the line of the file
├── UnknownAgency      no agency has this id
├── UnroutableIntent   the intent is unknown, or no agency answers for it (greetings have no owner)
└── UnservedRegion     not a region code, or a place that this deployment refuses to serve
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.agencies.yaml_lines import LinedDocument, YamlError, parse
from services.taxonomy import Taxonomy

NATIONAL = "전국"


class RegistryError(Exception):
    """Root of this module's errors."""


class InvalidRegistry(RegistryError):
    """`problems` are lines such as `registry.yml:41: agencies.7.phone: Field required`, in the file's order."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownAgency(RegistryError, LookupError):
    pass


class UnroutableIntent(RegistryError, LookupError):
    pass


class UnservedRegion(RegistryError, LookupError):
    pass


class ConnectorKind(StrEnum):
    """How an agency is reached. Signed webhook and e-mail join here when their connectors do."""

    OPEN311 = "open311"
    DEEP_LINK = "deep_link"
    NONE = "none"


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http(s) URL")
    return value.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Agency(BaseModel):
    """One desk that answers for needs. `services` maps an intent to the agency's own service code."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,59}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    owner: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(pattern=rf"^([0-9]{{5}}|[0-9]{{2}}|{NATIONAL})$")]
    phone: Annotated[str, Field(pattern=r"^[0-9][0-9-]{1,13}[0-9]$")]
    hours: Annotated[str, Field(min_length=1)]
    connector: ConnectorKind
    base_url: HttpUrl | None = None
    jurisdiction_id: str | None = None
    link: HttpUrl | None = None
    services: dict[str, Annotated[str, Field(min_length=1, max_length=60)]] = {}

    @model_validator(mode="after")
    def _fields_fit_the_connector(self) -> Self:
        sent = self.connector is ConnectorKind.OPEN311
        if sent and not (self.base_url and self.jurisdiction_id and self.services):
            raise ValueError("an open311 agency needs base_url, jurisdiction_id and services")
        if not sent and (self.base_url or self.jurisdiction_id or self.services):
            raise ValueError(f"connector {self.connector} sends nothing: no base_url, jurisdiction_id or services")
        if (self.connector is ConnectorKind.DEEP_LINK) != bool(self.link):
            raise ValueError("link belongs to connector deep_link, and is required there")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    home: Annotated[str, Field(pattern=r"^[0-9]{5}$")]
    outside: Literal["home", "refuse"] = "refuse"
    defaults: dict[str, dict[str, Any]] = {}
    agencies: Annotated[list[Agency], Field(min_length=1)]


class Registry:
    """Immutable after `load`; what the panel overrides will be laid over it, not into it."""

    def __init__(self, agencies: Iterable[Agency], *, home: str, serves_outside: bool, taxonomy: Taxonomy) -> None:
        self._agencies = {agency.id: agency for agency in agencies}
        self._home = home
        self._serves_outside = serves_outside
        self._routes = _routes(self._agencies.values(), taxonomy)

    @classmethod
    def load(cls, path: Path, taxonomy_path: Path, variables: Mapping[str, str]) -> Registry:
        """Reads and checks the file; `${NAME}` in a base_url is taken from `variables`.

        Raises InvalidRegistry with every mistake found, OSError where a file cannot be read.
        """
        taxonomy = Taxonomy.load(taxonomy_path)
        try:
            document = parse(path.read_text(encoding="utf-8"))
        except YamlError as error:
            raise InvalidRegistry([f"{path.name}:{error.line}: {error.message}"]) from None
        problems = _Problems(path.name, document)
        _substitute(document.data, variables, problems)
        try:
            file = _File.model_validate(document.data)
        except ValidationError as error:
            for item in error.errors():
                problems.add(item["loc"], item["msg"].removeprefix("Value error, "))
            problems.raise_if_any()
            raise
        _check_against_taxonomy(file.agencies, taxonomy, problems)
        _check_unique(file.agencies, problems)
        problems.raise_if_any()
        registry = cls(file.agencies, home=file.home, serves_outside=file.outside == "home", taxonomy=taxonomy)
        for intent in taxonomy:
            if intent.owner and registry._nearest(intent.name, file.home) is None:
                problems.add(("agencies",), f"no agency answers for {intent.name} ({intent.owner}) in {file.home}")
        problems.raise_if_any()
        return registry

    def route(self, intent: str, region: str | None = None) -> Agency:
        """The agency for an intent in a region: a 법정동 code (10 digits), a 시군구 (5) or 시도 (2) code.

        Without a region, the deployment's own municipality. Raises UnroutableIntent, UnservedRegion.
        """
        if intent not in self._routes:
            raise UnroutableIntent(intent)
        if region is None:
            region = self._home
        elif not re.fullmatch(r"\d{2}|\d{5}|\d{10}", region, re.ASCII):
            raise UnservedRegion(f"not a region code: {region!r}")
        agency = self._nearest(intent, region)
        if agency is None and self._serves_outside:
            agency = self._nearest(intent, self._home)
        if agency is None:
            raise UnservedRegion(f"nobody answers for {intent} in {region}")
        return agency

    def get(self, agency_id: str) -> Agency:
        """Raises UnknownAgency."""
        try:
            return self._agencies[agency_id]
        except KeyError:
            raise UnknownAgency(agency_id) from None

    def all(self) -> tuple[Agency, ...]:
        """Every agency, in the file's order."""
        return tuple(self._agencies.values())

    def _nearest(self, intent: str, region: str) -> Agency | None:
        by_region = self._routes.get(intent, {})
        return next((by_region[r] for r in (region[:5], region[:2], NATIONAL) if r in by_region), None)


def _routes(agencies: Iterable[Agency], taxonomy: Taxonomy) -> dict[str, dict[str, Agency]]:
    """intent → region → agency. An agency with services answers for those; one without, for the rest of its owner's."""
    routes: dict[str, dict[str, Agency]] = {}
    unlisted = []
    for agency in agencies:
        for intent in agency.services:
            routes.setdefault(intent, {})[agency.region] = agency
        if not agency.services:
            unlisted.append(agency)
    for agency in unlisted:
        for need in taxonomy:
            if need.owner == agency.owner:
                routes.setdefault(need.name, {}).setdefault(agency.region, agency)
    return routes


class _Problems:
    def __init__(self, name: str, document: LinedDocument) -> None:
        self._name = name
        self._document = document
        # A mistake in an anchor shows in every agency that uses it; it is one mistake.
        self._found: dict[tuple[int, str], str] = {}

    def add(self, path: tuple[str | int, ...], message: str) -> None:
        line = self._document.line_of(path)
        where = ".".join(map(str, path)) or "file"
        self._found.setdefault((line, message), f"{self._name}:{line}: {where}: {message}")

    def raise_if_any(self) -> None:
        if self._found:
            raise InvalidRegistry(text for _, text in sorted(self._found.items()))


def _substitute(data: object, variables: Mapping[str, str], problems: _Problems) -> None:
    agencies = data.get("agencies") if isinstance(data, dict) else None
    values = {name: value.rstrip("/") for name, value in variables.items()}
    for index, agency in enumerate(agencies if isinstance(agencies, list) else ()):
        url = agency.get("base_url") if isinstance(agency, dict) else None
        if not isinstance(url, str):
            continue
        for name in re.findall(r"\$\{([^}]*)\}", url):
            if name not in values:
                problems.add(("agencies", index, "base_url"), f"${{{name}}} is not set")
        # A name without a value stands for any host, so that only its absence is reported.
        agency["base_url"] = re.sub(r"\$\{([^}]*)\}", lambda match: values.get(match[1], "http://unset"), url)


def _check_against_taxonomy(agencies: list[Agency], taxonomy: Taxonomy, problems: _Problems) -> None:
    owners = {intent.owner for intent in taxonomy}
    for index, agency in enumerate(agencies):
        if agency.owner not in owners:
            problems.add(("agencies", index, "owner"), f"{agency.owner} is no owner in the taxonomy")
        for name in agency.services:
            path = ("agencies", index, "services", name)
            if name not in taxonomy:
                problems.add(path, "no such intent")
                continue
            intent = taxonomy.get(name)
            if intent.owner != agency.owner:
                problems.add(path, f"belongs to {intent.owner}, not to {agency.owner}")
            elif not intent.fileable:
                problems.add(path, "nothing is ever sent for this intent: people call")


def _check_unique(agencies: list[Agency], problems: _Problems) -> None:
    seen: dict[tuple[str, ...], str] = {}

    def once(key: tuple[str, ...], agency: Agency, path: tuple[str | int, ...], what: str) -> None:
        if key in seen:
            problems.add(path, f"{what} is already {seen[key]}'s")
        seen.setdefault(key, agency.id)

    for index, agency in enumerate(agencies):
        at = ("agencies", index)
        once(("id", agency.id), agency, (*at, "id"), f"the id {agency.id}")
        if not agency.services:
            once(("rest", agency.owner, agency.region), agency, (*at, "owner"), f"{agency.owner} in {agency.region}")
        for intent, code in agency.services.items():
            path = (*at, "services", intent)
            once(("intent", intent, agency.region), agency, path, f"{intent} in {agency.region}")
            once(("code", str(agency.base_url), code), agency, path, f"the service code {code}")
