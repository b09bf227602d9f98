"""A venue shows its whole book at once: at the start of a session, and after an auction."""

from __future__ import annotations

from typing import Final

from penstock._kernels import kernel
from penstock.domain import TapeFlag, TapeKind
from penstock.sim.codes import int64
from penstock.sim.feed import publish, publish_level
from penstock.sim.layout import WorldState
from penstock.sim.matching.views import next_ticks, touch_ticks

_CLEAR: Final = int64(TapeKind.CLEAR)
_SNAPSHOT_END: Final = int64(TapeKind.SNAPSHOT_END)
_STATUS: Final = int64(TapeKind.STATUS)
_HALTED: Final = int64(TapeFlag.HALTED)
_NO_FLAGS: Final = int64(0)
_BUY: Final = int64(1)
_SELL: Final = int64(-1)


@kernel
def show_book(state: WorldState, venue_idx: int, now_ns: int) -> None:
    """Publish a lit book whole; needs room for its displayed levels and two rows more."""
    head, books, levels, orders = state.head, state.books, state.levels, state.orders
    announce(state, venue_idx, _CLEAR, _NO_FLAGS, now_ns)
    for side in (_BUY, _SELL):
        ticks = touch_ticks(head, books, levels, orders, venue_idx, side)
        while ticks != 0:
            publish_level(
                state.world, state.venues, state.tables, state.tape, head, books, levels, orders,
                venue_idx, side, ticks, now_ns,
            )  # fmt: skip
            ticks = next_ticks(head, books, levels, orders, venue_idx, side, ticks)
    announce(state, venue_idx, _SNAPSHOT_END, _NO_FLAGS, now_ns)


@kernel
def show_status(state: WorldState, is_halted: int, now_ns: int) -> None:
    """Every displaying venue says whether it trades."""
    flags = _HALTED if is_halted else _NO_FLAGS
    for venue_idx in range(state.params[0].n_venues):
        if state.venues[venue_idx].is_lit:
            announce(state, venue_idx, _STATUS, flags, now_ns)


@kernel
def announce(state: WorldState, venue_idx: int, kind: int, flags: int, now_ns: int) -> None:
    """A message that has no price and no size."""
    publish(
        state.world, state.venues, state.tables, state.tape, venue_idx, kind, 0, 0, 0, flags, now_ns
    )
