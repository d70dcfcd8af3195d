"""What an action reads from Rasa's tracker: the citizen's latest message, and what the form has been told so far."""

from __future__ import annotations

from rasa_sdk import Tracker

from services.chat import forms
from services.chat.enums import Language

DATA_SLOTS = tuple(forms.SLOT_NAMES)


def message_id(tracker: Tracker) -> str | None:
    metadata = tracker.latest_message.get("metadata") or {}
    value = metadata.get("message_id")
    return str(value) if value else None


def language(tracker: Tracker) -> Language:
    """The language of the conversation, which the gateway sends along with every message."""
    metadata = tracker.latest_message.get("metadata") or {}
    value = metadata.get("lang")
    return Language(value) if value in set(Language) else Language.KO


def only_switched(tracker: Tracker) -> bool:
    """The message was a wish for another language, which turns.py has answered; nothing else was said."""
    metadata = tracker.latest_message.get("metadata") or {}
    return bool(metadata.get("switched"))


def said(tracker: Tracker) -> str:
    return str(tracker.latest_message.get("text") or "")


def entity(tracker: Tracker, name: str) -> str | None:
    return next((str(value) for value in tracker.get_latest_entity_values(name)), None)


def other_needs(tracker: Tracker) -> list[str]:
    """The sentences of the message that ask for something else than the rest of it (bot/needs.py)."""
    return [str(need["text"]) for need in tracker.latest_message.get("needs") or []]


def filled(tracker: Tracker) -> dict[str, str | None]:
    return {name: tracker.get_slot(name) for name in DATA_SLOTS}
