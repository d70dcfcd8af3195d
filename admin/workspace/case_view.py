"""Everything that a case page shows, read in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from admin import formats
from admin.workspace import labels, moves
from admin.workspace.evidence import Evidence, intent_name, read_evidence
from admin.workspace.filters import FINISHED
from services.agencies import service as agencies
from services.agencies.models import Delivery
from services.cases import service as cases
from services.cases.enums import EventType
from services.cases.models import Case, CaseEvent
from services.cases.service import Actor
from services.chat import service as chat
from services.chat.models import ChatMessage, Turn
from services.database import utcnow
from services.runtime import Services
from services.taxonomy import Taxonomy

# A page opened again within this time is the same reading, for the case's own history. The audit log has every one.
SAME_READING = timedelta(minutes=30)

PLACES = ("location", "region")


@dataclass(frozen=True)
class Line:
    """A message of the transcript; `understood` says what the assistant made of a citizen's words."""

    message: ChatMessage
    understood: str | None


@dataclass(frozen=True)
class CaseView:
    case: Case
    need: str
    place: str | None
    answers: list[tuple[str, str]]
    due: formats.Due
    evidence: Evidence
    lines: list[Line]
    timeline: list[CaseEvent]
    readings: list[CaseEvent]
    deliveries: list[Delivery]
    moves: list[moves.Choice]
    may_answer: bool
    now: datetime


async def load(session: AsyncSession, services: Services, *, case_id: UUID) -> CaseView:
    """Raises CaseNotFound."""
    case = await cases.get_case(session, case_id=case_id)
    events = await cases.events_of(session, case_id=case_id)
    messages: list[ChatMessage] = []
    turns: list[Turn] = []
    if case.session_id is not None:
        messages = await chat.transcript(session, session_id=case.session_id)
        turns = await chat.turns_of(session, session_id=case.session_id)
    now = utcnow()
    return CaseView(
        case=case,
        need=intent_name(services.taxonomy, case.intent),
        place=next((str(case.slots[name]) for name in PLACES if case.slots.get(name)), None),
        answers=[(labels.named(labels.SLOT_NAMES, name), str(value)) for name, value in case.slots.items()],
        due=formats.due(case.due_at, status=case.status, finished=FINISHED, now=now),
        evidence=read_evidence(case, turns, services.taxonomy),
        lines=_lines(messages, turns, services.taxonomy),
        timeline=[event for event in reversed(events) if event.type != EventType.OPENED],
        readings=[event for event in reversed(events) if event.type == EventType.OPENED],
        deliveries=await agencies.deliveries_of(session, case_id=case_id),
        moves=moves.choices(case.status),
        may_answer=moves.may_answer(case.status),
        now=now,
    )


def _lines(messages: Sequence[ChatMessage], turns: Sequence[Turn], taxonomy: Taxonomy) -> list[Line]:
    understood = {turn.message_id: _understood(turn, taxonomy) for turn in turns}
    return [Line(message, understood.get(message.id)) for message in messages]


def _understood(turn: Turn, taxonomy: Taxonomy) -> str | None:
    if turn.emergency:
        return f"긴급 감지: {turn.emergency.get('cue', '')}"
    if turn.intent is None:
        return None
    sure = f" {turn.confidence * 100:.0f}%" if turn.confidence is not None else ""
    return f"분류: {intent_name(taxonomy, turn.intent)}{sure}" + (" (확신 부족)" if turn.abstained else "")


async def note_reading(session: AsyncSession, *, case_id: UUID, actor: Actor) -> None:
    """Puts the reading into the case's history, unless the same person has just read it. Raises CaseNotFound."""
    await cases.get_case(session, case_id=case_id)
    since = utcnow() - SAME_READING
    events = await cases.events_of(session, case_id=case_id)
    if any(e.type == EventType.OPENED and e.actor_id == actor.id and e.created_at > since for e in events):
        return
    await cases.record_opened(session, case_id=case_id, actor=actor)
