"""Reads that only the desk needs and no domain service offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.agencies.models import Delivery
from services.cases.models import Case
from services.chat.enums import Author, QueueReason, SessionState
from services.chat.models import ChatMessage, ChatSession

MAX_WAITING = 100


@dataclass(frozen=True)
class Waiting:
    """A conversation that waits for a person, with the citizen's last words (masked) and what was filed from it."""

    chat: ChatSession
    last_words: str | None
    cases: tuple[Case, ...]


async def count_waiting(session: AsyncSession) -> int:
    statement = select(func.count()).select_from(ChatSession).where(ChatSession.state == SessionState.QUEUED)
    return (await session.execute(statement)).scalar_one()


async def waiting_chats(session: AsyncSession) -> list[Waiting]:
    """Emergencies first, then who has waited longest."""
    statement = (
        select(ChatSession)
        .where(ChatSession.state == SessionState.QUEUED)
        .order_by(func.coalesce(ChatSession.queue_reason, "") != QueueReason.EMERGENCY, ChatSession.queued_at)
        .limit(MAX_WAITING)
    )
    chats = list((await session.execute(statement)).scalars())
    ids = [chat.id for chat in chats]
    words = await _last_words(session, session_ids=ids)
    filed: dict[UUID | None, list[Case]] = {}
    for case in (await session.execute(select(Case).where(Case.session_id.in_(ids)))).scalars():
        filed.setdefault(case.session_id, []).append(case)
    return [Waiting(chat, words.get(chat.id), tuple(filed.get(chat.id, ()))) for chat in chats]


async def _last_words(session: AsyncSession, *, session_ids: Sequence[UUID]) -> dict[UUID, str]:
    statement = (
        select(ChatMessage.session_id, ChatMessage.text)
        .where(ChatMessage.session_id.in_(session_ids), ChatMessage.author == Author.CITIZEN)
        .ext(distinct_on(ChatMessage.session_id))
        .order_by(ChatMessage.session_id, ChatMessage.seq.desc())
    )
    return {row.session_id: row.text for row in await session.execute(statement)}


async def case_of_delivery(session: AsyncSession, *, delivery_id: UUID) -> UUID | None:
    statement = select(Delivery.case_id).where(Delivery.id == delivery_id)
    return (await session.execute(statement)).scalar_one_or_none()
