"""Policy `cont_kukanov`: one split of the order between taking and posting, priced by queues."""

from __future__ import annotations

import hashlib
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import NS_PER_S, RowArray, SituationArray, Tactic
from penstock.features import FEATURE_NAMES
from penstock.routing.allocation import clear_plan, finish, is_settling, is_usable_take
from penstock.routing.config import RoutingConfig
from penstock.routing.fee_sweep import all_in_ticks
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.pacing import PaceArray, pace_array, shares_to_take, strike_waiting
from penstock.routing.sequence import order_by_index

_POST: Final = int(Tactic.POST)
_VOLUME: Final = FEATURE_NAMES.index("volume_60s_frac")
_VENUE_VOLUME: Final = FEATURE_NAMES.index("venue_volume_frac")
_SESSION_S: Final = 23_400.0  # of the average daily volume


class ContKukanovPolicy:
    """
    Posts as many shares as their queues may be expected to serve, and takes the rest.

    The variant of the paper that may not send more than the order: see `limit_shares`. It knows no
    pools. A wave of takes goes out within the pace. Without an NBBO it waits. A `Policy`.

    Source: Cont & Kukanov (2017), "Optimal order placement in limit order markets", Quantitative
        Finance 17(1), section 4, with exponential outflows estimated from what was traded lately.
    """

    name = "cont_kukanov"
    needs_features = True
    model_sha256 = ""

    def __init__(self, config: RoutingConfig) -> None:
        self._pace = pace_array(config.baseline.pace)
        self._short_bps = float(config.clean_up_bps)

    def plan(self, frame: Frame) -> None:
        """Split what there is to place."""
        plan_split(
            frame.situation,
            frame.rows,
            frame.features,
            self._short_bps,
            self._pace,
            frame.work,
            frame.orders[0],
        )

    def state_hash(self) -> str:
        """Hash of the price of falling short and of the pace."""
        digest = hashlib.sha256(f"{self.name} {self._short_bps!r}".encode())
        digest.update(self._pace.tobytes())
        return digest.hexdigest()


@kernel
def limit_shares(
    outflow_shares: float, queue_shares: float, gain_bps: float, take_bps: float, short_bps: float
) -> float:
    """
    Shares worth posting behind a queue, instead of taking them now; not negative.

    With outflow ξ ~ Exp(mean μ) over the rest, queue Q, p = P(ξ > Q + L): the last of L shares
    posted costs -g·p + u·(1 - p), and taken it costs c. So L* = μ · ln(1 / p*) - Q with
    p* = (u - c) / (u + g), which is the paper's closed form for one venue. Where one may not send
    more than the order, shortfalls of venues add up, and the form holds for each of several.

    Args:
        outflow_shares: μ, expected to leave the queue's side while the order rests.
        gain_bps: g, half the spread and the rebate.
        take_bps: c, half the spread and the fee.
        short_bps: u, of a share that is not filled; above c, or everything is worth posting.

    Reference: tests/support/naive_baselines.py::split_cost, minimised over a grid.
    """
    if not outflow_shares > 0.0:
        return 0.0
    if short_bps <= take_bps:
        return math.inf
    keep = (short_bps - take_bps) / (short_bps + gain_bps)
    if keep >= 1.0:
        return 0.0
    return max(outflow_shares * math.log(1.0 / keep) - queue_shares, 0.0)


@kernel
def plan_split(
    situation: SituationArray,
    rows: RowArray,
    features: NDArray[np.float64],
    short_bps: float,
    pace: PaceArray,
    work: WorkArray,
    order: NDArray[np.int64],
) -> None:
    """
    One decision of the split: posts first, each up to `limit_shares`, best first; takes the rest.

    Of posts the one with the largest gain goes first. What is short costs half the spread, the
    cheapest take's fee, and `short_bps` more.
    """
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
        return
    if situation[0].has_nbbo == 0:
        return
    half_bps = 1e4 * (situation[0].ask_ticks - situation[0].bid_ticks) / situation[0].mid_ticks_x2
    fee_bps = _cheapest_fee(rows)
    for r in range(len(rows)):
        work[r].sort_key = math.nan
        if rows[r].tactic == _POST and rows[r].excluded == 0:
            work[r].sort_key = rows[r].fee_bps
    n_ranked, left_shares = 0, int(situation[0].route_shares)
    n_posts = order_by_index(work["sort_key"], math.inf, order)
    n_posts = strike_waiting(situation, rows, pace, 0, 0, order, n_posts)
    for k in range(n_posts):
        r = order[k]
        wanted = limit_shares(
            _outflow(situation, rows, features, r),
            float(rows[r].available_shares),
            half_bps - rows[r].fee_bps,
            half_bps + fee_bps,
            half_bps + fee_bps + short_bps,
        )
        lots = int(min(wanted, float(min(left_shares, rows[r].size_shares))) / work[r].lot_shares)
        n_ranked, left_shares = _place(
            rows, work, r, lots * work[r].lot_shares, n_ranked, left_shares
        )
    if is_settling(rows):
        return
    for r in range(len(rows)):
        work[r].sort_key = math.nan
        if is_usable_take(rows, r):
            work[r].sort_key = all_in_ticks(situation, rows, r)
    take_shares = min(left_shares, shares_to_take(situation, rows, work, pace, 0))
    n_takes = order_by_index(work["sort_key"], math.inf, order)
    n_takes = strike_waiting(situation, rows, pace, 0, take_shares, order, n_takes)
    for k in range(n_takes):
        shares = min(take_shares, rows[order[k]].size_shares)
        n_ranked, take_shares = _place(rows, work, order[k], shares, n_ranked, take_shares)


@kernel
def _cheapest_fee(rows: RowArray) -> float:
    fee_bps = math.inf
    for r in range(len(rows)):
        if is_usable_take(rows, r):
            fee_bps = min(fee_bps, rows[r].fee_bps)
    return 0.0 if math.isinf(fee_bps) else fee_bps


@kernel
def _outflow(
    situation: SituationArray, rows: RowArray, features: NDArray[np.float64], r: int
) -> float:
    """Shares that sellers are expected to bring us there (for a buyer) while the order rests."""
    left_ns = max(situation[0].deadline_ns - situation[0].now_ns, 0)
    rest_s = min(rows[r].rest_ns, left_ns) / NS_PER_S
    pace_per_s = features[r, _VOLUME] * situation[0].adv_shares / _SESSION_S
    # Half of what trades hits our side.
    return float(0.5 * pace_per_s * features[r, _VENUE_VOLUME] * rest_s)


@kernel
def _place(
    rows: RowArray, work: WorkArray, r: int, shares: int, n_ranked: int, left_shares: int
) -> tuple[int, int]:
    """Put a row into stage 0, unless it would get less than its venue takes."""
    if shares <= 0 or shares < work[r].min_shares:
        return n_ranked, left_shares
    rows[r].rank, rows[r].stage, rows[r].alloc_shares = n_ranked, 0, shares
    return n_ranked + 1, left_shares - shares
