"""How background traders take, and how they rest in one of their venue's places."""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.sim.codes import NOBODY, int64
from penstock.sim.feed import quote_seen
from penstock.sim.intents import intend_to_enter, intend_to_withdraw
from penstock.sim.layout import Int64s, Rows
from penstock.sim.matching.commands import order_of
from penstock.sim.matching.memory import DAY, IOC

_ANONYMOUS: Final = int64(0)
_NO_MINIMUM: Final = int64(0)
_NO_FLAGS: Final = int64(0)
_IOC: Final = int64(IOC)
_DAY: Final = int64(DAY)


@inlined
def venue_showing(
    params: Rows, venues: Rows, touches: Rows, side: int, ticks: int, first_idx: int
) -> int:
    """A protected venue whose `side` touch is at `ticks`: the first from `first_idx` round."""
    n_venues = params[0].n_venues
    found = first_idx
    for step in range(n_venues):
        venue_idx = (first_idx + step) % n_venues
        if (
            touches[venue_idx * 2 + ((1 - side) >> 1)].ticks == ticks
            and venues[venue_idx].is_protected
        ):
            found = venue_idx
            break
    return found


@kernel
def intend_to_take(
    params: Rows, world: Rows, venues: Rows, touches: Rows, nbbo: Rows, intents: Rows,
    venue_idx: int, side: int, shares: int, permanent_frac: float, now_ns: int,
) -> None:  # fmt: skip
    """A market order at a venue that shows the best price known, `venue_idx` if it does."""
    delay_ns = params[0].flow_delay_ns
    ticks = quote_seen(params, world, touches, nbbo, (1 + side) >> 1, delay_ns, now_ns)
    if ticks == 0:
        return  # nobody quotes what it wants
    target = venue_showing(params, venues, touches, -side, ticks, venue_idx)
    limit_ticks = max(params[0].increment_ticks, ticks + side * params[0].reach_ticks)
    intend_to_enter(
        world, intents, target, side, limit_ticks, shares, _NO_MINIMUM, _IOC, _NO_FLAGS,
        _ANONYMOUS, NOBODY, permanent_frac,
    )  # fmt: skip


@inlined
def intend_to_rest(
    world: Rows, orders: Rows, handles: Int64s, intents: Rows, venue_idx: int, side: int,
    ticks: int, shares: int, ref: int,
) -> None:  # fmt: skip
    """A limit order in a place of the venue's traders; what rests there makes way."""
    if order_of(orders, handles[ref]) != 0:
        intend_to_withdraw(world, intents, venue_idx, ref)
    intend_to_enter(
        world, intents, venue_idx, side, ticks, shares, _NO_MINIMUM, _DAY, _NO_FLAGS, _ANONYMOUS,
        ref, 0.0,
    )  # fmt: skip
