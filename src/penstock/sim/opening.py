"""The start of a session: from here on somebody listens, so each lit venue shows its book."""

from __future__ import annotations

from typing import Final

from penstock._kernels import kernel
from penstock.domain import TapeKind
from penstock.sim.codes import int64
from penstock.sim.feed import publish, publish_level
from penstock.sim.layout import WorldState
from penstock.sim.matching_views import next_ticks, touch_ticks

_CLEAR: Final = int64(TapeKind.CLEAR)
_SNAPSHOT_END: Final = int64(TapeKind.SNAPSHOT_END)
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

    Needs room in the tape for the levels of all books and two rows a venue.
    """
    world, venues = state.world, state.venues
    head, books, levels, orders = state.head, state.books, state.levels, state.orders
    world[0].tape_n = 0
    world[0].tape_lo = 0
    world[0].tape_ready = 0
    world[0].n_events = 0
    world[0].n_book_changes = 0
    world[0].n_trades = 0
    for venue_idx in range(state.params[0].n_venues):
        venues[venue_idx].feed_seq = 0
        venues[venue_idx].feed_recv_ns = 0
        if venues[venue_idx].is_lit == 0:
            continue
        announce(state, venue_idx, _CLEAR, now_ns)
        for side in (_BUY, _SELL):
            ticks = touch_ticks(head, books, levels, orders, venue_idx, side)
            while ticks != 0:
                publish_level(
                    world, venues, state.tables, state.tape, head, books, levels, orders,
                    venue_idx, side, ticks, now_ns,
                )  # fmt: skip
                ticks = next_ticks(head, books, levels, orders, venue_idx, side, ticks)
        announce(state, venue_idx, _SNAPSHOT_END, now_ns)


@kernel
def announce(state: WorldState, venue_idx: int, kind: int, now_ns: int) -> None:
    """The first or the last message of a snapshot."""
    publish(
        state.world, state.venues, state.tables, state.tape, venue_idx, kind, 0, 0, 0, 0, now_ns
    )
