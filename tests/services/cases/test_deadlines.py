"""The statutory clock: the examples of the law first, then what holds for every moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.deadlines import PERIODS, SEOUL, Pause, WorkingCalendar, period_key

CALENDAR = WorkingCalendar()

MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 11, 30)).map(lambda moment: moment.replace(tzinfo=SEOUL))
HOURS = st.integers(1, 100).map(lambda quarters: quarters / 4)
KINDS = st.sampled_from(sorted(PERIODS))
PAUSES = st.lists(
    st.tuples(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40))).map(
        lambda pause: Pause(pause[0], pause[0] + pause[1])
    ),
    max_size=4,
)


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("days", "due"),
    [(7, "2026-02-26 18:00"), (14, "2026-03-10 18:00")],
)
def test_days_skip_the_lunar_new_year_and_the_substitute_holiday(days: int, due: str) -> None:
    assert CALENDAR.add_days(seoul("2026-02-13 10:00"), days) == seoul(due)


def test_at_once_in_the_late_afternoon_ends_on_the_next_working_morning() -> None:
    assert CALENDAR.add_hours(seoul("2026-02-13 16:30"), 3) == seoul("2026-02-19 10:30")


def test_five_days_are_forty_working_hours_from_the_moment_of_acceptance() -> None:
    assert CALENDAR.add_hours(seoul("2026-02-13 14:00"), 40) == seoul("2026-02-25 14:00")


@pytest.mark.parametrize(
    ("kind", "due"),
    [
        ("other", "2026-02-19 09:00"),
        ("inquiry", "2026-02-26 18:00"),
        ("inquiry_law", "2026-03-10 18:00"),
        ("proposal", "2026-03-10 18:00"),
        ("grievance", "2026-02-26 18:00"),
        ("report", "2026-02-26 18:00"),
    ],
)
def test_every_kind_has_the_period_of_its_article(kind: str, due: str) -> None:
    # 15:00 leaves exactly three working hours that day: "at once" ends when the office closes.
    expected = seoul("2026-02-13 18:00") if kind == "other" else seoul(due)
    assert CALENDAR.due(kind, seoul("2026-02-13 15:00")) == expected


def test_an_emergency_has_no_period() -> None:
    assert CALENDAR.due("none", seoul("2026-02-13 15:00")) is None


def test_a_question_on_statutes_has_the_longer_period() -> None:
    assert period_key("inquiry", "law_inquiry") == "inquiry_law"
    assert period_key("inquiry", "passport") == "inquiry"


def test_the_lunch_hour_does_not_count() -> None:
    assert CALENDAR.add_hours(seoul("2026-03-11 11:30"), 1) == seoul("2026-03-11 13:30")


def test_an_acceptance_before_the_office_opens_counts_from_nine() -> None:
    assert CALENDAR.add_hours(seoul("2026-03-11 06:00"), 3) == seoul("2026-03-11 12:00")


def test_the_clock_is_korean_whatever_zone_the_moment_is_in() -> None:
    # 16:30 in Seoul is 07:30 UTC
    assert CALENDAR.add_hours(datetime(2026, 2, 13, 7, 30, tzinfo=UTC), 3) == seoul("2026-02-19 10:30")


@pytest.mark.parametrize(
    "day",
    ["2026-03-02", "2026-06-03", "2026-05-01", "2026-02-17", "2026-12-25", "2026-02-14", "2026-02-15"],
    ids=["substitute", "election", "labour", "lunar-new-year", "christmas", "saturday", "sunday"],
)
def test_a_day_that_the_law_excludes_is_no_working_day(day: str) -> None:
    assert not CALENDAR.is_working_day(date.fromisoformat(day))


def test_a_holiday_declared_later_is_skipped_too() -> None:
    declared = WorkingCalendar({date(2026, 2, 20)})
    assert declared.add_days(seoul("2026-02-13 10:00"), 7) == seoul("2026-02-27 18:00")
    assert declared.add_hours(seoul("2026-02-19 17:00"), 2) == seoul("2026-02-23 10:00")


@given(KINDS, MOMENTS)
def test_nothing_is_ever_due_on_a_weekend_or_holiday_or_out_of_hours(kind: str, start: datetime) -> None:
    due = CALENDAR.due(kind, start)
    assert due is not None
    assert CALENDAR.is_working_day(due.date())
    assert time(9) <= due.time() <= time(18)
    assert not time(12) < due.time() < time(13)


@given(KINDS, MOMENTS)
def test_nothing_is_due_before_it_was_accepted(kind: str, start: datetime) -> None:
    due = CALENDAR.due(kind, start)
    assert due is not None
    assert due > start


@given(KINDS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_who_came_later_is_never_due_earlier(kind: str, start: datetime, later: timedelta) -> None:
    first, second = CALENDAR.due(kind, start), CALENDAR.due(kind, start + later)
    assert first is not None
    assert second is not None
    assert first <= second


@given(MOMENTS, HOURS, HOURS)
def test_working_hours_add_up(start: datetime, some: float, more: float) -> None:
    assert CALENDAR.add_hours(CALENDAR.add_hours(start, some), more) == CALENDAR.add_hours(start, some + more)


@given(MOMENTS, st.integers(1, 30))
def test_a_period_in_days_holds_exactly_that_many_working_days(start: datetime, days: int) -> None:
    due = CALENDAR.add_days(start, days)
    span = [start.date() + timedelta(days=number) for number in range((due.date() - start.date()).days + 1)]
    assert sum(CALENDAR.is_working_day(day) for day in span) == days


@given(MOMENTS)
def test_eight_hours_are_a_working_day(start: datetime) -> None:
    due = CALENDAR.add_hours(start, 8)
    between = [start.date() + timedelta(days=number) for number in range((due.date() - start.date()).days + 1)]
    assert sum(CALENDAR.is_working_day(day) for day in between) in (1, 2)


@pytest.mark.parametrize(
    ("asked", "answered", "due"),
    [
        ("2026-02-13 10:00", "2026-02-13 11:00", "2026-02-26 18:00"),  # within a day: the day still counts
        ("2026-02-13 10:00", "2026-02-19 09:00", "2026-02-27 18:00"),  # one working day stood still
        ("2026-02-20 17:00", "2026-03-03 09:00", "2026-03-09 18:00"),  # six: 02-20, 23 to 27; 03-02 is a holiday
        ("2026-02-27 09:00", "2026-03-04 09:00", "2026-02-26 18:00"),  # after the due day: nothing changes
    ],
)
def test_seven_days_stand_still_while_the_citizen_supplements(asked: str, answered: str, due: str) -> None:
    pause = Pause(seoul(asked), seoul(answered))
    assert CALENDAR.due("report", seoul("2026-02-13 09:30"), [pause]) == seoul(due)


def test_three_hours_stand_still_while_the_citizen_supplements() -> None:
    pause = Pause(seoul("2026-02-19 10:00"), seoul("2026-02-20 14:30"))
    assert CALENDAR.due("other", seoul("2026-02-19 09:00"), [pause]) == seoul("2026-02-20 16:30")


@given(KINDS, MOMENTS)
def test_nothing_is_due_while_the_clock_stands_still(kind: str, start: datetime) -> None:
    pauses = [Pause(start), Pause(start + timedelta(days=1), start + timedelta(days=2))]
    assert CALENDAR.due(kind, start, pauses) is None
    with pytest.raises(ValueError, match="stands still"):
        CALENDAR.add_hours(start, 1, pauses)


@given(KINDS, MOMENTS, PAUSES)
def test_a_pause_never_brings_the_due_time_nearer(kind: str, start: datetime, pauses: list[Pause]) -> None:
    due, without = CALENDAR.due(kind, start, pauses), CALENDAR.due(kind, start)
    assert due is not None
    assert without is not None
    assert due >= without
    assert not any(pause.start < due < (pause.end or due) for pause in pauses)


@given(MOMENTS, HOURS, HOURS, st.timedeltas(timedelta(minutes=1), timedelta(days=20)))
def test_hours_after_a_pause_are_those_that_were_left(
    start: datetime, before: float, after: float, length: timedelta
) -> None:
    asked = CALENDAR.add_hours(start, before)
    pause = Pause(asked, asked + length)
    assert CALENDAR.add_hours(start, before + after, [pause]) == CALENDAR.add_hours(asked + length, after)


@given(MOMENTS, st.integers(1, 30), PAUSES)
def test_each_working_day_whose_close_is_paused_adds_a_day(start: datetime, days: int, pauses: list[Pause]) -> None:
    due = CALENDAR.add_days(start, days, pauses)
    closes = [
        datetime.combine(day, time(18), SEOUL)
        for n in range((due.date() - start.date()).days + 1)
        if CALENDAR.is_working_day(day := start.date() + timedelta(days=n))
    ]
    assert sum(not any(pause.covers(close) for pause in pauses) for close in closes) == days
