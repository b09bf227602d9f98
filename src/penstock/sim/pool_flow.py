"""The background traders of a pool: hidden interest that comes and goes, and who looks for it."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.sim.codes import (
    ADD_SHARES,
    CLASS_SHARES,
    FIRST_FLOW,
    N_CLASSES,
    N_TABLES,
    NOBODY,
    POOL_DEPTH,
    int64,
)
from penstock.sim.draws import (
    exponential_of,
    high_10,
    low_16,
    next_16,
    next_bits,
    third_10,
    unit_of,
)
from penstock.sim.layout import WorldState
from penstock.sim.matching.memory import DAY, IOC
from penstock.sim.pool_classes import class_drawn, or_else
from penstock.sim.pools import enter_pool, look_for_crosses, take_row_out

_ANY_PRICE: Final = int64(0)
_DAY: Final = int64(DAY)
_IOC: Final = int64(IOC)


@inlined
def turn_spells(state: WorldState, venue_idx: int, now_ns: int) -> None:
    """
    Switch each side of a pool on or off when its spell is over; one draw a switch.

    When a side goes off, whoever was there takes the hidden orders away.
    """
    params, spells = state.params, state.spells
    for book in (venue_idx * 2, venue_idx * 2 + 1):
        while now_ns >= spells[book].until_ns:
            draw = unit_of(next_bits(state.streams, params[0].n_sources + book))
            length_ns = params[0].spell_min_ns + params[0].spell_span_ns * draw
            spells[book].is_on = 1 - spells[book].is_on
            if spells[book].is_on == 0:
                length_ns *= params[0].off_per_on
                place = 0
                while place < state.n_interest[book]:
                    if state.interest[book * POOL_DEPTH + place].ref < 0:
                        take_row_out(state.interest, state.n_interest, book, place)
                    else:
                        place += 1
            spells[book].until_ns += 1 + int(length_ns)


@kernel
def trade_pool_flow(state: WorldState, venue_idx: int, now_ns: int) -> None:
    """
    One event of a pool's traders: hidden interest, its withdrawal, or a contra order; three draws.

    Contra orders are immediate-or-cancel, of one of the pool's classes, and look for what rests. A
    share of them knows where the price is going and comes only from the side that profits: those
    who rest are picked off.
    """
    params, world, venues = state.params, state.world, state.venues
    source = FIRST_FLOW + venue_idx
    gap = exponential_of(next_bits(state.streams, source)) * venues[venue_idx].gap_ns
    what = next_bits(state.streams, source)
    more = next_bits(state.streams, source)
    state.clocks[source] = now_ns + 1 + int(gap / world[0].day_multiplier)
    turn_spells(state, venue_idx, now_ns)
    look_for_crosses(state, venue_idx, now_ns)

    kind = low_16(what)
    side = 1 if next_16(what) < 0x8000 else -1
    size_draw = high_10(what)
    book = venue_idx * 2 + ((1 - side) >> 1)
    if venues[venue_idx].first_cut <= kind < venues[venue_idx].second_cut:
        place = (low_16(more) * POOL_DEPTH) >> 16
        if place < state.n_interest[book] and state.interest[book * POOL_DEPTH + place].ref < 0:
            take_row_out(state.interest, state.n_interest, book, place)
        return
    tif = _DAY
    leak_prob = venues[venue_idx].leak_prob
    shares = int(np.int64(state.tables[venue_idx * N_TABLES + ADD_SHARES, size_draw]))
    min_shares = int(np.ceil(venues[venue_idx].interest_min_frac * shares))
    if kind >= venues[venue_idx].second_cut:
        tif = _IOC
        min_shares = 0
        which = class_drawn(state.classes, venue_idx, third_10(more))
        own = venue_idx * N_CLASSES + which
        shares = int(np.int64(state.tables[venue_idx * N_TABLES + CLASS_SHARES + which, size_draw]))
        leak_prob = or_else(state.classes[own].leak_prob, leak_prob)
        informed_frac = or_else(state.classes[own].informed_frac, venues[venue_idx].informed_frac)
        reach_s = params[0].drift_reach_s
        coming = world[0].unreleased_ticks + world[0].drift_ticks_per_s * reach_s
        knows = next_16(more) < informed_frac * 65_536.0
        if knows and coming != 0.0:
            side = 1 if coming > 0.0 else -1
    elif state.spells[book].is_on == 0:
        shares = 0
    if shares > 0:
        enter_pool(
            state, venue_idx, side, NOBODY, shares, min_shares, _ANY_PRICE, tif, leak_prob, now_ns
        )
