"""Policy `proportional`: the order is split over the touch in proportion to displayed size."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.routing.allocation import clear_plan, finish, is_settling, is_usable_take
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.sequence import order_by_index


class ProportionalPolicy:
    """
    One immediate order to each venue at the touch, sized by what it displays.

    Between waves it waits as `SweepPolicy` does. A `Policy`.
    """

    name = "proportional"
    needs_features = False
    model_sha256 = ""

    def plan(self, frame: Frame) -> None:
        """Send one wave of takes."""
        plan_proportional(frame.situation, frame.rows, frame.work, frame.orders[0])

    def state_hash(self) -> str:
        """Hash of the name: there is nothing else."""
        return hashlib.sha256(self.name.encode()).hexdigest()


@kernel
def plan_proportional(
    situation: SituationArray, rows: RowArray, work: WorkArray, order: NDArray[np.int64]
) -> None:
    """
    One decision of the proportional split.

    With d the displayed shares of a row and D their sum, a row gets floor(q·d/D) shares in whole
    lots, q being what there is to place; what rounding leaves goes to the rows that display most,
    up to d. Where D <= q each row gets d. Ranks go by displayed size.

    Reference: tests/support/naive_routing.py::proportional.
    """
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
        return
    if is_settling(rows):
        return
    displayed_shares = 0
    for r in range(len(rows)):
        work[r].sort_key = math.nan
        if is_usable_take(rows, r):
            displayed_shares += rows[r].available_shares
            work[r].sort_key = -float(rows[r].available_shares)
    n_takes = order_by_index(work["sort_key"], math.inf, order)
    left_shares = situation[0].route_shares
    for k in range(n_takes):
        row, lot_shares = rows[order[k]], work[order[k]].lot_shares
        row.rank = k
        if displayed_shares <= situation[0].route_shares:
            row.alloc_shares = row.available_shares
        else:
            exact_shares = situation[0].route_shares * row.available_shares // displayed_shares
            row.alloc_shares = exact_shares // lot_shares * lot_shares
        left_shares -= row.alloc_shares
    _top_up(rows, work, order, n_takes, left_shares)


@kernel
def _top_up(
    rows: RowArray, work: WorkArray, order: NDArray[np.int64], n_takes: int, left_shares: int
) -> None:
    """Give what rounding left to the largest rows; a row below its venue's minimum stays out."""
    for k in range(n_takes):
        row = rows[order[k]]
        extra_shares = min(left_shares, row.available_shares - row.alloc_shares)
        row.alloc_shares += extra_shares
        left_shares -= extra_shares
        if row.alloc_shares < work[order[k]].min_shares:
            left_shares += row.alloc_shares
            row.alloc_shares = 0
        row.stage = 0 if row.alloc_shares > 0 else 1
