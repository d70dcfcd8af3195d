"""What every way to an agency has in common.

ConnectorError             retryable  uncertain
├── AgencyUnreachable      yes        only if the connection broke after sending began
├── AgencyTimeout          yes        yes
├── AgencyFailed           yes        5xx yes; 429 and its kin no (`retry_after` in seconds, if the agency said)
├── AgencyRefused          no         no     4xx: the same request will never pass
├── AgencyNonsense         yes        yes    an HTML page, a broken or unexpected answer
└── NothingToSend          no         no     an agency that is not reached automatically

`uncertain` means that the agency may hold the case although we were told of a failure. Repeating the request with the
same idempotency key is safe where the agency honours it; elsewhere `find` comes first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OutgoingCase:
    """One case as an agency gets it. What a citizen wrote never shows in its repr, hence in no log.

    `reference` is our receipt number; coordinates are WGS 84 degrees; `attributes` are slots by their taxonomy names.
    """

    reference: str
    intent: str
    service_code: str
    title: str = field(repr=False)
    description: str = field(repr=False)
    address_text: str | None = field(default=None, repr=False)
    lat: float | None = field(default=None, repr=False)
    lon: float | None = field(default=None, repr=False)
    occurred_text: str | None = field(default=None, repr=False)
    contact_phone: str | None = field(default=None, repr=False)
    contact_email: str | None = field(default=None, repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Submission:
    """The agency has the case, under its own id. `status_note` is the agency's word to the citizen, if any."""

    external_id: str
    status_note: str | None = None


class Connector(ABC):
    """One agency's way in. Instances are cheap, share an HTTP client and hold no state of a case."""

    @abstractmethod
    async def submit(self, case: OutgoingCase, *, idempotency_key: str) -> Submission:
        """Files the case. The same key must be used for every attempt at the same case. Raises ConnectorError."""

    @abstractmethod
    async def find(self, reference: str) -> Submission | None:
        """Reads back by our receipt number: None if the agency does not have it. Raises ConnectorError."""

    @abstractmethod
    async def aclose(self) -> None:
        """Lets go of what the connector itself opened; a client passed in stays its owner's."""


class ConnectorError(Exception):
    """Root of this module's errors.

    `reason` is a Korean sentence for people, free of personal data. `detail` is what the agency said, cut to 300
    characters: for an officer's eyes, never for a log, since it may quote the citizen.
    """

    retryable = False
    uncertain = False
    retry_after: float | None = None
    reason = "기관에 전달하지 못했습니다."

    def __init__(
        self,
        reason: str | None = None,
        *,
        detail: str | None = None,
        retryable: bool | None = None,
        uncertain: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.reason = reason or self.reason
        self.detail = detail[:300] if detail else None
        self.retryable = self.retryable if retryable is None else retryable
        self.uncertain = self.uncertain if uncertain is None else uncertain
        self.retry_after = retry_after
        super().__init__(self.reason)


class AgencyUnreachable(ConnectorError):
    retryable = True
    reason = "기관 서버에 연결할 수 없습니다."


class AgencyTimeout(ConnectorError):
    retryable = True
    uncertain = True
    reason = "기관 서버가 제시간에 응답하지 않았습니다."


class AgencyFailed(ConnectorError):
    retryable = True
    uncertain = True
    reason = "기관 서버에 오류가 있습니다."


class AgencyRefused(ConnectorError):
    reason = "기관이 접수를 거절했습니다."


class AgencyNonsense(ConnectorError):
    retryable = True
    uncertain = True
    reason = "기관 서버가 알 수 없는 응답을 보냈습니다."


class NothingToSend(ConnectorError):
    reason = "자동으로 전달하지 않는 기관입니다. 전화나 기관 누리집으로 안내해 주세요."
