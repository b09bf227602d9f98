"""Market orders of noise traders, and when one of them rather waits."""

from __future__ import annotations

import math

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.sim.codes import CALLING, MARKET_SHARES, N_TABLES
from penstock.sim.crowd import excite
from penstock.sim.draws import high_10, next_16
from penstock.sim.feed import quote_seen
from penstock.sim.layout import Int64s, Rows, Tables, Uint64s
from penstock.sim.price import fair_ticks
from penstock.sim.taking import intend_to_rest, intend_to_take


@kernel
def send_market_order(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, venues: Rows, tables: Tables,
    touches: Rows, nbbo: Rows, orders: Rows, handles: Int64s, intents: Rows, venue_idx: int,
    ref: int, what: np.uint64, patience: int, now_ns: int,
) -> None:  # fmt: skip
    """
    A market order, which buys with probability (1 + w · imbalance) / 2 of the sizes at the NBBO.

    When the NBBO is s increments wide, a part v · (1 − 1 / s) of them becomes a limit order one
    increment inside it. Either way it may excite others.

    Args:
        ref: a place of the venue's traders, for what may rest.
        what: the event's draw, for side and size.
        patience: a draw in 0..1,023.
    Source: Biais, Hillion & Spatt (1995), "An Empirical Analysis of the Limit Order Book and the
        Order Flow in the Paris Bourse", Journal of Finance 50(5): traders take when the spread is
        narrow and supply when it is wide.
    """
    expected_sign = params[0].imbalance_weight_frac * imbalance_of(params, touches)
    side = 1 if next_16(what) < 0x8000 * (1.0 + expected_sign) else -1
    shares = int(np.int64(tables[venue_idx * N_TABLES + MARKET_SHARES, high_10(what)]))
    if params[0].excitation_frac > 0.0:
        excite(params, world, clocks, streams, side, now_ns)
    if world[0].is_halted == CALLING:
        join_call(params, world, orders, handles, intents, side, shares, ref)
        return
    ticks = 0
    if params[0].spread_weight_frac > 0.0:
        ticks = ticks_inside(params, world, touches, nbbo, side, patience, now_ns)
    if ticks == 0:
        intend_to_take(
            params, world, venues, touches, nbbo, intents, venue_idx, side, shares,
            1.0 - side * expected_sign, now_ns,
        )  # fmt: skip
        return
    intend_to_rest(world, orders, handles, intents, venue_idx, side, ticks, shares, ref)


@kernel
def join_call(
    params: Rows, world: Rows, orders: Rows, handles: Int64s, intents: Rows, side: int,
    shares: int, ref: int,
) -> None:  # fmt: skip
    """
    A market order in a call, where nobody quotes: a limit on the far side of the fair price.

    It goes to the listing exchange, wherever its sender trades otherwise: there the auction is.
    """
    venue_idx = params[0].listing_venue_idx
    increment_ticks = params[0].increment_ticks
    ticks = math.floor(fair_ticks(world) / increment_ticks + 0.5) * increment_ticks
    ticks = max(increment_ticks, ticks + side * params[0].reach_ticks)
    intend_to_rest(world, orders, handles, intents, venue_idx, side, ticks, shares, ref)


@inlined
def imbalance_of(params: Rows, touches: Rows) -> float:
    """Of the sizes at the NBBO, −1 to 1."""
    nbbo_row = params[0].n_venues * 2
    bid_shares = touches[nbbo_row].shares
    ask_shares = touches[nbbo_row + 1].shares
    imbalance: float = (bid_shares - ask_shares) / max(1, bid_shares + ask_shares)
    return imbalance


@inlined
def ticks_inside(
    params: Rows, world: Rows, touches: Rows, nbbo: Rows, side: int, patience: int, now_ns: int
) -> int:
    """Where a trader posts who finds the spread too wide to take, ticks; 0 for one who takes."""
    increment_ticks = params[0].increment_ticks
    delay_ns = params[0].flow_delay_ns
    bid_ticks = quote_seen(params, world, touches, nbbo, 0, delay_ns, now_ns)
    ask_ticks = quote_seen(params, world, touches, nbbo, 1, delay_ns, now_ns)
    width_ticks = ask_ticks - bid_ticks
    ticks = 0
    if bid_ticks > 0 and width_ticks > increment_ticks:
        chance = params[0].spread_weight_frac * (1.0 - increment_ticks / width_ticks)
        if patience < 1_024.0 * chance:
            ticks = (bid_ticks if side > 0 else ask_ticks) + side * increment_ticks
    return int(ticks)
