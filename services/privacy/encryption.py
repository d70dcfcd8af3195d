"""Encryption of what must be kept unmasked: Fernet (AES-128-CBC with HMAC), keys rotated by putting a new one first."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Undecryptable(Exception):
    """No key fits: the key was lost or the bytes were changed."""


class Vault:
    def __init__(self, keys: str) -> None:
        self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",")])

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raises Undecryptable."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Undecryptable from None

    def seal_json(self, value: dict[str, Any]) -> bytes:
        return self.seal(json.dumps(value, ensure_ascii=False))

    def open_json(self, sealed: bytes) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.open(sealed))
        return value
