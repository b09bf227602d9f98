"""Rolling windows of one instrument: exact integer sums over a ring of 100 ms slots."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.domain import NS_PER_MS, NS_PER_S
from penstock.features.bars import BAR_NS, close_bars

GRID_NS: Final = 100 * NS_PER_MS

SLOTS_1S: Final = NS_PER_S // GRID_NS
SLOTS_10S: Final = 10 * SLOTS_1S
SLOTS_60S: Final = 60 * SLOTS_1S
SLOTS_300S: Final = 300 * SLOTS_1S

# Windows of each quantity, in slots, shortest first. A window is that many whole slots and the
# part of the current one, so its ring has one place more than its longest window.
SQUARE_SLOTS: Final = (SLOTS_10S, SLOTS_60S, SLOTS_300S)
VOLUME_SLOTS: Final = (SLOTS_10S, SLOTS_60S)
SHORT_SLOTS: Final = (SLOTS_10S,)

# A move of 838 dollars within a slot counts as one of that size, so that 3,001 squares stay below
# 2**63 whatever a broken feed says: 2**24 half ticks, squared, times 2**12.
MOVE_X2_MAX: Final = 1 << 24

WINDOW_DTYPE: Final = np.dtype(
    [
        ("is_started", np.int64),  # 0 before the instrument's first message
        ("last_ns", np.int64),  # recv_ns of the last message
        ("slot", np.int64),  # last_ns // GRID_NS
        ("minute", np.int64),  # last_ns // BAR_NS
        # The last valid NBBO; zeros before the first.
        ("is_quoted", np.int64),  # whether it is still valid
        ("quote_ns", np.int64),  # when its prices last changed
        ("mid_x2", np.int64),  # half ticks
        ("bid_ticks", np.int64),
        ("ask_ticks", np.int64),
        ("bid_shares", np.int64),
        ("ask_shares", np.int64),
        # One-minute bars of the midpoint.
        ("n_bars", np.int64),  # closed, counted up to ATR_BARS
        ("high_x2", np.int64),  # of the bar in progress, half ticks
        ("low_x2", np.int64),
        ("atr_x2", np.float64),
        # Sums over the windows, in the order of the *_SLOTS tuples.
        ("square_sums", np.int64, (len(SQUARE_SLOTS),)),
        ("volume_sums", np.int64, (len(VOLUME_SLOTS),)),
        ("signed_sums", np.int64, (len(SHORT_SLOTS),)),
        ("ofi_sums", np.int64, (len(SHORT_SLOTS),)),
        ("change_sums", np.int64, (len(SHORT_SLOTS),)),
        # Rings, indexed by slot modulo length.
        ("mids_x2", np.int64, (SLOTS_10S + 1,)),  # midpoint at the start of the slot; 0: none yet
        ("squares", np.int64, (SLOTS_300S + 1,)),  # squared move of the midpoint, half ticks
        ("volumes", np.int64, (SLOTS_60S + 1,)),  # shares traded
        ("signed", np.int64, (SLOTS_10S + 1,)),  # the same, buyer-initiated minus seller-initiated
        ("ofi", np.int64, (SLOTS_10S + 1,)),  # order-flow imbalance at the NBBO, shares
        ("changes", np.int64, (SLOTS_10S + 1,)),  # changes of the NBBO's prices
    ]
)
"""
34 kB an instrument. Everything but `atr_x2` is an integer, so that a sum which a value enters and
leaves is what it was before, and the state depends on the messages alone: not on how they were
batched, and not on when somebody looked.
"""

WindowArray = NDArray[Any]
"""Shape (n_instruments,), WINDOW_DTYPE."""


@inlined
def widened(value: int) -> int:
    """The same number as int64, so that the kernels it goes to are compiled for one type only."""
    return value + 0


@kernel
def advance(windows: WindowArray, i: int, now_ns: int) -> None:
    """
    Bring an instrument's windows to the time of its next message, or a copy of them to the time
    of a decision: looking then changes nothing.

    Cost: a few nanoseconds within a slot; after a silence, one step per slot up to the ring's
    length. Time never goes back.
    """
    slot, minute = now_ns // GRID_NS, now_ns // BAR_NS
    if windows[i].is_started == 0:
        windows[i].is_started = 1
        windows[i].slot, windows[i].minute = slot, minute
    assert now_ns >= windows[i].last_ns, "the tape is not sorted by recv_ns"
    if minute != windows[i].minute:
        close_bars(windows, i, minute)
    if slot != windows[i].slot:
        _enter_slot(windows, i, slot)
    windows[i].last_ns = now_ns


@kernel
def _enter_slot(windows: WindowArray, i: int, slot: int) -> None:
    w = windows[i]
    mids_x2 = w.mids_x2
    for t in range(max(w.slot, slot - len(mids_x2)) + 1, slot + 1):
        mids_x2[t % len(mids_x2)] = w.mid_x2
    _roll(w.squares, w.square_sums, SQUARE_SLOTS, w.slot, slot)
    _roll(w.volumes, w.volume_sums, VOLUME_SLOTS, w.slot, slot)
    _roll(w.signed, w.signed_sums, SHORT_SLOTS, w.slot, slot)
    _roll(w.ofi, w.ofi_sums, SHORT_SLOTS, w.slot, slot)
    _roll(w.changes, w.change_sums, SHORT_SLOTS, w.slot, slot)
    windows[i].slot = slot


@kernel
def _roll(
    ring: NDArray[np.int64],
    sums: NDArray[np.int64],
    n_slots: tuple[int, ...],
    slot: int,
    new_slot: int,
) -> None:
    """Make `new_slot` the current one: what leaves a window leaves its sum."""
    if new_slot - slot >= len(ring):
        ring[:] = 0
        sums[:] = 0
        return
    for t in range(slot + 1, new_slot + 1):
        for k in range(len(n_slots)):
            sums[k] -= ring[(t - n_slots[k] - 1) % len(ring)]
        ring[t % len(ring)] = 0


@inlined
def add_to_slot(ring: NDArray[np.int64], sums: NDArray[np.int64], slot: int, value: int) -> None:
    """Add to the current slot, and so to every window."""
    ring[slot % len(ring)] += value
    for k in range(len(sums)):
        sums[k] += value


@inlined
def move_x2(windows: WindowArray, i: int, n_slots: int) -> int:
    """Move of the midpoint since the start of the slot `n_slots` ago, half ticks; 0 without one."""
    w = windows[i]
    before_x2 = w.mids_x2[(w.slot - n_slots) % (SLOTS_10S + 1)]
    return int(w.mid_x2 - before_x2) if before_x2 > 0 else 0
