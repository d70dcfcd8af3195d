"""Ways to reach an agency. A new one is a module here with a Connector, a line below, and a case in the contract test.

Their place, in turn: signed webhook, e-mail; a deep link sends nothing and needs no connector.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from services.agencies.connectors.base import (
    AgencyFailed,
    AgencyNonsense,
    AgencyRefused,
    AgencyTimeout,
    AgencyUnreachable,
    Connector,
    ConnectorError,
    NothingToSend,
    OutgoingCase,
    Submission,
)
from services.agencies.connectors.open311 import Open311Connector
from services.agencies.registry import Agency, ConnectorKind

__all__ = [
    "AgencyFailed",
    "AgencyNonsense",
    "AgencyRefused",
    "AgencyTimeout",
    "AgencyUnreachable",
    "Connector",
    "ConnectorError",
    "NothingToSend",
    "OutgoingCase",
    "Submission",
    "build_connector",
]


def build_connector(agency: Agency, client: httpx.AsyncClient, api_key: str) -> Connector:
    """The connector for an agency of the registry. Raises NothingToSend for one that is not reached automatically."""
    build = _BUILDERS.get(agency.connector)
    if build is None:
        raise NothingToSend
    return build(agency, client, api_key)


def _open311(agency: Agency, client: httpx.AsyncClient, api_key: str) -> Connector:
    if agency.base_url is None or agency.jurisdiction_id is None:  # the registry has checked it
        raise NothingToSend
    return Open311Connector(
        base_url=agency.base_url, jurisdiction_id=agency.jurisdiction_id, api_key=api_key, client=client
    )


_BUILDERS: dict[ConnectorKind, Callable[[Agency, httpx.AsyncClient, str], Connector]] = {
    ConnectorKind.OPEN311: _open311,
}
