"""What one quote or one print adds to the rolling windows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.book import NbboArray
from penstock.domain import NS_PER_S, TapeFlag
from penstock.features.decay import remaining_frac
from penstock.features.windows import (
    MOVE_X2_MAX,
    SLOTS_10S,
    SLOTS_300S,
    WindowArray,
    add_to_slot,
)

PRINT_TAU_NS: Final = (
    300.0 * NS_PER_S
)  # five minutes: a venue's share drifts, but not by the second

PRINT_DTYPE: Final = np.dtype(
    [
        ("shares", np.float64),  # traded there, decayed with PRINT_TAU_NS to last_ns
        ("last_ns", np.int64),
    ]
)
"""One (instrument, venue); row instrument_idx * n_venues + venue_idx, as in the books."""

# Prints that say nothing about the pace of continuous trading: marked as doubtful, or an auction.
_NOT_PACE: Final = int(TapeFlag.SUSPICIOUS) | int(TapeFlag.AUCTION)


@kernel
def on_quote(windows: WindowArray, i: int, nbbo: NbboArray, recv_ns: int) -> None:
    """
    Take the NBBO as it now is: midpoint, bar, age and order flow follow.

    An NBBO that is not valid (one-sided, locked, crossed) leaves the last valid one in place, and
    the next valid one has no predecessor for order-flow imbalance.
    """
    w, q = windows[i], nbbo[i]
    if not q.is_valid:
        w.is_quoted = 0
        return
    same_prices = q.bid_ticks == w.bid_ticks and q.ask_ticks == w.ask_ticks
    same_shares = q.bid_shares == w.bid_shares and q.ask_shares == w.ask_shares
    if w.is_quoted and same_prices and same_shares:
        return
    if w.is_quoted:
        added = order_flow_imbalance(
            w.bid_ticks, w.bid_shares, w.ask_ticks, w.ask_shares,
            q.bid_ticks, q.bid_shares, q.ask_ticks, q.ask_shares,
        )  # fmt: skip
        add_to_slot(w.ofi, w.ofi_sums, w.slot, added)
    if not same_prices:
        _on_new_prices(windows, i, q.bid_ticks + q.ask_ticks, recv_ns)
    w.is_quoted = 1
    w.bid_ticks, w.ask_ticks = q.bid_ticks, q.ask_ticks
    w.bid_shares, w.ask_shares = q.bid_shares, q.ask_shares


@inlined
def order_flow_imbalance(
    bid_ticks: int, bid_shares: int, ask_ticks: int, ask_shares: int,
    new_bid_ticks: int, new_bid_shares: int, new_ask_ticks: int, new_ask_shares: int,
) -> int:  # fmt: skip
    """
    Net size added at the best quotes from one NBBO to the next.

    With best bid (Pb, qb) and best ask (Pa, qa) before and after update n:

        e[n] =  qb[n]·1{Pb[n] >= Pb[n-1]} - qb[n-1]·1{Pb[n] <= Pb[n-1]}
              - qa[n]·1{Pa[n] <= Pa[n-1]} + qa[n-1]·1{Pa[n] >= Pa[n-1]}

    Returns:
        e[n] in shares; positive is buying pressure.
    Source: Cont, Kukanov & Stoikov (2014), "The Price Impact of Order Book Events",
        Journal of Financial Econometrics 12(1), definition of e_n.
    """
    added = 0
    if new_bid_ticks >= bid_ticks:
        added += new_bid_shares
    if new_bid_ticks <= bid_ticks:
        added -= bid_shares
    if new_ask_ticks <= ask_ticks:
        added -= new_ask_shares
    if new_ask_ticks >= ask_ticks:
        added += ask_shares
    return added


@inlined
def _on_new_prices(windows: WindowArray, i: int, mid_x2: int, recv_ns: int) -> None:
    w = windows[i]
    if w.mid_x2 > 0:
        add_to_slot(w.changes, w.change_sums, w.slot, 1)
        w.high_x2, w.low_x2 = max(w.high_x2, mid_x2), min(w.low_x2, mid_x2)
    else:
        w.high_x2, w.low_x2 = mid_x2, mid_x2
    w.quote_ns = recv_ns
    w.mid_x2 = mid_x2
    start_x2 = w.mids_x2[w.slot % (SLOTS_10S + 1)]
    if start_x2 > 0:
        move_x2 = min(abs(mid_x2 - start_x2), MOVE_X2_MAX)
        moved = move_x2 * move_x2 - w.squares[w.slot % (SLOTS_300S + 1)]
        add_to_slot(w.squares, w.square_sums, w.slot, moved)


@kernel
def on_trade(
    windows: WindowArray,
    i: int,
    prints: NDArray[Any],
    b: int,
    tape: NDArray[Any],
    row: int,
) -> None:
    """
    Take a print: volume, signed volume, the venue's share.

    Auction prints and prints marked as suspicious do not count. Off-exchange prints do, and a
    print whose aggressor is not known has volume but no sign.

    Args:
        b: row of the venue in `prints`, or -1 if the print names none of ours.
    """
    shares = tape[row].shares
    if tape[row].flags & _NOT_PACE or shares <= 0:
        return
    w = windows[i]
    add_to_slot(w.volumes, w.volume_sums, w.slot, shares)
    add_to_slot(w.signed, w.signed_sums, w.slot, tape[row].side * shares)
    if b >= 0:
        kept_frac = remaining_frac(tape[row].recv_ns - prints[b].last_ns, PRINT_TAU_NS)
        prints[b].shares = prints[b].shares * kept_frac + shares
        prints[b].last_ns = tape[row].recv_ns
