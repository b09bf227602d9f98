"""FIX text to the units of the house and back, exactly; what is not exact is None."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from penstock.domain import (
    FEMTOS_PER_TICK,
    NS_PER_S,
    TICKS_PER_USD,
    Ns,
    Side,
    Ticks,
    UsdFemtos,
    UsdMicros,
)
from penstock.wire.fix.tags import BUY, SELL

MAX_PRICE_TICKS: Final = Ticks(1_000_000 * TICKS_PER_USD)  # no US listing costs that much a share
MAX_ID_CHARACTERS: Final = 64
MAX_TEXT_CHARACTERS: Final = 2_000
MAX_SHOWN_CHARACTERS: Final = 40
SIDE_TEXT: Final = {Side.BUY: BUY, Side.SELL: SELL}
SIDE_OF_TEXT: Final = {BUY: Side.BUY, SELL: Side.SELL}

# [0-9] and not \d: Python's \d and int() take digits of every script. FIX numbers may have leading
# zeros, trailing zeros and a trailing point; a longer text is no number.
MAX_NUMBER_CHARACTERS: Final = 64
_WHOLE = re.compile(r"0*([0-9]{1,18})(?:\.0*)?")
_DECIMAL = re.compile(r"([0-9]*)(?:\.([0-9]*))?")
_MONEY = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{0,6})0*)?")
_FRACTION = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15}")
_TIME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})-([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?"
)
_TICK_DIGITS: Final = 4
_FEMTO_DIGITS: Final = 15
_S_PER_DAY: Final = 86_400
_MAX_FEMTOS: Final = MAX_PRICE_TICKS * FEMTOS_PER_TICK
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2261  # the last whole year that nanoseconds in 64 bits reach


def whole(text: str) -> int | None:
    """A number without sign and fraction; "100.0" is one too, as FIX quantities may be written."""
    match = _WHOLE.fullmatch(text) if len(text) <= MAX_NUMBER_CHARACTERS else None
    return None if match is None else int(match[1])


class ExactPrice(NamedTuple):
    """A price to the last digit: whole ticks, and what is left in 1e-15 USD."""

    ticks: Ticks
    rest_femtos: UsdFemtos


def exact_price(text: str) -> ExactPrice | None:
    """
    A price above zero and not above MAX_PRICE_TICKS, at any number of decimals.

    Exact to fifteen decimals, which is all that a FIX float has; digits beyond are rounded, half to
    even, because an execution is not lost for them.
    """
    match = _DECIMAL.fullmatch(text) if len(text) <= MAX_NUMBER_CHARACTERS else None
    if match is None or not (match[1] or match[2]):
        return None
    decimals = match[2] or ""
    kept, dropped = decimals[:_FEMTO_DIGITS], decimals[_FEMTO_DIGITS:]
    femtos = int(match[1] or "0") * 10**_FEMTO_DIGITS + int(kept.ljust(_FEMTO_DIGITS, "0"))
    half = "5".ljust(len(dropped), "0")
    if dropped > half or (dropped == half and femtos % 2):
        femtos += 1
    ticks, rest = divmod(femtos, FEMTOS_PER_TICK)
    return ExactPrice(Ticks(ticks), UsdFemtos(rest)) if 0 < femtos <= _MAX_FEMTOS else None


def price_ticks(text: str) -> Ticks | None:
    """A price above zero that is a whole number of ticks and not above MAX_PRICE_TICKS."""
    price = exact_price(text)
    is_cut = len(text.partition(".")[2].rstrip("0")) > _TICK_DIGITS
    return None if price is None or price.rest_femtos or is_cut else price.ticks


def price_text(ticks: int) -> str:
    """A price in dollars with all four decimals."""
    dollars, rest = divmod(ticks, TICKS_PER_USD)
    return f"{dollars}.{rest:04d}"


def exact_price_text(ticks: int, rest_femtos: int) -> str:
    """A price in dollars with four decimals, or with as many as it needs."""
    if rest_femtos == 0:
        return price_text(ticks)
    digits = f"{rest_femtos:0{_FEMTO_DIGITS - _TICK_DIGITS}d}"
    return price_text(ticks) + digits.rstrip("0")


def average_price_text(
    paid_ticks_shares: int, filled_shares: int, paid_rest_femtos: int = 0
) -> str:
    """
    Average price of the fills to eight decimals, half to even; "0" before the first fill.

    Args:
        paid_rest_femtos: what was paid beyond whole ticks, in 1e-15 USD.
    """
    if filled_shares <= 0:
        return "0"
    femtos_per_unit = 10 ** (_FEMTO_DIGITS - 8)
    paid_femtos = paid_ticks_shares * FEMTOS_PER_TICK + paid_rest_femtos
    per_unit = filled_shares * femtos_per_unit
    units, rest = divmod(paid_femtos, per_unit)
    if 2 * rest > per_unit or (2 * rest == per_unit and units % 2):
        units += 1
    dollars, fraction = divmod(units, 10**8)
    return f"{dollars}.{fraction:08d}"


def usd_text(usd_micros: int) -> str:
    """Money in dollars with all six decimals; a rebate is negative."""
    sign = "-" if usd_micros < 0 else ""
    dollars, rest = divmod(abs(usd_micros), 1_000_000)
    return f"{sign}{dollars}.{rest:06d}"


def usd_micros(text: str) -> UsdMicros | None:
    """Money that is a whole number of micros."""
    match = _MONEY.fullmatch(text)
    if match is None:
        return None
    micros = int(match[2]) * 1_000_000 + int((match[3] or "").ljust(6, "0"))
    return UsdMicros(-micros if match[1] else micros)


def fraction(text: str) -> float | None:
    """A decimal number in [0, 1]."""
    value = float(text) if _FRACTION.fullmatch(text) else 2.0
    return value if value <= 1.0 else None


def time_text(at_ns: int) -> str:
    """UTCTimestamp with microseconds, the finest that FIX 4.4 engines agree on."""
    seconds, rest_ns = divmod(at_ns, NS_PER_S)
    day, second = divmod(seconds, _S_PER_DAY)
    minutes, second = divmod(second, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day_text(day)}-{hour:02d}:{minute:02d}:{second:02d}.{rest_ns // 1_000:06d}"


def time_ns(text: str) -> Ns | None:
    """
    A UTCTimestamp with up to twelve decimals, of which nine count.

    Unix time has no leap second: 23:59:60 is the first second of the next day.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR or hour > 23 or minute > 59 or second > 60:
        return None
    try:
        date(year, month, day)
    except ValueError:
        return None
    at_s = timegm((year, month, day, hour, minute, second))
    return Ns(at_s * NS_PER_S + int((match[7] or "")[:9].ljust(9, "0")))


def is_identifier(text: str) -> bool:
    """
    True for what may name an order or an execution: 1 to 64 printable ASCII characters.

    More would have to be carried through journal and database, and read out on the telephone.
    """
    return 0 < len(text) <= MAX_ID_CHARACTERS and text.isascii() and text.isprintable()


def plain_text(text: str) -> str:
    """Somebody's text as printable ASCII of bounded length, fit for a journal and for tag 58."""
    short = text[:MAX_TEXT_CHARACTERS]
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in short)


def shown(text: str | None) -> str:
    """A value in a refusal: quoted, so that blanks are seen; "nothing" for a missing one."""
    if text is None:
        return "nothing"
    cut = "..." if len(text) > MAX_SHOWN_CHARACTERS else ""
    return f"'{plain_text(text[:MAX_SHOWN_CHARACTERS])}{cut}'"


@lru_cache(maxsize=8)
def _day_text(day: int) -> str:
    return date.fromordinal(date(_FIRST_YEAR, 1, 1).toordinal() + day).strftime("%Y%m%d")
