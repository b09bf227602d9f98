"""The background: noise traders, informed traders, market makers. They write intents, no more."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.sim.codes import (
    ACTIVITY,
    ADD_SHARES,
    DISTANCE,
    FAR,
    FIRST_FLOW,
    FIRST_MAKER_OWNER,
    INFORMED,
    N_TABLES,
    NOBODY,
    int64,
)
from penstock.sim.draws import (
    exponential_of,
    fourth_10,
    high_10,
    low_16,
    low_32,
    luck_at,
    mixed,
    next_16,
    next_bits,
    third_10,
    unit_of,
)
from penstock.sim.feed import quote_seen
from penstock.sim.intents import intend_to_enter, intend_to_withdraw
from penstock.sim.layout import Int64s, Rows, Tables, Uint64s
from penstock.sim.market_orders import send_market_order
from penstock.sim.matching.commands import order_of
from penstock.sim.matching.memory import DAY, HIDDEN, IOC, MIDPOINT, POST_ONLY, PRIMARY
from penstock.sim.price import fair_ticks
from penstock.sim.taking import venue_showing

# Arguments of intents; see `codes.int64`.
_ANONYMOUS: Final = int64(0)
_NO_MINIMUM: Final = int64(0)
_NO_FLAGS: Final = int64(0)
_DAY: Final = int64(DAY)
_IOC: Final = int64(IOC)
_POST_ONLY: Final = int64(POST_ONLY)


@inlined
def terms_of(venues: Rows, venue_idx: int, draw: int) -> tuple[int, int]:
    """
    Terms of a limit order of noise traders: flags, and what it shows when it is an iceberg, else 0.

    Args:
        draw: in 0..65,535; one decides it all.
    """
    flags = 0
    display_shares = 0
    if draw < venues[venue_idx].hidden_cut:
        flags = HIDDEN
    elif draw < venues[venue_idx].iceberg_cut:
        if draw < venues[venue_idx].midpoint_cut:
            flags = MIDPOINT
        elif draw < venues[venue_idx].primary_cut:
            flags = PRIMARY
        else:
            display_shares = int(np.int64(venues[venue_idx].display_shares))
    return flags, display_shares


@inlined
def trade_lit_flow(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, venues: Rows, tables: Tables,
    touches: Rows, nbbo: Rows, orders: Rows, handles: Int64s, intents: Rows, venue_idx: int,
    now_ns: int,
) -> None:  # fmt: skip
    """
    One event of a venue's noise traders: limit order, cancel or market order (see
    `send_market_order`); three draws.

    A limit order stands at or behind the fair price, at a geometric distance. One that would lock
    or cross another market takes the quote it meets instead, as a router would. Some are hidden,
    some are pegs, some icebergs. A new order takes
    the place of a random earlier one of the same venue if that still rests, and a cancel picks a
    place at random, so the number of resting orders finds its own level.
    """
    source = FIRST_FLOW + venue_idx
    gap = exponential_of(next_bits(streams, source)) * venues[venue_idx].gap_ns
    what = next_bits(streams, source)
    more = next_bits(streams, source)
    clocks[source] = now_ns + 1 + int(gap / world[0].activity)

    increment_ticks = params[0].increment_ticks
    kind = low_16(what)
    n_slots = venues[venue_idx].n_slots
    place = (low_16(more) * n_slots) >> 16
    if n_slots > 65_536:  # more places than sixteen bits tell apart
        place = (low_32(mixed(more)) * n_slots) >> 32
    ref = venues[venue_idx].first_slot + place
    if kind >= venues[venue_idx].second_cut:
        send_market_order(
            params, world, clocks, streams, venues, tables, touches, nbbo, orders, handles, intents,
            venue_idx, ref, what, high_10(more), now_ns,
        )  # fmt: skip
        return
    makes_way = order_of(orders, handles[ref]) != 0
    if kind >= venues[venue_idx].first_cut:
        if makes_way:
            intend_to_withdraw(world, intents, venue_idx, ref)
        return

    side = 1 if next_16(what) < 0x8000 else -1
    distance = tables[venue_idx * N_TABLES + DISTANCE, third_10(what)]
    shade = fourth_10(what) / 1024.0
    steps = side * fair_ticks(world) / increment_ticks - shade
    ticks = side * (math.floor(steps) - distance) * increment_ticks
    shares = int(np.int64(tables[venue_idx * N_TABLES + ADD_SHARES, high_10(what)]))
    target, tif = venue_idx, _DAY
    flags, display_shares = terms_of(venues, venue_idx, next_16(more))
    delay_ns = params[0].flow_delay_ns
    opposite_ticks = quote_seen(params, world, touches, nbbo, (1 + side) >> 1, delay_ns, now_ns)
    if flags >= MIDPOINT and opposite_ticks != 0:
        ticks = opposite_ticks  # a peg's limit: it never pays more than the far quote of now
    if opposite_ticks != 0 and flags < MIDPOINT and side * (ticks - opposite_ticks) >= 0:
        target = venue_showing(params, venues, touches, -side, opposite_ticks, venue_idx)
        ticks = max(increment_ticks, opposite_ticks)
        tif = _IOC
        flags, display_shares = 0, 0
        ref = NOBODY
    elif makes_way:
        intend_to_withdraw(world, intents, venue_idx, ref)
    intend_to_enter(
        world, intents, target, side, ticks, shares, _NO_MINIMUM, tif, flags, _ANONYMOUS, ref, 0.0
    )
    intents[world[0].n_intents - 1].display_shares = display_shares


@kernel
def change_activity(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, now_ns: int
) -> None:
    """From calm to busy or back, for all noise traders at once; one draw."""
    busy = 1 - world[0].is_busy
    world[0].is_busy = busy
    world[0].activity = world[0].day_multiplier * (params[0].busy_multiplier if busy else 1.0)
    mean_ns = params[0].busy_mean_ns if busy else params[0].calm_mean_ns
    clocks[ACTIVITY] = now_ns + 1 + int(mean_ns * exponential_of(next_bits(streams, ACTIVITY)))


@kernel
def follow_day(params: Rows, world: Rows, now_ns: int) -> None:
    """
    The time of day at one step of the grid: more activity at the start and the end of a session.

        1 + (open − 1) e^(−(t − start) / tau) + (close − 1) e^(−(end − t) / tau)

    Source: the U of volume, Jain & Joh (1988), "The Dependence between Hourly Prices and Trading
        Volume", Journal of Financial and Quantitative Analysis 23(3).
    """
    if params[0].open_extra_frac == 0.0 and params[0].close_extra_frac == 0.0:
        return
    since = max(0.0, (now_ns - params[0].session_start_ns) / params[0].shape_tau_ns)
    left = max(0.0, (params[0].session_end_ns - now_ns) / params[0].shape_tau_ns)
    extra = params[0].open_extra_frac * math.exp(-since)
    extra += params[0].close_extra_frac * math.exp(-left)
    world[0].day_multiplier = 1.0 + extra
    world[0].activity = (1.0 + extra) * (params[0].busy_multiplier if world[0].is_busy else 1.0)


@kernel
def look_informed(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, venues: Rows, touches: Rows,
    nbbo: Rows, intents: Rows, now_ns: int,
) -> None:  # fmt: skip
    """
    Informed traders compare the NBBO with what the price will be; three draws.

    They know the information that the price has not absorbed. They take the touch of one venue
    when the difference pays for the trade.
    """
    gap = exponential_of(next_bits(streams, INFORMED)) * params[0].informed_gap_ns
    lots = exponential_of(next_bits(streams, INFORMED)) * params[0].informed_shares_mean / 100.0
    where = low_16(next_bits(streams, INFORMED))
    clocks[INFORMED] = now_ns + 1 + int(gap)
    value_ticks = world[0].efficient_ticks + world[0].unreleased_ticks
    first_idx = (where * params[0].n_venues) >> 16
    delay_ns = params[0].informed_delay_ns
    for side in (1, -1):
        ticks = quote_seen(params, world, touches, nbbo, (1 + side) >> 1, delay_ns, now_ns)
        if ticks != 0 and side * (value_ticks - ticks) >= params[0].informed_edge_ticks:
            target = venue_showing(params, venues, touches, -side, ticks, first_idx)
            if not venues[target].is_protected:
                continue  # nobody shows what they saw any more, and a pool quotes nothing
            shares = 100 * (1 + int(lots))
            intend_to_enter(
                world, intents, target, side, ticks, shares, _NO_MINIMUM, _IOC, _NO_FLAGS,
                _ANONYMOUS, NOBODY, 0.0,
            )  # fmt: skip


@inlined
def wake_maker(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, venues: Rows, touches: Rows,
    nbbo: Rows, orders: Rows, handles: Int64s, makers: Rows, quotes: Rows, intents: Rows,
    maker: int, now_ns: int,
) -> None:  # fmt: skip
    """
    A market maker looks at its quotes and moves those that are off; two draws.

    It wants the increments around its half-spread, does not lock or cross the NBBO, and keeps away
    where it was taken or scared off. It moves only when the fair price left its anchor by the
    hysteresis, because moving costs its place in the queue.
    """
    n_venues = params[0].n_venues
    source = FIRST_FLOW + n_venues + maker
    gap = exponential_of(next_bits(streams, source)) * params[0].maker_wake_ns
    size_bits = next_bits(streams, source)
    clocks[source] = now_ns + 1 + int(gap)

    fair = fair_ticks(world)
    if abs(fair - makers[maker].anchor_ticks) > params[0].hysteresis_ticks:
        makers[maker].anchor_ticks = fair
    increment_ticks = params[0].increment_ticks
    for row in range(maker * n_venues * 2, (maker + 1) * n_venues * 2):
        column = row & 1
        venue_idx = (row >> 1) - maker * n_venues
        if venues[venue_idx].maker_shares > 0.0:
            side = 1 - 2 * column
            want = 0
            if now_ns >= quotes[row].quiet_until_ns:
                edge = side * makers[maker].anchor_ticks - makers[maker].half_spread_ticks
                want = side * math.floor(edge / increment_ticks) * increment_ticks
                opposite_ticks = quote_seen(
                    params, world, touches, nbbo, 1 - column, params[0].maker_delay_ns, now_ns
                )
                if opposite_ticks != 0 and side * (want - opposite_ticks) >= 0:
                    want = opposite_ticks - side * increment_ticks
            is_live = order_of(orders, handles[row]) != 0
            if is_live and want != quotes[row].ticks:
                intend_to_withdraw(world, intents, venue_idx, row)
            if want > 0 and (not is_live or want != quotes[row].ticks):
                size = 0.5 + unit_of(mixed(size_bits + np.uint64(row)))
                lots = int(size * venues[venue_idx].maker_shares / 100.0 + 0.5)
                quotes[row].ticks = want
                intend_to_enter(
                    world, intents, venue_idx, side, want, 100 * max(1, lots), _NO_MINIMUM,
                    _DAY, _POST_ONLY, FIRST_MAKER_OWNER + maker, row, 0.0,
                )  # fmt: skip


@inlined
def absence_ns(params: Rows, bits: np.uint64) -> int:
    """How long a maker stays away: uniform between refill_min and refill_max."""
    return int(params[0].refill_min_ns + params[0].refill_span_ns * unit_of(bits))


@kernel
def notice_print(
    params: Rows, clocks: Int64s, makers: Rows, venue_idx: int, column: int, now_ns: int
) -> None:
    """
    A print cleared the touch of a venue: each maker may decide to pull that side elsewhere.

    A maker already about to react to an earlier print on that side does not start over.
    """
    first_reaction = FIRST_FLOW + params[0].n_venues + params[0].n_makers
    for maker in range(params[0].n_makers):
        bits = luck_at(makers[maker].luck + np.uint64(column), now_ns)
        source = first_reaction + maker * 2 + column
        if unit_of(bits) < params[0].fade_prob and clocks[source] == FAR:
            delay = 0.5 + 0.5 * exponential_of(mixed(bits))
            clocks[source] = now_ns + 1 + int(params[0].fade_reaction_ns * delay)
            if column == 0:
                makers[maker].bid_print_venue_idx = venue_idx
            else:
                makers[maker].ask_print_venue_idx = venue_idx


@kernel
def fade(
    params: Rows, world: Rows, clocks: Int64s, orders: Rows, handles: Int64s, makers: Rows,
    quotes: Rows, intents: Rows, source: int, now_ns: int,
) -> None:  # fmt: skip
    """A maker pulls its quotes of one side everywhere but where the print was; no draws."""
    n_venues = params[0].n_venues
    reaction = source - (FIRST_FLOW + n_venues + params[0].n_makers)
    maker = reaction >> 1
    column = reaction & 1
    clocks[source] = FAR
    print_venue_idx = makers[maker].bid_print_venue_idx
    if column == 1:
        print_venue_idx = makers[maker].ask_print_venue_idx
    for venue_idx in range(n_venues):
        if venue_idx != print_venue_idx:
            row = (maker * n_venues + venue_idx) * 2 + column
            bits = luck_at(makers[maker].luck + np.uint64(2 + row), now_ns)
            quotes[row].quiet_until_ns = max(
                quotes[row].quiet_until_ns, now_ns + absence_ns(params, bits)
            )
            if order_of(orders, handles[row]) != 0:
                intend_to_withdraw(world, intents, venue_idx, row)
