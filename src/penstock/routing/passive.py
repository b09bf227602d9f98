"""MID and POST rows: asking for the midpoint in a pool, and joining the queue at a lit venue."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import best_ticks, n_levels, shares_within
from penstock.domain import Exclusion, RowArray, SituationArray
from penstock.routing.frame import WorkArray
from penstock.routing.reasons import exclude, far_side, is_worse

_NO_QUOTE: Final = int(Exclusion.NO_QUOTE)
_OUTSIDE_LIMIT: Final = int(Exclusion.OUTSIDE_LIMIT)
_BELOW_MIN_SIZE: Final = int(Exclusion.BELOW_MIN_SIZE)


@kernel
def describe_mid(
    rules: NDArray[Any], situation: SituationArray, r: int, rows: RowArray, work: WorkArray
) -> None:
    """
    A peg to the midpoint, never paying more than taking would cost now.

    Its size is not bounded by anything displayed, because nothing is: a pool shows only what
    traded, min(sent, available). So the part of the order that one pool may carry bounds it.
    """
    parent, row = situation[0], rows[r]
    row.size_shares = _chunk(situation, rules[0].mid_share_frac, work[r].lot_shares)
    if parent.has_nbbo == 0:
        exclude(rows, r, _NO_QUOTE)
        return
    far_ticks = parent.ask_ticks if parent.side > 0 else parent.bid_ticks
    row.limit_ticks = far_ticks
    if is_worse(far_ticks, parent.worst_ticks, parent.side):
        row.limit_ticks = parent.worst_ticks
    # The midpoint may lie between two ticks: a buyer needs a limit at or above it.
    if parent.side > 0:
        mid_ticks = (parent.mid_ticks_x2 + 1) // 2
    else:
        mid_ticks = parent.mid_ticks_x2 // 2
    if is_worse(mid_ticks, parent.worst_ticks, parent.side):
        exclude(rows, r, _OUTSIDE_LIMIT)
    if row.size_shares < work[r].min_shares:
        exclude(rows, r, _BELOW_MIN_SIZE)


@kernel
def describe_post(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    n_venues: int,
    rules: NDArray[Any],
    situation: SituationArray,
    r: int,
    rows: RowArray,
    work: WorkArray,
) -> None:
    """
    A limit at the NBBO's near price, or one increment better where that is asked for and free.

    A venue whose own far side already stands at that price would trade instead of queueing: it has
    no touch to join.
    """
    parent, row = situation[0], rows[r]
    side, far = parent.side, far_side(parent.side)
    b = parent.instrument_idx * n_venues + row.venue_idx
    row.size_shares = _chunk(situation, rules[0].post_share_frac, work[r].lot_shares)
    if parent.has_nbbo == 0:
        exclude(rows, r, _NO_QUOTE)
        return
    ticks = parent.bid_ticks if side > 0 else parent.ask_ticks
    if rules[0].post_improves and parent.ask_ticks - parent.bid_ticks >= 2 * parent.increment_ticks:
        better_ticks = ticks + side * parent.increment_ticks
        if not is_worse(better_ticks, parent.worst_ticks, side):
            ticks = better_ticks
    row.limit_ticks = ticks
    row.available_shares = shares_within(levels, meta, b, 1 - far, ticks) if meta[b].is_valid else 0
    if is_worse(ticks, parent.worst_ticks, side):
        exclude(rows, r, _OUTSIDE_LIMIT)
    if n_levels(meta, b, far) > 0 and not is_worse(best_ticks(levels, meta, b, far), ticks, side):
        exclude(rows, r, _NO_QUOTE)
    if row.size_shares < work[r].min_shares:
        exclude(rows, r, _BELOW_MIN_SIZE)


@kernel
def _chunk(situation: SituationArray, share_frac: float, lot_shares: int) -> int:
    """The order's share for one row in whole lots, at least one; no more than there is to place."""
    parent = situation[0]
    chunk_shares = parent.parent_shares
    if share_frac < 1.0:
        n_lots = int(share_frac * parent.parent_shares / lot_shares)
        chunk_shares = max(n_lots, 1) * lot_shares
    return int(min(chunk_shares, parent.route_shares))
