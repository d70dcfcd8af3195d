"""The table of moves: nothing happens that is not in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.enums import STATUS_NAMES, ActorType, CaseStatus
from services.cases.lifecycle import (
    MOVES,
    OPEN,
    TERMINAL,
    Move,
    MoveNotAllowed,
    ReasonRequired,
    check_move,
    moves_from,
)

S, A = CaseStatus, ActorType

STATUSES, ACTORS = st.sampled_from(S), st.sampled_from(A)
TABLE = {(move.source, move.target): move for move in MOVES}


def allowed(source: CaseStatus, target: CaseStatus, actor: ActorType, reason: str | None = "사유") -> bool:
    try:
        check_move(source, target, actor, reason)
    except MoveNotAllowed:
        return False
    return True


@given(st.lists(st.tuples(STATUSES, ACTORS, st.sampled_from([None, "", "  ", "사유"])), max_size=30))
def test_no_walk_ever_leaves_the_table(steps: list[tuple[CaseStatus, ActorType, str | None]]) -> None:
    status = S.RECEIVED
    for target, actor, reason in steps:
        if allowed(status, target, actor, reason):
            move = TABLE[status, target]
            assert actor in move.actors
            assert not move.reason or (reason or "").strip()
            status = target
        else:
            move_or_none = TABLE.get((status, target))
            assert (
                move_or_none is None
                or actor not in move_or_none.actors
                or (move_or_none.reason and not (reason or "").strip())
            )


@given(STATUSES, ACTORS)
def test_what_is_offered_is_what_is_allowed(source: CaseStatus, actor: ActorType) -> None:
    offered = {move.target for move in moves_from(source, actor)}
    assert offered == {target for target in S if allowed(source, target, actor)}


def test_each_pair_of_states_stands_in_the_table_once() -> None:
    assert len(TABLE) == len(MOVES)


def test_every_state_has_a_korean_name_and_can_be_reached() -> None:
    assert set(STATUS_NAMES) == set(S)
    assert {move.target for move in MOVES} | {S.RECEIVED} == set(S)


@pytest.mark.parametrize(
    "move", [move for move in MOVES if move.reason], ids=lambda move: f"{move.source}-{move.target}"
)
@pytest.mark.parametrize("reason", [None, "", " \n\t"])
def test_a_move_that_needs_a_reason_is_refused_without_one(move: Move, reason: str | None) -> None:
    for actor in move.actors:
        with pytest.raises(ReasonRequired):
            check_move(move.source, move.target, actor, reason)
        check_move(move.source, move.target, actor, "관할이 아닙니다")


@given(STATUSES, STATUSES)
def test_the_assistant_itself_moves_nothing(source: CaseStatus, target: CaseStatus) -> None:
    assert not allowed(source, target, A.BOT)


@pytest.mark.parametrize("source", [*OPEN, S.AWAITING_CITIZEN])
def test_a_citizen_may_withdraw_until_there_is_an_answer(source: CaseStatus) -> None:
    assert allowed(source, S.WITHDRAWN, A.CITIZEN)
    assert not allowed(S.ANSWERED, S.WITHDRAWN, A.CITIZEN)
    assert not allowed(S.CLOSED, S.WITHDRAWN, A.CITIZEN)


def test_only_a_citizen_objects_and_gives_a_reason() -> None:
    for source in (S.ANSWERED, S.CLOSED):
        assert [actor for actor in A if allowed(source, S.OBJECTION, actor)] == [A.CITIZEN]
        assert not allowed(source, S.OBJECTION, A.CITIZEN, None)


def test_an_agency_neither_closes_nor_merges_nor_withdraws() -> None:
    for source in S:
        for target in (S.CLOSED, S.MERGED, S.WITHDRAWN, S.REOPENED):
            assert not allowed(source, target, A.AGENCY)


def test_a_citizen_answers_nothing_and_accepts_nothing() -> None:
    for source in S:
        for target in (S.ACCEPTED, S.ANSWERED, S.ASSIGNED, S.TRANSFERRED, S.CLOSED):
            assert not allowed(source, target, A.CITIZEN)


@pytest.mark.parametrize("terminal", sorted(TERMINAL - {S.CLOSED}))
def test_what_was_merged_or_withdrawn_stays_so(terminal: CaseStatus) -> None:
    assert not any(moves_from(terminal, actor) for actor in A)


@pytest.mark.parametrize("status", list(S))
def test_no_state_is_its_own_next(status: CaseStatus) -> None:
    assert not any(allowed(status, status, actor) for actor in A)
