"""The quotes of a replay: what every lit venue shows when the NBBO has changed."""

from __future__ import annotations

from penstock._kernels import kernel
from penstock.domain import TapeArray
from penstock.sim.replay.state import N_ORDERS, N_SLOTS, FlowState, emit
from penstock.sim.script import ScriptArray, ScriptOp

ROUND_LOT_SHARES = 100
TYPICAL_WEIGHT_FRAC = 1.0 / 256.0
"""Weight of a new quote's size in the typical size of its side."""

# Kernels cannot read an enum's member.
_ADD = int(ScriptOp.ADD)
_CANCEL = int(ScriptOp.CANCEL)
_REFERENCE = int(ScriptOp.REFERENCE)


@kernel
def take_quote(state: FlowState, tape: TapeArray, i: int) -> None:
    """Remember one side of the NBBO; prices that are no multiple of the increment move outward."""
    flow, message = state.flow, tape[i]
    increment = flow[0].increment_ticks
    venue_idx = state.venue_of_code[message.venue_idx]
    shares = float(message.shares)
    if message.side > 0:
        ticks = message.price_ticks // increment * increment
        if ticks != flow[0].bid_ticks:
            flow[0].last_moved = 1
        flow[0].bid_ticks = ticks
        flow[0].bid_shares = message.shares
        flow[0].bid_venue_idx = venue_idx
        typical = flow[0].bid_typical_shares
        typical = shares if typical == 0.0 else typical + TYPICAL_WEIGHT_FRAC * (shares - typical)
        flow[0].bid_typical_shares = typical
    else:
        ticks = -(-message.price_ticks // increment) * increment
        if ticks != flow[0].ask_ticks:
            flow[0].last_moved = -1
        flow[0].ask_ticks = ticks
        flow[0].ask_shares = message.shares
        flow[0].ask_venue_idx = venue_idx
        typical = flow[0].ask_typical_shares
        typical = shares if typical == 0.0 else typical + TYPICAL_WEIGHT_FRAC * (shares - typical)
        flow[0].ask_typical_shares = typical


@kernel
def show_quote(state: FlowState, now_ns: int, out_script: ScriptArray) -> None:
    """
    Make all lit venues display the quote in force: all cancels first, then all new orders.

    Of a locked or crossed quote the side that moved last is shown one increment away from the
    other, as exchanges do with an order that would lock the market (Regulation NMS, Rule 610(d)).
    """
    flow = state.flow
    flow[0].is_stale = 0
    bid_ticks, ask_ticks = flow[0].bid_ticks, flow[0].ask_ticks
    if bid_ticks <= 0 or ask_ticks <= 0:
        return
    if bid_ticks >= ask_ticks:
        flow[0].n_quotes_slid += 1
        if flow[0].last_moved > 0:
            bid_ticks = ask_ticks - flow[0].increment_ticks
        else:
            ask_ticks = bid_ticks + flow[0].increment_ticks
    flow[0].shown_bid_ticks = bid_ticks
    flow[0].shown_ask_ticks = ask_ticks
    most = 0.0
    for n in range(len(state.lit_venues)):
        most = max(most, state.volumes[state.lit_venues[n]])
    for is_adding in range(2):
        for n in range(len(state.lit_venues)):
            venue_idx = state.lit_venues[n]
            volume_frac = state.volumes[venue_idx] / most
            for side_idx in range(2):
                if is_adding == 0:
                    _withdraw(state, venue_idx, side_idx, volume_frac, now_ns, out_script)
                else:
                    _add(state, venue_idx, side_idx, volume_frac, now_ns, out_script)
    if bid_ticks + ask_ticks != flow[0].mid_x2:
        flow[0].mid_x2 = bid_ticks + ask_ticks
        emit(state, now_ns, -1, (bid_ticks + ask_ticks) >> 1, 0, 0, _REFERENCE, 0, out_script)


@kernel
def _target_shares(
    state: FlowState, venue_idx: int, side_idx: int, volume_frac: float, depth: int
) -> int:
    """
    Displayed size that the assumption wants at `depth` increments from the touch, in round lots.

    Who sets the quote shows the recorded size times `touch_frac`. The others show others_frac ·
    volume_frac of that, never more than all of it (the tape names the largest), and are not at the
    touch if that is no round lot. Behind the touch everybody shows typical · volume_frac ·
    growth_frac^depth, a round lot at least.
    """
    flow = state.flow
    if side_idx == 0:
        recorded, setter = flow[0].bid_shares, flow[0].bid_venue_idx
        typical = flow[0].bid_typical_shares
    else:
        recorded, setter = flow[0].ask_shares, flow[0].ask_venue_idx
        typical = flow[0].ask_typical_shares
    if depth > 0:
        wanted = typical * volume_frac * flow[0].growth_frac ** depth
        return max(1, int(wanted / ROUND_LOT_SHARES + 0.5)) * ROUND_LOT_SHARES
    if venue_idx == setter:
        return max(1, int(recorded * flow[0].touch_frac + 0.5))
    wanted = recorded * flow[0].touch_frac * min(1.0, flow[0].others_frac * volume_frac)
    return int(wanted / ROUND_LOT_SHARES) * ROUND_LOT_SHARES


@kernel
def _is_exact(state: FlowState, venue_idx: int, side_idx: int, depth: int) -> bool:
    """True for the one level that the tape records: it follows every change of size."""
    flow = state.flow
    setter = flow[0].bid_venue_idx if side_idx == 0 else flow[0].ask_venue_idx
    return depth == 0 and venue_idx == setter


@kernel
def _withdraw(
    state: FlowState,
    venue_idx: int,
    side_idx: int,
    volume_frac: float,
    now_ns: int,
    out_script: ScriptArray,
) -> None:
    """
    Take away what the venue should no longer show on a side; the newest orders go first.

    An assumed level is left alone until it shows more than twice what it should: its size is a
    guess, and needless cancels would only make queues look shorter-lived than they are.
    """
    flow = state.flow
    for slot in range(N_SLOTS):
        level = state.levels[venue_idx, side_idx, slot]
        if level.shares == 0:
            continue
        if side_idx == 0:
            depth = (flow[0].shown_bid_ticks - level.ticks) // flow[0].increment_ticks
        else:
            depth = (level.ticks - flow[0].shown_ask_ticks) // flow[0].increment_ticks
        target = 0
        if 0 <= depth < flow[0].n_levels:
            target = _target_shares(state, venue_idx, side_idx, volume_frac, depth)
        if level.shares > target and (
            target == 0 or level.shares > 2 * target or _is_exact(state, venue_idx, side_idx, depth)
        ):
            _reduce(state, venue_idx, side_idx, slot, level.shares - target, now_ns, out_script)


@kernel
def _reduce(
    state: FlowState,
    venue_idx: int,
    side_idx: int,
    slot: int,
    shares: int,
    now_ns: int,
    out_script: ScriptArray,
) -> None:
    levels, orders = state.levels, state.orders
    side = 1 if side_idx == 0 else -1
    ticks = levels[venue_idx, side_idx, slot].ticks
    while shares > 0:
        last = levels[venue_idx, side_idx, slot].n_orders - 1
        order = orders[venue_idx, side_idx, slot, last]
        taken = min(shares, order.shares)
        is_whole = taken == order.shares
        # All of an order is asked for as 0: whatever our own trades have left of it.
        emit(
            state,
            now_ns,
            order.script_id,
            ticks,
            0 if is_whole else taken,
            venue_idx,
            _CANCEL,
            side,
            out_script,
        )
        orders[venue_idx, side_idx, slot, last].shares -= taken
        levels[venue_idx, side_idx, slot].shares -= taken
        if is_whole:
            levels[venue_idx, side_idx, slot].n_orders -= 1
        shares -= taken


@kernel
def _add(
    state: FlowState,
    venue_idx: int,
    side_idx: int,
    volume_frac: float,
    now_ns: int,
    out_script: ScriptArray,
) -> None:
    """Add what the venue should show on a side and does not; it joins the end of the queue."""
    flow = state.flow
    side = 1 if side_idx == 0 else -1
    touch_ticks = flow[0].shown_bid_ticks if side_idx == 0 else flow[0].shown_ask_ticks
    for depth in range(flow[0].n_levels):
        ticks = touch_ticks - side * depth * flow[0].increment_ticks
        if ticks <= 0:
            return
        target = _target_shares(state, venue_idx, side_idx, volume_frac, depth)
        slot = _slot_of(state, venue_idx, side_idx, ticks)
        shown = state.levels[venue_idx, side_idx, slot].shares
        if target > shown and (2 * shown < target or _is_exact(state, venue_idx, side_idx, depth)):
            _join(state, venue_idx, side_idx, slot, ticks, target - shown, now_ns, out_script)


@kernel
def _slot_of(state: FlowState, venue_idx: int, side_idx: int, ticks: int) -> int:
    """Slot of the level at a price, else a free one. There is one: levels out of reach are gone."""
    free = -1
    for slot in range(N_SLOTS):
        level = state.levels[venue_idx, side_idx, slot]
        if level.shares == 0:
            if free < 0:
                free = slot
        elif level.ticks == ticks:
            return slot
    assert free >= 0
    return free


@kernel
def _join(
    state: FlowState,
    venue_idx: int,
    side_idx: int,
    slot: int,
    ticks: int,
    shares: int,
    now_ns: int,
    out_script: ScriptArray,
) -> None:
    levels, orders = state.levels, state.orders
    side = 1 if side_idx == 0 else -1
    if levels[venue_idx, side_idx, slot].shares == 0:
        levels[venue_idx, side_idx, slot].ticks = ticks
        levels[venue_idx, side_idx, slot].n_orders = 0
    if levels[venue_idx, side_idx, slot].n_orders == N_ORDERS:
        last = orders[venue_idx, side_idx, slot, N_ORDERS - 1].shares
        _reduce(state, venue_idx, side_idx, slot, last, now_ns, out_script)
        shares += last
    place = levels[venue_idx, side_idx, slot].n_orders
    script_id = state.flow[0].next_id
    state.flow[0].next_id = script_id + 1
    orders[venue_idx, side_idx, slot, place].script_id = script_id
    orders[venue_idx, side_idx, slot, place].shares = shares
    levels[venue_idx, side_idx, slot].n_orders = place + 1
    levels[venue_idx, side_idx, slot].shares += shares
    emit(state, now_ns, script_id, ticks, shares, venue_idx, _ADD, side, out_script)
