"""What is kept unmasked is readable with our keys only, old ones included."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from services.privacy.service import Undecryptable, Vault, clean

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@given(st.text().map(clean))
def test_what_was_sealed_comes_back(text: str) -> None:
    vault = Vault(NEW)
    sealed = vault.seal(text)
    assert vault.open(sealed) == text
    assert len(text) < 4 or text.encode() not in sealed


@given(st.dictionaries(st.text().map(clean), st.text().map(clean)))
def test_a_mapping_comes_back(value: dict[str, str]) -> None:
    vault = Vault(NEW)
    assert vault.open_json(vault.seal_json(value)) == value


def test_after_a_key_change_the_old_is_still_read_and_the_new_key_seals() -> None:
    sealed_before = Vault(OLD).seal("비밀")
    rotated = Vault(f"{NEW}, {OLD}")
    assert rotated.open(sealed_before) == "비밀"
    assert Vault(NEW).open(rotated.seal("새 비밀")) == "새 비밀"
    with pytest.raises(Undecryptable):
        Vault(OLD).open(rotated.seal("새 비밀"))


def test_a_lost_key_or_a_changed_byte_is_a_named_error_that_quotes_nothing() -> None:
    sealed = Vault(OLD).seal("비밀")
    flipped = sealed[:-10] + bytes([sealed[-10] ^ 1]) + sealed[-9:]
    for vault, content in ((Vault(NEW), sealed), (Vault(OLD), flipped), (Vault(OLD), b""), (Vault(OLD), b"\x00" * 100)):
        with pytest.raises(Undecryptable) as caught:
            vault.open(content)
        assert "비밀" not in str(caught.value)


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert Vault(NEW).seal("비밀") != Vault(NEW).seal("비밀")
