"""Policy `supervised`: predicted parts, and the static plan put right by them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.models import OutcomeModel
from penstock.routing.allocation import clear_plan, finish, send_in_order
from penstock.routing.config import RoutingConfig, check_routing
from penstock.routing.frame import Frame, OrderArray, WorkArray
from penstock.routing.pacing import (
    PaceArray,
    pace_array,
    send_wave,
    shares_to_take,
    strike_waiting,
)
from penstock.routing.scoring import TERMS_DTYPE, clean_up_cost, price_rows, score_rows
from penstock.routing.sequence import is_among, order_near_list
from penstock.routing.waterfall import WaterfallArray, walk_down


class SupervisedPolicy:
    """
    Improves on the static waterfall where a model says that it pays.

    Each decision: the model predicts the parts of every usable row, each row gets its index, and
    the static plan is put right: a row goes in front of another, joins the plan or leaves it where
    the indices say so by more than `margin_bps` (`order_near_list`). The margin is what keeps a
    model's noise from replacing a good plan.

    Without an NBBO there is no midpoint to measure from, and the static plan stands. A `Policy`.
    """

    name = "supervised"
    needs_features = True

    def __init__(
        self, model: OutcomeModel, waterfall: WaterfallArray, config: RoutingConfig
    ) -> None:
        assert len(waterfall) > 0, "a waterfall needs a step"
        check_routing(config)
        self._model = model
        self._waterfall = waterfall.astype(np.int64)
        self._pace = pace_array(config.baseline.pace)
        self._terms = np.array(
            [tuple(getattr(config, name) for name in TERMS_DTYPE.names or ())], TERMS_DTYPE
        )

    @property
    def model_sha256(self) -> str:
        """Hash of the model's file."""
        return self._model.sha256

    def plan(self, frame: Frame) -> None:
        """Predict, rank, and depart from the static plan only where it pays."""
        n_picked = 0
        if not frame.situation["must_complete"][0]:
            n_picked = pick_usable(frame.rows, frame.features, frame.picked, frame.picked_features)
        if n_picked > 0:
            self._model.predict(
                frame.picked_features[:n_picked], frame.parts[:n_picked], frame.sd[:n_picked]
            )
        plan_supervised(
            frame.situation,
            frame.rows,
            self._waterfall,
            self._pace,
            self._terms,
            frame.picked,
            n_picked,
            frame.parts,
            frame.sd,
            frame.work,
            frame.orders,
        )

    def state_hash(self) -> str:
        """Hash of the model, the list and the prices: nothing of them changes while it runs."""
        digest = hashlib.sha256(self.name.encode() + self._model.sha256.encode())
        digest.update(self._waterfall.tobytes() + self._terms.tobytes())
        digest.update(self._pace.tobytes())
        return digest.hexdigest()


@kernel
def pick_usable(
    rows: RowArray,
    features: NDArray[np.float64],
    out_picked: NDArray[np.int64],
    out_features: NDArray[np.float64],
) -> int:
    """
    Gather the features of usable rows, because a forest costs the same for each row it is asked.

    Args:
        features: shape (n_rows, n_features).
        out_picked: receives row indices, shape (n_rows,).
        out_features: receives their features, shape of `features`.
    Returns:
        How many rows are usable.
    """
    n_picked = 0
    for r in range(len(rows)):
        if rows[r].excluded == 0:
            out_picked[n_picked] = r
            for column in range(features.shape[1]):
                out_features[n_picked, column] = features[r, column]
            n_picked += 1
    return n_picked


@kernel
def plan_supervised(
    situation: SituationArray,
    rows: RowArray,
    waterfall: WaterfallArray,
    pace: PaceArray,
    terms: NDArray[Any],
    picked: NDArray[np.int64],
    n_picked: int,
    parts: NDArray[np.float64],
    sd: NDArray[np.float64],
    work: WorkArray,
    orders: OrderArray,
) -> None:
    """
    One decision, once the model has answered: scores, the static plan, and what is better.

    Takes of the static plan keep their pace; others are taken when taking is cheapest. With
    patience, a plan may be to send nothing: then what is left over is dear only at the end.

    Args:
        picked: rows that the model was asked about, first `n_picked` entries.
        parts, sd: its answers in that order, columns as `penstock.models.PARTS`.

    Reference: tests/support/naive_routing.py::supervised.
    """
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, orders[0])
        return
    for k in range(n_picked):
        _write_parts(rows, picked[k], k, parts, sd)
    take_shares = shares_to_take(situation, rows, work, pace, 0)
    n_static = walk_down(rows, waterfall, orders[1])
    n_static = strike_waiting(situation, rows, pace, 0, take_shares, orders[1], n_static)
    if situation[0].has_nbbo == 0:
        send_wave(situation, rows, work, take_shares, orders[1], n_static)
        return
    clean_up_bps = clean_up_cost(situation, rows, terms)
    score_rows(situation, rows, terms, work)
    n_best = order_near_list(
        work["sort_key"], clean_up_bps, terms[0].margin_bps, orders[1], n_static, orders[0]
    )
    if n_best == 0 and terms[0].patience_s <= 0.0:
        n_best = n_static
        for k in range(n_static):
            orders[0, k] = orders[1, k]
    price_rows(rows, work, orders[0], n_best, clean_up_bps)
    if n_best > 0 and is_among(orders[0, 0], orders[1], n_static):
        send_wave(situation, rows, work, take_shares, orders[0], n_best)
    else:
        send_in_order(situation, rows, work, orders[0], n_best)


@kernel
def _write_parts(
    rows: RowArray, r: int, k: int, parts: NDArray[np.float64], sd: NDArray[np.float64]
) -> None:
    row = rows[r]
    row.slippage_bps, row.slippage_bps_sd = parts[k, 0], sd[k, 0]
    row.fill_frac, row.fill_frac_sd = parts[k, 1], sd[k, 1]
    row.time_to_fill_s, row.time_to_fill_s_sd = parts[k, 2], sd[k, 2]
    row.leakage_bps, row.leakage_bps_sd = parts[k, 3], sd[k, 3]
