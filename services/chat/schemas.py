"""What crosses HTTP in a conversation (interfaces: Message, Receipt)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.chat.enums import Author, Language, MessageKind, SessionState
from services.chat.models import ChatMessage
from services.privacy.service import clean, mend

MAX_TEXT = 4_000


def _not_blank(text: str) -> str:
    if not clean(text):
        raise PydanticCustomError("blank_text", "the text is blank")
    return text


def _mended(text: object) -> object:
    return mend(text) if isinstance(text, str) else text


class Location(BaseModel):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class OpenSession(BaseModel):
    lang: str | None = Field(default=None, max_length=20)
    channel: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]*$")] = "web"
    location: Location | None = None

    @property
    def language(self) -> Language:
        """The nearest language that the assistant speaks; Korean for any other."""
        prefix = (self.lang or "ko").lower().split("-")[0]
        return Language(prefix) if prefix in set(Language) else Language.KO


class SendMessage(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT), BeforeValidator(_mended), AfterValidator(_not_blank)]
    client_message_id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]


class Choice(BaseModel):
    title: str
    payload: str


class Message(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    author: Author
    kind: MessageKind
    text: str
    choices: list[Choice] = []
    data: dict[str, Any] = {}
    created_at: datetime

    @classmethod
    def of(cls, row: ChatMessage) -> Message:
        return cls.model_validate(row)


class AgencyRef(BaseModel):
    id: str
    name: str


class Receipt(BaseModel):
    """`pin` only in the reply that files the case (and in a repeat of that same reply)."""

    receipt_no: str
    pin: str | None = None
    intent: str
    agency: AgencyRef
    status: str
    due_at: datetime | None
    urgency: str


class SessionOpened(BaseModel):
    session_id: UUID
    token: str
    lang: Language
    messages: list[Message]


class TurnReply(BaseModel):
    """`lang`: the language that the conversation goes on in; the page follows it."""

    messages: list[Message]
    state: SessionState
    lang: Language
    case: Receipt | None = None


class Transcript(BaseModel):
    messages: list[Message]
    state: SessionState
