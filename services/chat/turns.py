"""One turn: a citizen's message in, the assistant's messages out, and nothing lost in between.

Order of things, each committed before the next: the message is stored (masked) → emergency triage → a person, if one
has the conversation → Rasa → the replies are stored. A turn that was interrupted anywhere is finished when the page
repeats its message: Rasa recognises the message id, and filing recognises its draft.

The language follows the citizen: a wish for another one is answered here, a plain sentence in another one switches too
(languages.py). It is stored with the replies, so that a repeated message finds the language it found the first time.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.cases import service as cases
from services.cases.enums import CaseOrigin
from services.chat import languages, service, texts
from services.chat.actions import QUESTION
from services.chat.enums import Author, Language, MessageKind, QueueReason, SessionState
from services.chat.gateway import AssistantError, BotMessage, BotReply, Custom, Gateway, Parse
from services.chat.models import ChatMessage, ChatSession, Turn
from services.chat.second_opinion import second_opinion
from services.chat.triage import Emergency, EmergencyCards, Triage
from services.database import utcnow
from services.privacy.service import clean, mask
from services.runtime import Services

log = structlog.get_logger()

# Within a request: how long a repeated or parallel message waits for the one that is being answered.
WAIT_FOR_TURN = 10.0

# Needs told beside the main one that are offered afterwards.
OTHER_NEEDS_OFFERED = 3

# What Rasa is told when all that was said is a wish for another language: a form then repeats its question.
SWITCHED_PAYLOAD = "/easy_language"


@dataclass
class Draft:
    """A reply before it is stored."""

    text: str
    kind: MessageKind = MessageKind.TEXT
    choices: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    author: Author = Author.BOT


@dataclass(frozen=True)
class Speech:
    """The language of a turn. `wished`: the message asks for it and says nothing else."""

    language: Language
    before: Language
    wished: bool

    @property
    def notice(self) -> list[Draft]:
        """What is said about a new language: how to get back."""
        if not self.wished and self.language is self.before:
            return []
        buttons = texts.switch_buttons(now=self.language, before=self.before)
        return [Draft(texts.SWITCHED[self.language], kind=MessageKind.CHOICES, choices=[*buttons])]


@dataclass(frozen=True)
class Reply:
    messages: list[ChatMessage]
    state: SessionState
    case_id: UUID | None
    language: Language


class Turns:
    def __init__(self, services: Services, gateway: Gateway, triage: Triage, cards: EmergencyCards) -> None:
        self._services = services
        self._gateway = gateway
        self._triage = triage
        self._cards = cards

    async def answer(self, chat: ChatSession, *, text: str, client_message_id: str) -> Reply:
        """Answers one message, or returns the answer it already got. Raises TurnInProgress after WAIT_FOR_TURN."""
        message, text = await self._take(chat, text=text, client_message_id=client_message_id)
        give_up = time.monotonic() + WAIT_FOR_TURN
        while True:
            async with self._services.db.transaction() as session:
                turn = await session.get_one(Turn, message.id)
                if turn.answered_at is not None:
                    replies = await service.replies_to(session, message_id=message.id)
                    language = await service.language_of(session, session_id=chat.id)
                    return Reply(replies, turn.state or SessionState.BOT, turn.case_id, language)
                owner = await service.claim_turn(session, session_id=chat.id)
                if owner is not None:
                    turn.attempts += 1
                    repeated = turn.attempts > 1
            if owner is not None:
                break
            if time.monotonic() > give_up:
                raise service.TurnInProgress
            await asyncio.sleep(0.05)
        try:
            return await self._answer(chat.id, message=message, text=text, repeated=repeated)
        finally:
            async with self._services.db.transaction() as session:
                await service.release_turn(session, session_id=chat.id, owner=owner)

    async def _take(self, chat: ChatSession, *, text: str, client_message_id: str) -> tuple[ChatMessage, str]:
        """Stores the message. Returns it with what Rasa is to read: the payload of a choice, or the masked text."""
        masked = mask(text)
        async with self._services.db.transaction() as session:
            title = None
            if text.startswith("/"):
                title = (await service.offered_choices(session, session_id=chat.id)).get(text)
            message, _, is_new = await service.take_message(
                session,
                session_id=chat.id,
                client_message_id=client_message_id,
                text=title or masked.text,
                original=self._services.vault.seal(masked.original) if masked.changed else None,
                data={"payload": text} if title else {},
            )
        if is_new:
            await service.push_message(self._services.bus, message)
        payload = message.data.get("payload")
        return message, str(payload) if payload else _typed(message.text)

    async def _answer(self, session_id: UUID, *, message: ChatMessage, text: str, repeated: bool) -> Reply:
        started = time.monotonic()
        async with self._services.db.transaction() as session:
            chat = await session.get_one(ChatSession, session_id)
            speech = await self._speech(session, chat, message)
        emergency = self._triage.check(message.text) if not message.data.get("payload") else None
        if emergency is not None and speech.language is Language.KO:
            speech = Speech(chat.lang, before=chat.lang, wished=False)  # "불이야" is a word that foreigners know, too
        language = speech.language
        evidence: dict[str, Any] = {"emergency": _emergency_evidence(emergency)}
        if emergency is not None:
            drafts = [
                self._card(emergency, language),
                Draft(texts.AFTER_EMERGENCY[language], kind=MessageKind.NOTICE),
                *speech.notice,
            ]
            evidence["answered_by"] = "triage"
        elif chat.state is SessionState.HUMAN:
            drafts, evidence["answered_by"] = [], "officer"
        elif chat.state is SessionState.CLOSED:
            closed = Draft(texts.CLOSED[language], kind=MessageKind.NOTICE, author=Author.SYSTEM)
            drafts, evidence["answered_by"] = [closed], "officer"
        elif chat.state is SessionState.QUEUED and chat.queue_reason is QueueReason.REQUESTED:
            queued = Draft(texts.QUEUED[language], kind=MessageKind.NOTICE)
            drafts, evidence["answered_by"] = [*speech.notice, queued], "officer"
        else:
            drafts, evidence, emergency = await self._ask_rasa(
                chat, message=message, text=text, repeated=repeated, speech=speech
            )
        evidence["duration_ms"] = round((time.monotonic() - started) * 1000)
        return await self._store(
            session_id, message=message, drafts=drafts, evidence=evidence, emergency=emergency, language=language
        )

    async def _speech(self, session: AsyncSession, chat: ChatSession, message: ChatMessage) -> Speech:
        """The language to answer in: the one asked for, the one plainly written, or the one spoken so far."""
        payload = str(message.data.get("payload") or "")
        if payload:
            wish = payload.removeprefix(texts.LANGUAGE_PAYLOAD) if payload.startswith(texts.LANGUAGE_PAYLOAD) else ""
            return Speech(Language(wish or chat.lang), before=chat.lang, wished=bool(wish))
        wanted = languages.requested(message.text)
        if wanted is None:
            found = languages.detect(message.text, current=chat.lang, asked=False)
            if found is not chat.lang and await service.open_question(session, session_id=chat.id):
                found = languages.detect(message.text, current=chat.lang, asked=True)
            return Speech(found, before=chat.lang, wished=False)
        if await service.open_question(session, session_id=chat.id) == "language":  # a name of a language answers it
            return Speech(chat.lang, before=chat.lang, wished=False)
        return Speech(wanted, before=chat.lang, wished=True)

    async def _ask_rasa(
        self, chat: ChatSession, *, message: ChatMessage, text: str, repeated: bool, speech: Speech
    ) -> tuple[list[Draft], dict[str, Any], Emergency | None]:
        try:
            reply = await self._gateway.turn(
                session_id=chat.id,
                text=SWITCHED_PAYLOAD if speech.wished else text,
                message_id=message.id,
                metadata={"message_id": str(message.id), "lang": speech.language, "switched": speech.wished},
                retry=repeated,
            )
        except AssistantError:
            apology = Draft(texts.outage(speech.language), kind=MessageKind.NOTICE)
            return [*speech.notice, apology], {"answered_by": "fallback"}, None
        evidence = self._evidence(reply)
        drafts = _drafts(reply.messages)
        typed = reply.parse if not message.data.get("payload") and not speech.wished else None
        emergency = second_opinion(self._services.taxonomy, typed) if typed else None
        if emergency is not None:
            drafts.insert(0, self._card(emergency, speech.language))
            evidence["emergency"] = {**(_emergency_evidence(emergency) or {}), "source": "classifier"}
        if typed is not None and not evidence["abstained"]:
            await self._remember_needs(chat, message, typed)
        if not drafts and not speech.wished:  # a rule without words would leave the citizen before an empty page
            unsure, person = texts.STILL_UNSURE[speech.language], texts.PERSON_BUTTON[speech.language]
            drafts = [Draft(unsure, kind=MessageKind.CHOICES, choices=[person])]
        first = 1 if emergency is not None else 0
        return [*drafts[:first], *speech.notice, *drafts[first:]], evidence, emergency

    async def _remember_needs(self, chat: ChatSession, message: ChatMessage, parse: Parse) -> None:
        """Keeps the needs told beside the main one. The answer to a question of a form tells none."""
        needs = [
            {"intent": need.intent, "text": need.text}
            for need in parse.needs
            if need.intent in self._services.taxonomy and self._services.taxonomy.get(need.intent).family != "dialogue"
        ]
        if not needs:
            return
        async with self._services.db.transaction() as session:
            if await service.open_question(session, session_id=chat.id) is None:
                await service.remember_needs(session, message_id=message.id, needs=needs[:OTHER_NEEDS_OFFERED])

    async def _offer_needs(self, session: AsyncSession, chat: ChatSession, language: Language) -> list[Draft]:
        """What was told beside the need that is now done, as choices that say the citizen's own words again."""
        needs = await service.take_needs(session, session_id=chat.id)
        if not needs:
            return []
        names = self._services.translations
        choices = [
            texts.button(names.name(self._services.taxonomy.get(need["intent"]), language), need["text"])
            for need in needs[:OTHER_NEEDS_OFFERED]
        ]
        return [Draft(texts.OTHER_NEEDS[language], kind=MessageKind.CHOICES, choices=choices)]

    def _evidence(self, reply: BotReply) -> dict[str, Any]:
        parse = reply.parse
        ranking = [item for item in (parse.intent_ranking if parse else []) if item.name in self._services.taxonomy]
        name = parse.intent.name if parse and parse.intent else None
        abstained = name == "nlu_fallback"
        top = ranking[0] if ranking else None
        return {
            "answered_by": "rasa",
            "intent": top.name if abstained and top else name,
            "confidence": top.confidence if top else None,
            "abstained": abstained,
            "ranking": [{"intent": item.name, "confidence": round(item.confidence, 4)} for item in ranking[:5]],
            "model_version": reply.model_version,
        }

    def _card(self, emergency: Emergency, language: Language) -> Draft:
        card = self._cards.card(emergency.intent, language.value)
        data: dict[str, Any] = {
            "line": emergency.line,
            "cue": emergency.cue,
            "intent": emergency.intent,
            "title": card.title,
            "lang": language,
            "quick_exit": card.quick_exit,
        }
        return Draft(card.text, kind=MessageKind.EMERGENCY, data=data)

    async def _store(
        self,
        session_id: UUID,
        *,
        message: ChatMessage,
        drafts: list[Draft],
        evidence: dict[str, Any],
        emergency: Emergency | None,
        language: Language,
    ) -> Reply:
        services = self._services
        async with services.db.transaction() as session:
            chat = await session.get_one(ChatSession, session_id, with_for_update=True)
            turn = await session.get_one(Turn, message.id, with_for_update=True)
            if turn.answered_at is not None:  # our lease ran out and somebody else was faster
                replies = await service.replies_to(session, message_id=message.id)
                return Reply(replies, turn.state or chat.state, turn.case_id, chat.lang)
            done = evidence["answered_by"] == "rasa" and chat.state is SessionState.BOT and emergency is None
            if done and not any(draft.data.get("asks") for draft in drafts):
                drafts = [*drafts, *await self._offer_needs(session, chat, language)]
            replies = [
                await service.post_message(
                    session,
                    session_id=session_id,
                    author=draft.author,
                    kind=draft.kind,
                    text=draft.text,
                    choices=draft.choices,
                    data=draft.data,
                    reply_to=message.id,
                )
                for draft in drafts
            ]
            if emergency is not None:
                await self._file_emergency(session, chat=chat, message=message, emergency=emergency)
            if evidence["answered_by"] == "fallback":
                await service.queue_session(session, session_id=session_id, reason=QueueReason.OUTAGE)
            elif evidence["answered_by"] == "rasa" and chat.queue_reason is QueueReason.OUTAGE:
                await service.back_to_bot(session, session_id=session_id)
            await session.refresh(chat, ["state"])
            for name, value in evidence.items():
                setattr(turn, name, value)
            turn.answered_at, turn.state = utcnow(), chat.state
            chat.lang = language
            await session.flush()
            reply = Reply(replies, chat.state, turn.case_id, language)
        for row in replies:
            await service.push_message(services.bus, row)
        await services.bus.publish(session_id, {"type": "state", "state": reply.state})
        if emergency is not None or reply.state is not SessionState.BOT:
            await services.bus.publish_desk({"type": "chat", "session": str(session_id)})
        return reply

    async def _file_emergency(
        self, session: AsyncSession, *, chat: ChatSession, message: ChatMessage, emergency: Emergency
    ) -> None:
        """A P0 case for the officers' queue: one a conversation and kind of danger; nothing is sent to 119 or 112."""
        intent = self._services.taxonomy.get(emergency.intent)
        agency = self._services.registry.route(intent.name)
        await cases.file_case(
            session,
            calendar=self._services.calendar,
            draft=cases.Draft(
                key=f"emergency:{chat.id}:{emergency.intent}",
                origin=CaseOrigin.EMERGENCY,
                intent=intent,
                agency_id=agency.id,
                agency_name=agency.name,
                description=message.text,
                slots={},
                session_id=chat.id,
                sealed=None,
                evidence={"emergency": _emergency_evidence(emergency)},
                lat=chat.lat,
                lon=chat.lon,
            ),
        )


def _typed(text: str) -> str:
    """A typed slash is not a command to Rasa: only a choice that was offered may name an intent."""
    return f"／{text[1:]}" if text.startswith("/") else text


def _emergency_evidence(emergency: Emergency | None) -> dict[str, Any] | None:
    if emergency is None:
        return None
    return {"line": emergency.line, "cue": emergency.cue, "intent": emergency.intent}


def _drafts(messages: list[BotMessage]) -> list[Draft]:
    """The messages that say something; what follows a question about it goes with its data."""
    drafts: list[Draft] = []
    for item in messages:
        if item.custom and item.custom.kind == QUESTION and drafts:
            drafts[-1].data.update(item.custom.data)
        elif (draft := _draft(item)).text:
            drafts.append(draft)
    return drafts


def _draft(item: BotMessage) -> Draft:
    """A message of Rasa: text with or without choices, or a kind of our own in its custom part."""
    custom = item.custom or Custom()
    choices = [button.model_dump() for button in item.buttons or []]
    kind = MessageKind(custom.kind) if custom.kind in set(MessageKind) else MessageKind.TEXT
    if kind is MessageKind.TEXT and choices:
        kind = MessageKind.CHOICES
    return Draft(
        text=clean(item.text or custom.text),
        kind=kind,
        choices=choices,
        data=dict(custom.data),
    )


__all__ = ["Reply", "Turns"]
