"""
When trading stops and starts again: halts, calls, and the auctions that end them.

A halt lets orders be taken back and no more. A call lets them rest at the listing exchange as well,
without trading; its auction opens all venues. Nothing quotes in a call. Looked at once a step of
the price's grid; no draws.
"""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.sim.bands import drop_bands, follow_bands, renew_touches, start_bands
from penstock.sim.codes import CALLING, ENTER, FAR, STOPPED, TRADING, WITHDRAW, int64
from penstock.sim.layout import Rows, WorldState
from penstock.sim.matching.auction import open_call, uncross_book
from penstock.sim.matching.memory import DAY
from penstock.sim.settling import settle_auction
from penstock.sim.snapshots import show_book, show_status

_FAR: Final = int64(FAR)
_HALTED: Final = int64(1)
_OPEN: Final = int64(0)


@inlined
def follow_phases(state: WorldState, now_ns: int) -> None:
    """Whatever ends or begins now; nothing in a scenario without auctions and bands."""
    if state.params[0].has_phases:
        change_phase(state, now_ns)


@kernel
def change_phase(state: WorldState, now_ns: int) -> None:
    """A halt that is over becomes a call, a call trading; trading, a pause or the last call."""
    params, world = state.params, state.world
    if world[0].is_halted != TRADING:
        if now_ns >= world[0].phase_until_ns:
            if world[0].is_halted == STOPPED and params[0].reopening_ns > 0:
                start_call(state, now_ns + params[0].reopening_ns, now_ns)
            else:
                resume(state, now_ns)
    elif now_ns >= params[0].closing_at_ns:
        start_call(state, params[0].closing_cross_ns, now_ns)
    elif world[0].band_high_ticks > 0 and follow_bands(state, now_ns):
        stop(state, now_ns + params[0].pause_ns, now_ns)


@kernel
def set_halt(state: WorldState, is_halted: int, now_ns: int) -> None:
    """A halt of the schedule begins or ends; every displaying venue says so."""
    world = state.world
    if is_halted:
        stop(state, _FAR, now_ns)
    elif state.params[0].has_phases == 0:
        world[0].is_halted = TRADING
        hear_of_it_now(world, now_ns)
        show_status(state, _OPEN, now_ns)
    elif world[0].is_halted == STOPPED and now_ns < state.params[0].closing_cross_ns:
        world[0].phase_until_ns = now_ns


@kernel
def stop(state: WorldState, until_ns: int, now_ns: int) -> None:
    """No trading in the stock anywhere."""
    state.world[0].is_halted = STOPPED
    state.world[0].phase_until_ns = until_ns
    if state.world[0].band_high_ticks > 0:
        drop_bands(state)
    show_status(state, _HALTED, now_ns)


@kernel
def start_call(state: WorldState, until_ns: int, now_ns: int) -> None:
    """Orders gather at the listing exchange; nobody quotes."""
    stop(state, until_ns, now_ns)
    state.world[0].is_halted = CALLING
    for venue_idx in range(state.params[0].n_venues):
        if state.venues[venue_idx].is_lit:
            open_call(state.books, venue_idx)
    renew_touches(state, now_ns)


@kernel
def resume(state: WorldState, now_ns: int) -> None:
    """
    Auctions where there were calls, then trading again, or the end after the last of them.

    Elsewhere than at the listing exchange nothing can have come to cross, so the same few lines
    only open those books. Their reference is the last trade's price.
    """
    params, world = state.params, state.world
    reference_ticks = world[0].last_trade_ticks
    had_call = world[0].is_halted == CALLING
    for venue_idx in range(params[0].n_venues):
        if state.venues[venue_idx].is_lit:
            ticks, shares, n_fills = uncross_book(
                state.head, state.books, state.levels, state.orders, venue_idx, reference_ticks,
                state.fills, 0,
            )  # fmt: skip
            if shares > 0:
                settle_auction(state, venue_idx, ticks, shares, n_fills, now_ns)
    is_over = now_ns >= params[0].closing_cross_ns
    world[0].is_halted = STOPPED if is_over else TRADING
    world[0].phase_until_ns = _FAR
    n_moved = 0
    if not is_over:
        n_moved = start_bands(state, world[0].last_trade_ticks, now_ns)
    for venue_idx in range(params[0].n_venues):
        if state.venues[venue_idx].is_lit and (had_call or n_moved > 0):
            show_book(state, venue_idx, now_ns)
    renew_touches(state, now_ns)
    hear_of_it_now(world, now_ns)
    if not is_over:
        show_status(state, _OPEN, now_ns)


@inlined
def hear_of_it_now(world: Rows, now_ns: int) -> None:
    """What venues would have heard of in a halt they hear of when it ends, never before."""
    world[0].news_ns = max(world[0].news_ns, now_ns)


@kernel
def keep_allowed(params: Rows, world: Rows, intents: Rows) -> None:
    """
    Drop what may not be done now: in a halt all but withdrawals.

    In a call orders of the day may be entered too, at the listing exchange.
    """
    n_kept = 0
    for i in range(world[0].n_intents):
        is_allowed = intents[i].kind == WITHDRAW or (
            world[0].is_halted == CALLING
            and intents[i].kind == ENTER
            and intents[i].tif == DAY
            and intents[i].venue_idx == params[0].listing_venue_idx
        )
        if is_allowed:
            intents[n_kept] = intents[i]
            n_kept += 1
    world[0].n_intents = n_kept
