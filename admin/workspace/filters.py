"""The filters of the case list, as they stand in the address of the page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query

from services.cases.enums import STATUS_NAMES, CaseStatus, Urgency
from services.cases.service import CLOSED, CaseFilters
from services.privacy.service import clean

OPEN = "open"
ALL = "all"
FINISHED = frozenset(CLOSED)
# Everything that still needs somebody.
OPEN_STATUSES = [status for status in CaseStatus if status not in FINISHED]

STATUS_CHOICES: list[tuple[str, str]] = [
    (OPEN, "진행 중 전체"),
    (ALL, "모든 상태"),
    *((status.value, name) for status, name in STATUS_NAMES.items()),
]

MAX_PAGE = 10_000
Word = TypeVar("Word", bound=StrEnum)


def _known(kind: type[Word], word: str) -> Word | None:
    return kind(word) if word in set(kind) else None


@dataclass(frozen=True)
class ListQuery:
    """What an officer asked for. A word that does not exist counts as not asked: an old bookmark still opens."""

    status: str = OPEN
    urgency: str = ""
    family: str = ""
    intent: str = ""
    agency: str = ""
    q: str = ""
    overdue: bool = False
    page: int = 1

    def filters(self) -> CaseFilters:
        one = _known(CaseStatus, self.status)
        urgency = _known(Urgency, self.urgency)
        return CaseFilters(
            status=[one] if one else [] if self.status == ALL else OPEN_STATUSES,
            urgency=[urgency] if urgency else [],
            family=self.family or None,
            intent=self.intent or None,
            agency_id=self.agency or None,
            query=self.q or None,
            overdue=self.overdue,
        )

    def url(self, **changes: str | int | bool) -> str:
        """The address of the list with some of the filters changed; what is at its default is left out."""
        values: dict[str, str | int | bool] = {**self.__dict__, **changes}
        default = ListQuery()
        asked = {
            name: int(value) if isinstance(value, bool) else value
            for name, value in values.items()
            if value != getattr(default, name)
        }
        return "/admin/cases" + (f"?{urlencode(asked)}" if asked else "")

    @property
    def is_default(self) -> bool:
        return self == ListQuery(page=self.page)


def read_query(
    status: Annotated[str, Query(max_length=20)] = OPEN,
    urgency: Annotated[str, Query(max_length=4)] = "",
    family: Annotated[str, Query(max_length=20)] = "",
    intent: Annotated[str, Query(max_length=60)] = "",
    agency: Annotated[str, Query(max_length=60)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    overdue: Annotated[str, Query(max_length=5)] = "",
    page: Annotated[str, Query(max_length=10)] = "1",
) -> ListQuery:
    number = int(page) if page.isascii() and page.isdigit() else 1
    return ListQuery(
        status=status if status == ALL or _known(CaseStatus, status) else OPEN,
        urgency=urgency if _known(Urgency, urgency) else "",
        family=clean(family),
        intent=clean(intent),
        agency=clean(agency),
        q=clean(q),
        overdue=overdue in ("1", "true", "on"),
        page=min(max(number, 1), MAX_PAGE),
    )


CurrentQuery = Annotated[ListQuery, Depends(read_query)]
