"""The bot's actions: Rasa decides that one is due, this code does it, where the citizens' data is.

Rasa calls them over HTTP (routes.py, `/internal/actions`). They answer with events (slots) and messages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from services.cases import flows
from services.cases import service as cases
from services.cases.deadlines import SEOUL
from services.cases.enums import CaseOrigin
from services.cases.models import Case
from services.chat import forms, service, texts, trackers
from services.chat.details import PERSONAL, details
from services.chat.enums import Author, Language, MessageKind, QueueReason
from services.chat.forms import Outcome
from services.chat.models import ChatMessage, ChatSession, Turn
from services.chat.trackers import DATA_SLOTS
from services.runtime import Services
from services.taxonomy import Intent

Events = list[dict[str, Any]]

FORM = "case_form"
# A message that is no message: it tells turns.py which question of the form is open.
QUESTION = "question"


def receipt_of(case: Case) -> dict[str, Any]:
    """A Receipt (interfaces) without its PIN, which is never stored."""
    return {
        "receipt_no": case.receipt_no,
        "intent": case.intent,
        "agency": {"id": case.agency_id, "name": case.agency_name},
        "status": case.status,
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "urgency": case.urgency,
    }


def _asks(dispatcher: CollectingDispatcher, name: str) -> None:
    dispatcher.utter_message(json_message={"kind": QUESTION, "data": {"asks": name}})


class StartCase(Action):
    """Opens the form for the need that was understood, says so, and notes what has been told already."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_start_case"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        chosen = trackers.entity(tracker, "case_intent")
        understood = chosen or str(tracker.get_intent_of_latest_message(skip_fallback_intent=False))
        intent = self._services.taxonomy.get(understood)
        typed = not trackers.said(tracker).startswith("/")
        opening = trackers.said(tracker) if typed else tracker.get_slot("pending_text")
        source = trackers.message_id(tracker) if typed else tracker.get_slot("pending_source")
        language, translations = trackers.language(tracker), self._services.translations
        if chosen is not None:
            need = translations.name(intent, language)
            dispatcher.utter_message(text=texts.FILING_FOR[language].format(need=need))
        elif language is Language.KO:
            dispatcher.utter_message(response=f"utter_{intent.name}")
        else:
            dispatcher.utter_message(text=texts.started(intent, translations, language))
        told: dict[str, str] = {}
        if opening and (typed or chosen is not None or tracker.get_slot("clarified")):
            told = await self._told(tracker, intent, str(opening))
        if told:
            dispatcher.utter_message(text=texts.noted([forms.SLOT_NAMES_IN[language][name] for name in told], language))
        return [
            SlotSet("case_intent", intent.name),
            SlotSet("case_text", opening),
            SlotSet("draft_id", str(uuid4())),
            SlotSet("slot_sources", {"description": source} if source else {}),
            SlotSet("case_decision", None),
            SlotSet("tries", 0),
            SlotSet("confirm", None),
            SlotSet("clarified", False),
            *(SlotSet(name, told.get(name)) for name in DATA_SLOTS),
        ]

    async def _told(self, tracker: Tracker, intent: Intent, opening: str) -> dict[str, str]:
        """The intent's slots that `opening` fills. They get no source: a value that holds something masked is not taken.

        Place, time and vehicle are those of this need's own sentences; what is said of the person holds for every need of
        the message.
        """
        now = datetime.now(SEOUL)
        own = opening
        for other in trackers.other_needs(tracker):
            own = own.replace(other, "\n")
        told = details(own, [slot for slot in intent.slots if slot.name not in PERSONAL], now=now)
        if personal := [slot for slot in intent.slots if slot.name in PERSONAL]:
            async with self._services.db.transaction() as session:
                whole = await service.said_with(session, session_id=UUID(tracker.sender_id), text=opening)
            told |= details(whole, personal, now=now)
        return told


class ValidateCaseForm(Action):
    """Reads the answer to the question that was asked and names the next one."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return f"validate_{FORM}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        intent = self._services.taxonomy.get(str(tracker.get_slot("case_intent")))
        requested = tracker.get_slot("requested_slot")
        filled = trackers.filled(tracker)
        if requested is None:  # the form has just been opened; the citizen has not been asked anything yet
            return self._ask(intent, forms.next_slot(intent, filled))
        tries = int(tracker.get_slot("tries") or 0)
        if trackers.only_switched(tracker):  # the same question again, now in the other language
            return [*self._ask(intent, str(requested)), SlotSet("tries", tries)]
        if requested == forms.CONFIRM:
            return self._confirmation(dispatcher, tracker, intent)
        slot = next(slot for slot in intent.slots if slot.name == requested)
        answer = forms.interpret(slot, trackers.said(tracker), tries=tries)
        if answer.outcome in (Outcome.CANCEL, Outcome.PERSON):
            return _end(answer.outcome)
        if answer.outcome is Outcome.REASK:
            dispatcher.utter_message(text=texts.reask(slot.name, trackers.language(tracker), required=slot.required))
            return [SlotSet(slot.name, None), *self._ask(intent, slot.name), SlotSet("tries", tries + 1)]
        value = forms.SKIPPED if answer.outcome is Outcome.SKIPPED else answer.value
        filled[slot.name] = value
        sources = dict(tracker.get_slot("slot_sources") or {})
        if answer.outcome is Outcome.FILLED and (source := trackers.message_id(tracker)):
            sources[slot.name] = source
        return [
            SlotSet(slot.name, value),
            SlotSet("slot_sources", sources),
            *self._ask(intent, forms.next_slot(intent, filled)),
        ]

    @staticmethod
    def _ask(intent: Intent, name: str) -> Events:
        required = any(slot.name == name and slot.required for slot in intent.slots)
        return [SlotSet("asked_required", required), SlotSet("tries", 0), SlotSet("requested_slot", name)]

    def _confirmation(self, dispatcher: CollectingDispatcher, tracker: Tracker, intent: Intent) -> Events:
        answer = forms.interpret_confirmation(intent, trackers.said(tracker))
        if answer.outcome in (Outcome.CANCEL, Outcome.PERSON, Outcome.FILE):
            return _end(answer.outcome)
        if answer.outcome is Outcome.CORRECT and answer.value:
            return [SlotSet(answer.value, None), *self._ask(intent, answer.value)]
        tries = int(tracker.get_slot("tries") or 0) + 1
        choosing = answer.outcome is Outcome.CHOOSE_CORRECTION
        if not choosing:
            dispatcher.utter_message(text=texts.CONFIRM_UNCLEAR[trackers.language(tracker)])
        return [
            SlotSet("tries", tries),
            SlotSet("confirm", "correct" if choosing else None),
            SlotSet("requested_slot", forms.CONFIRM),
        ]


def _end(outcome: Outcome) -> Events:
    return [SlotSet("case_decision", outcome.value), SlotSet("requested_slot", None), ActiveLoop(None)]


class AskSlot(Action):
    """Asks for one slot: in Korean in the words of the bot's domain, otherwise in those of texts.py."""

    def __init__(self, services: Services, slot: str) -> None:
        self._services = services
        self._slot = slot

    def name(self) -> str:
        return f"action_ask_{FORM}_{self._slot}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        language = trackers.language(tracker)
        if language is Language.KO:
            dispatcher.utter_message(response=f"utter_ask_{FORM}_{self._slot}")
        else:
            required = bool(tracker.get_slot("asked_required"))
            dispatcher.utter_message(
                text=texts.QUESTIONS[self._slot][language],
                buttons=texts.question_buttons(self._slot, language, required=required),
            )
        _asks(dispatcher, self._slot)
        return []


class AskConfirm(Action):
    """Shows what will be filed and asks; or, after a no, asks which part is wrong."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return f"action_ask_{FORM}_{forms.CONFIRM}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        intent = self._services.taxonomy.get(str(tracker.get_slot("case_intent")))
        language = trackers.language(tracker)
        if tracker.get_slot("confirm") == "correct":
            names = [forms.SLOT_NAMES_IN[language][slot.name] for slot in intent.slots]
            buttons = [texts.change_button(name, language) for name in names]
            dispatcher.utter_message(
                text=texts.WHICH_TO_CORRECT[language], buttons=[*buttons, texts.CANCEL_BUTTON[language]]
            )
            _asks(dispatcher, forms.CONFIRM)
            return [SlotSet("confirm", None)]
        need = self._services.translations.name(intent, language)
        summary = forms.summary(intent, trackers.filled(tracker), language=language, need=need)
        dispatcher.utter_message(
            text=texts.CONFIRM[language].format(summary=summary), buttons=list(texts.CONFIRM_BUTTONS[language])
        )
        _asks(dispatcher, forms.CONFIRM)
        return []


class FinishCase(Action):
    """After the form: file, cancel, or hand over to a person."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_finish_case"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        decision = tracker.get_slot("case_decision")
        if decision == Outcome.FILE:
            await self._file(dispatcher, tracker)
        elif decision == Outcome.PERSON:
            await _hand_over(self._services, dispatcher, tracker)
        else:
            dispatcher.utter_message(text=texts.CANCELLED[trackers.language(tracker)])
        return [
            SlotSet("case_decision", None),
            SlotSet("case_intent", None),
            SlotSet("pending_text", None),
            SlotSet("pending_source", None),
        ]

    async def _file(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        intent = self._services.taxonomy.get(str(tracker.get_slot("case_intent")))
        slots = {name: value for name, value in trackers.filled(tracker).items() if value and value != forms.SKIPPED}
        opening = tracker.get_slot("case_text")
        description = "\n".join(dict.fromkeys(part for part in (opening, slots.get("detail")) if part)) or intent.ko
        session_id, language = UUID(tracker.sender_id), trackers.language(tracker)
        late: ChatMessage | None = None
        async with self._services.db.transaction() as session:
            private = await self._originals(session, session_id, tracker.get_slot("slot_sources") or {})
            chat = await session.get_one(ChatSession, session_id)
            agency = self._services.registry.route(intent.name)
            case, _ = await flows.file(
                self._services,
                session,
                draft=cases.Draft(
                    key=f"chat:{tracker.get_slot('draft_id')}",
                    origin=CaseOrigin.CHAT,
                    intent=intent,
                    agency_id=agency.id,
                    agency_name=agency.name,
                    description=description,
                    slots={name: str(value) for name, value in slots.items()},
                    session_id=session_id,
                    sealed=self._services.vault.seal_json(private) if private else None,
                    evidence=await self._evidence(session, tracker),
                    lat=chat.lat,
                    lon=chat.lon,
                ),
            )
            if (message_id := trackers.message_id(tracker)) is not None:
                turn = await session.get(Turn, UUID(message_id))
                if turn is not None and turn.answered_at is None:
                    turn.case_id = case.id
                elif turn is not None:  # we were so slow that the citizen has had the apology already
                    late = await service.post_message(
                        session,
                        session_id=session_id,
                        author=Author.BOT,
                        kind=MessageKind.CASE_RECEIPT,
                        text=texts.filed_late(case, language),
                        data=receipt_of(case),
                    )
        if late is not None:
            await service.push_message(self._services.bus, late)
        dispatcher.utter_message(
            json_message={
                "kind": MessageKind.CASE_RECEIPT,
                "text": texts.filed(case, language),
                "data": receipt_of(case),
            }
        )

    async def _originals(self, session: Any, session_id: UUID, sources: dict[str, str]) -> dict[str, str]:
        """The unmasked words behind the slots, from the sealed originals of the messages they came from."""
        ids = {name: UUID(message_id) for name, message_id in sources.items()}
        sealed = await service.originals(session, session_id=session_id, message_ids=list(ids.values()))
        return {
            name: self._services.vault.open(sealed[message_id])
            for name, message_id in ids.items()
            if message_id in sealed
        }

    async def _evidence(self, session: Any, tracker: Tracker) -> dict[str, Any]:
        """How the need was understood: the turn of the message that opened the form."""
        source = (tracker.get_slot("slot_sources") or {}).get("description")
        turn = await session.get(Turn, UUID(source)) if source else None
        chosen = tracker.get_slot("pending_text") is not None
        if turn is None:
            return {"chosen_by": "citizen"}
        return {
            "intent": turn.intent,
            "confidence": turn.confidence,
            "ranking": turn.ranking,
            "model_version": turn.model_version,
            "chosen_by": "citizen" if chosen else "model",
        }


class AnswerNeed(Action):
    """Information first; then the way to a written question or to a person."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_answer_need"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        intent = self._services.taxonomy.get(str(tracker.get_intent_of_latest_message(skip_fallback_intent=False)))
        language = trackers.language(tracker)
        _answer(self._services, dispatcher, intent, language)
        if not intent.fileable:
            return [SlotSet("clarified", False)]
        dispatcher.utter_message(text=texts.MORE_HELP[language], buttons=texts.more_help_buttons(intent, language))
        typed = not trackers.said(tracker).startswith("/")
        return [
            SlotSet("clarified", False),
            SlotSet("pending_text", trackers.said(tracker) if typed else tracker.get_slot("pending_text")),
            SlotSet("pending_source", trackers.message_id(tracker) if typed else tracker.get_slot("pending_source")),
        ]


def _answer(services: Services, dispatcher: CollectingDispatcher, intent: Intent, language: Language) -> None:
    if language is Language.KO:
        dispatcher.utter_message(response=f"utter_{intent.name}")
    else:
        dispatcher.utter_message(text=texts.answer(intent, services.translations, language))


class AnswerDialogue(Action):
    """Greetings, thanks, questions about the assistant itself: an answer, and nothing else happens."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_answer_dialogue"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        if trackers.only_switched(tracker):
            return []
        intent = self._services.taxonomy.get(str(tracker.get_intent_of_latest_message(skip_fallback_intent=False)))
        _answer(self._services, dispatcher, intent, trackers.language(tracker))
        return []


class Clarify(Action):
    """Not sure: one question that offers the likeliest needs; the second time in a row a person is offered."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_clarify"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        language, translations = trackers.language(tracker), self._services.translations
        person = texts.PERSON_BUTTON[language]
        if tracker.get_slot("clarified"):
            dispatcher.utter_message(text=texts.STILL_UNSURE[language], buttons=[person])
            return [SlotSet("clarified", False)]
        likely = [
            self._services.taxonomy.get(item["name"])
            for item in tracker.latest_message.get("intent_ranking", [])
            if item.get("name") in self._services.taxonomy
        ]
        offered = [intent for intent in likely if intent.family != "dialogue"][:3]
        dispatcher.utter_message(
            text=texts.CLARIFY[language],
            buttons=[
                *(texts.button(translations.name(intent, language), f"/{intent.name}") for intent in offered),
                person,
            ],
        )
        return [
            SlotSet("clarified", True),
            SlotSet("pending_text", trackers.said(tracker)),
            SlotSet("pending_source", trackers.message_id(tracker)),
        ]


class HandOver(Action):
    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_hand_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        await _hand_over(self._services, dispatcher, tracker)
        return []


async def _hand_over(services: Services, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    async with services.db.transaction() as session:
        await service.queue_session(session, session_id=UUID(tracker.sender_id), reason=QueueReason.REQUESTED)
    await services.bus.publish_desk({"type": "queue"})
    handed_over = texts.HANDED_OVER[trackers.language(tracker)]
    dispatcher.utter_message(json_message={"kind": MessageKind.NOTICE, "text": handed_over})


class TellCaseStatus(Action):
    """The state of the case filed in this conversation; otherwise how to look one up."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return "action_case_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        async with self._services.db.transaction() as session:
            case = await cases.latest_of_session(session, session_id=UUID(tracker.sender_id))
        language = trackers.language(tracker)
        if case is None:
            _answer(self._services, dispatcher, self._services.taxonomy.get("case_status"), language)
        else:
            dispatcher.utter_message(
                json_message={
                    "kind": MessageKind.CASE_STATUS,
                    "text": texts.case_status(case, language),
                    "data": receipt_of(case),
                }
            )
        return []


ACTIONS = (
    StartCase,
    ValidateCaseForm,
    AskConfirm,
    FinishCase,
    AnswerNeed,
    AnswerDialogue,
    Clarify,
    HandOver,
    TellCaseStatus,
)


def make_executor(services: Services) -> ActionExecutor:
    executor = ActionExecutor()
    for action in ACTIONS:
        executor.register_action(action(services))
    for slot in DATA_SLOTS:
        executor.register_action(AskSlot(services, slot))
    return executor


__all__ = ["ACTIONS", "make_executor", "receipt_of"]
