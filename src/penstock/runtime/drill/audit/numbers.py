"""FIX text to exact numbers, for the auditor alone: nothing is rounded, nothing is guessed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

MAX_SHARES: Final = 100_000_000  # more than any listing trades in a day: a typing error
MAX_PRICE_USD: Final = Decimal(1_000_000)
MAX_PRICE_DECIMALS: Final = 15

_FLOAT = re.compile(r"([0-9]+)(?:\.([0-9]*))?")
_TIME = re.compile(
    r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
    r"-([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?"
)


def shares_of(text: str | None) -> int | None:
    """A whole number of shares from 0 on; "100.0" is one, as FIX quantities may be written."""
    match = _FLOAT.fullmatch(text or "")
    if match is None or (match[2] or "").strip("0"):
        return None
    return int(match[1]) if len(match[1]) <= 30 else None


def price_of(text: str | None) -> Decimal | None:
    """A price: digits, with a point anywhere but in front. FIX has no exponents."""
    match = _FLOAT.fullmatch(text or "")
    if match is None or len(text or "") > 60:
        return None
    return Decimal(f"{match[1]}.{match[2] or '0'}")


def is_sound_price(price: Decimal | None) -> bool:
    """Whether a price is one that a share could cost, to a precision that is held exactly."""
    if price is None or not 0 < price <= MAX_PRICE_USD:
        return False
    scaled = price.scaleb(MAX_PRICE_DECIMALS)
    return scaled == scaled.to_integral_value()


def is_sound_time(text: str | None) -> bool:
    """Whether a UTC timestamp is spelled as FIX spells one; a missing one is sound."""
    return text is None or _TIME.fullmatch(text) is not None
