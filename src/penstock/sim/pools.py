"""Dark pools: hidden interest by time or by size, crossed at the midpoint that the pool sees."""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.domain import Liquidity
from penstock.sim.codes import BACKGROUND_DEPTH, POOL_DEPTH, int64
from penstock.sim.draws import luck_at, mixed, unit_of
from penstock.sim.feed import mid_seen_x2, publish_trade
from penstock.sim.layout import Int64s, Rows, WorldState
from penstock.sim.matching.memory import DAY
from penstock.sim.reports import tell_fill

_MIDPOINT: Final = int64(Liquidity.MIDPOINT)
_NO_SIDE: Final = int64(0)
_NONE: Final = int64(0)
_BUY: Final = int64(1)
_LARGEST: Final = int64(2**62)  # where a walk through hidden orders begins
_BEFORE_ALL: Final = int64(-1)


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


@inlined
def next_place(
    interest: Rows, n_interest: Int64s, book: int, by_size: int, last_shares: int, last_place: int
) -> int:
    """
    Whose turn it is after the order of `last_shares` at `last_place`; past the end when nobody's.

    In time priority that is who came next. In size priority it is the largest open size that is
    smaller, or the same and came later: the rows themselves stay in order of arrival.
    """
    found = last_place + 1
    if by_size:
        first = book * POOL_DEPTH
        found = int(n_interest[book])
        most = _NONE
        for place in range(n_interest[book]):
            shares = interest[first + place].shares
            is_later = shares < last_shares or (shares == last_shares and place > last_place)
            if is_later and shares > most:
                found = place
                most = shares
    return found


@kernel
def cross(
    state: WorldState, venue_idx: int, side: int, ref: int, shares: int, min_shares: int,
    limit_ticks: int, leak_prob: float, ticks: int, now_ns: int,
) -> int:  # fmt: skip
    """
    Trade an order with what rests on the other side of a pool, in its priority, all at `ticks`.

    Each single execution respects both minimum quantities, or takes all that an order has left
    where that is less. Our orders do not trade with each other. Returns the shares left over.
    """
    params, world, children = state.params, state.world, state.children
    venues, interest, n_interest = state.venues, state.interest, state.n_interest
    first_child_ref = params[0].first_child_ref
    other = venue_idx * 2 + ((1 + side) >> 1)
    first = other * POOL_DEPTH
    by_size = venues[venue_idx].has_size_priority
    place = next_place(interest, n_interest, other, by_size, _LARGEST, _BEFORE_ALL)
    while shares > 0 and place < n_interest[other]:
        i = first + place
        size_before = interest[i].shares
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
            place = next_place(interest, n_interest, other, by_size, size_before, place)
            continue
        our_ref = max(ref, resting_ref)
        if our_ref >= first_child_ref:
            child = our_ref - first_child_ref
            leak_ticks = 0.0
            if venues[venue_idx].leaked_ns != now_ns and params[0].is_generated:
                venues[venue_idx].leaked_ns = now_ns
                leak_ticks = leaked_ticks(
                    venues, venue_idx, leak_prob, children[child].side, now_ns
                )
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
            place -= 1  # the next one is there now
        place = next_place(interest, n_interest, other, by_size, size_before, place)
    return shares


@inlined
def leaked_ticks(venues: Rows, venue_idx: int, leak_prob: float, side: int, now_ns: int) -> float:
    """
    The adverse move that follows an execution of ours that becomes known, 0 when it does not.

    At most once for all executions of one moment: they are one piece of news.
    """
    bits = luck_at(venues[venue_idx].leak_luck, now_ns)
    ticks = 0.0
    if unit_of(bits) < leak_prob:
        span = venues[venue_idx].leak_max_ticks - venues[venue_idx].leak_min_ticks
        ticks = side * (venues[venue_idx].leak_min_ticks + span * unit_of(mixed(bits)))
    return ticks


@kernel
def enter_pool(
    state: WorldState, venue_idx: int, side: int, ref: int, shares: int, min_shares: int,
    limit_ticks: int, tif: int, leak_prob: float, now_ns: int,
) -> int:  # fmt: skip
    """
    A midpoint order reaches a pool: trade, then rest if it may. Returns the shares that are gone.

    Nothing trades while the NBBO that the pool sees is crossed or one-sided. "Gone" is what an
    IOC leaves, or what does not fit. `leak_prob` is the chance that an execution of ours with this
    order, or of this order if it is ours, becomes known.
    """
    venues, interest, n_interest = state.venues, state.interest, state.n_interest
    mid_x2 = mid_seen_x2(state.world, state.nbbo, now_ns - venues[venue_idx].nbbo_delay_ns)
    left = shares
    if mid_x2 > 0:
        left = cross(
            state, venue_idx, side, ref, shares, min_shares, limit_ticks, leak_prob, mid_x2 >> 1,
            now_ns,
        )  # fmt: skip
    if left == 0 or tif != DAY:
        return left
    if mid_x2 == 0:
        venues[venue_idx].crossed_mid_x2 = 0  # whoever rests now is tried when there is one again
    book = venue_idx * 2 + ((1 - side) >> 1)
    depth = POOL_DEPTH if ref >= state.params[0].first_child_ref else BACKGROUND_DEPTH
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
    by_size = venues[venue_idx].has_size_priority
    place = next_place(interest, state.n_interest, book, by_size, _LARGEST, _BEFORE_ALL)
    while place < state.n_interest[book] and state.n_interest[book + 1] > 0:
        i = book * POOL_DEPTH + place
        size_before = interest[i].shares
        left = cross(
            state, venue_idx, _BUY, interest[i].ref, size_before, interest[i].min_shares,
            interest[i].limit_ticks, venues[venue_idx].leak_prob, mid_x2 >> 1, now_ns,
        )  # fmt: skip
        interest[i].shares = left
        if left == 0:
            take_row_out(interest, state.n_interest, book, place)
            place -= 1
        place = next_place(interest, state.n_interest, book, by_size, size_before, place)
