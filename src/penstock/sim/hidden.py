"""What no router may know about a world: for insiders, and for the critic in training."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import NS_PER_S
from penstock.sim import codes
from penstock.sim.layout import Rows, WorldState
from penstock.sim.matching.levels import level_of, next_key
from penstock.sim.matching.memory import NO_KEY
from penstock.sim.matching.pegs import price_key2
from penstock.sim.matching.views import best_ticks, touch_ticks
from penstock.sim.pool_classes import mean_of_classes
from penstock.sim.price import reference_ticks

_SIDES: Final = 2  # columns of every array by side: buy and sell


class Hidden(NamedTuple):
    """
    The truth of one moment. Arrays have shape (n_venues, 2), columns buy and sell, unless said.

    What does not exist at a venue is 0: touches of a pool, interest of a lit book.

    efficient_ticks … transient_ticks: the price and what is on its way; for full insiders only.
    reference_ticks: M*, NaN where the market has none.
    pool_shares: hidden interest that rests in pools, ours included.
    pool_is_on: whether interest comes to that side of the pool now.
    spell_left_s: until that turns.
    touch_ticks, touch_shares: displayed best of lit books, without any delay.
    hidden_shares: hidden orders at that price or better, reserves and pegs among them.
    away_frac: market makers that keep away from that side, of all.
    away_s: until the first of these is back; 0 when none is away.
    informed_frac: of a pool's contra orders, shape (n_venues,).
    leak_ticks: expected adverse move after a contra order fills us, shape (n_venues,).
    """

    efficient_ticks: float
    drift_ticks_per_s: float
    unreleased_ticks: float
    transient_ticks: float
    reference_ticks: float
    pool_shares: NDArray[np.int64]
    pool_is_on: NDArray[np.bool_]
    spell_left_s: NDArray[np.float64]
    touch_ticks: NDArray[np.int64]
    touch_shares: NDArray[np.int64]
    hidden_shares: NDArray[np.int64]
    away_frac: NDArray[np.float64]
    away_s: NDArray[np.float64]
    informed_frac: NDArray[np.float64]
    leak_ticks: NDArray[np.float64]


def hidden_of(state: WorldState) -> Hidden:
    """Read it all off a world's memory; nothing is changed, nothing is drawn."""
    world, n_venues = state.world[0], len(state.venues)
    by_side = (n_venues, _SIDES)
    shares = state.interest["shares"][: n_venues * _SIDES * codes.POOL_DEPTH]
    by_book = shares.reshape(n_venues * _SIDES, codes.POOL_DEPTH)
    is_there = np.arange(codes.POOL_DEPTH) < state.n_interest[:, None]
    touches = state.touches[: n_venues * _SIDES].reshape(by_side)
    hidden_shares = np.zeros(n_venues * _SIDES, np.int64)
    hidden_at_touch(state, hidden_shares)
    left_ns = state.spells["until_ns"].reshape(by_side) - world["now_ns"]
    away_frac, away_s = _absence(state, int(world["now_ns"]))
    venues = state.venues
    return Hidden(
        efficient_ticks=float(world["efficient_ticks"]),
        drift_ticks_per_s=float(world["drift_ticks_per_s"]),
        unreleased_ticks=float(world["unreleased_ticks"] + world["others_ticks"]),
        transient_ticks=float(world["transient_ticks"]),
        reference_ticks=float(reference_ticks(state.params, state.world)),
        pool_shares=(by_book * is_there).sum(axis=1).reshape(by_side),
        pool_is_on=state.spells["is_on"].reshape(by_side) == 1,
        spell_left_s=np.maximum(left_ns, 0) / NS_PER_S,
        touch_ticks=touches["ticks"].copy(),
        touch_shares=touches["shares"].copy(),
        hidden_shares=hidden_shares.reshape(by_side),
        away_frac=away_frac,
        away_s=away_s,
        informed_frac=mean_of_classes(state.classes, venues, "informed_frac"),
        leak_ticks=mean_of_classes(state.classes, venues, "leak_prob")
        * (venues["leak_min_ticks"] + venues["leak_max_ticks"])
        / 2,
    )


def _absence(state: WorldState, now_ns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n_venues, n_makers = len(state.venues), len(state.makers)
    n_quotes = n_makers * n_venues * _SIDES
    if n_quotes == 0 or len(state.quotes) < n_quotes:
        return np.zeros((n_venues, _SIDES)), np.zeros((n_venues, _SIDES))
    until_ns: NDArray[Any] = state.quotes["quiet_until_ns"][:n_quotes]
    left_s = (until_ns.reshape(n_makers, n_venues, _SIDES) - now_ns) / NS_PER_S
    left_s[:, state.venues["maker_shares"] == 0.0] = 0.0
    is_away = left_s > 0.0
    first_back_s = np.where(is_away, left_s, np.inf).min(axis=0)
    return is_away.mean(axis=0), np.where(np.isfinite(first_back_s), first_back_s, 0.0)


@kernel
def hidden_at_touch(state: WorldState, out_shares: NDArray[np.int64]) -> None:
    """
    Hidden shares of each lit book at its displayed touch or better.

    Args:
        out_shares: receives them, row venue · 2 + (0 buy | 1 sell); all of the best price's where
            nothing is displayed; shape (n_venues * 2,).
    """
    head, books, levels, orders = state.head, state.books, state.levels, state.orders
    for venue_idx in range(state.params[0].n_venues):
        for column in range(2):
            book = venue_idx * 2 + column
            out_shares[book] = 0
            side = 1 - 2 * column
            if best_ticks(head, books, venue_idx, side) == 0:
                continue
            touch = touch_ticks(head, books, levels, orders, venue_idx, side)
            last = side * (touch // head[0].increment_ticks) if touch else books[book].best_key
            key = books[book].best_key
            while key != NO_KEY and key >= last:
                row = level_of(head, books, levels, book, key)
                out_shares[book] += levels[row].hidden_shares
                key = next_key(head, books, levels, book, key)
            out_shares[book] += pegged_shares(books, orders, book, 2 * last)


@kernel
def pegged_shares(books: Rows, orders: Rows, book: int, last_key2: int) -> int:
    """Shares of the pegs of a book that stand at a price or better; none while they sleep."""
    found = 0
    slot = int(books[book].peg_head) if books[book].peg_key2 != NO_KEY else 0
    while slot != 0:
        if price_key2(books, orders, slot) >= last_key2:
            found += orders[slot].shares
        slot = int(orders[slot].next)
    return found
