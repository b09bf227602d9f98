"""Dark pools: hidden interest in order of arrival, crossed at the midpoint that the pool sees."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.domain import Liquidity
from penstock.sim.codes import (
    ADD_SHARES,
    FIRST_FLOW,
    MARKET_SHARES,
    N_TABLES,
    NOBODY,
    POOL_DEPTH,
    int64,
)
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
from penstock.sim.feed import mid_seen_x2, publish_trade
from penstock.sim.layout import Int64s, Rows, WorldState
from penstock.sim.matching_types import DAY, IOC
from penstock.sim.reports import tell_fill

_MIDPOINT: Final = int64(Liquidity.MIDPOINT)
_NO_SIDE: Final = int64(0)
_ANY_SIZE: Final = int64(0)
_ANY_PRICE: Final = int64(0)
_BUY: Final = int64(1)
_DAY: Final = int64(DAY)
_IOC: Final = int64(IOC)

# The last rows of each side are kept free of background interest, so that it cannot shut us out.
_BACKGROUND_DEPTH = POOL_DEPTH - 8


@inlined
def take_row_out(interest: Rows, n_interest: Int64s, book: int, place: int) -> None:
    """Remove one hidden order; those behind it move up."""
    first = book * POOL_DEPTH
    n_interest[book] -= 1
    for i in range(first + place, first + n_interest[book]):
        interest[i] = interest[i + 1]


@inlined
def accepts(ticks: int, side: int, limit_ticks: int) -> bool:
    """True when a price is no worse than a limit; 0 is no limit."""
    return limit_ticks == 0 or side * (ticks - limit_ticks) <= 0


@kernel
def cross(
    state: WorldState, venue_idx: int, side: int, ref: int, shares: int, min_shares: int,
    limit_ticks: int, ticks: int, now_ns: int,
) -> int:  # fmt: skip
    """
    Trade an order with what rests on the other side of a pool, oldest first, all at `ticks`.

    Each single execution respects both minimum quantities, or takes all that an order has left
    where that is less. Our orders do not trade with each other. Returns the shares left over.
    """
    params, world, children = state.params, state.world, state.children
    venues, interest, n_interest = state.venues, state.interest, state.n_interest
    first_child_ref = params[0].first_child_ref
    other = venue_idx * 2 + ((1 + side) >> 1)
    first = other * POOL_DEPTH
    place = 0
    is_leak_possible = True
    while shares > 0 and place < n_interest[other]:
        i = first + place
        resting_ref = interest[i].ref
        traded = min(shares, interest[i].shares)
        both_ours = ref >= first_child_ref and resting_ref >= first_child_ref
        if (
            both_ours
            or not accepts(ticks, -side, interest[i].limit_ticks)
            or not accepts(ticks, side, limit_ticks)
            or traded < min(min_shares, shares)
            or traded < min(interest[i].min_shares, interest[i].shares)
        ):
            place += 1
            continue
        our_ref = max(ref, resting_ref)
        if our_ref >= first_child_ref:
            child = our_ref - first_child_ref
            leak_ticks = 0.0
            if is_leak_possible and params[0].is_generated:
                leak_ticks = leaked_ticks(venues, venue_idx, children[child].side, now_ns)
                is_leak_possible = False
            tell_fill(
                params, world, venues, state.tables, children, state.reports, state.audit,
                child, ticks, traded, _MIDPOINT, leak_ticks, 0.0, now_ns,
            )  # fmt: skip
            world[0].unreleased_ticks += leak_ticks
        shares -= traded
        interest[i].shares -= traded
        world[0].n_trades += 1
        world[0].price_sum_ticks += ticks
        world[0].last_trade_ticks = ticks
        publish_trade(
            world, venues, state.tables, state.tape, params[0].trf_venue_idx, _NO_SIDE, ticks,
            traded, False, True, now_ns,
        )  # fmt: skip
        if interest[i].shares == 0:
            take_row_out(interest, n_interest, other, place)
        else:
            place += 1
    return shares


@inlined
def leaked_ticks(venues: Rows, venue_idx: int, side: int, now_ns: int) -> float:
    """
    The adverse move that follows an execution of ours that becomes known, 0 when it does not.

    At most once for all executions of one moment: they are one piece of news.
    """
    bits = luck_at(venues[venue_idx].leak_luck, now_ns)
    ticks = 0.0
    if unit_of(bits) < venues[venue_idx].leak_prob:
        span = venues[venue_idx].leak_max_ticks - venues[venue_idx].leak_min_ticks
        ticks = side * (venues[venue_idx].leak_min_ticks + span * unit_of(mixed(bits)))
    return ticks


@kernel
def enter_pool(
    state: WorldState, venue_idx: int, side: int, ref: int, shares: int, min_shares: int,
    limit_ticks: int, tif: int, now_ns: int,
) -> int:  # fmt: skip
    """
    A midpoint order reaches a pool: trade, then rest if it may. Returns the shares that are gone.

    Nothing trades while the NBBO that the pool sees is crossed or one-sided. "Gone" is what an
    IOC leaves, or what does not fit.
    """
    venues, interest, n_interest = state.venues, state.interest, state.n_interest
    mid_x2 = mid_seen_x2(state.world, state.nbbo, now_ns - venues[venue_idx].nbbo_delay_ns)
    left = shares
    if mid_x2 > 0:
        left = cross(
            state, venue_idx, side, ref, shares, min_shares, limit_ticks, mid_x2 >> 1, now_ns
        )
    if left == 0 or tif != DAY:
        return left
    book = venue_idx * 2 + ((1 - side) >> 1)
    depth = POOL_DEPTH if ref >= state.params[0].first_child_ref else _BACKGROUND_DEPTH
    if n_interest[book] >= depth:
        return left
    i = book * POOL_DEPTH + n_interest[book]
    n_interest[book] += 1
    interest[i].ref = ref
    interest[i].shares = left
    interest[i].min_shares = min_shares
    interest[i].limit_ticks = limit_ticks
    return 0


@kernel
def leave_pool(state: WorldState, venue_idx: int, side: int, ref: int) -> int:
    """Withdraw a known order from a pool. Returns its open shares, 0 when it is not there."""
    book = venue_idx * 2 + ((1 - side) >> 1)
    for place in range(state.n_interest[book]):
        i = book * POOL_DEPTH + place
        if state.interest[i].ref == ref:
            shares = int(state.interest[i].shares)
            take_row_out(state.interest, state.n_interest, book, place)
            return shares
    return 0


@kernel
def look_for_crosses(state: WorldState, venue_idx: int, now_ns: int) -> None:
    """
    Try all resting orders again when the midpoint has moved: limits may have come into reach.

    A pool does this whenever it handles an event of its own, not at each quote of the market.
    """
    venues, interest = state.venues, state.interest
    mid_x2 = mid_seen_x2(state.world, state.nbbo, now_ns - venues[venue_idx].nbbo_delay_ns)
    if mid_x2 == 0 or mid_x2 == venues[venue_idx].crossed_mid_x2:
        return
    venues[venue_idx].crossed_mid_x2 = mid_x2
    book = venue_idx * 2
    place = 0
    while place < state.n_interest[book] and state.n_interest[book + 1] > 0:
        i = book * POOL_DEPTH + place
        left = cross(
            state, venue_idx, _BUY, interest[i].ref, interest[i].shares, interest[i].min_shares,
            interest[i].limit_ticks, mid_x2 >> 1, now_ns,
        )  # fmt: skip
        interest[i].shares = left
        if left == 0:
            take_row_out(interest, state.n_interest, book, place)
        else:
            place += 1


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

    Contra orders are immediate-or-cancel and look for what rests. A share of them knows where the
    price is going and comes only from the side that profits: those who rest are picked off.
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
    shares = int(np.int64(state.tables[venue_idx * N_TABLES + ADD_SHARES, size_draw]))
    if kind >= venues[venue_idx].second_cut:
        tif = _IOC
        shares = int(np.int64(state.tables[venue_idx * N_TABLES + MARKET_SHARES, size_draw]))
        reach_s = params[0].drift_reach_s
        coming = world[0].unreleased_ticks + world[0].drift_ticks_per_s * reach_s
        knows = next_16(more) < venues[venue_idx].informed_frac * 65_536.0
        if knows and coming != 0.0:
            side = 1 if coming > 0.0 else -1
    elif state.spells[book].is_on == 0:
        shares = 0
    if shares > 0:
        enter_pool(state, venue_idx, side, NOBODY, shares, _ANY_SIZE, _ANY_PRICE, tif, now_ns)
