"""The start of a session: from here on somebody listens, so each lit venue shows its book."""

from __future__ import annotations

from typing import Final

from penstock._kernels import kernel
from penstock.sim.bands import start_bands
from penstock.sim.codes import int64
from penstock.sim.layout import WorldState
from penstock.sim.matching.views import next_ticks, touch_ticks
from penstock.sim.phases import start_call
from penstock.sim.snapshots import show_book

_BUY: Final = int64(1)
_SELL: Final = int64(-1)


@kernel
def n_displayed_levels(state: WorldState) -> int:
    """Displayed price levels of all lit books: what the snapshots will hold."""
    head, books, levels, orders = state.head, state.books, state.levels, state.orders
    n_levels = 0
    for venue_idx in range(state.params[0].n_venues):
        for side in (_BUY, _SELL):
            ticks = touch_ticks(head, books, levels, orders, venue_idx, side)
            while ticks != 0:
                n_levels += 1
                ticks = next_ticks(head, books, levels, orders, venue_idx, side, ticks)
    return n_levels


@kernel
def open_session(state: WorldState, now_ns: int) -> None:
    """
    Forget what was published before, and publish each lit book whole, numbered from 1.

    Needs room in the tape for the levels of all books and three rows a venue. Where the session
    begins with a call, all venues are halted from here to its auction.
    """
    world, venues = state.world, state.venues
    world[0].tape_n = 0
    world[0].tape_lo = 0
    world[0].tape_ready = 0
    world[0].n_events = 0
    world[0].n_book_changes = 0
    world[0].n_trades = 0
    world[0].price_sum_ticks = 0
    if state.params[0].opening_ns == 0:
        start_bands(state, world[0].last_trade_ticks, now_ns)
    for venue_idx in range(state.params[0].n_venues):
        venues[venue_idx].feed_seq = 0
        venues[venue_idx].feed_recv_ns = 0
        if venues[venue_idx].is_lit == 0:
            continue
        show_book(state, venue_idx, now_ns)
    if state.params[0].opening_ns > 0:
        start_call(state, now_ns + state.params[0].opening_ns, now_ns)
