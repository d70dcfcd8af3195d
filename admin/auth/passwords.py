"""Argon2 hashes. Hashing takes tens of milliseconds of a core, so it happens in a thread."""

from __future__ import annotations

import asyncio
import secrets

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

MIN_LENGTH = 10

_hasher = PasswordHash((Argon2Hasher(),))
# An unknown user name costs the same time as a known one.
_nobody = _hasher.hash(secrets.token_urlsafe(16))


class WeakPassword(ValueError):
    """Shorter than MIN_LENGTH characters."""


def generate() -> str:
    return secrets.token_urlsafe(15)


async def hash_password(password: str) -> str:
    """Raises WeakPassword."""
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"a password needs at least {MIN_LENGTH} characters")
    return await asyncio.to_thread(_hasher.hash, password)


async def verify(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Whether it is right, and a fresh hash if the stored one has outdated parameters."""
    right, fresh = await asyncio.to_thread(_hasher.verify_and_update, password, password_hash or _nobody)
    return (right, fresh) if password_hash is not None else (False, None)
