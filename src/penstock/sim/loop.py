"""The loop of the world: the next event, what it asks of the books, and what comes of that."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.sim.buffers import drop_consumed, has_room
from penstock.sim.codes import (
    ACTIVITY,
    ENTER,
    FAR,
    FIRST_FLOW,
    GRID,
    HEARSAY,
    INFORMED,
    MAIL,
    NEED_ROOM,
    REACHED,
    RETRY,
    SCRIPT,
    WITHDRAW,
    int64,
)
from penstock.sim.crowd import follow_crowd
from penstock.sim.desk import deliver
from penstock.sim.feed import publish_level, update_touch
from penstock.sim.layout import WorldState
from penstock.sim.matching.commands import (
    cancel_order,
    order_of,
    replace_order,
    retry_order,
    submit_order,
)
from penstock.sim.matching.memory import ANY_OWNER, BAD_VENUE, HIDDEN, MARKET_FULL, SLOT_MASK
from penstock.sim.matching.views import order_side, order_ticks, order_venue
from penstock.sim.others import learn_of_others, work_others
from penstock.sim.phases import follow_phases, keep_allowed
from penstock.sim.pool_flow import trade_pool_flow
from penstock.sim.price import step_price
from penstock.sim.references import tell_references
from penstock.sim.schedule import follow_schedule
from penstock.sim.scripted import step_script
from penstock.sim.settling import answer_ours, conclude_ours, settle
from penstock.sim.traders import (
    change_activity,
    fade,
    follow_day,
    look_informed,
    notice_print,
    trade_lit_flow,
    wake_maker,
)

_NO_LAST_EVENT: Final = int64(FAR)
_STOP_AT_REPORTS: Final = int64(1)


@kernel
def advance(state: WorldState, until_ns: int) -> int:
    """
    `run_on`, for callers outside of kernels.

    Handing a whole `WorldState` to a function copies all its arrays, some 50 ns: nothing once a
    call, half of the cost once an event. So what each command of ours passes through is inlined.
    """
    return advance_to(state, until_ns, _NO_LAST_EVENT, _STOP_AT_REPORTS)


@kernel
def advance_to(state: WorldState, until_ns: int, last_event: int, stops_at_reports: int) -> int:
    """`run_to`, where pasting it would cost more in compiling than it gains."""
    return run_to(state, until_ns, last_event, stops_at_reports)


@inlined
def run_on(state: WorldState, until_ns: int) -> int:
    """
    Run until `until_ns` or until the first report reaches us. Returns REACHED or NEED_ROOM.

    All events up to the new `now_ns` have happened, and `tape_ready` rows of the tape have
    arrived. After NEED_ROOM a buffer must grow, or be emptied, before the next call; the world
    has then stopped just before the event that might not fit.
    """
    return run_to(state, until_ns, _NO_LAST_EVENT, _STOP_AT_REPORTS)


@inlined
def run_to(state: WorldState, until_ns: int, last_event: int, stops_at_reports: int) -> int:
    """
    The same with one more end: `n_events` reaching `last_event`, in the middle of its moment.

    Without `stops_at_reports` those that have arrived meanwhile wait for whoever reads them.
    """
    world, clocks, reports = state.world, state.clocks, state.reports
    n_sources = state.params[0].n_sources
    drop_consumed(state)
    status = REACHED
    while True:
        stop_ns = until_ns
        if stops_at_reports and world[0].reports_lo < world[0].reports_n:
            stop_ns = min(stop_ns, reports[world[0].reports_lo].recv_ns)
        now_ns = clocks[0]
        for other in range(1, n_sources):
            now_ns = min(now_ns, clocks[other])
        source = 0
        while clocks[source] != now_ns:
            source += 1
        if (
            world[0].news_ns <= now_ns
            and world[0].has_pegs
            and world[0].is_halted == 0  # nobody could act on it: told when trading goes on
        ):
            source = HEARSAY
            now_ns = max(world[0].news_ns, world[0].now_ns)
        if now_ns > stop_ns:
            world[0].now_ns = max(world[0].now_ns, stop_ns)
            break
        if not has_room(state):
            world[0].now_ns = max(world[0].now_ns, now_ns - 1)
            status = NEED_ROOM
            break
        world[0].n_events += 1
        happen(state, source, now_ns)
        if world[0].is_halted:
            keep_allowed(state.params, world, state.intents)
        carry_out(state, now_ns)
        if world[0].n_events >= last_event:
            world[0].now_ns = max(world[0].now_ns, now_ns)
            break
    ready = world[0].tape_ready
    while ready < world[0].tape_n and state.tape[ready].recv_ns <= world[0].now_ns:
        ready += 1
    world[0].tape_ready = ready
    world[0].tape_lo = ready
    return status


@inlined
def happen(state: WorldState, source: int, now_ns: int) -> None:
    """One event of one source: it moves its own clock on and writes intents."""
    params, world, clocks, streams = state.params, state.world, state.clocks, state.streams
    venues, touches, orders, handles = state.venues, state.touches, state.orders, state.handles
    intents, makers, quotes = state.intents, state.makers, state.quotes
    n_venues = params[0].n_venues
    if source >= FIRST_FLOW + n_venues + params[0].n_makers:
        react(state, source, now_ns)
    elif source >= FIRST_FLOW + n_venues:
        wake_maker(
            params, world, clocks, streams, venues, touches, state.nbbo, orders, handles, makers,
            quotes, intents, source - FIRST_FLOW - n_venues, now_ns,
        )  # fmt: skip
    elif source >= FIRST_FLOW:
        if venues[source - FIRST_FLOW].is_lit:
            trade_lit_flow(
                params, world, clocks, streams, venues, state.tables, touches, state.nbbo, orders,
                handles, intents, source - FIRST_FLOW, now_ns,
            )  # fmt: skip
        else:
            trade_pool_flow(state, source - FIRST_FLOW, now_ns)
    elif source == GRID:
        step_price(params, world, clocks, streams, now_ns)
        learn_of_others(params, world, state.others, now_ns)
        follow_day(params, world, now_ns)
        follow_schedule(state, now_ns)
        follow_phases(state, now_ns)
    elif source == ACTIVITY:
        change_activity(params, world, clocks, streams, now_ns)
    elif source == INFORMED:
        look_informed(params, world, clocks, streams, venues, touches, state.nbbo, intents, now_ns)
    elif source == MAIL:
        deliver(state, now_ns)
    elif source == SCRIPT:
        step_script(state, now_ns)
    elif source == HEARSAY:
        tell_references(
            params, world, venues, state.nbbo, state.head, state.books, orders, state.refs, intents,
            now_ns,
        )  # fmt: skip


@inlined
def react(state: WorldState, source: int, now_ns: int) -> None:
    """An event of those who react to others: makers to prints, a crowd to itself, or a parent's."""
    params, world, clocks = state.params, state.world, state.clocks
    if source < params[0].first_crowd_source:
        fade(
            params, world, clocks, state.orders, state.handles, state.makers, state.quotes,
            state.intents, source, now_ns,
        )  # fmt: skip
    elif source == params[0].first_crowd_source:
        follow_crowd(
            params, world, clocks, state.streams, state.venues, state.tables, state.touches,
            state.nbbo, state.intents, now_ns,
        )  # fmt: skip
    else:
        work_others(state, now_ns)


@inlined
def carry_out(state: WorldState, now_ns: int) -> None:
    """
    Carry out all intents against the lit books; tell everybody who must know.

    The one place where lit books change: orders of all owners pass through the same few lines.
    """
    params, world, orders, handles = state.params, state.world, state.orders, state.handles
    results, intents, touches = state.results, state.intents, state.touches
    n_intents = world[0].n_intents
    world[0].n_intents = 0
    for i in range(n_intents):
        kind = intents[i].kind
        ref = intents[i].ref
        venue_idx = intents[i].venue_idx
        side = intents[i].side
        left_ticks = 0  # a displayed level that an order was taken out of
        if kind != ENTER:
            slot = order_of(orders, handles[ref])
            if slot != 0:
                venue_idx = int(np.int64(order_venue(orders, slot)))
                side = int(np.int64(order_side(orders, slot)))
                if orders[slot].flags & HIDDEN == 0:
                    left_ticks = order_ticks(state.head, orders, slot)
        opposite = venue_idx * 2 + ((1 + side) >> 1)
        touch_before = touches[opposite].ticks

        n_fills = execute(state, i)
        world[0].n_book_changes += 1
        is_ours = ref >= params[0].first_child_ref
        if is_ours and kind != RETRY:
            answer_ours(state, kind, ref, intents[i].ticks, intents[i].shares, now_ns)
        if n_fills > 0:
            settle(state, ref, venue_idx, side, n_fills, intents[i].permanent_frac, now_ns)
        if results[0].handle != 0:
            handles[ref] = results[0].handle
            state.refs[results[0].handle & SLOT_MASK] = ref
        if results[0].code < BAD_VENUE:
            show(state, venue_idx, side, left_ticks, n_fills, now_ns)
        elif results[0].code == MARKET_FULL:
            world[0].n_refused += 1
        if (
            touches[opposite].ticks != touch_before
            and results[0].filled_shares >= params[0].fade_trigger_shares
        ):
            notice_print(params, state.clocks, state.makers, venue_idx, opposite & 1, now_ns)
        if is_ours:
            conclude_ours(state, kind, ref, now_ns)


@inlined
def execute(state: WorldState, i: int) -> int:
    """Put intent `i` to its book: the answer is in `results`. Returns the number of fills."""
    head, books, levels, orders = state.head, state.books, state.levels, state.orders
    fills, results, intents = state.fills, state.results, state.intents
    n_fills = 0
    if intents[i].kind == ENTER:
        n_fills = submit_order(
            head, books, levels, orders, intents[i].venue_idx, intents[i].side, intents[i].ticks,
            intents[i].shares, intents[i].tif, intents[i].flags, intents[i].owner,
            intents[i].min_shares, intents[i].display_shares, fills, 0, results, 0,
        )  # fmt: skip
    elif intents[i].kind == WITHDRAW:
        handle = state.handles[intents[i].ref]
        cancel_order(head, books, levels, orders, handle, ANY_OWNER, results, 0)
    elif intents[i].kind == RETRY:
        handle = state.handles[intents[i].ref]
        n_fills = retry_order(head, books, levels, orders, handle, fills, 0, results, 0)
    else:
        handle = state.handles[intents[i].ref]
        n_fills = replace_order(
            head, books, levels, orders, handle, ANY_OWNER, intents[i].ticks, intents[i].shares,
            fills, 0, results, 0,
        )  # fmt: skip
    return n_fills


@inlined
def show(
    state: WorldState, venue_idx: int, side: int, left_ticks: int, n_fills: int, now_ns: int
) -> None:
    """
    Publish what an order changed on its own side, and bring the touches up to date.

    At most two levels changed there: the one that the order left, and the one that it joined. Those
    of the other side were published with the fills.
    """
    world, head, books, levels = state.world, state.head, state.books, state.levels
    orders, results = state.orders, state.results
    joined_ticks = 0
    if results[0].resting_shares > 0:
        slot = results[0].handle & SLOT_MASK
        if orders[slot].flags & HIDDEN == 0:
            joined_ticks = order_ticks(head, orders, slot)
    if left_ticks == joined_ticks:
        left_ticks = 0
    for changed_ticks in (left_ticks, joined_ticks):
        if changed_ticks != 0:
            publish_level(
                world, state.venues, state.tables, state.tape, head, books, levels, orders,
                venue_idx, side, changed_ticks, now_ns,
            )  # fmt: skip
    for changed_side in (side, -side):
        if changed_side == side or n_fills > 0:
            update_touch(
                state.params, world, state.venues, head, books, levels, orders, state.touches,
                state.nbbo, venue_idx, changed_side, now_ns,
            )  # fmt: skip
