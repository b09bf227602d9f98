"""The expected cost of trying rows one after another, and the order that makes it smallest."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.routing.frame import WorkArray

# Below this a row fills nothing: its index would be a division by noise, and sending there tells
# the market something for nothing.
FILL_FRAC_MIN: Final = 1e-9


@inlined
def own_bps(slippage_bps: float, fill_frac: float, leakage_bps: float, wait_bps: float) -> float:
    """What a row costs by itself: a = f·s + (1 − f)·w + l, bps of what is sent there."""
    return fill_frac * slippage_bps + (1.0 - fill_frac) * wait_bps + leakage_bps


@kernel
def row_index(slippage_bps: float, fill_frac: float, leakage_bps: float, wait_bps: float) -> float:
    """
    The score of a row: a / f, its whole cost per share that it fills, in bps; lower goes first.

    NaN for a row that fills nothing (f up to 1e-9), and for one of which anything is not known.
    """
    if not fill_frac > FILL_FRAC_MIN:
        return math.nan
    return own_bps(slippage_bps, fill_frac, leakage_bps, wait_bps) / fill_frac


@kernel
def sequence_cost(
    slippage_bps: NDArray[np.float64],
    fill_frac: NDArray[np.float64],
    leakage_bps: NDArray[np.float64],
    wait_bps: NDArray[np.float64],
    clean_up_bps: float,
) -> float:
    """
    Expected cost, bps of the whole, of trying rows in the given order, each with all that is left.

        C(1…n) = a_1 + (1 − f_1)·C(2…n),  C() = clean_up,  a_i = f_i·s_i + (1 − f_i)·w_i + l_i

    Args:
        slippage_bps: of what fills, fee included, in the order of trying, shape (n,).
        fill_frac: part of what is sent that fills, in [0, 1], shape (n,).
        leakage_bps: adverse move that sending causes, per share sent, shape (n,).
        wait_bps: what waiting costs each share that does not fill there, shape (n,).
        clean_up_bps: cost of what is left after the last row.

    Source: definition; docs/routing.md works an example.
    Reference: tests/support/naive_routing.py::sequence_cost.
    """
    cost = clean_up_bps
    for k in range(len(fill_frac) - 1, -1, -1):
        own = own_bps(slippage_bps[k], fill_frac[k], leakage_bps[k], wait_bps[k])
        cost = own + (1.0 - fill_frac[k]) * cost
    return cost


@kernel
def order_by_index(
    index_bps: NDArray[np.float64], clean_up_bps: float, out_order: NDArray[np.int64]
) -> int:
    """
    The cheapest sequence: which rows to try, and in which order.

    Rows are tried in ascending order of `row_index`, a_i / f_i; a row is left out unless its index
    is below `clean_up_bps`.

    Proof. Take neighbours i, j with R for what follows them. Trying i first costs
    a_i + (1 − f_i)(a_j + (1 − f_j)R), and j first costs a_j + (1 − f_j)(a_i + (1 − f_i)R). The
    difference is f_j·a_i − f_i·a_j: R cancels. So i goes first exactly when a_i/f_i <= a_j/f_j,
    whatever follows; swapping neighbours until none is out of order never raises the cost. For the
    choice of rows: putting i in front of a rest that costs R changes the cost by a_i − f_i·R, a
    gain exactly when a_i/f_i < R. Go through the rows from the highest index down. R starts at
    clean_up; each row whose index is below R is taken and makes R an average of R and that index,
    so R stays at or above every index still to come that is below clean_up. So exactly the rows
    with an index below clean_up are worth trying.

    Equal indices keep their positions, so the ranking is total; it is transitive because it
    compares one number per row. NaN is no candidate.

    Args:
        index_bps: of each row, shape (n,).
        clean_up_bps: cost of what is left after the last row.
        out_order: receives positions in `index_bps`, best first, shape (n,); the rest is left as
            it is.
    Returns:
        How many rows are worth trying.

    Source: adjacent interchange as in Smith (1956), "Various Optimizers for Single-Stage
        Production", Naval Research Logistics Quarterly 3; one number per box as in Weitzman (1979),
        "Optimal Search for the Best Alternative", Econometrica 47(3).
    Reference: tests/support/naive_routing.py::cheapest_sequence tries every one.
    """
    n_kept = 0
    for i in range(len(index_bps)):
        # NaN compares false, and so stays out.
        if index_bps[i] < clean_up_bps:
            k = n_kept
            while k > 0 and index_bps[out_order[k - 1]] > index_bps[i]:
                out_order[k] = out_order[k - 1]
                k -= 1
            out_order[k] = i
            n_kept += 1
    return n_kept


@kernel
def order_near_list(
    index_bps: NDArray[np.float64],
    clean_up_bps: float,
    margin_bps: float,
    listed: NDArray[np.int64],
    n_listed: int,
    out_order: NDArray[np.int64],
) -> int:
    """
    A given list, put right where the index says so by more than a margin.

    Rows of the list enter in its order, then the others by their index. Each stands behind all that
    entered before it, and moves up past those whose index is higher by more than `margin_bps`. A
    row of the list stays out from clean_up + margin on; one that is not in it comes in below
    clean_up - margin. Where the index is NaN the list stands. Without NaN, margin 0 is
    `order_by_index`, equal indices in the order of the list; a margin beyond all differences is the
    list.

    Whoever picks the best of many noisy forecasts picks a lucky one; a departure that has to pay
    for itself row by row is seldom luck alone.

    Args:
        index_bps: of each row, shape (n,).
        clean_up_bps: cost of what is left after the last row.
        listed: rows of the list, first `n_listed` entries.
        out_order: receives the plan, best first, shape (n,).
    Returns:
        How many rows are in the plan.

    Source: docs/adr/0023-a-learned-plan-is-the-list-put-right.md.
    Reference: tests/support/naive_routing.py::supervised.
    """
    n_kept = 0
    for k in range(n_listed):
        if not index_bps[listed[k]] >= clean_up_bps + margin_bps:
            n_kept = _let_in(listed[k], index_bps, margin_bps, out_order, n_kept)
    r = _next_by_index(index_bps, listed, n_listed, -1)
    while r >= 0 and index_bps[r] < clean_up_bps - margin_bps:
        n_kept = _let_in(r, index_bps, margin_bps, out_order, n_kept)
        r = _next_by_index(index_bps, listed, n_listed, r)
    return n_kept


@inlined
def is_among(r: int, listed: NDArray[np.int64], n_listed: int) -> bool:
    """Whether a row is in a list."""
    found = False
    for k in range(n_listed):
        found = found or listed[k] == r
    return found


@kernel
def _next_by_index(
    index_bps: NDArray[np.float64], listed: NDArray[np.int64], n_listed: int, last: int
) -> int:
    """The row after `last` by index and position, of those not in the list; -1 past the end."""
    found = -1
    for r in range(len(index_bps)):
        is_later = last < 0 or (index_bps[r], r) > (index_bps[last], last)
        is_first = found < 0 or index_bps[r] < index_bps[found]
        if is_later and is_first and index_bps[r] < np.inf and not is_among(r, listed, n_listed):
            found = r
    return found


@kernel
def _let_in(
    r: int, index_bps: NDArray[np.float64], margin_bps: float, order: NDArray[np.int64], n: int
) -> int:
    k = n
    while k > 0 and index_bps[order[k - 1]] > index_bps[r] + margin_bps:
        order[k] = order[k - 1]
        k -= 1
    order[k] = r
    return n + 1


@kernel
def plan_cost(work: WorkArray, order: NDArray[np.int64], n: int, clean_up_bps: float) -> float:
    """
    Expected cost of the first `n` rows of `order`, bps of the whole decision.

    A row that can take only a part x of the decision counts with x·a and x·f: the rest goes on at
    once, to the rows beside it in its stage or behind it. `rest_bps` of position k receives what
    follows the row there.
    """
    cost = clean_up_bps
    for k in range(n - 1, -1, -1):
        work[k].rest_bps = cost
        cost = work[order[k]].own_bps + (1.0 - work[order[k]].fill_frac) * cost
    return cost
