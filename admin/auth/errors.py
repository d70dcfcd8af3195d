"""Why a request does not get through the gate.

AccessError
├── SignInRequired   no session, or one that is over (`expired`)
└── RoleRequired     signed in, but not with this role
"""

from __future__ import annotations


class AccessError(Exception):
    pass


class SignInRequired(AccessError):
    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "absent")
        self.expired = expired


class RoleRequired(AccessError):
    pass
