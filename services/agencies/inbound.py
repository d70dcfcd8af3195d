"""What an agency tells us about a case: recorded once, moved if the table allows, told to the citizen."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncSession

from services.agencies import service as agencies
from services.agencies.registry import Agency
from services.agencies.schemas import TARGETS, AgencyEvent, AgencyEventType
from services.cases import flows
from services.cases import service as cases
from services.cases.enums import ActorType, EventType
from services.cases.models import Case
from services.chat.enums import Author
from services.chat.models import ChatMessage
from services.runtime import Services


class EventForbidden(Exception):
    """The table of moves has no such step; the event is on the case, the state is as it was."""


async def receive(services: Services, *, agency: Agency, event: AgencyEvent) -> bool:
    """Records an agency's event. Returns False when it had been recorded before.

    Raises CaseNotFound (unknown case, or one that is not this agency's) and EventForbidden.
    """
    actor = cases.Actor(ActorType.AGENCY, agency.id, agency.name)
    target = TARGETS[event.type]
    message: ChatMessage | None = None
    forbidden = False
    async with services.db.transaction() as session:
        case = await cases.get_by_receipt(session, receipt_no=event.reference)
        if await agencies.delivery_to(session, case_id=case.id, agency_id=agency.id) is None:
            raise cases.CaseNotFound(event.reference)
        await session.refresh(case, with_for_update=True)
        # A digest, because the two ids together may be longer than the column.
        key = f"agency:{hashlib.sha256(f'{agency.id}:{event.event_id}'.encode()).hexdigest()}"
        if await cases.has_event(session, case_id=case.id, external_id=key):
            return False
        answered = event.type is AgencyEventType.ANSWERED
        if case.status is target and not answered:
            await _note(session, case=case, actor=actor, event=event, key=key)
        else:
            try:
                case = await cases.move_case(
                    session,
                    case_id=case.id,
                    version=None,
                    target=target,
                    actor=actor,
                    calendar=services.calendar,
                    reason=event.text,
                    external_id=key,
                    type=EventType.ANSWERED if answered else EventType.AGENCY,
                )
            except cases.MoveNotAllowed:
                await _note(session, case=case, actor=actor, event=event, key=key)
                forbidden = True
            else:
                language = await flows.language_of(session, case=case)
                message = await flows.tell_citizen(
                    session,
                    case=case,
                    author=Author.OFFICER if answered else Author.SYSTEM,
                    text=event.text
                    if answered and event.text
                    else flows.status_text(case, event.text, language=language),
                    officer=agency.name if answered else None,
                )
        await session.flush()
    await flows.push(services, case=case, message=message)
    if forbidden:
        raise EventForbidden(event.type)
    return True


async def _note(session: AsyncSession, *, case: Case, actor: cases.Actor, event: AgencyEvent, key: str) -> None:
    await cases.add_event(
        session,
        case=case,
        type=EventType.AGENCY,
        actor=actor,
        text=event.text,
        external_id=key,
        data={"type": event.type, "moved": False},
    )
