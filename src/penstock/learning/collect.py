"""From finished days to a training table: what each child cost against the market's true price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    BPS_PER_UNIT,
    NS_PER_S,
    NS_PER_US,
    USD_MICROS_PER_TICK,
    Ns,
    seconds,
)
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.learning.dataset import Dataset, DatasetError
from penstock.routing import RoutingConfig
from penstock.sim import Scenario
from penstock.trials import ChildDiary, Day

LABEL_HORIZON_NS: Final = Ns(30 * NS_PER_S)
"""Without a reference price, the midpoint this long after a fill stands in for it."""

# The largest of a scenario's delays is the last entry of its table of draws: 7.6 times the jitter
# above the minimum where it is exponential, 12 times the mean where it is lognormal with a jitter
# as large as that (penstock.sim.quantiles).
_JITTERS_MAX: Final = 12.0


def outcome_horizon_ns(scenario: Scenario, routing: RoutingConfig) -> Ns:
    """
    How long after a decision every outcome of its rows is known, rounded up to a whole second.

    A child leaves after the decision latency, rests, is cancelled, and its last report comes back.
    In a replay the label of a fill is the midpoint LABEL_HORIZON_NS later; M* is known at once. It
    is never less than LABEL_HORIZON_NS.
    """
    delays = [venue.latency for venue in scenario.venues]
    there_us = max(far.order_in_us + _JITTERS_MAX * far.order_in_jitter_us for far in delays)
    back_us = max(far.ack_us + _JITTERS_MAX * far.ack_jitter_us for far in delays)
    over_ns = (
        scenario.decision_latency_ns
        + max(routing.mid_rest_ns, routing.post_rest_ns)
        + round((there_us + back_us) * NS_PER_US)
    )
    if scenario.scenario.mode == "replay":
        over_ns += LABEL_HORIZON_NS
    return Ns(max(LABEL_HORIZON_NS, -(-over_ns // NS_PER_S) * NS_PER_S))


def dataset_of(
    days: Sequence[tuple[int, Day]],
    origin: str,
    *,
    horizon_ns: Ns,
    feature_names: tuple[str, ...] = FEATURE_NAMES,
    features_version: str = FEATURES_VERSION,
) -> Dataset:
    """
    One row per child that was sent with a feature matrix, counted by its shares: costs are paid by
    the share, and what a child of ten shares leaked of an order of ten thousand is mostly noise.

    The cost of a fill is measured against M*, the price that includes what is already on its way,
    which only the simulated market knows: in training, never in a decision. Against it an adverse
    fill shows its whole cost at once, and the unfilled rest costs nothing by itself; so the parts
    add up without a model of drift, and with a seventh of the noise. Where the market has no M* (a
    replay), the midpoint LABEL_HORIZON_NS later stands in for it: unbiased, but noisier.

    Args:
        days: (number of the day, the day); rows of one number are never split between training
            and holding out.
        origin: which market, in words; goes on the model's card.
        horizon_ns: see `outcome_horizon_ns`; every row is held to it.
        feature_names, features_version: of the children's features; a router's unless said.
    Raises:
        DatasetError: no child was sent.
    """
    rows = [row for number, day in days for row in _rows_of_day(number, day, horizon_ns)]
    if not rows:
        raise DatasetError.one(
            where=f"experience in {origin}",
            expected="children that were sent with a feature matrix",
            found=f"none on {len(days)} days",
            fix="give the scenario more or larger parents, or a market that trades",
        )
    columns = {
        name: np.array([row[name] for row in rows]) for name in rows[0] if name != "features"
    }
    return Dataset(
        feature_names=feature_names,
        features_version=features_version,
        horizon_ns=horizon_ns,
        origin=origin,
        features=np.stack([row["features"] for row in rows]),
        **columns,
    )


def _rows_of_day(number: int, day: Day, horizon_ns: Ns) -> list[dict[str, Any]]:
    truth = {(int(row["child_id"]), int(row["exec_no"])): row for row in day.audit}
    rows = []
    for diary in day.children.diaries.values():
        if diary.mid_ticks_x2 > 0:
            row, known_ns = _row(number, day, diary, truth)
            after_ns = known_ns - diary.sent_ns
            assert after_ns <= horizon_ns, (
                f"the outcome of child {diary.order.child_id} was known {after_ns} ns after its "
                f"decision, and the dataset promises {horizon_ns}: the split would leak"
            )
            rows.append(row)
    return rows


def _row(
    number: int, day: Day, diary: ChildDiary, truth: dict[tuple[int, int], Any]
) -> tuple[dict[str, Any], int]:
    """The row, and when the last of its outcome was known."""
    order, mid_ticks = diary.order, diary.mid_ticks_x2 / 2
    side, scale = int(order.side), BPS_PER_UNIT / mid_ticks
    filled_shares, cost_ticks, caused_ticks = 0, 0.0, 0.0
    left_shares, known_ns = diary.leaves_shares, int(diary.sent_ns)
    for fill in diary.fills:
        truth_row = truth[order.child_id, int(fill.exec_id.rsplit("-", 1)[1])]
        reference_ticks = float(truth_row["reference_ticks"])
        if not np.isfinite(reference_ticks):
            reference_ticks = _later_mid_ticks(day, fill.event_ns, mid_ticks)
            known_ns = max(known_ns, fill.event_ns + LABEL_HORIZON_NS)
        known_ns = max(known_ns, fill.recv_ns)
        filled_shares += fill.size_shares
        left_shares -= fill.size_shares
        cost_ticks += side * fill.size_shares * (fill.price_ticks - reference_ticks)
        cost_ticks += fill.fee_usd_micros / USD_MICROS_PER_TICK
        caused_ticks += side * float(truth_row["permanent_ticks"]) * max(0, left_shares)
    first_ns = diary.fills[0].recv_ns if diary.fills else None
    row = {
        "features": diary.features,
        "day": number,
        "at_ns": int(diary.sent_ns),
        "venue_idx": order.venue_idx,
        "tactic": int(order.tactic),
        "weight": float(order.size_shares),
        "slippage_bps": scale * cost_ticks / filled_shares if filled_shares else np.nan,
        "fill_frac": min(1.0, filled_shares / order.size_shares),
        "time_to_fill_s": np.nan if first_ns is None else seconds(first_ns - diary.sent_ns),
        # A replayed market does not react, so nothing is caused there.
        "leakage_bps": scale * np.nan_to_num(caused_ticks) / order.size_shares,
    }
    return row, known_ns


def _later_mid_ticks(day: Day, at_ns: int, otherwise_ticks: float) -> float:
    """Midpoint once the label's horizon is over; of the last second where the day ends before."""
    mids: NDArray[np.int64] = day.mid_ticks_x2
    second = (at_ns - day.start_ns + LABEL_HORIZON_NS) // NS_PER_S
    known = mids[: min(second, len(mids))]
    known = known[known > 0]
    return float(known[-1]) / 2 if len(known) else otherwise_ticks
