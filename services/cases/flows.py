"""Steps that go beyond the case's own tables: file, answer, move, reveal. One transaction each, then the push."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.agencies import service as agencies
from services.cases import service
from services.cases.enums import STATUS_NAMES, STATUS_NAMES_IN, CaseStatus, EventType
from services.cases.models import Case
from services.chat import service as chat
from services.chat.enums import Author, Language, MessageKind
from services.chat.models import ChatMessage
from services.database import utcnow
from services.runtime import Services

_STATUS_CHANGED: dict[Language, str] = {
    Language.KO: "접수번호 {number} 민원의 처리 상태가 바뀌었어요: {status}",
    Language.EN: "The status of your case {number} has changed: {status}",
    Language.ZH: "受理编号{number}的诉求状态已变更：{status}",
}


async def file(services: Services, session: AsyncSession, *, draft: service.Draft) -> tuple[Case, bool]:
    """Case, first event, delivery and its job in the session's one transaction."""
    case, is_new = await service.file_case(session, draft=draft, calendar=services.calendar)
    if is_new:
        await agencies.create_delivery(session, case=case, agency=services.registry.get(draft.agency_id))
    return case, is_new


async def answer(services: Services, *, case_id: UUID, version: int | None, text: str, actor: service.Actor) -> Case:
    """An officer's answer: the case is answered and the citizen reads it in the chat.

    Raises CaseNotFound, StaleCase, MoveNotAllowed; ValueError for a blank text.
    """
    if not text.strip():
        raise ValueError("blank answer")
    async with services.db.transaction() as session:
        case = await service.lock_case(session, case_id=case_id, version=version)
        if case.status is CaseStatus.ANSWERED:
            # A further answer to an answered case: the state stays, the citizen still gets it.
            case.updated_at = utcnow()
            await service.add_event(session, case=case, type=EventType.ANSWERED, actor=actor, text=text, public=True)
        else:
            case = await service.move_case(
                session,
                case_id=case_id,
                version=version,
                target=CaseStatus.ANSWERED,
                actor=actor,
                calendar=services.calendar,
                reason=text,
                type=EventType.ANSWERED,
            )
        message = await tell_citizen(session, case=case, author=Author.OFFICER, text=text, officer=actor.name)
        await session.flush()
    await push(services, case=case, message=message)
    return case


async def move(
    services: Services,
    *,
    case_id: UUID,
    version: int | None,
    target: CaseStatus,
    actor: service.Actor,
    reason: str | None = None,
) -> Case:
    """Moves a case and tells the citizen where it now is. Raises what service.move_case raises."""
    async with services.db.transaction() as session:
        case = await service.move_case(
            session,
            case_id=case_id,
            version=version,
            target=target,
            actor=actor,
            calendar=services.calendar,
            reason=reason,
        )
        text = status_text(case, reason, language=await language_of(session, case=case))
        message = await tell_citizen(session, case=case, author=Author.SYSTEM, text=text)
        await session.flush()
    await push(services, case=case, message=message)
    return case


async def reveal(services: Services, *, case_id: UUID, actor: service.Actor) -> dict[str, str]:
    """The unmasked original of a case, for its handler; the look is written into the case's history."""
    async with services.db.transaction() as session:
        case = await service.get_case(session, case_id=case_id)
        await service.add_event(session, case=case, type=EventType.OPENED, actor=actor, text="개인정보를 열람했습니다.")
        private = services.vault.open_json(case.private) if case.private else {}
    return {name: str(value) for name, value in private.items()}


async def language_of(session: AsyncSession, *, case: Case) -> Language:
    """The language of the conversation that the case came from; Korean where there is none."""
    if case.session_id is None:
        return Language.KO
    return await chat.language_of(session, session_id=case.session_id)


def status_text(case: Case, reason: str | None = None, *, language: Language = Language.KO) -> str:
    text = _STATUS_CHANGED[language].format(number=case.receipt_no, status=STATUS_NAMES_IN[language][case.status])
    return f"{text}\n{reason}" if reason else text


async def tell_citizen(
    session: AsyncSession, *, case: Case, author: Author, text: str, officer: str | None = None
) -> ChatMessage | None:
    """A message in the conversation that the case came from, if there is one."""
    if case.session_id is None:
        return None
    data: dict[str, Any] = {
        "receipt_no": case.receipt_no,
        "status": case.status,
        "status_name": STATUS_NAMES[case.status],
        "agency": {"id": case.agency_id, "name": case.agency_name},
    }
    if officer:
        data["officer"] = officer
    return await chat.post_message(
        session, session_id=case.session_id, author=author, kind=MessageKind.CASE_STATUS, text=text, data=data
    )


async def push(services: Services, *, case: Case, message: ChatMessage | None) -> None:
    """After the commit: the citizen's page and the officers' desk."""
    if message is not None and case.session_id is not None:
        await chat.push_message(services.bus, message)
        await services.bus.publish(
            case.session_id, {"type": "case", "case": {"receipt_no": case.receipt_no, "status": case.status}}
        )
    await services.bus.publish_desk({"type": "case", "receipt_no": case.receipt_no})
