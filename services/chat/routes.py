"""The citizen's API: sessions, messages, push. Thin: it authenticates, translates and calls."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request, WebSocket
from starlette.concurrency import run_in_threadpool

from services import limits
from services.cases import service as cases
from services.chat import service, texts
from services.chat.actions import receipt_of
from services.chat.enums import Author, MessageKind
from services.chat.models import ChatSession
from services.chat.schemas import (
    Message,
    OpenSession,
    Receipt,
    SendMessage,
    SessionOpened,
    Transcript,
    TurnReply,
)
from services.chat.turns import Reply, Turns
from services.problems import Conflict, NotFound, Unauthenticated, Unavailable
from services.runtime import Services

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/chat", tags=["chat"])
internal = APIRouter(prefix="/internal", include_in_schema=False)

SESSIONS_A_MINUTE = 300
MESSAGES_A_MINUTE = 60


def get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(get_services)]


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def current_session(
    services: CurrentServices, session_id: str, authorization: Annotated[str | None, Header()] = None
) -> ChatSession:
    """Takes any text for an id: a malformed one is as unknown as any other, and answered alike."""
    async with services.db.transaction() as session:
        try:
            return await service.authenticate(session, session_id=UUID(session_id), token=_bearer(authorization))
        except (service.SessionNotFound, ValueError):
            raise NotFound("대화를 찾을 수 없습니다. 새로 시작해 주세요.") from None


CurrentSession = Annotated[ChatSession, Depends(current_session)]


@router.post("/sessions", status_code=201)
async def open_session(body: OpenSession, request: Request, services: CurrentServices) -> SessionOpened:
    address = request.client.host if request.client else "unknown"
    await limits.check(services.redis, key=f"sessions:{address}", limit=SESSIONS_A_MINUTE, window=60)
    lang = body.language
    async with services.db.transaction() as session:
        chat, token = await service.open_session(
            session,
            lang=lang,
            channel=body.channel,
            lat=body.location.lat if body.location else None,
            lon=body.location.lon if body.location else None,
        )
        greeting = await service.post_message(
            session,
            session_id=chat.id,
            author=Author.BOT,
            kind=MessageKind.CHOICES,
            text=texts.GREETING[lang],
            choices=list(texts.QUICK_CHOICES[lang]),
        )
    return SessionOpened(session_id=chat.id, token=token, lang=lang, messages=[Message.of(greeting)])


@router.post("/sessions/{session_id}/messages")
async def send_message(
    body: SendMessage, chat: CurrentSession, request: Request, services: CurrentServices
) -> TurnReply:
    await limits.check(services.redis, key=f"messages:{chat.id}", limit=MESSAGES_A_MINUTE, window=60)
    turns: Turns = request.app.state.turns
    try:
        # Shielded: a citizen who closes the page mid-answer must still find the answer in the transcript.
        reply = await asyncio.shield(turns.answer(chat, text=body.text, client_message_id=body.client_message_id))
    except service.TurnInProgress:
        raise Unavailable("앞서 보내신 말씀에 아직 답하고 있습니다. 잠시 뒤 다시 보내 주세요.") from None
    return await _reply(services, reply)


async def _reply(services: Services, reply: Reply) -> TurnReply:
    """The filing reply, and only it, shows the PIN: it is derived here and stored nowhere."""
    messages = [Message.of(row) for row in reply.messages]
    if reply.case_id is None:
        return TurnReply(messages=messages, state=reply.state, lang=reply.language)
    async with services.db.transaction() as session:
        case = await cases.get_case(session, case_id=reply.case_id)
    receipt = Receipt(**receipt_of(case), pin=cases.pin_of(services.settings, case))
    for message in messages:
        if message.kind is MessageKind.CASE_RECEIPT:
            message.data = {**message.data, "pin": receipt.pin}
    return TurnReply(messages=messages, state=reply.state, lang=reply.language, case=receipt)


@router.get("/sessions/{session_id}/messages")
async def read_messages(
    chat: CurrentSession, services: CurrentServices, after: Annotated[UUID | None, Query()] = None
) -> Transcript:
    async with services.db.transaction() as session:
        rows = await service.transcript(session, session_id=chat.id, after=after)
    return Transcript(messages=[Message.of(row) for row in rows], state=chat.state)


@router.websocket("/sessions/{session_id}/ws")
async def push(websocket: WebSocket, session_id: UUID, token: str = "") -> None:
    services: Services = websocket.app.state.services
    async with services.db.transaction() as session:
        try:
            await service.authenticate(session, session_id=session_id, token=token)
        except service.SessionNotFound:
            await websocket.close(code=4404)
            return
    async with services.bus.subscribe(session_id) as frames:
        await websocket.accept()
        sending = asyncio.create_task(_forward(websocket, frames))
        try:
            # Whatever a page says here is ignored: words go over POST. Only its leaving matters.
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            sending.cancel()


async def _forward(websocket: WebSocket, frames: Any) -> None:
    try:
        async for frame in frames:
            await websocket.send_text(frame)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # Redis went away or the page did: the page reconnects and reads what it missed
        log.info("push_ended", error=type(error).__name__)
        await websocket.close(code=1012)


@internal.post("/actions")
async def run_action(
    request: Request, services: CurrentServices, x_action_token: Annotated[str, Header()] = ""
) -> dict[str, Any]:
    """Rasa's action server. Loopback traffic with a shared token; nothing else may call it."""
    expected = services.settings.action_token.get_secret_value()
    if not secrets.compare_digest(x_action_token.encode(), expected.encode()):
        raise Unauthenticated
    # None of the actions reads the domain, so Rasa does not send it; the SDK insists on having one.
    call = {"domain": {"intents": []}, **await request.json()}
    result = await request.app.state.actions.run(call)
    if result is None:
        raise Conflict
    dumped: dict[str, Any] = await run_in_threadpool(result.model_dump) if hasattr(result, "model_dump") else result
    return dumped
