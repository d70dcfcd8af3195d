"""The statutory clock: when an answer is due.

민원 처리에 관한 법률 제19조: a period of 5 days or less is counted in hours from the moment of acceptance, 8 hours a
day; one of 6 days or more in days, the first day included. Both skip Saturdays, Sundays and public holidays.
"At once" (시행령 제16조·제19조) means within 3 working hours. Working hours are 09-18 (시행령 제8조의3) without the lunch
hour 12-13. While the citizen supplements (보완) the clock stands still (시행령 제20조).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
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


@dataclass(frozen=True)
class Pause:
    """A time in which the clock stands still; it still does when `end` is None."""

    start: datetime
    end: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("KR", years=year, categories=("public",)).keys())


class WorkingCalendar:
    """Which days count. `extra` holds holidays declared later (temporary ones), as settings list them."""

    def __init__(self, extra: Collection[date] = ()) -> None:
        self._extra = frozenset(extra)

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in _holidays(day.year) and day not in self._extra

    def add_hours(self, start: datetime, hours: float, pauses: Sequence[Pause] = ()) -> datetime:
        """The moment at which `hours` working hours have passed since `start` (aware; result in Korean time).

        Raises ValueError for a pause that has not ended.
        """
        _check_ended(pauses)
        left = timedelta(hours=hours)
        for begin, end in _without(self._working_spans(start.astimezone(SEOUL)), pauses):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise AssertionError("working days never end")

    def add_days(self, start: datetime, days: int, pauses: Sequence[Pause] = ()) -> datetime:
        """The end of working hours of the last of `days` working days; the first working day counts.

        A day on whose close the clock stands still does not count: the one on which the citizen is asked does not, the one
        on which the citizen answers does (verify: the statute says only that the time taken does not count).
        Raises ValueError for a pause that has not ended.
        """
        _check_ended(pauses)
        day = start.astimezone(SEOUL).date()
        counted = 0
        while True:
            close = datetime.combine(day, _CLOSE, SEOUL)
            if self.is_working_day(day) and not any(pause.covers(close) for pause in pauses):
                counted += 1
                if counted >= days:
                    return close
            day += timedelta(days=1)

    def due(self, kind: str, accepted_at: datetime, pauses: Sequence[Pause] = ()) -> datetime | None:
        """When a case of this kind is due.

        None for a kind without a period (an emergency is not a 민원), and while the clock stands still.
        """
        period = PERIODS.get(kind)
        if period is None or any(pause.end is None for pause in pauses):
            return None
        if period.hours:
            return self.add_hours(accepted_at, period.hours, pauses)
        if period.days <= 5:
            return self.add_hours(accepted_at, period.days * 8, pauses)
        return self.add_days(accepted_at, period.days, pauses)

    def _working_spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of working time from `start` on, without end."""
        day = start.date()
        while True:
            if self.is_working_day(day):
                for opens, closes in _SPANS:
                    begin = max(start, datetime.combine(day, opens, SEOUL))
                    end = datetime.combine(day, closes, SEOUL)
                    if begin < end:
                        yield begin, end
            day += timedelta(days=1)


def _check_ended(pauses: Iterable[Pause]) -> None:
    if any(pause.end is None for pause in pauses):
        raise ValueError("nothing is due while the clock stands still")


def _without(
    spans: Iterable[tuple[datetime, datetime]], pauses: Iterable[Pause]
) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the spans when the pauses, which have ended, are cut out of them."""
    ordered = sorted(((pause.start, pause.end) for pause in pauses if pause.end is not None), key=lambda cut: cut[0])
    for begin, end in spans:
        for stop, resume in ordered:
            if resume <= begin or stop >= end:
                continue
            if begin < stop:
                yield begin, stop
            begin = max(begin, resume)
            if begin >= end:
                break
        if begin < end:
            yield begin, end


def period_key(kind: str, intent: str) -> str:
    return "inquiry_law" if intent == "law_inquiry" else kind
