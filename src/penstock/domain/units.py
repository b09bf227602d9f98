"""Units of the house: integer time, price, size and money, and the only roundings between them."""

from __future__ import annotations

import math
from typing import NewType

Ns = NewType("Ns", int)
"""A point in time (UTC epoch) or a duration, in nanoseconds."""

Ticks = NewType("Ticks", int)
"""A price in the finest step the house knows: 1e-4 USD."""

Shares = NewType("Shares", int)
"""A quantity, never negative; direction is a `Side`."""

UsdMicros = NewType("UsdMicros", int)
"""Money in millionths of a dollar, rounded once, at the fill, half to even."""

Bps = NewType("Bps", float)
"""A relative cost in hundredths of a percent; positive means that we pay."""

TradingDay = NewType("TradingDay", int)
"""A date as the integer YYYYMMDD, so that the core needs no calendar library."""

UsdFemtos = NewType("UsdFemtos", int)
"""What an executed price has beyond whole ticks, in 1e-15 USD: the last digit FIX can spell."""

EPOCH_IDS = 10_000_000
"""Numbers of one kind that one process start may give out before they reach those of the next."""

TICKS_PER_USD = 10_000
FEMTOS_PER_TICK = 100_000_000_000
USD_MICROS_PER_TICK = 100
NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
BPS_PER_UNIT = 10_000.0


def seconds(duration_ns: int) -> float:
    """Duration in seconds, for features and reports only."""
    return duration_ns / NS_PER_S


def from_seconds(duration_s: float) -> Ns:
    """Nearest whole number of nanoseconds to a duration in seconds."""
    return Ns(round(duration_s * NS_PER_S))


def ticks_floor(price_ticks: float) -> Ticks:
    """Largest tick at or below a computed price: what a buyer may safely bid."""
    return Ticks(math.floor(price_ticks))


def ticks_ceil(price_ticks: float) -> Ticks:
    """Smallest tick at or above a computed price: what a seller may safely ask."""
    return Ticks(math.ceil(price_ticks))


def notional_usd_micros(price_ticks: Ticks, size_shares: Shares) -> UsdMicros:
    """Exact value of `size_shares` at `price_ticks`; no rounding happens."""
    return UsdMicros(price_ticks * size_shares * USD_MICROS_PER_TICK)


def round_half_even(value: float) -> int:
    """Nearest integer, ties to even: the rounding of money at a fill."""
    return round(value)
