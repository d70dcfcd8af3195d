"""Words of the panel's accounts. Values are stored; Korean names are what people read."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"


ROLE_NAMES: dict[Role, str] = {Role.OFFICER: "담당자", Role.ADMINISTRATOR: "관리자"}

# "Who has the role on the left may do what asks for a role on the right." A role that is not on the left may do nothing.
GRANTS: dict[Role, frozenset[Role]] = {
    Role.OFFICER: frozenset({Role.OFFICER}),
    Role.ADMINISTRATOR: frozenset({Role.OFFICER, Role.ADMINISTRATOR}),
}


class AuditAction(StrEnum):
    """What the log of accesses (개인정보의 안전성 확보조치 기준 제8조) says that somebody did."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_LOCKED = "sign_in_locked"
    SIGNED_OUT = "signed_out"
    USER_CREATED = "user_created"
    CASE_OPENED = "case_opened"
    CASE_ANSWERED = "case_answered"
    CASE_MOVED = "case_moved"
    PRIVATE_REVEALED = "private_revealed"
    DELIVERY_RETRIED = "delivery_retried"
