"""The moves that a case page offers: the lifecycle's table, as buttons and small forms."""

from __future__ import annotations

from dataclasses import dataclass

from admin.workspace import labels
from services.cases.enums import ActorType, CaseStatus
from services.cases.lifecycle import moves_from

# Not undone by another move, so it takes a second click although the law asks for no reason.
_WITH_CARE = frozenset({CaseStatus.WITHDRAWN})


@dataclass(frozen=True)
class Choice:
    """`opens`: a form comes first, with room for a reason; `reason_required`: the lifecycle demands one."""

    target: CaseStatus
    label: str
    opens: bool
    reason_required: bool


def choices(status: CaseStatus) -> list[Choice]:
    """What an officer may do now. Answering is not among them: it has its own form."""
    return [
        Choice(
            target=move.target,
            label=labels.MOVE_NAMES.get(move.target, labels.STATUS_NAMES[move.target]),
            opens=move.reason or move.target in _WITH_CARE,
            reason_required=move.reason,
        )
        for move in moves_from(status, ActorType.OFFICER)
        if move.target is not CaseStatus.ANSWERED
    ]


def may_answer(status: CaseStatus) -> bool:
    """An answered case may be answered further (services.cases.flows.answer)."""
    return status == CaseStatus.ANSWERED or any(
        move.target is CaseStatus.ANSWERED for move in moves_from(status, ActorType.OFFICER)
    )
