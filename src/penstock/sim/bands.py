"""
Price bands over the market, after the Limit Up-Limit Down Plan.

The reference is the mean price of the trades of the last five minutes, looked at every 30 seconds,
the shortest life that the Plan gives a reference; it changes when the mean is one percent off.
While the best bid stands at the upper band, or the best offer at the lower, the market is in a
limit state; when that has lasted, trading is paused. Straddle states are left out.

Source: National Market System Plan to Address Extraordinary Market Volatility, sections V to VII;
    Amendment 18 (2020) for the width at the open.
"""

from __future__ import annotations

from typing import Final

from penstock._kernels import kernel
from penstock.domain import NS_PER_S
from penstock.sim.feed import update_touch
from penstock.sim.layout import Rows, WorldState
from penstock.sim.matching.auction import set_band
from penstock.sim.snapshots import show_book

_MARK_NS: Final = 30 * NS_PER_S
_MARKS_OF_MEAN: Final = 10  # five minutes
_MOVE_FRAC: Final = 0.01  # of the reference, that makes it move

N_MARKS: Final = _MARKS_OF_MEAN + 1


@kernel
def start_bands(state: WorldState, reference_ticks: int, now_ns: int) -> int:
    """
    Bands around a price that was just made; trades before it no longer count.

    Returns the orders that they moved.
    """
    world = state.world
    if state.params[0].band_width_frac == 0.0:
        return 0
    world[0].band_reference_ticks = reference_ticks
    world[0].limit_since_ns = 0
    world[0].n_marks = 0
    mark(state.world, state.marks, now_ns)
    return draw_bands(state, now_ns)


@kernel
def drop_bands(state: WorldState) -> None:
    """No bands while trading stands still; an auction may find any price."""
    world = state.world
    world[0].band_low_ticks = 0
    world[0].band_high_ticks = 0
    world[0].limit_since_ns = 0
    lay_bands(state)


@kernel
def follow_bands(state: WorldState, now_ns: int) -> bool:
    """Renew the bands when it is time; True when a limit state has lasted too long."""
    params, world, touches = state.params, state.world, state.touches
    if now_ns >= world[0].next_mark_ns:
        mean_ticks = mark(state.world, state.marks, now_ns)
        reference_ticks = world[0].band_reference_ticks
        if mean_ticks > 0.0 and abs(mean_ticks - reference_ticks) >= _MOVE_FRAC * reference_ticks:
            world[0].band_reference_ticks = mean_ticks
        if draw_bands(state, now_ns) > 0:
            show_lit_books(state, now_ns)
    nbbo = params[0].n_venues * 2
    is_at_limit = touches[nbbo].ticks == world[0].band_high_ticks or (
        touches[nbbo + 1].ticks == world[0].band_low_ticks
    )
    if not is_at_limit:
        world[0].limit_since_ns = 0
    elif world[0].limit_since_ns == 0:
        world[0].limit_since_ns = now_ns
    return bool(is_at_limit and now_ns - world[0].limit_since_ns >= params[0].limit_state_ns)


@kernel
def mark(world: Rows, marks: Rows, now_ns: int) -> float:
    """Note the trades so far; returns the mean price of the last five minutes, 0 without any."""
    newest = world[0].n_marks % N_MARKS
    oldest = max(0, world[0].n_marks - _MARKS_OF_MEAN) % N_MARKS
    marks[newest].n_trades = world[0].n_trades
    marks[newest].price_sum_ticks = world[0].price_sum_ticks
    world[0].n_marks += 1
    world[0].next_mark_ns = now_ns + _MARK_NS
    n_trades = marks[newest].n_trades - marks[oldest].n_trades
    sum_ticks = marks[newest].price_sum_ticks - marks[oldest].price_sum_ticks
    return float(sum_ticks / n_trades if n_trades > 0 else 0.0)


@kernel
def draw_bands(state: WorldState, now_ns: int) -> int:
    """Bands around the reference, on the nearest increment; returns the orders that they moved."""
    params, world = state.params, state.world
    width_frac = params[0].band_width_frac
    if now_ns < params[0].band_open_until_ns:
        width_frac *= params[0].band_open_multiplier
    elif now_ns >= params[0].band_close_from_ns:
        width_frac *= params[0].band_close_multiplier
    reference, increment_ticks = world[0].band_reference_ticks, params[0].increment_ticks
    width_ticks = max(float(increment_ticks), reference * width_frac)
    low = int((reference - width_ticks) / increment_ticks + 0.5)
    high = int((reference + width_ticks) / increment_ticks + 0.5)
    world[0].band_low_ticks = max(1, low) * increment_ticks
    world[0].band_high_ticks = high * increment_ticks
    return lay_bands(state)


@kernel
def lay_bands(state: WorldState) -> int:
    """Tell every lit book; returns the orders that had to move."""
    world = state.world
    n_moved = 0
    for venue_idx in range(state.params[0].n_venues):
        if state.venues[venue_idx].is_lit:
            n_moved += set_band(
                state.head, state.books, state.levels, state.orders, venue_idx,
                world[0].band_low_ticks, world[0].band_high_ticks,
            )  # fmt: skip
    return n_moved


@kernel
def show_lit_books(state: WorldState, now_ns: int) -> None:
    """Every lit venue shows its book whole, and the touches follow."""
    for venue_idx in range(state.params[0].n_venues):
        if state.venues[venue_idx].is_lit:
            show_book(state, venue_idx, now_ns)
    renew_touches(state, now_ns)


@kernel
def renew_touches(state: WorldState, now_ns: int) -> None:
    """Bring all touches and the NBBO up to date."""
    for venue_idx in range(state.params[0].n_venues):
        if state.venues[venue_idx].is_lit:
            for side in (1, -1):
                update_touch(
                    state.params, state.world, state.venues, state.head, state.books, state.levels,
                    state.orders, state.touches, state.nbbo, venue_idx, side, now_ns,
                )  # fmt: skip
