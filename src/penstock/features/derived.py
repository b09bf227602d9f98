"""Derived features: the order against the book, and where the book leans."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import (
    ASK,
    BID,
    LevelArray,
    MetaArray,
    NbboArray,
    level_shares,
    level_ticks,
    n_levels,
    shares_within,
)
from penstock.domain import NS_PER_S, RowArray, SituationArray, Tactic
from penstock.features.feature import Family, Feature
from penstock.features.windows import WindowArray, widened

_RATIO_MAX: Final = 100.0  # order flow of so many touches is a dislocated market either way
_SIZE_MAX: Final = 1_000.0  # times the displayed liquidity
_QUOTE_AGE_S_MAX: Final = 300.0
_NEAR_LEVELS: Final = 3
_LEVELS: Final = 5

DERIVED: Final = (
    Feature(
        name="size_top3_frac",
        unit="multiple",
        lookback="now",
        formula="q / shares at the best three far prices, all venues together, at most 1,000; "
        "q: shares that this decision may place",
        source="definition",
        imputed="without depth, the last NBBO's size stands in; 1,000 before the first NBBO",
        family=Family.DERIVED,
    ),
    Feature(
        name="imbalance_5_frac",
        unit="fraction, -1 to 1",
        lookback="now",
        formula="s · (B - A) / (B + A); B, A: shares at the best five bid and ask prices, all "
        "venues together",
        source="Cao, Hansch & Wang (2009), Journal of Futures Markets 29(1)",
        imputed="without depth, the last NBBO's sizes stand in; 0 before the first NBBO",
        family=Family.DERIVED,
    ),
    Feature(
        name="microprice_offset_bps",
        unit="bps",
        lookback="now",
        formula="s · 1e4 · (p - m) / m; p = (ask · qb + bid · qa) / (qb + qa) at the NBBO",
        source='Gatheral & Oomen (2010), Finance and Stochastics 14(2), the "micro-price"; see '
        "Stoikov (2018), Quantitative Finance 18(12)",
        imputed="0 before the first NBBO",
        family=Family.DERIVED,
    ),
    Feature(
        name="ofi_10s_frac",
        unit="touches",
        lookback="10 s",
        formula="s · Σ e[n] / ((qb + qa) / 2) at the NBBO, in [-100, 100]",
        source="Cont, Kukanov & Stoikov (2014), Journal of Financial Econometrics 12(1)",
        imputed="0 before the second NBBO",
        family=Family.DERIVED,
    ),
    Feature(
        name="queue_ahead_shares",
        unit="shares",
        lookback="now",
        formula="displayed at the row's venue, near side, at the join price or better: the row's "
        "limit for POST, else the near touch",
        source="definition",
        imputed="0 before the first NBBO, or if the venue's book is not valid",
        family=Family.DERIVED,
    ),
    Feature(
        name="quote_age_s",
        unit="s",
        lookback="300 s",
        formula="now - last change of the NBBO's prices, at most 300",
        source="definition",
        imputed="300 before the first NBBO",
        family=Family.DERIVED,
    ),
    Feature(
        name="quote_changes_per_s",
        unit="1/s",
        lookback="10 s",
        formula="changes of the NBBO's prices / 10 s",
        source="definition",
        imputed="always defined",
        family=Family.DERIVED,
    ),
    Feature(
        name="n_far_venues",
        unit="venues",
        lookback="now",
        formula="protected venues that display at the NBBO's far price",
        source="definition",
        imputed="0 while there is no NBBO",
        family=Family.DERIVED,
    ),
)

_N: Final = len(DERIVED)
(
    _SIZE_TOP3,
    _IMBALANCE,
    _MICROPRICE,
    _OFI,
    _QUEUE_AHEAD,
    _QUOTE_AGE,
    _QUOTE_CHANGES,
    _N_FAR,
) = range(_N)


@kernel
def derived_features(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    seen: WindowArray,
    k: int,
    cursors: NDArray[np.int64],
    situation: SituationArray,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """
    Write the derived features that all rows share into row 0, from column `first` on.

    Args:
        seen: windows as of the decision; `k` is the instrument's place in them.
        cursors: scratch, shape (n_venues,).
    """
    w, side = seen[k], widened(situation[0].side)
    i = widened(situation[0].instrument_idx)
    out = out_features[0, first:]
    bid_top, bid_all = shares_at_best(levels, meta, i, widened(BID), cursors)
    ask_top, ask_all = shares_at_best(levels, meta, i, widened(ASK), cursors)
    if bid_all == 0 and ask_all == 0:
        bid_top = bid_all = w.bid_shares
        ask_top = ask_all = w.ask_shares
    far_top = ask_top if side > 0 else bid_top
    out[_SIZE_TOP3] = _SIZE_MAX
    if far_top > 0:
        out[_SIZE_TOP3] = min(situation[0].route_shares / far_top, _SIZE_MAX)
    out[_IMBALANCE] = 0.0
    if bid_all + ask_all > 0:
        out[_IMBALANCE] = side * (bid_all - ask_all) / (bid_all + ask_all)
    out[_N_FAR] = 0.0
    if nbbo[i].is_valid:
        out[_N_FAR] = nbbo[i].n_ask_venues if side > 0 else nbbo[i].n_bid_venues
    out[_QUOTE_CHANGES] = w.change_sums[0] / 10.0
    out[_QUOTE_AGE], out[_MICROPRICE], out[_OFI] = _QUOTE_AGE_S_MAX, 0.0, 0.0
    touch_shares = w.bid_shares + w.ask_shares
    if w.mid_x2 > 0 and touch_shares > 0:
        age_s = (situation[0].now_ns - w.quote_ns) / NS_PER_S
        out[_QUOTE_AGE] = min(age_s, _QUOTE_AGE_S_MAX)
        # p - m is (ask - bid) · (qb / (qb + qa) - 1/2), and m is mid_x2 / 2.
        lean = w.bid_shares / touch_shares - 0.5
        out[_MICROPRICE] = side * 2e4 * (w.ask_ticks - w.bid_ticks) * lean / w.mid_x2
        in_touches = side * 2.0 * w.ofi_sums[0] / touch_shares
        out[_OFI] = min(max(in_touches, -_RATIO_MAX), _RATIO_MAX)


@kernel
def shares_at_best(
    levels: LevelArray,
    meta: MetaArray,
    i: int,
    side: int,
    cursors: NDArray[np.int64],
) -> tuple[int, int]:
    """
    Displayed shares at the best three and the best five prices of one side, all venues together.

    Prices are merged over venues: five prices, not five levels a venue. Books that are not valid
    are left out.

    Args:
        side: BID or ASK.
        cursors: scratch, shape (n_venues,); how many levels of each venue are used up.
    """
    n_venues = len(cursors)
    cursors[:] = 0
    top_shares, all_shares = 0, 0
    for depth in range(_LEVELS):
        best_ticks, is_found = 0, False
        for v in range(n_venues):
            b = i * n_venues + v
            if meta[b].is_valid and cursors[v] < n_levels(meta, b, side):
                ticks = level_ticks(levels, meta, b, side, cursors[v])
                if not is_found or (ticks < best_ticks if side == ASK else ticks > best_ticks):
                    best_ticks, is_found = ticks, True
        if not is_found:
            break
        for v in range(n_venues):
            b = i * n_venues + v
            if (
                meta[b].is_valid
                and cursors[v] < n_levels(meta, b, side)
                and level_ticks(levels, meta, b, side, cursors[v]) == best_ticks
            ):
                all_shares += level_shares(levels, meta, b, side, cursors[v])
                cursors[v] += 1
        if depth < _NEAR_LEVELS:
            top_shares = all_shares
    return top_shares, all_shares


@kernel
def derived_row_features(
    levels: LevelArray,
    meta: MetaArray,
    seen: WindowArray,
    k: int,
    n_venues: int,
    situation: SituationArray,
    rows: RowArray,
    r: int,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """Write the derived features that differ from row to row into row `r`."""
    w, side = seen[k], widened(situation[0].side)
    b = widened(situation[0].instrument_idx) * n_venues + rows[r].venue_idx
    queue_shares = 0
    if w.mid_x2 > 0 and meta[b].is_valid:
        join_ticks = w.bid_ticks if side > 0 else w.ask_ticks
        if rows[r].tactic == Tactic.POST:
            join_ticks = rows[r].limit_ticks
        queue_shares = shares_within(levels, meta, b, (1 - side) // 2, join_ticks)
    out_features[r, first + _QUEUE_AHEAD] = queue_shares
