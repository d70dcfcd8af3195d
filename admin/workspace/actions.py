"""What an officer can do to a case: answer it, move it, read its personal data, send it to its agency again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response, status
from fastapi.responses import RedirectResponse
from sqlalchemy.orm.exc import StaleDataError

from admin.auth.deps import require
from admin.auth.enums import AuditAction, Role
from admin.templating import render, wants_fragment
from admin.workspace import answers, case_view, queries
from admin.workspace.pages import CurrentDesk, Revealed, Typed
from services import problems
from services.agencies import service as agencies
from services.cases import flows
from services.cases import service as cases
from services.cases.enums import CaseStatus
from services.privacy.service import Undecryptable

router = APIRouter(dependencies=[require(Role.OFFICER)])

# Two writers in the same instant are told apart by the row's version at the latest.
STALE = (cases.StaleCase, StaleDataError)

STALE_TEXT = (
    "그사이 다른 사람이 이 민원을 변경했습니다. 바뀐 내용이 이 화면에 표시되어 있습니다. "
    "확인하신 뒤 다시 보내 주십시오. 작성하신 글은 그대로 남아 있습니다."
)
NO_ANSWER_NOW = "지금 상태에서는 답변을 보낼 수 없습니다. 작성하신 글은 그대로 남아 있습니다."
NO_MOVE_NOW = "지금 상태에서는 그 처리를 할 수 없습니다. 가능한 처리를 다시 선택해 주십시오."
REASON_MISSING = "이 처리에는 사유가 필요합니다. 사유를 입력해 주십시오."

MAX_REASON = 1_000


def _back(case_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/admin/cases/{case_id}?done={done}", status_code=status.HTTP_303_SEE_OTHER)


@router.post("/cases/{case_id}/answer", name="case_answer")
async def answer(
    desk: CurrentDesk, case_id: UUID, version: Annotated[int, Form()], text: Annotated[str, Form()] = ""
) -> Response:
    typed = Typed(answer=answers.tidy(text))
    try:
        signed = answers.signed(answers.checked(text), desk.user)
    except answers.InvalidAnswer as error:
        return await desk.show(case_id, typed=typed, problem=str(error), status_code=422)
    try:
        await flows.answer(desk.services, case_id=case_id, version=version, text=signed, actor=desk.actor)
    except (*STALE, cases.MoveNotAllowed) as error:
        async with desk.services.db.transaction() as session:
            events = await cases.events_of(session, case_id=case_id)
        if answers.sent_already(events, actor_id=desk.actor.id, text=signed):
            return _back(case_id, "answered")
        problem = NO_ANSWER_NOW if isinstance(error, cases.MoveNotAllowed) else STALE_TEXT
        return await desk.show(case_id, typed=typed, problem=problem, status_code=409)
    await desk.log(AuditAction.CASE_ANSWERED, case_id=case_id)
    return _back(case_id, "answered")


@router.post("/cases/{case_id}/move", name="case_move")
async def move(
    desk: CurrentDesk,
    case_id: UUID,
    version: Annotated[int, Form()],
    target: Annotated[CaseStatus, Form()],
    reason: Annotated[str, Form(max_length=MAX_REASON * 2)] = "",
) -> Response:
    written = answers.tidy(reason)
    typed = Typed(reason=written, target=target)
    if len(written) > MAX_REASON:
        problem = f"사유는 {MAX_REASON:,}자까지 입력할 수 있습니다."
        return await desk.show(case_id, typed=typed, problem=problem, status_code=422)
    # An answered case without an answer would leave the citizen with nothing: answering has its own form.
    if target is CaseStatus.ANSWERED:
        return await desk.show(case_id, typed=typed, problem=NO_MOVE_NOW, status_code=409)
    try:
        await flows.move(
            desk.services, case_id=case_id, version=version, target=target, actor=desk.actor, reason=written or None
        )
    except cases.ReasonRequired:
        return await desk.show(case_id, typed=typed, problem=REASON_MISSING, status_code=422)
    except STALE:
        return await desk.show(case_id, typed=typed, problem=STALE_TEXT, status_code=409)
    except cases.MoveNotAllowed:
        return await desk.show(case_id, typed=typed, problem=NO_MOVE_NOW, status_code=409)
    await desk.log(AuditAction.CASE_MOVED, case_id=case_id, data={"target": target})
    return _back(case_id, "moved")


@router.post("/cases/{case_id}/reveal", name="case_reveal")
async def reveal(desk: CurrentDesk, case_id: UUID) -> Response:
    async with desk.services.db.transaction() as session:
        await cases.get_case(session, case_id=case_id)
    # First the record, then the look: there is no look without a record.
    await desk.log(AuditAction.PRIVATE_REVEALED, case_id=case_id)
    try:
        private = Revealed.of(await flows.reveal(desk.services, case_id=case_id, actor=desk.actor))
    except Undecryptable:
        private = Revealed([], error="암호를 풀 수 없습니다. 시스템 관리자에게 문의해 주십시오.")
    if wants_fragment(desk.request):
        return render(desk.request, "cases/_private.html", {"private": private, "case_id": case_id})
    return await desk.show(case_id, private=private)


@router.post("/deliveries/{delivery_id}/retry", name="delivery_retry")
async def retry(desk: CurrentDesk, delivery_id: UUID) -> Response:
    async with desk.services.db.transaction() as session:
        case_id = await queries.case_of_delivery(session, delivery_id=delivery_id)
    if case_id is None:
        raise problems.NotFound
    try:
        async with desk.services.db.transaction() as session:
            await agencies.retry_delivery(session, delivery_id=delivery_id, actor=desk.actor)
    except agencies.DeliveryNotFound:
        raise problems.Conflict("이미 다시 전달하고 있거나 전달이 끝났습니다. 화면을 새로 고쳐 주십시오.") from None
    await desk.log(AuditAction.DELIVERY_RETRIED, case_id=case_id, data={"delivery": str(delivery_id)})
    if not wants_fragment(desk.request):
        return _back(case_id, "retried")
    async with desk.services.db.transaction() as session:
        view = await case_view.load(session, desk.services, case_id=case_id)
    return render(desk.request, "cases/_deliveries.html", {"view": view})
