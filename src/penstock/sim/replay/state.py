"""What a replay in the making knows, and the array that its commands go to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined
from penstock.sim.script import ScriptArray

MAX_LEVELS = 16
"""Price levels that an assumption may ask for on each side of a venue."""

N_SLOTS = MAX_LEVELS
N_ORDERS = 32  # orders in one level of one venue; more than that join the last of them
N_HIDDEN = 64
"""Hidden orders that can rest at one time, all pools together."""

PRIOR_SHARES = 10_000.0
"""Volume that each lit venue is believed to have had before the first print: shares start equal."""

FLOW_DTYPE = np.dtype(
    [
        ("bid_ticks", np.int64),  # the quote in force; 0 before the first
        ("ask_ticks", np.int64),
        ("bid_shares", np.int64),
        ("ask_shares", np.int64),
        ("bid_venue_idx", np.int64),  # who sets it, a venue of the scenario
        ("ask_venue_idx", np.int64),
        ("bid_typical_shares", np.float64),  # slow average of recorded sizes
        ("ask_typical_shares", np.float64),
        ("mid_x2", np.int64),  # of the last REFERENCE
        ("next_id", np.int64),
        ("next_expiry_ns", np.int64),  # earliest end of a hidden order
        ("n_out", np.int64),  # commands written to the current buffer
        ("increment_ticks", np.int64),
        ("n_levels", np.int64),
        ("growth_frac", np.float64),
        ("touch_frac", np.float64),
        ("others_frac", np.float64),
        ("hidden_life_ns", np.float64),
        ("is_live", np.int64),  # 0 before the session: learn, do nothing
        ("is_stale", np.int64),  # 1: a quote has come that is not shown yet
        ("shown_bid_ticks", np.int64),  # touches that the venues were last made to show
        ("shown_ask_ticks", np.int64),
        ("last_moved", np.int64),  # +1 if the bid's price moved last, -1 if the ask's
        ("n_quotes_slid", np.int64),  # moments of the session with a locked or crossed quote
        ("n_quotes_skipped", np.int64),  # sides of quotes that the tape marks as not to be believed
        ("n_prints_skipped", np.int64),  # prints without a price of their own
        ("lit_shares", np.int64),  # continuous lit volume of the session
        ("shown_shares", np.int64),  # the part of it that met displayed size of the script
        ("hidden_shares", np.int64),  # interest put into pools
    ],
    align=True,
)

LEVEL_DTYPE = np.dtype(
    [("ticks", np.int64), ("shares", np.int64), ("n_orders", np.int64)], align=True
)
ORDER_DTYPE = np.dtype([("script_id", np.int64), ("shares", np.int64)], align=True)
HIDDEN_DTYPE = np.dtype(
    [
        ("script_id", np.int64),
        ("expiry_ns", np.int64),  # 0 is a free place
        ("venue_idx", np.int64),
        ("side", np.int64),
    ],
    align=True,
)


class FlowState(NamedTuple):
    """What a replay in the making knows: the quote, and its own orders if nobody else trades."""

    flow: NDArray[Any]  # FLOW_DTYPE, (1,)
    levels: NDArray[
        Any
    ]  # LEVEL_DTYPE, (n_venues, 2, slots); side 0 is bids; shares 0 is a free slot
    orders: NDArray[Any]  # ORDER_DTYPE, (n_venues, 2, slots, orders), oldest first
    hidden: NDArray[Any]  # HIDDEN_DTYPE, (N_HIDDEN,)
    volumes: NDArray[np.float64]  # prints so far, by venue, shares
    lit_venues: NDArray[np.int64]  # their places in the scenario
    venue_of_code: NDArray[np.int64]  # place in the scenario, by the tape's venue_idx
    pool_venues: NDArray[np.int64]
    pool_cuts: NDArray[
        np.float64
    ]  # cumulative chance that an off-exchange print leaves interest there


def empty_flow(n_venues: int, n_lit: int, n_codes: int, n_pools: int) -> FlowState:
    """A state that knows nothing, with memory for a scenario of this size."""
    return FlowState(
        flow=np.zeros(1, dtype=FLOW_DTYPE),
        levels=np.zeros((n_venues, 2, N_SLOTS), dtype=LEVEL_DTYPE),
        orders=np.zeros((n_venues, 2, N_SLOTS, N_ORDERS), dtype=ORDER_DTYPE),
        hidden=np.zeros(N_HIDDEN, dtype=HIDDEN_DTYPE),
        volumes=np.full(n_venues, PRIOR_SHARES),
        lit_venues=np.zeros(n_lit, dtype=np.int64),
        venue_of_code=np.full(n_codes, -1, dtype=np.int64),
        pool_venues=np.zeros(n_pools, dtype=np.int64),
        pool_cuts=np.zeros(n_pools),
    )


def commands_per_message_at_most(n_lit: int) -> int:
    """Most commands that one message can cause: all quotes withdrawn and set anew, and the rest."""
    return n_lit * 2 * (N_SLOTS * N_ORDERS + 2 * MAX_LEVELS) + N_HIDDEN + 8


@inlined
def emit(
    state: FlowState,
    time_ns: int,
    script_id: int,
    price_ticks: int,
    shares: int,
    venue_idx: int,
    op: int,
    side: int,
    out_script: ScriptArray,
) -> None:
    """Append one command; its fields are those of SCRIPT_DTYPE."""
    n = state.flow[0].n_out
    out_script[n].time_ns = time_ns
    out_script[n].script_id = script_id
    out_script[n].price_ticks = price_ticks
    out_script[n].shares = shares
    out_script[n].venue_idx = venue_idx
    out_script[n].op = op
    out_script[n].side = side
    state.flow[0].n_out = n + 1
