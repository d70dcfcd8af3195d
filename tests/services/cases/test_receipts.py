"""Receipt numbers that forgive no slip of the finger, and PINs that need no table."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.cases.receipts import (
    SERIALS_A_DAY,
    ReceiptsExhausted,
    check_pin,
    is_receipt_no,
    make_pin,
    make_receipt_no,
)

DAYS = st.dates(date(2024, 1, 1), date(2099, 12, 31))
NUMBERS = st.builds(make_receipt_no, DAYS, st.integers(1, SERIALS_A_DAY))
SECRET = "a secret of this deployment"


def test_a_number_shows_its_day_and_serial() -> None:
    number = make_receipt_no(date(2026, 2, 13), 42)
    assert number.startswith("20260213-00042")
    assert len(number) == 15
    assert is_receipt_no(number)


@given(NUMBERS, st.integers(0, 14), st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_noticed(number: str, place: int, digit: str) -> None:
    assume(number[place] not in ("-", digit))
    assert not is_receipt_no(number[:place] + digit + number[place + 1 :])


@given(NUMBERS, st.integers(0, 12))
def test_every_swap_of_two_neighbours_is_noticed(number: str, place: int) -> None:
    digits = number.replace("-", "")
    assume(digits[place] != digits[place + 1])
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert not is_receipt_no(f"{swapped[:8]}-{swapped[8:]}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260213",
        "20260213000421",
        "2026-0213-000421",
        "20260213-00042",
        " 20260213-000421",
        "20260213-000421\n",
        "２０２６０２１３-０００４２１",
        "x" * 10_000,
        "20260213-00042\x00",
    ],
)
def test_what_is_not_of_the_form_is_no_receipt_number(text: str) -> None:
    assert not is_receipt_no(text)


@given(NUMBERS)
def test_digits_of_another_script_are_no_receipt_number(number: str) -> None:
    assert not is_receipt_no(number.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}))


@pytest.mark.parametrize("serial", [0, -1, SERIALS_A_DAY + 1])
def test_a_serial_out_of_range_is_an_error_and_never_a_longer_number(serial: int) -> None:
    with pytest.raises(ReceiptsExhausted):
        make_receipt_no(date(2026, 2, 13), serial)


@given(st.text(min_size=1), NUMBERS)
def test_the_pin_of_a_number_never_changes_and_is_six_digits(secret: str, number: str) -> None:
    assume(secret.isprintable())
    pin = make_pin(secret, number)
    assert pin == make_pin(secret, number)
    assert len(pin) == 6
    assert pin.isdigit()
    assert check_pin(secret, number, pin)


@given(NUMBERS, NUMBERS)
def test_a_pin_opens_its_own_case(first: str, second: str) -> None:
    assume(make_pin(SECRET, first) != make_pin(SECRET, second))
    assert not check_pin(SECRET, first, make_pin(SECRET, second))


@pytest.mark.parametrize("wrong", ["", "1", "abcdef", "１２３４５６", "\x00", "9" * 5000])
def test_a_wrong_pin_is_wrong_whatever_it_is_made_of(wrong: str) -> None:
    assert not check_pin(SECRET, "20260213-000421", wrong)
