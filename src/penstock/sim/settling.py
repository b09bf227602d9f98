"""What the answer of a book means: to us, to the makers, to the price and to the tape."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.domain import Liquidity, TapeFlag, TapeKind
from penstock.sim.codes import (
    ACK,
    CANCEL_REJECT,
    CANCELLED,
    DONE,
    ENTER,
    LIVE,
    NO_REASON,
    REJECT,
    REPLACED,
    WITHDRAW,
    int64,
)
from penstock.sim.draws import luck_at
from penstock.sim.feed import publish, publish_level, publish_trade
from penstock.sim.layout import Rows, WorldState
from penstock.sim.matching.memory import BAD_VENUE, SLOT_MASK
from penstock.sim.price import absorb_trade
from penstock.sim.reports import tell, tell_fill
from penstock.sim.traders import absence_ns

_TAKE: Final = int64(Liquidity.TAKE)
_MAKE: Final = int64(Liquidity.MAKE)
_MIDPOINT: Final = int64(Liquidity.MIDPOINT)
_ZERO: Final = int64(0)
_TRADE: Final = int64(TapeKind.TRADE)
_AUCTION: Final = int64(TapeFlag.AUCTION)


@inlined
def settle(
    state: WorldState, ref: int, venue_idx: int, side: int, n_fills: int, permanent_frac: float,
    now_ns: int,
) -> None:  # fmt: skip
    """What the fills of one incoming order mean: to us, to makers, to the price, to the tape."""
    params, world, venues, tables = state.params, state.world, state.venues, state.tables
    head, books, levels, orders = state.head, state.books, state.levels, state.orders
    fills, refs, tape, quotes = state.fills, state.refs, state.tape, state.quotes
    first_child_ref = params[0].first_child_ref
    is_displayed = False
    for k in range(n_fills):
        ticks = int(np.int64(fills[k].ticks))
        shares = int(np.int64(fills[k].shares))
        resting_ref = refs[fills[k].handle & SLOT_MASK]
        if ref >= first_child_ref or resting_ref >= first_child_ref:
            settle_ours(state, ref, resting_ref, side, ticks, shares, permanent_frac, now_ns)
        if resting_ref < params[0].first_slot_ref and fills[k].leaves_shares == 0:
            keep_away(params, state.makers, quotes, resting_ref, now_ns)
        absorb_trade(params, world, side, shares, permanent_frac)
        world[0].n_trades += 1
        world[0].price_sum_ticks += ticks
        world[0].last_trade_ticks = ticks
        is_hidden = fills[k].is_hidden != 0
        publish_trade(
            world, venues, tables, tape, venue_idx, side, ticks, shares, is_hidden, False, now_ns
        )
        is_displayed = is_displayed or not is_hidden
        if k + 1 == n_fills or fills[k + 1].ticks != ticks:
            if is_displayed:
                publish_level(
                    world, venues, tables, tape, head, books, levels, orders, venue_idx, -side,
                    ticks, now_ns,
                )  # fmt: skip
            is_displayed = False


@inlined
def keep_away(params: Rows, makers: Rows, quotes: Rows, ref: int, now_ns: int) -> None:
    """A maker whose quote was taken whole stays away from there for a while."""
    maker = ref // (params[0].n_venues * 2)
    bits = luck_at(makers[maker].luck + np.uint64(2 + ref), now_ns)
    quotes[ref].quiet_until_ns = now_ns + absence_ns(params, bits)


@kernel
def settle_auction(
    state: WorldState, venue_idx: int, ticks: int, shares: int, n_fills: int, now_ns: int
) -> None:
    """
    What an auction means: to us, to makers, and one print on the tape, without a side.

    It moves no price: as much was bought as sold. Our part counts as making, since the order
    rested.
    """
    params, world = state.params, state.world
    for k in range(n_fills):
        ref = state.refs[state.fills[k].handle & SLOT_MASK]
        if ref >= params[0].first_child_ref:
            tell_fill(
                params, world, state.venues, state.tables, state.children, state.reports,
                state.audit, ref - params[0].first_child_ref, ticks,
                int(np.int64(state.fills[k].shares)), _MAKE, 0.0, 0.0, now_ns,
            )  # fmt: skip
        elif ref < params[0].first_slot_ref and state.fills[k].leaves_shares == 0:
            keep_away(params, state.makers, state.quotes, ref, now_ns)
    world[0].n_trades += 1
    world[0].price_sum_ticks += ticks
    world[0].last_trade_ticks = ticks
    publish(
        world, state.venues, state.tables, state.tape, venue_idx, _TRADE, 0, ticks, shares,
        _AUCTION, now_ns,
    )  # fmt: skip


@kernel
def settle_ours(
    state: WorldState, ref: int, resting_ref: int, side: int, ticks: int, shares: int,
    permanent_frac: float, now_ns: int,
) -> None:  # fmt: skip
    """A fill in which one side is ours (never both): report it, and keep the truth about it."""
    params = state.params
    child = max(ref, resting_ref) - params[0].first_child_ref
    liquidity = _MAKE
    permanent_ticks = 0.0
    transient_ticks = 0.0
    if ref > resting_ref:
        # We took: what this does to the price is our doing.
        liquidity = _TAKE
        signed_shares = float(side * shares)
        permanent_ticks = params[0].permanent_ticks_per_share * permanent_frac * signed_shares
        transient_ticks = params[0].transient_ticks_per_share * signed_shares
    if state.children[child].is_midpoint:
        liquidity = _MIDPOINT  # a peg pays the same whether it came or was there
    tell_fill(
        params, state.world, state.venues, state.tables, state.children, state.reports,
        state.audit, child, ticks, shares, liquidity, permanent_ticks, transient_ticks, now_ns,
    )  # fmt: skip


@inlined
def answer_ours(
    state: WorldState, kind: int, ref: int, ticks: int, shares: int, now_ns: int
) -> None:
    """The venue's first word on a command of ours, before any fill that it caused."""
    children = state.children
    child = ref - state.params[0].first_child_ref
    code = int(np.int64(state.results[0].code))
    said = ACK
    size_shares = _ZERO
    if kind == ENTER:
        children[child].state = LIVE
        if code >= BAD_VENUE:
            said = REJECT
            children[child].state = DONE
    elif kind == WITHDRAW:
        said = CANCELLED
        children[child].state = DONE
    else:
        said = CANCEL_REJECT
        if code < BAD_VENUE:
            said = REPLACED
            size_shares = children[child].filled_shares + shares
            children[child].size_shares = size_shares
            children[child].limit_ticks = ticks
    reason = code if code >= BAD_VENUE else NO_REASON
    tell(
        state.world, state.venues, state.tables, state.reports, children[child].venue_idx, said,
        children[child].child_id, ticks, size_shares, reason, now_ns,
    )  # fmt: skip


@inlined
def conclude_ours(state: WorldState, kind: int, ref: int, now_ns: int) -> None:
    """The venue's last word: an order of ours that neither filled nor rests is cancelled."""
    children = state.children
    child = ref - state.params[0].first_child_ref
    if (
        kind != WITHDRAW
        and children[child].state == LIVE
        and state.results[0].code < BAD_VENUE
        and state.results[0].resting_shares == 0
    ):
        children[child].state = DONE
        tell(
            state.world, state.venues, state.tables, state.reports, children[child].venue_idx,
            CANCELLED, children[child].child_id, _ZERO, _ZERO, NO_REASON, now_ns,
        )  # fmt: skip
