"""The price collar: how far from the protected midpoint an order may reach."""

from __future__ import annotations

from typing import Final

from penstock.domain import BPS_PER_UNIT, Side, Ticks, ticks_ceil, ticks_floor
from penstock.features import Touch

NOTHING_BELOW: Final = Ticks(2**60)  # a sell limit that nothing meets
NOTHING_ABOVE: Final = Ticks(0)  # a buy limit that nothing meets


def collar_ticks(side: Side, touch: Touch, collar_bps: float) -> Ticks:
    """
    The worst price inside the collar: mid · (1 ± collar_bps / 1e4), rounded towards the midpoint.

    The touch must be valid.
    """
    mid_ticks = touch.mid_ticks_x2 / 2
    reach_ticks = mid_ticks * collar_bps / BPS_PER_UNIT
    if side is Side.BUY:
        return ticks_floor(mid_ticks + reach_ticks)
    return ticks_ceil(mid_ticks - reach_ticks)


def is_beyond(side: Side, limit_ticks: int, worst_ticks: int) -> bool:
    """True if a limit pays more, or asks less, than the worst price."""
    return int(side) * (limit_ticks - worst_ticks) > 0


def tighter(side: Side, limit_ticks: Ticks | None, worst_ticks: Ticks) -> Ticks:
    """The stricter of a client's limit, if it has one, and a worst price."""
    if limit_ticks is None or is_beyond(side, limit_ticks, worst_ticks):
        return worst_ticks
    return limit_ticks
