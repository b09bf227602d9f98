"""Other people's parent orders: one sign for minutes, in slices, at random times."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.sim.codes import N_OTHERS, N_TABLES
from penstock.sim.crowd import venue_drawn
from penstock.sim.draws import (
    exponential_of,
    high_10,
    low_16,
    luck_at,
    mixed,
    next_16,
    next_bits,
    unit_of,
)
from penstock.sim.feed import quote_seen
from penstock.sim.layout import Rows, WorldState
from penstock.sim.taking import intend_to_rest, intend_to_take

_KNOWN_ALREADY: Final = 0.0  # the price learns of the parent itself, not of its slices
_GAP: Final = np.uint64(1)
_SIZE: Final = np.uint64(2)


@kernel
def work_others(state: WorldState, now_ns: int) -> None:
    """
    A parent of somebody else arrives, or slices of some are due.

    Three draws at an arrival; slices use luck of their own, which the parent was born with, so what
    comes when depends on no book and no order of ours. Heavy-tailed sizes, worked in slices of
    one sign, are what gives the signs of a real tape their long memory.

    Source: Lillo, Mike & Farmer (2005), "Theory for Long Memory in Supply and Demand", Physical
        Review E 71, 066122: sizes with a tail of exponent a give autocorrelations that fall as
        lag^(1 - a).
    """
    world, others = state.world, state.others
    if now_ns >= world[0].next_parent_ns:
        receive_parent(state, now_ns)
    soonest_ns = int(world[0].next_parent_ns)
    for i in range(N_OTHERS):
        if others[i].n_children > 0:
            if others[i].next_ns <= now_ns:
                send_slice(state, i, now_ns)
            if others[i].n_children > 0:
                soonest_ns = min(soonest_ns, int(others[i].next_ns))
    state.clocks[state.params[0].first_crowd_source + 1] = soonest_ns


@kernel
def receive_parent(state: WorldState, now_ns: int) -> None:
    """
    A new parent, which goes unheard when all rows are taken; three draws.

    All that it will do to the price for good, its size at the usual permanent impact, is news at
    this moment: of either sign alike, so M* jumps and its expected change is zero. The price itself
    learns of it evenly until the parent's expected end, whatever its slices meet.
    """
    params, world, others = state.params, state.world, state.others
    source = params[0].first_crowd_source + 1
    gap_ns = exponential_of(next_bits(state.streams, source)) * params[0].others_gap_ns
    what = next_bits(state.streams, source)
    luck = next_bits(state.streams, source)
    world[0].next_parent_ns = now_ns + 1 + int(gap_ns / world[0].day_multiplier)
    free = 0
    while free < N_OTHERS and (others[free].n_children > 0 or others[free].ticks != 0.0):
        free += 1
    if free == N_OTHERS:
        return
    shares = float(state.tables[params[0].n_venues * N_TABLES, high_10(what)])
    side = 1 if low_16(what) < 0x8000 else -1
    n_children = max(1, int(shares / params[0].others_child_shares + 0.5))
    others[free].side = side
    others[free].n_children = n_children
    others[free].luck = luck
    others[free].next_ns = now_ns + 1
    others[free].ends_ns = now_ns + int(n_children * params[0].others_child_gap_ns)
    size_shares = n_children * params[0].others_child_shares
    others[free].ticks = params[0].permanent_ticks_per_share * side * size_shares
    world[0].others_ticks += others[free].ticks


@kernel
def send_slice(state: WorldState, i: int, now_ns: int) -> None:
    """The next slice of a parent takes, or joins the best quote of its side."""
    params, world, venues, others = state.params, state.world, state.venues, state.others
    bits = luck_at(others[i].luck, others[i].n_children)
    gap_ns = exponential_of(mixed(bits + _GAP)) * params[0].others_child_gap_ns
    lots = params[0].others_child_shares * (0.5 + unit_of(mixed(bits + _SIZE))) / 100.0
    shares = 100 * max(1, int(lots + 0.5))
    side = int(np.int64(others[i].side))
    others[i].n_children -= 1
    others[i].next_ns = now_ns + 1 + int(gap_ns)
    venue_idx = venue_drawn(venues, low_16(bits))
    if next_16(bits) < params[0].others_market_cut:
        intend_to_take(
            params, world, venues, state.touches, state.nbbo, state.intents, venue_idx, side,
            shares, _KNOWN_ALREADY, now_ns,
        )  # fmt: skip
    else:
        join_queue(state, venue_idx, side, shares, high_10(bits), now_ns)


@inlined
def join_queue(
    state: WorldState, venue_idx: int, side: int, shares: int, draw: int, now_ns: int
) -> None:
    """
    Post at the best price of `side` in one of the venue's places, as its noise traders do.

    So it stays until it trades or its place is taken or emptied; nobody chases the price.

    Args:
        draw: in 0..1,023, chooses the place.
    """
    params, world, venues = state.params, state.world, state.venues
    delay_ns = params[0].flow_delay_ns
    column = (1 - side) >> 1
    ticks = quote_seen(params, world, state.touches, state.nbbo, column, delay_ns, now_ns)
    if ticks == 0:
        return
    ref = venues[venue_idx].first_slot + ((draw * venues[venue_idx].n_slots) >> 10)
    intend_to_rest(
        world, state.orders, state.handles, state.intents, venue_idx, side, ticks, shares, ref
    )


@kernel
def learn_of_others(params: Rows, world: Rows, others: Rows, now_ns: int) -> None:
    """One step of the grid: the price learns its share of each parent, as M* knew it would."""
    if params[0].others_gap_ns == math.inf:
        return
    left_ticks = 0.0
    for i in range(N_OTHERS):
        if others[i].ticks != 0.0:
            n_steps = 1 + max(0, (others[i].ends_ns - now_ns) // params[0].grid_ns)
            learned = others[i].ticks / n_steps
            others[i].ticks -= learned
            world[0].efficient_ticks += learned
            left_ticks += others[i].ticks
    world[0].others_ticks = left_ticks
