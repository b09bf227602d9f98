"""What the outside can see: market data messages with their latency, touches, and the NBBO."""

from __future__ import annotations

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.domain import TapeFlag, TapeKind
from penstock.sim.codes import MARKET_DATA_NS, N_TABLES, NBBO_HISTORY
from penstock.sim.draws import high_10, luck_at
from penstock.sim.layout import Rows, Tables
from penstock.sim.matching.views import displayed_shares, touch_ticks

# Kernels cannot read an enum's member.
_LEVEL = int(TapeKind.LEVEL)
_TRADE = int(TapeKind.TRADE)
_OFF_EXCHANGE = int(TapeFlag.OFF_EXCHANGE)
_HIDDEN = int(TapeFlag.HIDDEN)


@inlined
def latency_ns(venues: Rows, tables: Tables, venue_idx: int, which: int, time_ns: int) -> int:
    """
    Delay of a message that starts at `time_ns`; `which` is ORDER_IN_NS, ACK_NS or MARKET_DATA_NS.

    Messages of one kind that start together travel together: they are one packet.
    """
    bits = luck_at(venues[venue_idx].latency_luck + np.uint64(which), time_ns)
    return int(tables[venue_idx * N_TABLES + which, high_10(bits)])


@inlined
def publish(
    world: Rows, venues: Rows, tables: Tables, tape: Rows,
    venue_idx: int, kind: int, side: int, ticks: int, shares: int, flags: int, now_ns: int,
) -> None:  # fmt: skip
    """
    Send one message to everybody; it waits in the tape buffer until it has arrived.

    The buffer stays sorted by time of receipt. A message overtakes only those of other venues, and
    few are under way at a time, so it is inserted from the end.
    """
    recv_ns = max(
        now_ns + latency_ns(venues, tables, venue_idx, MARKET_DATA_NS, now_ns),
        venues[venue_idx].feed_recv_ns,
    )
    venues[venue_idx].feed_recv_ns = recv_ns
    venues[venue_idx].feed_seq += 1
    i = world[0].tape_n
    world[0].tape_n = i + 1
    lo = world[0].tape_lo
    while i > lo and tape[i - 1].recv_ns > recv_ns:
        tape[i] = tape[i - 1]
        i -= 1
    tape[i].event_ns = now_ns
    tape[i].recv_ns = recv_ns
    tape[i].seq = venues[venue_idx].feed_seq
    tape[i].order_ref = 0
    tape[i].price_ticks = ticks
    tape[i].shares = shares
    tape[i].venue_idx = venue_idx
    tape[i].instrument_idx = 0
    tape[i].kind = kind
    tape[i].side = side
    tape[i].flags = flags


@inlined
def publish_level(
    world: Rows, venues: Rows, tables: Tables, tape: Rows, head: Rows, books: Rows, levels: Rows,
    orders: Rows, venue_idx: int, side: int, ticks: int, now_ns: int,
) -> None:  # fmt: skip
    """Say what is displayed at one price of one book."""
    shares = displayed_shares(head, books, levels, orders, venue_idx, side, ticks)
    publish(world, venues, tables, tape, venue_idx, _LEVEL, side, ticks, shares, 0, now_ns)


@kernel
def publish_trade(
    world: Rows, venues: Rows, tables: Tables, tape: Rows, venue_idx: int, side: int, ticks: int,
    shares: int, is_hidden: bool, is_off_exchange: bool, now_ns: int,
) -> None:  # fmt: skip
    """Print a trade; `side` is the aggressor's, 0 if nobody is to know."""
    flags = 0
    if is_hidden:
        flags |= _HIDDEN
    if is_off_exchange:
        flags |= _OFF_EXCHANGE
    publish(world, venues, tables, tape, venue_idx, _TRADE, side, ticks, shares, flags, now_ns)


@inlined
def update_touch(
    params: Rows, world: Rows, venues: Rows, head: Rows, books: Rows, levels: Rows,
    orders: Rows, touches: Rows, nbbo: Rows, venue_idx: int, side: int, now_ns: int,
) -> None:  # fmt: skip
    """Bring the touch of one side of one venue up to date, and the NBBO with it."""
    column = (1 - side) >> 1
    row = venue_idx * 2 + column
    ticks = touch_ticks(head, books, levels, orders, venue_idx, side)
    shares = 0
    if ticks != 0:
        shares = displayed_shares(head, books, levels, orders, venue_idx, side, ticks)
    if ticks != touches[row].ticks or shares != touches[row].shares:
        touches[row].ticks = ticks
        touches[row].shares = shares
        if venues[venue_idx].is_protected:
            n_venues = params[0].n_venues
            best = 0
            total = 0
            for other in range(n_venues):
                quoted = touches[other * 2 + column].ticks
                if quoted != 0 and venues[other].is_protected:
                    if best == 0 or side * (quoted - best) > 0:
                        best = quoted
                        total = touches[other * 2 + column].shares
                    elif quoted == best:
                        total += touches[other * 2 + column].shares
            last = n_venues * 2
            touches[last + column].shares = total
            if best != touches[last + column].ticks:
                touches[last + column].ticks = best
                i = world[0].n_nbbo % NBBO_HISTORY
                world[0].n_nbbo += 1
                nbbo[i].time_ns = now_ns
                nbbo[i].bid_ticks = touches[last].ticks
                nbbo[i].ask_ticks = touches[last + 1].ticks
                world[0].news_ns = min(world[0].news_ns, now_ns + params[0].news_delay_ns)


@inlined
def mid_seen_x2(world: Rows, nbbo: Rows, at_ns: int) -> int:
    """
    Twice the NBBO midpoint as of `at_ns`, ticks; 0 while it is crossed or one-sided, or in a halt.

    Looks back over at most NBBO_HISTORY changes; further back nothing is known, which is 0.
    """
    n_known = min(world[0].n_nbbo, NBBO_HISTORY)
    back = 1
    while back < n_known and nbbo[(world[0].n_nbbo - back) % NBBO_HISTORY].time_ns > at_ns:
        back += 1
    mid_x2 = 0
    if n_known > 0 and world[0].is_halted == 0:
        i = (world[0].n_nbbo - back) % NBBO_HISTORY
        bid_ticks = nbbo[i].bid_ticks
        ask_ticks = nbbo[i].ask_ticks
        if nbbo[i].time_ns <= at_ns and bid_ticks > 0 and bid_ticks <= ask_ticks:
            mid_x2 = bid_ticks + ask_ticks
    return mid_x2


@inlined
def quote_seen(
    params: Rows, world: Rows, touches: Rows, nbbo: Rows, column: int, delay_ns: int, now_ns: int
) -> int:
    """One side of the NBBO (0 bid, 1 ask) as known `delay_ns` later, ticks; 0 if there is none."""
    ticks = touches[params[0].n_venues * 2 + column].ticks
    if delay_ns > 0:
        ticks = quote_at(world, nbbo, column, now_ns - delay_ns)
    return int(ticks)


@kernel
def quote_at(world: Rows, nbbo: Rows, column: int, at_ns: int) -> int:
    """
    One side of the NBBO as of `at_ns`, ticks; 0 when there was none.

    Looks back over at most NBBO_HISTORY changes; further back, the oldest remembered stands in.
    """
    n_known = min(world[0].n_nbbo, NBBO_HISTORY)
    if n_known == 0:
        return 0
    back = 1
    while back < n_known and nbbo[(world[0].n_nbbo - back) % NBBO_HISTORY].time_ns > at_ns:
        back += 1
    i = (world[0].n_nbbo - back) % NBBO_HISTORY
    return int(nbbo[i].ask_ticks if column == 1 else nbbo[i].bid_ticks)
