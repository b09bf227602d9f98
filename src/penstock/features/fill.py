"""The one compiled call that makes a decision's feature matrix, live and for training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import LevelArray, MetaArray, NbboArray
from penstock.domain import N_TACTICS, RowArray, SituationArray
from penstock.features.cards import AckArray, CardArray
from penstock.features.derived import derived_features, derived_row_features
from penstock.features.market import market_features
from penstock.features.order import order_features, order_row_features
from penstock.features.registry import (
    FIRST_DERIVED,
    FIRST_MARKET,
    FIRST_ORDER,
    FIRST_VENUE,
    N_FEATURES,
)
from penstock.features.scorecards import Scorecards
from penstock.features.venue import experience_features, venue_features, volume_features
from penstock.features.view import MarketView
from penstock.features.windows import GRID_NS, WindowArray, advance, widened


def fill_features(
    view: MarketView,
    scorecards: Scorecards,
    situation: SituationArray,
    rows: RowArray,
    out_features: NDArray[np.float64],
) -> None:
    """
    Compute every feature of every row, as of `situation.now_ns`.

    Promises: every value is finite on any valid input, an empty market included; nothing is
    changed but `out_features` (and scratch); the kernel allocates nothing; the same inputs give
    the same bits, whether the tape came in one batch or in many.

    Args:
        situation: one row; `now_ns` is not before the last message applied to the instrument.
        rows: what each row is (`venue_idx`, `tactic`, `limit_ticks`, `available_shares`,
            `fee_bps`) and what the parent has done there; excluded rows get features too.
        out_features: shape (len(rows), N_FEATURES), columns in registry order.

    Causality: reads messages applied to `view` and reports given to `scorecards`, so a caller who
    has applied nothing later than `now_ns` can leak nothing.
    """
    assert out_features.shape == (len(rows), N_FEATURES), (
        "one row a candidate, one column a feature"
    )
    books = view.books
    _fill(
        books.levels,
        books.meta,
        books.nbbo,
        view.windows,
        view.prints,
        view.venue_kinds,
        view.seen,
        view.cursors,
        scorecards.table,
        scorecards.acks,
        situation,
        rows,
        out_features,
    )


@kernel
def _fill(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    windows: WindowArray,
    prints: NDArray[Any],
    venue_kinds: NDArray[np.int64],
    scratch: WindowArray,
    cursors: NDArray[np.int64],
    table: CardArray,
    acks: AckArray,
    situation: SituationArray,
    rows: RowArray,
    out_features: NDArray[np.float64],
) -> None:
    i, n_venues = widened(situation[0].instrument_idx), len(venue_kinds)
    now_ns = situation[0].now_ns
    assert now_ns >= windows[i].last_ns, "a decision may not see later messages"
    if len(rows) == 0:
        return
    seen, k = windows, i
    if now_ns // GRID_NS != windows[i].slot:
        # Time has passed since the last message: what the windows look like now, on a copy.
        seen, k = scratch, widened(0)
        seen[0] = windows[i]
        advance(seen, k, now_ns)
    market_features(seen, k, situation, FIRST_MARKET, out_features)
    order_features(seen, k, situation, FIRST_ORDER, out_features)
    derived_features(levels, meta, nbbo, seen, k, cursors, situation, FIRST_DERIVED, out_features)
    for r in range(1, len(rows)):
        for column in range(N_FEATURES):
            out_features[r, column] = out_features[0, column]
    volume_features(prints, n_venues, situation, rows, FIRST_VENUE, out_features)
    for r in range(len(rows)):
        card_row = rows[r].venue_idx * N_TACTICS + rows[r].tactic
        venue_features(
            levels, meta, seen, k, venue_kinds, situation, rows, r, FIRST_VENUE, out_features
        )
        experience_features(table, acks, card_row, situation, rows, r, FIRST_VENUE, out_features)
        order_row_features(situation, rows, r, FIRST_ORDER, out_features)
        derived_row_features(
            levels, meta, seen, k, n_venues, situation, rows, r, FIRST_DERIVED, out_features
        )
