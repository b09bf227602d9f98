"""One-minute bars of the midpoint and Wilder's average true range over them."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.domain import NS_PER_S

BAR_NS: Final = 60 * NS_PER_S
ATR_BARS: Final = 14  # Wilder's choice

# Below this an average range is called zero, so that silence has an end: thirteen fourteenths of
# the smallest float rounds to itself.
_RANGE_X2_MIN: Final = 1e-9


@inlined
def close_bars(windows: NDArray[Any], i: int, minute: int) -> None:
    """
    Close the bar in progress and every silent one before `minute`, and open that minute's bar.

    A bar opens at the close before it, because a midpoint stands until the next one. So its true
    range, max(high, last close) - min(low, last close), is its high minus its low.
    """
    w = windows[i]
    if w.mid_x2 > 0:
        w.atr_x2, w.n_bars = atr_after(w.atr_x2, w.n_bars, w.high_x2 - w.low_x2, minute - w.minute)
        w.high_x2 = w.mid_x2
        w.low_x2 = w.mid_x2
    w.minute = minute


@kernel
def atr_after(atr_x2: float, n_bars: int, range_x2: int, n_minutes: int) -> tuple[float, int]:
    """
    Average true range after `n_minutes` bars closed, the first with `range_x2`, the others flat.

    Up to 14 bars it is their mean; from then on atr <- (13 atr + range) / 14.

    Args:
        atr_x2, range_x2: half ticks.
    Returns:
        The average and the number of bars in it, at most 14.
    Source: Wilder (1978), "New Concepts in Technical Trading Systems", ch. 3.
    """
    true_range = float(range_x2)
    for _ in range(n_minutes):
        n_before = min(n_bars, ATR_BARS - 1)
        atr_x2 = (n_before * atr_x2 + true_range) / (n_before + 1)
        n_bars = min(n_bars + 1, ATR_BARS)
        true_range = 0.0
        if atr_x2 < _RANGE_X2_MIN:
            atr_x2 = 0.0
            if n_bars == ATR_BARS:
                break
    return atr_x2, n_bars
