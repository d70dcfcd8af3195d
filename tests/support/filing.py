"""Cases for tests, filed the way the assistant files them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from services.agencies import service as agencies
from services.agencies.models import Delivery
from services.cases import flows
from services.cases import service as cases
from services.cases.enums import ActorType, CaseOrigin, CaseStatus
from services.cases.models import Case
from services.chat import service as chat
from services.chat.enums import Language
from services.chat.models import ChatMessage
from services.runtime import Services

OFFICER = cases.Actor(ActorType.OFFICER, "officer-1", "김민원")
CITIZEN = cases.CITIZEN


def draft(services: Services, intent: str = "road_damage", *, key: str | None = None, **changes: Any) -> cases.Draft:
    """A complete draft for an intent; every call is another draft unless `key` is given."""
    agency = services.registry.route(intent)
    fields: dict[str, Any] = {
        "key": key or f"test:{uuid4()}",
        "origin": CaseOrigin.CHAT,
        "intent": services.taxonomy.get(intent),
        "agency_id": agency.id,
        "agency_name": agency.name,
        "description": "집 앞 도로가 파였어요",
        "slots": {"location": "중앙로 12 앞"},
        **changes,
    }
    return cases.Draft(**fields)


async def file_case(services: Services, intent: str = "road_damage", **changes: Any) -> Case:
    async with services.db.transaction() as session:
        case, _ = await flows.file(services, session, draft=draft(services, intent, **changes))
    return case


async def open_chat(services: Services) -> tuple[UUID, str]:
    """A conversation's id and token."""
    async with services.db.transaction() as session:
        row, token = await chat.open_session(session, lang=Language.KO, channel="web")
    return row.id, token


async def delivery_of(services: Services, case: Case) -> Delivery:
    """The case's only delivery, with its attempts."""
    async with services.db.transaction() as session:
        [delivery] = await agencies.deliveries_of(session, case_id=case.id)
    return delivery


async def read_case(services: Services, case: Case) -> Case:
    async with services.db.transaction() as session:
        return await cases.get_case(session, case_id=case.id)


async def events_of(services: Services, case: Case) -> list[Any]:
    async with services.db.transaction() as session:
        return list(await cases.events_of(session, case_id=case.id))


async def transcript_of(services: Services, session_id: UUID) -> list[ChatMessage]:
    async with services.db.transaction() as session:
        return await chat.transcript(session, session_id=session_id)


async def move(services: Services, case: Case, target: CaseStatus, **changes: Any) -> Case:
    return await flows.move(
        services, case_id=case.id, version=None, target=target, **{"actor": OFFICER, "reason": "사유", **changes}
    )
