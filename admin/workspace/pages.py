"""The case page, shown by the routes that read a case and by those that could not do what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from admin.auth import audit
from admin.auth.deps import ClientIp, CurrentActor, CurrentUser, ServicesDep
from admin.auth.enums import AuditAction
from admin.auth.models import User
from admin.templating import render
from admin.workspace import case_view, labels
from admin.workspace.answers import MAX_ANSWER, signature_line
from services.cases.service import Actor
from services.runtime import Services

# `done` in a page's address: what has just succeeded.
DONE = {
    "answered": "답변을 보냈습니다. 민원인의 화면에 표시됩니다.",
    "moved": "상태를 변경했습니다.",
    "retried": "기관 전달을 다시 시작했습니다.",
}


@dataclass(frozen=True)
class Typed:
    """What stood in a form that did not go through: it is shown again, so nothing has to be typed twice."""

    answer: str = ""
    reason: str = ""
    target: str = ""


@dataclass(frozen=True)
class Revealed:
    """The unmasked originals by their Korean names, or why they cannot be shown."""

    fields: list[tuple[str, str]]
    error: str | None = None

    @classmethod
    def of(cls, private: dict[str, str]) -> Revealed:
        return cls([(labels.named(labels.SLOT_NAMES, name), value) for name, value in private.items()])


@dataclass(frozen=True)
class Desk:
    """Who works on a case in this request, and the two things that every one of their actions ends with."""

    request: Request
    services: Services
    user: User
    actor: Actor
    ip: str | None

    async def show(
        self,
        case_id: UUID,
        *,
        typed: Typed | None = None,
        problem: str | None = None,
        private: Revealed | None = None,
        status_code: int = 200,
    ) -> Response:
        """The case page. Raises CaseNotFound."""
        async with self.services.db.transaction() as session:
            view = await case_view.load(session, self.services, case_id=case_id)
        done = None if problem else DONE.get(self.request.query_params.get("done", ""))
        context = {
            "view": view,
            "case": view.case,
            "typed": typed or Typed(),
            "problem": problem,
            "done": done,
            "private": private,
            "max_answer": MAX_ANSWER,
            "signature_line": signature_line(self.user),
        }
        return render(self.request, "cases/case.html", context, status_code=status_code)

    async def log(self, action: AuditAction, *, case_id: UUID, data: dict[str, str] | None = None) -> None:
        async with self.services.db.transaction() as session:
            await audit.record(
                session,
                action=action,
                user=self.user,
                ip=self.ip,
                object_type="case",
                object_id=case_id,
                data=data,
            )


def _desk(request: Request, services: ServicesDep, user: CurrentUser, actor: CurrentActor, ip: ClientIp) -> Desk:
    return Desk(request, services, user, actor, ip)


CurrentDesk = Annotated[Desk, Depends(_desk)]
