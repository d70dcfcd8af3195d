"""Receipt numbers and PINs.

`YYYYMMDD-NNNNNN`: the Korean date, a serial of five digits within the day, and a Damm check digit over all of them,
so that one mistyped or two swapped digits are noticed before anybody is looked up.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date

from stdnum import damm
from stdnum.exceptions import ValidationError

SERIALS_A_DAY = 99_999

_FORM = re.compile(r"\A\d{8}-\d{6}\Z", re.ASCII)


class ReceiptsExhausted(Exception):
    """More cases in a day than serials."""


def make_receipt_no(day: date, serial: int) -> str:
    if not 1 <= serial <= SERIALS_A_DAY:
        raise ReceiptsExhausted(str(serial))
    digits = f"{day:%Y%m%d}{serial:05d}"
    return f"{digits[:8]}-{digits[8:]}{damm.calc_check_digit(digits)}"


def is_receipt_no(text: str) -> bool:
    """Whether form and check digit are right. Says nothing about whether the case exists."""
    if not _FORM.match(text):
        return False
    try:
        damm.validate(text.replace("-", ""))
    except ValidationError:
        return False
    return True


def make_pin(secret: str, receipt_no: str) -> str:
    """Six digits, derived and not stored: a filing repeated after a lost reply shows the same PIN again."""
    digest = hmac.new(secret.encode(), f"case-pin:{receipt_no}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def check_pin(secret: str, receipt_no: str, pin: str) -> bool:
    return hmac.compare_digest(make_pin(secret, receipt_no).encode(), pin.encode("utf-8", "replace"))
