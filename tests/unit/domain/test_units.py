"""Conversions between units: exact where they can be, rounded by name where not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    NS_PER_US,
    TICKS_PER_USD,
    USD_MICROS_PER_TICK,
    Shares,
    Ticks,
    from_seconds,
    notional_usd_micros,
    round_half_even,
    seconds,
    ticks_ceil,
    ticks_floor,
)


def test_the_constants_agree_with_each_other() -> None:
    """A tick is 1e-4 USD and a micro 1e-6 USD."""
    assert 1_000_000 == TICKS_PER_USD * USD_MICROS_PER_TICK
    assert NS_PER_S == 1_000 * NS_PER_MS == 1_000_000 * NS_PER_US


@given(st.integers(-(10**15), 10**15))
def test_a_duration_survives_the_way_through_seconds(duration_ns: int) -> None:
    """Up to eleven days a float of seconds still holds every nanosecond."""
    assert duration_ns == from_seconds(seconds(duration_ns))


@pytest.mark.parametrize(
    ("price_ticks", "floor", "ceil"), [(100.0, 100, 100), (100.2, 100, 101), (-0.5, -1, 0)]
)
def test_a_computed_price_is_rounded_away_from_harm(
    price_ticks: float, floor: int, ceil: int
) -> None:
    """A buyer never pays more than computed, a seller never gets less."""
    assert floor == ticks_floor(price_ticks)
    assert ceil == ticks_ceil(price_ticks)


def test_a_notional_is_exact_where_a_float_would_not_be() -> None:
    """0.1 USD times 3 shares is 0.3 USD, and a large order is right to the micro."""
    assert 300_000 == notional_usd_micros(Ticks(1_000), Shares(3))
    expected = 999_999_999 * 100_000_001 * 100
    assert expected == notional_usd_micros(Ticks(999_999_999), Shares(100_000_001))


@pytest.mark.parametrize(
    ("value", "expected"), [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (2.500001, 3)]
)
def test_money_is_rounded_half_to_even(value: float, expected: int) -> None:
    """Rounding halves up would drift: thousands of fees all err in the venue's favour."""
    assert expected == round_half_even(value)
