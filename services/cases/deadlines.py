"""The statutory clock: when an answer is due.

민원 처리에 관한 법률 제19조: a period of 5 days or less is counted in hours from the moment of acceptance, 8 hours a
day; one of 6 days or more in days, the first day included. Both skip Saturdays, Sundays and public holidays.
"At once" (시행령 제16조·제19조) means within 3 working hours. Working hours are 09-18 (시행령 제8조의3) without the lunch
hour 12-13.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

SEOUL = ZoneInfo("Asia/Seoul")

_SPANS = ((time(9), time(12)), (time(13), time(18)))
_CLOSE = time(18)


@dataclass(frozen=True)
class Period:
    """Working hours for what is counted in hours, working days for what is counted in days: one of the two."""

    hours: int = 0
    days: int = 0
    article: str = ""


PERIODS: dict[str, Period] = {
    "inquiry": Period(days=7, article="시행령 제14조제1항제2호"),  # 14 for questions on statutes, see below
    "inquiry_law": Period(days=14, article="시행령 제14조제1항제1호"),
    "proposal": Period(days=14, article="시행령 제15조"),
    "other": Period(hours=3, article="시행령 제16조"),
    # Field reports follow the agency's own table (처리부서 기준표); seven days is the common one (verify).
    "report": Period(days=7, article="민원처리기준표"),
    "grievance": Period(days=7, article="시행령 제17조"),
}


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("KR", years=year, categories=("public",)).keys())


class WorkingCalendar:
    """Which days count. `extra` holds holidays declared later (temporary ones), as settings list them."""

    def __init__(self, extra: Collection[date] = ()) -> None:
        self._extra = frozenset(extra)

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in _holidays(day.year) and day not in self._extra

    def add_hours(self, start: datetime, hours: float) -> datetime:
        """The moment at which `hours` working hours have passed since `start` (aware; result in Korean time)."""
        left = timedelta(hours=hours)
        moment = start.astimezone(SEOUL)
        while True:
            if self.is_working_day(moment.date()):
                for opens, closes in _SPANS:
                    begin = max(moment, datetime.combine(moment.date(), opens, SEOUL))
                    end = datetime.combine(moment.date(), closes, SEOUL)
                    if begin >= end:
                        continue
                    if left <= end - begin:
                        return begin + left
                    left -= end - begin
            moment = datetime.combine(moment.date() + timedelta(days=1), time(0), SEOUL)

    def add_days(self, start: datetime, days: int) -> datetime:
        """The end of working hours of the last of `days` working days; the first working day counts."""
        day = start.astimezone(SEOUL).date()
        counted = 0
        while True:
            if self.is_working_day(day):
                counted += 1
                if counted >= days:
                    return datetime.combine(day, _CLOSE, SEOUL)
            day += timedelta(days=1)

    def due(self, kind: str, accepted_at: datetime) -> datetime | None:
        """When a case of this kind is due, or None for a kind without a period (an emergency is not a 민원)."""
        period = PERIODS.get(kind)
        if period is None:
            return None
        if period.hours:
            return self.add_hours(accepted_at, period.hours)
        if period.days <= 5:
            return self.add_hours(accepted_at, period.days * 8)
        return self.add_days(accepted_at, period.days)


def period_key(kind: str, intent: str) -> str:
    return "inquiry_law" if intent == "law_inquiry" else kind
