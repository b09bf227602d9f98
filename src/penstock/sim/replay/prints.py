"""The prints of a replay: market orders at lit venues, hidden interest in pools."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import TapeArray, TapeFlag
from penstock.sim.replay.state import N_HIDDEN, N_SLOTS, FlowState, emit
from penstock.sim.script import ScriptArray, ScriptOp

# Kernels cannot read an enum's member.
_CANCEL = int(ScriptOp.CANCEL)
_MARKET = int(ScriptOp.MARKET)
_DARK_ADD = int(ScriptOp.DARK_ADD)
_DARK_CANCEL = int(ScriptOp.DARK_CANCEL)
_PRINT = int(ScriptOp.PRINT)
_OFF_EXCHANGE = int(TapeFlag.OFF_EXCHANGE)
_AUCTION = int(TapeFlag.AUCTION)


@kernel
def take_print(
    state: FlowState,
    tape: TapeArray,
    i: int,
    draws: NDArray[np.float64],
    out_script: ScriptArray,
) -> None:
    """
    A print at a lit venue becomes a market order there; one from elsewhere, interest in a pool.

    What the venue does not display at the print's price was hidden: that part is only printed.
    """
    flow, message = state.flow, tape[i]
    venue_idx = state.venue_of_code[message.venue_idx]
    is_off = message.flags & _OFF_EXCHANGE != 0
    is_auction = message.flags & _AUCTION != 0
    if not is_off and not is_auction:
        state.volumes[venue_idx] += message.shares
    if flow[0].is_live == 0:
        return
    side, ticks, shares = int(message.side), message.price_ticks, message.shares
    now_ns = message.recv_ns
    if is_off or is_auction or side == 0:
        emit(state, now_ns, -1, ticks, shares, venue_idx, _PRINT, side, out_script)
        if is_off and not is_auction:
            _leave_interest(state, tape, i, draws, out_script)
        return
    increment = flow[0].increment_ticks
    limit = ticks // increment * increment if side > 0 else -(-ticks // increment) * increment
    if limit <= 0:
        return
    emit(state, now_ns, -1, limit, shares, venue_idx, _MARKET, side, out_script)
    shown = _consume(state, venue_idx, 1 if side > 0 else 0, limit, shares, now_ns, out_script)
    flow[0].lit_shares += shares
    flow[0].shown_shares += shown
    if shown < shares:
        emit(state, now_ns, -1, ticks, shares - shown, venue_idx, _PRINT, side, out_script)


@kernel
def _consume(
    state: FlowState,
    venue_idx: int,
    side_idx: int,
    limit_ticks: int,
    shares: int,
    now_ns: int,
    out_script: ScriptArray,
) -> int:
    """
    Take displayed size from the script's own book, best price first, oldest first; shares taken.

    An order that is used up is cancelled too: if an order of ours was ahead of it and had the print
    instead, nothing may stay behind that the tape knows no more of.
    """
    levels, orders = state.levels, state.orders
    left = shares
    while left > 0:
        best = _best_slot(state, venue_idx, side_idx, limit_ticks)
        if best < 0:
            break
        order = orders[venue_idx, side_idx, best, 0]
        taken = min(left, order.shares)
        orders[venue_idx, side_idx, best, 0].shares -= taken
        levels[venue_idx, side_idx, best].shares -= taken
        left -= taken
        if orders[venue_idx, side_idx, best, 0].shares > 0:
            break
        side = 1 if side_idx == 0 else -1
        ticks = levels[venue_idx, side_idx, best].ticks
        emit(state, now_ns, order.script_id, ticks, 0, venue_idx, _CANCEL, side, out_script)
        n_orders = levels[venue_idx, side_idx, best].n_orders - 1
        for place in range(n_orders):
            following = orders[venue_idx, side_idx, best, place + 1]
            orders[venue_idx, side_idx, best, place].script_id = following.script_id
            orders[venue_idx, side_idx, best, place].shares = following.shares
        levels[venue_idx, side_idx, best].n_orders = n_orders
    return shares - left


@kernel
def _best_slot(state: FlowState, venue_idx: int, side_idx: int, limit_ticks: int) -> int:
    """The venue's best level at the limit or better for who takes it; -1 if there is none."""
    levels = state.levels
    sign = 1 if side_idx == 0 else -1  # of a better resting price
    best = -1
    for slot in range(N_SLOTS):
        level = levels[venue_idx, side_idx, slot]
        if level.shares == 0 or sign * (level.ticks - limit_ticks) < 0:
            continue
        if best < 0 or sign * (level.ticks - levels[venue_idx, side_idx, best].ticks) > 0:
            best = slot
    return best


@kernel
def _leave_interest(
    state: FlowState,
    tape: TapeArray,
    i: int,
    draws: NDArray[np.float64],
    out_script: ScriptArray,
) -> None:
    """
    Hidden interest of a print's size in one of the pools, by chance, on either side by chance.

    Only prints within the quote count. A pool has one side at a time: the script does not trade
    with itself in the dark, where the tape does not say that anybody did.
    """
    flow, message = state.flow, tape[i]
    bid_ticks, ask_ticks = flow[0].bid_ticks, flow[0].ask_ticks
    if not 0 < bid_ticks <= message.price_ticks <= ask_ticks:
        return
    pool = 0
    while pool < len(state.pool_cuts) and draws[i, 0] >= state.pool_cuts[pool]:
        pool += 1
    if pool == len(state.pool_cuts):
        return
    venue_idx = state.pool_venues[pool]
    side = 1 if draws[i, 1] < 0.5 else -1
    free = -1
    for place in range(N_HIDDEN):
        row = state.hidden[place]
        if row.expiry_ns == 0:
            free = place
        elif row.venue_idx == venue_idx and row.side != side:
            return
    if free < 0:
        return
    life_ns = 1 + int(-math.log(1.0 - draws[i, 2]) * flow[0].hidden_life_ns)
    script_id = flow[0].next_id
    flow[0].next_id = script_id + 1
    flow[0].hidden_shares += message.shares
    row = state.hidden[free]
    row.script_id = script_id
    row.expiry_ns = message.recv_ns + life_ns
    row.venue_idx = venue_idx
    row.side = side
    flow[0].next_expiry_ns = min(flow[0].next_expiry_ns, row.expiry_ns)
    # Whoever stays out of sight trades at the midpoint, but does not follow it through the touch.
    limit = ask_ticks if side > 0 else bid_ticks
    emit(
        state,
        message.recv_ns,
        script_id,
        limit,
        message.shares,
        venue_idx,
        _DARK_ADD,
        side,
        out_script,
    )


@kernel
def expire_hidden(state: FlowState, until_ns: int, out_script: ScriptArray) -> None:
    """Withdraw hidden orders whose time is over, earliest first."""
    flow = state.flow
    while flow[0].next_expiry_ns <= until_ns:
        first, second_ns = -1, np.int64(2**62)
        for place in range(N_HIDDEN):
            expiry_ns = state.hidden[place].expiry_ns
            if expiry_ns == 0:
                continue
            if first < 0 or expiry_ns < state.hidden[first].expiry_ns:
                if first >= 0:
                    second_ns = min(second_ns, state.hidden[first].expiry_ns)
                first = place
            else:
                second_ns = min(second_ns, expiry_ns)
        flow[0].next_expiry_ns = second_ns
        if first < 0:
            return
        row = state.hidden[first]
        emit(
            state,
            row.expiry_ns,
            row.script_id,
            0,
            0,
            row.venue_idx,
            _DARK_CANCEL,
            row.side,
            out_script,
        )
        row.expiry_ns = 0
