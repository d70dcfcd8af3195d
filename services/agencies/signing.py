"""Signatures of agencies' webhooks: `X-Signature: t=<unix seconds>,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`.

The time is inside what is signed, so that a request recorded by someone else cannot be replayed later. A header may
carry several v1 values while a secret is being changed.

SignatureError
├── BadSignature     no header, not this form, or not signed with our secret
└── StaleSignature   signed with our secret, but not now
"""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "X-Signature"

_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class SignatureError(Exception):
    """Root of this module's errors."""


class BadSignature(SignatureError):
    pass


class StaleSignature(SignatureError):
    pass


def sign(secret: str, body: bytes | str, now: float) -> str:
    """The header's value for a body sent at `now` (unix seconds)."""
    time = int(now)
    return f"t={time},v1={_digest(secret, time, body)}"


def verify(secret: str, header: str | None, body: bytes | str, now: float, tolerance: float = 300) -> None:
    """Returns if the body was signed with the secret within `tolerance` seconds of `now`, either way.

    Raises BadSignature, StaleSignature. The body is the raw one, before any parsing.
    """
    time, digests = _read(header)
    expected = _digest(secret, time, body)
    # All are compared, each in constant time: neither order nor number tells anything.
    matches = [hmac.compare_digest(expected, digest) for digest in digests]
    if not any(matches):
        raise BadSignature("the signature does not match the body")
    if abs(now - time) > tolerance:
        raise StaleSignature(f"signed {now - time:.0f} seconds ago")


def _digest(secret: str, time: int, body: bytes | str) -> str:
    raw = body.encode() if isinstance(body, str) else body
    return hmac.new(secret.encode(), f"{time}.".encode() + raw, hashlib.sha256).hexdigest()


def _read(header: str | None) -> tuple[int, list[str]]:
    pairs = [part.strip().partition("=") for part in (header or "")[:1000].split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    digests = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not digests:
        raise BadSignature("no signature of the form t=...,v1=...")
    return int(times[0]), [digest for digest in digests if _DIGEST.fullmatch(digest)]
