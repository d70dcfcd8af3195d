"""Times as officers read them: Korean time, and how long is left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.cases.deadlines import SEOUL

_WEEKDAYS = "월화수목금토일"
_SOON = timedelta(hours=24)


def moment(value: datetime) -> str:
    """2026. 3. 4.(수) 14:05"""
    local = value.astimezone(SEOUL)
    return f"{local.year}. {local.month}. {local.day}.({_WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def short_moment(value: datetime) -> str:
    """3. 4. 14:05"""
    local = value.astimezone(SEOUL)
    return f"{local.month}. {local.day}. {local:%H:%M}"


def span(length: timedelta) -> str:
    """The two largest units of a length of time: 3일 2시간, 2시간 5분, 5분."""
    minutes = int(abs(length).total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days}일 {hours}시간" if hours else f"{days}일"
    if hours:
        return f"{hours}시간 {minutes}분" if minutes else f"{hours}시간"
    return f"{minutes}분" if minutes else "1분 미만"


@dataclass(frozen=True)
class Due:
    """A deadline seen from now. `tone` only strengthens what `text` already says."""

    text: str
    tone: Literal["late", "soon", "calm", "done"]
    at: datetime | None = None


def due(due_at: datetime | None, *, status: str, finished: Collection[str], now: datetime) -> Due:
    if status in finished:
        return Due("처리됨", "done", due_at)
    if due_at is None and status == "awaiting_citizen":
        return Due("보완을 기다리는 동안 멈춤", "calm")
    if due_at is None:
        return Due("기한 없음", "done")
    left = due_at - now
    if left < timedelta(0):
        return Due(f"{span(left)} 지남", "late", due_at)
    return Due(f"{span(left)} 남음", "soon" if left <= _SOON else "calm", due_at)
