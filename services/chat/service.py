"""Sessions and transcripts: what may happen to a conversation.

ChatError
├── SessionNotFound   unknown id or wrong token: indistinguishable
└── TurnInProgress    another request answers this session right now
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.chat.enums import Author, Language, MessageKind, QueueReason, SessionState
from services.chat.models import ChatMessage, ChatSession, Turn
from services.database import utcnow
from services.events import EventBus

# Longer than Rasa's time-out with its actions, so that only a dead process loses a turn.
TURN_LEASE = timedelta(seconds=8)
# Key of a message's data: what it also asked for.
NEEDS = "needs"


class ChatError(Exception):
    pass


class SessionNotFound(ChatError):
    pass


class TurnInProgress(ChatError):
    pass


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def open_session(
    session: AsyncSession, *, lang: Language, channel: str, lat: float | None = None, lon: float | None = None
) -> tuple[ChatSession, str]:
    """A new conversation and its bearer token, which is stored only as a hash."""
    token = secrets.token_urlsafe(32)
    row = ChatSession(id=uuid4(), token_hash=_hash(token), lang=lang, channel=channel, lat=lat, lon=lon)
    session.add(row)
    await session.flush()
    return row, token


async def authenticate(session: AsyncSession, *, session_id: UUID, token: str | None) -> ChatSession:
    """Raises SessionNotFound."""
    row = await session.get(ChatSession, session_id)
    if row is None or token is None or not secrets.compare_digest(row.token_hash, _hash(token)):
        raise SessionNotFound
    return row


async def transcript(session: AsyncSession, *, session_id: UUID, after: UUID | None = None) -> list[ChatMessage]:
    statement = select(ChatMessage).where(ChatMessage.session_id == session_id).order_by(ChatMessage.seq)
    if after is not None:
        anchor = select(ChatMessage.seq).where(ChatMessage.id == after, ChatMessage.session_id == session_id)
        statement = statement.where(ChatMessage.seq > anchor.scalar_subquery())
    return list((await session.execute(statement)).scalars())


async def turns_of(session: AsyncSession, *, session_id: UUID) -> list[Turn]:
    statement = select(Turn).where(Turn.session_id == session_id).order_by(Turn.created_at)
    return list((await session.execute(statement)).scalars())


async def post_message(
    session: AsyncSession,
    *,
    session_id: UUID,
    author: Author,
    text: str,
    kind: MessageKind = MessageKind.TEXT,
    choices: list[dict[str, Any]] | None = None,
    data: dict[str, Any] | None = None,
    reply_to: UUID | None = None,
) -> ChatMessage:
    row = ChatMessage(
        id=uuid4(),
        session_id=session_id,
        author=author,
        kind=kind,
        text=text,
        choices=choices or [],
        data=data or {},
        reply_to=reply_to,
        created_at=utcnow(),
    )
    session.add(row)
    await session.flush()
    return row


async def push_message(bus: EventBus, message: ChatMessage) -> None:
    """Sends a stored message to the open pages of its conversation."""
    from services.chat.schemas import Message

    await bus.publish(message.session_id, {"type": "message", "message": Message.of(message).model_dump(mode="json")})


async def take_message(
    session: AsyncSession,
    *,
    session_id: UUID,
    client_message_id: str,
    text: str,
    original: bytes | None,
    data: dict[str, Any],
) -> tuple[ChatMessage, Turn, bool]:
    """Stores a citizen's message and its turn once; a repeated client_message_id finds the first ones.

    Returns (message, turn, whether it is new). Committed by the caller before anything else happens to it.
    """
    statement = (
        insert(ChatMessage)
        .values(
            id=uuid4(),
            session_id=session_id,
            author=Author.CITIZEN,
            kind=MessageKind.TEXT,
            text=text,
            original=original,
            choices=[],
            data=data,
            client_message_id=client_message_id,
            created_at=utcnow(),
        )
        .on_conflict_do_nothing(index_elements=[ChatMessage.session_id, ChatMessage.client_message_id])
        .returning(ChatMessage.id)
    )
    created = (await session.execute(statement)).scalar_one_or_none()
    message = (
        await session.execute(
            select(ChatMessage).where(
                ChatMessage.session_id == session_id, ChatMessage.client_message_id == client_message_id
            )
        )
    ).scalar_one()
    if created is not None:
        session.add(Turn(message_id=message.id, session_id=session_id, created_at=utcnow()))
        await session.execute(update(ChatSession).where(ChatSession.id == session_id).values(last_active_at=utcnow()))
        await session.flush()
    turn = await session.get_one(Turn, message.id)
    return message, turn, created is not None


async def claim_turn(session: AsyncSession, *, session_id: UUID) -> UUID | None:
    """The right to answer this conversation, for TURN_LEASE; None while somebody else has it."""
    owner, now = uuid4(), utcnow()
    statement = (
        update(ChatSession)
        .where(ChatSession.id == session_id, or_(ChatSession.turn_until.is_(None), ChatSession.turn_until < now))
        .values(turn_owner=owner, turn_until=now + TURN_LEASE)
        .returning(ChatSession.id)
    )
    return owner if (await session.execute(statement)).first() else None


async def release_turn(session: AsyncSession, *, session_id: UUID, owner: UUID) -> None:
    await session.execute(
        update(ChatSession)
        .where(ChatSession.id == session_id, ChatSession.turn_owner == owner)
        .values(turn_owner=None, turn_until=None)
    )


async def replies_to(session: AsyncSession, *, message_id: UUID) -> list[ChatMessage]:
    statement = select(ChatMessage).where(ChatMessage.reply_to == message_id).order_by(ChatMessage.seq)
    return list((await session.execute(statement)).scalars())


async def offered_choices(session: AsyncSession, *, session_id: UUID) -> dict[str, str]:
    """Payload to title of the choices that the assistant has lately offered in this conversation."""
    statement = (
        select(ChatMessage.choices)
        .where(ChatMessage.session_id == session_id, ChatMessage.author != Author.CITIZEN)
        .order_by(ChatMessage.seq.desc())
        .limit(20)
    )
    offered: dict[str, str] = {}
    for choices in (await session.execute(statement)).scalars():
        for choice in choices:
            offered.setdefault(choice["payload"], choice["title"])
    return offered


async def language_of(session: AsyncSession, *, session_id: UUID) -> Language:
    """The language that the conversation is held in; Korean for one that is no more."""
    statement = select(ChatSession.lang).where(ChatSession.id == session_id)
    return (await session.execute(statement)).scalar_one_or_none() or Language.KO


async def open_question(session: AsyncSession, *, session_id: UUID) -> str | None:
    """What the assistant's last message asked for, if it was a question of the form: the name of a slot."""
    statement = (
        select(ChatMessage.data)
        .where(ChatMessage.session_id == session_id, ChatMessage.author == Author.BOT)
        .order_by(ChatMessage.seq.desc())
        .limit(1)
    )
    data = (await session.execute(statement)).scalar_one_or_none() or {}
    asks = data.get("asks")
    return str(asks) if asks else None


async def remember_needs(session: AsyncSession, *, message_id: UUID, needs: list[dict[str, str]]) -> None:
    """Keeps what a message also asked for, until the first need is done."""
    message = await session.get_one(ChatMessage, message_id)
    message.data = {**message.data, NEEDS: needs}


async def take_needs(session: AsyncSession, *, session_id: UUID) -> list[dict[str, str]]:
    """What is still to be offered in a conversation; it is offered once."""
    statement = (
        select(ChatMessage)
        .where(ChatMessage.session_id == session_id, ChatMessage.data.has_key(NEEDS))
        .order_by(ChatMessage.seq)
    )
    needs: list[dict[str, str]] = []
    for message in (await session.execute(statement)).scalars():
        needs += message.data[NEEDS]
        message.data = {name: value for name, value in message.data.items() if name != NEEDS}
    return needs


async def said_with(session: AsyncSession, *, session_id: UUID, text: str) -> str:
    """The whole message of a citizen that `text` is a sentence of; `text` itself if there is none."""
    statement = (
        select(ChatMessage.text)
        .where(
            ChatMessage.session_id == session_id,
            ChatMessage.author == Author.CITIZEN,
            ChatMessage.text.contains(text, autoescape=True),
        )
        .order_by(func.length(ChatMessage.text).desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none() or text


async def queue_session(session: AsyncSession, *, session_id: UUID, reason: QueueReason) -> bool:
    """Puts the conversation before a person. Returns False when it already is with one."""
    statement = (
        update(ChatSession)
        .where(ChatSession.id == session_id, ChatSession.state.in_((SessionState.BOT, SessionState.QUEUED)))
        .values(state=SessionState.QUEUED, queue_reason=reason, queued_at=utcnow())
        .returning(ChatSession.id)
    )
    return (await session.execute(statement)).first() is not None


async def back_to_bot(session: AsyncSession, *, session_id: UUID) -> bool:
    """The conversation leaves the queue; one that an officer has claimed stays with the officer."""
    statement = (
        update(ChatSession)
        .where(ChatSession.id == session_id, ChatSession.state == SessionState.QUEUED)
        .values(state=SessionState.BOT, queue_reason=None, queued_at=None)
        .returning(ChatSession.id)
    )
    return (await session.execute(statement)).first() is not None


async def originals(session: AsyncSession, *, session_id: UUID, message_ids: list[UUID]) -> dict[UUID, bytes]:
    """The sealed originals of those messages of this conversation that were masked."""
    statement = select(ChatMessage.id, ChatMessage.original).where(
        ChatMessage.session_id == session_id,
        ChatMessage.id.in_(message_ids),
        ChatMessage.original.is_not(None),
    )
    return {row.id: row.original for row in await session.execute(statement)}
