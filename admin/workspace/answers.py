"""An officer's answer as it is checked, signed and recognised."""

from __future__ import annotations

from collections.abc import Iterable

from admin.auth.models import User
from services.cases.enums import EventType
from services.cases.models import CaseEvent
from services.privacy.service import clean

MAX_ANSWER = 5_000


class InvalidAnswer(ValueError):
    """The message says in Korean what to change."""


def checked(typed: str) -> str:
    """The text as it may be sent. Raises InvalidAnswer."""
    text = tidy(typed)
    if not text:
        raise InvalidAnswer("답변 내용을 입력해 주십시오.")
    if len(text) > MAX_ANSWER:
        raise InvalidAnswer(f"답변은 {MAX_ANSWER:,}자까지 보낼 수 있습니다. 지금 {len(text):,}자입니다.")
    return text


def tidy(typed: str) -> str:
    """A browser sends lines ended by CR LF."""
    return clean(typed.replace("\r\n", "\n"))


def signature_line(user: User) -> str | None:
    """Every notice names the handler's department, name and phone (시행령 제31조)."""
    return f"담당: {user.signature} (전화 {user.phone})" if user.phone else None


def signed(text: str, user: User) -> str:
    line = signature_line(user)
    return f"{text}\n\n{line}" if line else text


def sent_already(events: Iterable[CaseEvent], *, actor_id: str | None, text: str) -> bool:
    """Whether this very answer is the case's last one: the form was sent twice."""
    answers = [event for event in events if event.type == EventType.ANSWERED]
    return bool(answers) and answers[-1].actor_id == actor_id and answers[-1].text == text
