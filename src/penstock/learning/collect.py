"""From finished days to a training table: what each child cost against the market's true price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    BPS_PER_UNIT,
    NS_PER_S,
    USD_MICROS_PER_TICK,
    Ns,
    seconds,
)
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.learning.dataset import Dataset, DatasetError
from penstock.trials import ChildDiary, Day

LABEL_HORIZON_NS: Final = Ns(30 * NS_PER_S)
"""Without a reference price, the midpoint this long after a fill stands in for it."""


def dataset_of(days: Sequence[tuple[int, Day]], origin: str) -> Dataset:
    """
    One row per child that was sent with a feature matrix.

    The cost of a fill is measured against M*, the price that includes what is already on its way,
    which only the simulated market knows: in training, never in a decision. Against it an adverse
    fill shows its whole cost at once, and the unfilled rest costs nothing by itself; so the parts
    add up without a model of drift, and with a seventh of the noise. Where the market has no M* (a
    replay), the midpoint LABEL_HORIZON_NS later stands in for it: unbiased, but noisier.

    Args:
        days: (number of the day, the day); rows of one number are never split between training
            and holding out.
        origin: which market, in words; goes on the model's card.
    Raises:
        DatasetError: no child was sent.
    """
    rows = [row for number, day in days for row in _rows_of_day(number, day)]
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
        feature_names=FEATURE_NAMES,
        features_version=FEATURES_VERSION,
        horizon_ns=LABEL_HORIZON_NS,
        origin=origin,
        features=np.stack([row["features"] for row in rows]),
        **columns,
    )


def _rows_of_day(number: int, day: Day) -> list[dict[str, Any]]:
    truth = {(int(row["child_id"]), int(row["exec_no"])): row for row in day.audit}
    return [
        _row(number, day, diary, truth)
        for diary in day.children.diaries.values()
        if diary.mid_ticks_x2 > 0
    ]


def _row(
    number: int, day: Day, diary: ChildDiary, truth: dict[tuple[int, int], Any]
) -> dict[str, Any]:
    order, mid_ticks = diary.order, diary.mid_ticks_x2 / 2
    side, scale = int(order.side), BPS_PER_UNIT / mid_ticks
    filled_shares, cost_ticks, caused_ticks = 0, 0.0, 0.0
    left_shares = diary.leaves_shares
    for fill in diary.fills:
        row = truth[order.child_id, int(fill.exec_id.rsplit("-", 1)[1])]
        reference_ticks = float(row["reference_ticks"])
        if not np.isfinite(reference_ticks):
            reference_ticks = _later_mid_ticks(day, fill.event_ns, mid_ticks)
        filled_shares += fill.size_shares
        left_shares -= fill.size_shares
        cost_ticks += side * fill.size_shares * (fill.price_ticks - reference_ticks)
        cost_ticks += fill.fee_usd_micros / USD_MICROS_PER_TICK
        caused_ticks += side * float(row["permanent_ticks"]) * max(0, left_shares)
    first_ns = diary.fills[0].recv_ns if diary.fills else None
    return {
        "features": diary.features,
        "day": number,
        "at_ns": int(diary.sent_ns),
        "venue_idx": order.venue_idx,
        "tactic": int(order.tactic),
        "weight": 1.0,
        "slippage_bps": scale * cost_ticks / filled_shares if filled_shares else np.nan,
        "fill_frac": min(1.0, filled_shares / order.size_shares),
        "time_to_fill_s": np.nan if first_ns is None else seconds(first_ns - diary.sent_ns),
        # A replayed market does not react, so nothing is caused there.
        "leakage_bps": scale * np.nan_to_num(caused_ticks) / order.size_shares,
    }


def _later_mid_ticks(day: Day, at_ns: int, otherwise_ticks: float) -> float:
    """Midpoint once the label's horizon is over; of the last second where the day ends before."""
    mids: NDArray[np.int64] = day.mid_ticks_x2
    second = (at_ns - day.start_ns + LABEL_HORIZON_NS) // NS_PER_S
    known = mids[: min(second, len(mids))]
    known = known[known > 0]
    return float(known[-1]) / 2 if len(known) else otherwise_ticks
