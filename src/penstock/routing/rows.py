"""Candidate rows: what each venue and tactic would be now, and why one may not be used."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import (
    N_TACTICS,
    Exclusion,
    FeeSchedule,
    Liquidity,
    RowArray,
    SituationArray,
    Tactic,
    Universe,
    Venue,
    fees_on,
)
from penstock.features import MarketView
from penstock.routing.config import RoutingConfig, check_routing
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.passive import describe_mid, describe_post
from penstock.routing.reasons import exclude
from penstock.routing.sweeping import divide_sweep
from penstock.routing.taking import describe_takes

VENUE_RULES_DTYPE: Final = np.dtype(
    [
        ("is_lit", np.int64),
        ("is_protected", np.int64),
        ("min_shares", np.int64),
        ("fee_usd_micros", np.float64, (N_TACTICS,)),  # per share, by tactic
    ]
)
"""What routing knows of a venue for the day."""

ROW_RULES_DTYPE: Final = np.dtype(
    [
        ("max_take_levels", np.int64),
        ("cool_down_ns", np.int64),
        ("mid_rest_ns", np.int64),
        ("post_rest_ns", np.int64),
        ("post_improves", np.int64),
        ("mid_share_frac", np.float64),
        ("post_share_frac", np.float64),
    ]
)
"""The part of RoutingConfig that makes rows."""

_TAKE: Final = int(Tactic.TAKE)
_MID: Final = int(Tactic.MID)
_POST: Final = int(Tactic.POST)
_NOT_OFFERED: Final = int(Exclusion.NOT_OFFERED)
_COOLING_DOWN: Final = int(Exclusion.COOLING_DOWN)
_HALTED: Final = int(Exclusion.HALTED)
_FEED_STALE: Final = int(Exclusion.FEED_STALE)


class RowBuilder:
    """
    Says what each candidate row is, in one compiled call.

    Promises: every (venue, tactic) has its row, in the same place, in every decision; a row that
    may not be used says why; a reason that the engine or risk has written is kept; no row reaches
    beyond `worst_ticks`, nor past a better protected quote (docs/routing.md, "Order protection").

    Reference: tests/support/naive_routing.py, checked by tests/differential/test_routing.py.
    """

    def __init__(self, universe: Universe, config: RoutingConfig) -> None:
        check_routing(config)
        self._venues = np.array(
            [_venue_rules(venue, universe) for venue in universe.venues], VENUE_RULES_DTYPE
        )
        self._rules = np.array(
            [tuple(getattr(config, name) for name in ROW_RULES_DTYPE.names or ())],
            ROW_RULES_DTYPE,
        )
        self._lots = np.array([i.round_lot_shares for i in universe.instruments], np.int64)

    def build(self, view: MarketView, frame: Frame) -> None:
        """
        Write "what the row is" and the exclusions that follow from the market.

        The engine has filled the situation, what the parent has done in each row, and its own
        exclusions, before.
        """
        books = view.books
        build_rows(
            books.levels,
            books.meta,
            self._venues,
            self._rules,
            self._lots,
            frame.situation,
            frame.rows,
            frame.work,
        )


def _venue_rules(venue: Venue, universe: Universe) -> tuple[object, ...]:
    fees: FeeSchedule = fees_on(venue.fees, universe.day)
    by_tactic = [0.0] * N_TACTICS
    by_tactic[Tactic.TAKE] = fees.per_share_usd_micros(Liquidity.TAKE)
    by_tactic[Tactic.MID] = fees.per_share_usd_micros(Liquidity.MIDPOINT)
    by_tactic[Tactic.POST] = fees.per_share_usd_micros(Liquidity.MAKE)
    return (venue.kind.is_lit, venue.is_protected, venue.min_shares, by_tactic)


@kernel
def build_rows(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    venues: NDArray[Any],
    rules: NDArray[Any],
    lots: NDArray[np.int64],
    situation: SituationArray,
    out_rows: RowArray,
    out_work: WorkArray,
) -> None:
    """
    Describe all rows of a decision.

    Args:
        levels, meta: the books (`penstock.book.Books`).
        venues: VENUE_RULES_DTYPE, shape (n_venues,).
        rules: ROW_RULES_DTYPE, shape (1,).
        lots: round lot of each instrument, shares, shape (n_instruments,).
        situation: the decision, shape (1,).
        out_rows: receives what the rows are; reads `last_sent_ns` and earlier exclusions.
        out_work: receives `min_shares` and `lot_shares`.

    Reference: tests/support/naive_routing.py::build_rows.
    """
    for v in range(len(venues)):
        _describe_venue(meta, venues, rules, lots, situation, v, out_rows, out_work)
    if situation[0].must_complete:
        divide_sweep(levels, meta, venues, situation, out_rows, out_work)
    else:
        describe_takes(levels, meta, venues, rules, situation, out_rows, out_work)
    for v in range(len(venues)):
        if venues[v].is_lit:
            r = v * N_TACTICS + _POST
            describe_post(levels, meta, len(venues), rules, situation, r, out_rows, out_work)
        else:
            describe_mid(rules, situation, v * N_TACTICS + _MID, out_rows, out_work)


@kernel
def _describe_venue(
    meta: NDArray[Any],
    venues: NDArray[Any],
    rules: NDArray[Any],
    lots: NDArray[np.int64],
    situation: SituationArray,
    v: int,
    rows: RowArray,
    work: WorkArray,
) -> None:
    parent = situation[0]
    b = parent.instrument_idx * len(venues) + v
    for tactic in range(N_TACTICS):
        r = v * N_TACTICS + tactic
        row = rows[r]
        row.venue_idx, row.tactic = v, tactic
        row.limit_ticks = row.available_shares = row.size_shares = row.rest_ns = 0
        if tactic == _MID:
            row.rest_ns = rules[0].mid_rest_ns
        elif tactic == _POST:
            row.rest_ns = rules[0].post_rest_ns
        # Micros per share over a midpoint of 50 micros per half tick.
        fee_usd_micros = venues[v].fee_usd_micros[tactic]
        row.fee_bps = 200.0 * fee_usd_micros / parent.mid_ticks_x2 if parent.mid_ticks_x2 else 0.0
        work[r].min_shares = venues[v].min_shares
        work[r].lot_shares = lots[parent.instrument_idx]
        if (tactic == _MID) == (venues[v].is_lit == 1):
            exclude(rows, r, _NOT_OFFERED)
        if row.last_sent_ns > 0 and parent.now_ns - row.last_sent_ns < rules[0].cool_down_ns:
            exclude(rows, r, _COOLING_DOWN)
        if meta[b].is_halted:
            exclude(rows, r, _HALTED)
        if venues[v].is_lit and not meta[b].is_valid:
            exclude(rows, r, _FEED_STALE)
