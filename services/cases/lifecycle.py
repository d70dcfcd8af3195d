"""Where a case may go from where it is, who may move it, and what the move requires.

Read it aloud: "from `source`, `actors` may move it to `target`, giving a reason if `reason`".
Articles: L = 민원 처리에 관한 법률, D = its 시행령.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.cases.enums import ActorType, CaseStatus
from services.cases.enums import CaseStatus as S

OFFICE = frozenset({ActorType.OFFICER, ActorType.AGENCY, ActorType.SYSTEM})
DESK = frozenset({ActorType.OFFICER, ActorType.SYSTEM})
CITIZEN = frozenset({ActorType.CITIZEN})


@dataclass(frozen=True)
class Move:
    source: CaseStatus
    target: CaseStatus
    actors: frozenset[ActorType]
    reason: bool = False


OPEN = (S.RECEIVED, S.ACCEPTED, S.ASSIGNED, S.IN_PROGRESS, S.REOPENED)

MOVES: tuple[Move, ...] = (
    Move(S.RECEIVED, S.ACCEPTED, OFFICE),  # D6: the desk accepts within 8 working hours
    Move(S.ACCEPTED, S.ASSIGNED, OFFICE),
    Move(S.ACCEPTED, S.IN_PROGRESS, OFFICE),
    Move(S.ASSIGNED, S.IN_PROGRESS, OFFICE),
    Move(S.REOPENED, S.IN_PROGRESS, OFFICE),
    *(Move(source, S.AWAITING_CITIZEN, OFFICE, reason=True) for source in OPEN),  # 보완 L22, D24
    Move(S.AWAITING_CITIZEN, S.IN_PROGRESS, OFFICE | CITIZEN),
    *(Move(source, S.ANSWERED, OFFICE) for source in OPEN),  # L27
    *(Move(source, S.TRANSFERRED, OFFICE, reason=True) for source in OPEN),  # 이송 L16
    Move(S.TRANSFERRED, S.ACCEPTED, OFFICE),
    *(Move(source, S.MERGED, DESK, reason=True) for source in OPEN),
    *(Move(source, S.WITHDRAWN, CITIZEN | DESK) for source in (*OPEN, S.AWAITING_CITIZEN)),  # 취하 L22
    Move(S.ANSWERED, S.CLOSED, DESK),
    Move(S.ANSWERED, S.OBJECTION, CITIZEN, reason=True),  # 이의신청 L35
    Move(S.CLOSED, S.OBJECTION, CITIZEN, reason=True),
    Move(S.OBJECTION, S.IN_PROGRESS, OFFICE),
    Move(S.ANSWERED, S.REOPENED, DESK, reason=True),
    Move(S.CLOSED, S.REOPENED, DESK, reason=True),
)

_TABLE = {(move.source, move.target): move for move in MOVES}

TERMINAL = frozenset({S.CLOSED, S.MERGED, S.WITHDRAWN})


class MoveNotAllowed(Exception):
    """The table has no such move for this actor."""

    def __init__(self, source: CaseStatus, target: CaseStatus) -> None:
        super().__init__(f"{source} -> {target}")
        self.source, self.target = source, target


class ReasonRequired(MoveNotAllowed):
    """The move needs a written reason."""


def check_move(source: CaseStatus, target: CaseStatus, actor: ActorType, reason: str | None) -> None:
    """Raises MoveNotAllowed or ReasonRequired."""
    move = _TABLE.get((source, target))
    if move is None or actor not in move.actors:
        raise MoveNotAllowed(source, target)
    if move.reason and not (reason or "").strip():
        raise ReasonRequired(source, target)


def moves_from(source: CaseStatus, actor: ActorType) -> tuple[Move, ...]:
    """What this actor may do now, in the table's order."""
    return tuple(move for move in MOVES if move.source == source and actor in move.actors)
