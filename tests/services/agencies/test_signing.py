from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.webhooks import signature
from services.agencies.signing import BadSignature, SignatureError, StaleSignature, sign, verify

SECRETS = st.text(st.characters(codec="utf-8"), min_size=1)
TIMES = st.integers(0, 2**36)

NOW = 1_790_000_000


def test_the_header_is_the_one_that_is_documented() -> None:
    # printf '1790000000.{}' | openssl dgst -sha256 -hmac secret
    assert sign("secret", b"{}", NOW) == (
        f"t={NOW},v1=d0cadd434460d4af55e7ab90d79c1802591d7001a77c9e06471d0e3ec8cc85ae"
    )


@given(SECRETS, st.binary(), TIMES)
def test_what_was_signed_is_accepted(secret: str, body: bytes, now: int) -> None:
    verify(secret, sign(secret, body, now), body, now)


@given(SECRETS, st.binary(), TIMES)
def test_an_agency_that_signs_with_its_own_code_is_accepted(secret: str, body: bytes, now: int) -> None:
    verify(secret, signature(secret, body, now), body, now)


@given(SECRETS, st.binary(), st.binary(), TIMES)
def test_another_body_is_not(secret: str, body: bytes, other: bytes, now: int) -> None:
    if body != other:
        with pytest.raises(BadSignature):
            verify(secret, sign(secret, body, now), other, now)


@given(SECRETS, SECRETS, st.binary(), TIMES)
def test_another_secret_is_not(secret: str, other: str, body: bytes, now: int) -> None:
    # HMAC pads a short key with zero bytes, so secrets that differ in trailing zeros alone are the same key.
    if secret.rstrip("\0") != other.rstrip("\0"):
        with pytest.raises(BadSignature):
            verify(secret, sign(other, body, now), body, now)


@given(st.floats(-10_000, 10_000))
def test_only_a_signature_of_the_last_minutes_is_accepted(age: float) -> None:
    header = sign("secret", b"{}", NOW)
    if abs(age) > 300:
        with pytest.raises(StaleSignature):
            verify("secret", header, b"{}", NOW + age)
    else:
        verify("secret", header, b"{}", NOW + age)


def test_the_time_cannot_be_made_newer() -> None:
    header = sign("secret", b"{}", NOW - 1000).replace(str(NOW - 1000), str(NOW))
    with pytest.raises(BadSignature):
        verify("secret", header, b"{}", NOW)


def test_the_boundary_between_time_and_body_cannot_be_moved() -> None:
    header = sign("secret", "5.{}", NOW)
    with pytest.raises(BadSignature):
        verify("secret", header.replace(f"t={NOW}", f"t={NOW}5"), "{}", NOW)


def test_while_a_secret_is_changed_one_of_two_signatures_is_enough() -> None:
    old = sign("old", b"{}", NOW)
    new = sign("new", b"{}", NOW).split(",")[1]
    verify("new", f"{old},{new}", b"{}", NOW)
    verify("old", f"{old},{new}", b"{}", NOW)


@pytest.mark.parametrize(
    "header",
    [None, "", "t=", "v1=", "t=1790000000", "v1=" + "0" * 64, "t=x,v1=" + "0" * 64, "t=1790000000,v1=가",
     "t=1790000000,v0=" + "0" * 64, "t=1790000000,t=1790000000,v1=" + "0" * 64,
     "t=１７９０００００００,v1=" + "0" * 64],
)  # fmt: skip
def test_a_header_of_another_form_is_bad(header: str | None) -> None:
    with pytest.raises(BadSignature):
        verify("secret", header, b"{}", NOW)


@given(st.text())
def test_no_header_breaks_anything_else(header: str) -> None:
    with pytest.raises(SignatureError):
        verify("secret", header, b"{}", NOW)
