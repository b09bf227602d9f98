"""Wilder's average true range."""

from __future__ import annotations

import pytest

from penstock.features.bars import ATR_BARS, atr_after


def test_the_first_fourteen_bars_are_averaged() -> None:
    """Ranges 1 to 14: their mean is 7.5."""
    atr, n_bars = 0.0, 0
    for true_range in range(1, ATR_BARS + 1):
        atr, n_bars = atr_after(atr, n_bars, true_range, 1)

    assert 7.5 == pytest.approx(atr)
    assert ATR_BARS == n_bars


def test_later_bars_weigh_one_fourteenth() -> None:
    """(13 · 8 + 22) / 14 = 9."""
    atr, n_bars = atr_after(8.0, ATR_BARS, 22, 1)

    assert 9.0 == pytest.approx(atr)
    assert ATR_BARS == n_bars


@pytest.mark.parametrize("n_minutes", [1, 2, 13, 14, 15, 200, 5_000])
def test_silent_bars_at_once_are_silent_bars_one_by_one(n_minutes: int) -> None:
    """The state may not depend on when somebody looked, not in the last bit."""
    one_by_one = atr_after(3.0, 5, 8, 1)
    for _ in range(n_minutes - 1):
        one_by_one = atr_after(*one_by_one, 0, 1)

    assert one_by_one == atr_after(3.0, 5, 8, n_minutes)


def test_silence_ends_at_zero() -> None:
    """A market closed for a year costs no half-million steps, and no denormal numbers."""
    assert (0.0, ATR_BARS) == atr_after(1e9, ATR_BARS, 10**9, 525_600)
    assert 0.0 < atr_after(1e-6, ATR_BARS, 0, 1)[0], "a millionth of a tick is not silence yet"
