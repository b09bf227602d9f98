"""One part of the score: the forest of its mean, the tree of its spread, and how good both are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.learning.boosting import OBJECTIVES, Labelled, fit_part, fit_spread, linked
from penstock.learning.config import TrainSettings
from penstock.learning.dataset import Dataset
from penstock.learning.measures import (
    baseline_forecast,
    calibration_table,
    error_measures,
    group_means,
    log_loss,
    row_groups,
    sd_by_tactic,
)
from penstock.models import CalibrationBin, FlatForest, Head, Link

_COVERED_FRAC: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedPart:
    """Two heads with their trees, and their part of the card."""

    mean: Head
    mean_forest: FlatForest
    deviation: Head
    deviation_forest: FlatForest
    sd_by_tactic: tuple[float | None, ...]
    cover_90: float
    metrics: dict[str, float]
    calibration: tuple[CalibrationBin, ...]


def train_part(
    part: str, sets: list[Dataset], settings: TrainSettings, on_tree: Callable[[int], None]
) -> TrainedPart:
    """
    Train one of PARTS on the rows that have an outcome of it.

    Args:
        sets: rows to fit, to stop by and to measure with; see `Split`.
        on_tree: called with the number of trees after each.
    """
    fit, stop, measure = (rows.select(~np.isnan(rows.outcome(part))) for rows in sets)
    names = fit.feature_names
    forest = fit_part(part, _rows(fit, part), _rows(stop, part), names, settings, on_tree)
    mean = _mean_head(part, forest, fit, stop)
    residual_stop = stop.outcome(part) - _forecast(mean, forest, stop)
    forecast = _forecast(mean, forest, measure)
    residual = measure.outcome(part) - forecast

    squares = Labelled(features=stop.features, outcome=residual_stop**2, weight=stop.weight)
    spread_forest = fit_spread(squares, names, settings)
    deviation = _deviation_head(spread_forest, measure, residual_stop, residual)
    calibration: tuple[CalibrationBin, ...] = ()
    if part == "fill_frac":
        calibration = calibration_table(forecast, measure.fill_frac, measure.weight)
    return TrainedPart(
        mean=mean,
        mean_forest=forest,
        deviation=deviation,
        deviation_forest=spread_forest,
        sd_by_tactic=sd_by_tactic(residual, measure.tactic, measure.weight),
        cover_90=_conformal_factor(residual, _forecast(deviation, spread_forest, measure)),
        metrics=_metrics(part, forecast, fit, measure) | {"n_trees": float(mean.n_trees)},
        calibration=calibration,
    )


def _metrics(
    part: str, forecast: NDArray[np.float64], fit: Dataset, measure: Dataset
) -> dict[str, float]:
    means = group_means(row_groups(fit.venue_idx, fit.tactic), fit.outcome(part), fit.weight)
    baseline = baseline_forecast(means, row_groups(measure.venue_idx, measure.tactic))
    observed = measure.outcome(part)
    metrics = error_measures(forecast, baseline, observed, measure.weight)
    if part == "fill_frac":
        metrics["log_loss"] = log_loss(forecast, observed, measure.weight)
        metrics["baseline_log_loss"] = log_loss(baseline, observed, measure.weight)
    return metrics


def _rows(dataset: Dataset, part: str) -> Labelled:
    return Labelled(features=dataset.features, outcome=dataset.outcome(part), weight=dataset.weight)


def _forecast(head: Head, forest: FlatForest, rows: Dataset) -> NDArray[np.float64]:
    raw = forest.predict_raw(rows.features)[:, 0]
    return np.clip(head.scale * linked(raw, head.link), head.lowest, head.highest)


def _mean_head(part: str, forest: FlatForest, fit: Dataset, stop: Dataset) -> Head:
    """Bounds are what was seen in training: a forest knows nothing beyond."""
    _, link = OBJECTIVES[part]
    outcome = fit.outcome(part)
    lowest, highest = float(np.min(outcome)), float(np.max(outcome))
    if part == "fill_frac":
        lowest, highest = 0.0, 1.0
    if part == "time_to_fill_s":
        lowest = 0.0
    head = Head(link=link, n_trees=len(forest.trees), scale=1.0, lowest=lowest, highest=highest)
    if link is Link.EXPM1:
        # The mean of log(1 + t) is not the log of the mean; put the mean right.
        forecast_s = np.average(_forecast(head, forest, stop), weights=stop.weight)
        observed_s = np.average(stop.outcome(part), weights=stop.weight)
        if forecast_s > 0.0 and observed_s > 0.0:
            head = msgspec.structs.replace(head, scale=float(observed_s / forecast_s))
    return head


def _deviation_head(
    forest: FlatForest,
    measure: Dataset,
    residual_stop: NDArray[np.float64],
    residual_measure: NDArray[np.float64],
) -> Head:
    """
    A spread as wide as the errors on rows that neither tree has seen.

    A leaf without a single error must not promise certainty: no spread is below a thousandth of
    the overall one, none above the largest error seen.
    """
    everything = np.concatenate((residual_stop, residual_measure))
    lowest = 1e-3 * float(np.sqrt(np.mean(everything**2)))
    head = Head(
        link=Link.SQRT,
        n_trees=len(forest.trees),
        scale=1.0,
        lowest=lowest,
        highest=max(lowest, float(np.max(np.abs(everything)))),
    )
    if lowest == 0.0:  # every forecast was right: nothing to scale
        return head
    sd = _forecast(head, forest, measure)
    z = residual_measure / sd
    scale = float(np.sqrt(np.average(z**2, weights=measure.weight)))
    return msgspec.structs.replace(head, scale=scale if scale > 0.0 else 1.0)


def _conformal_factor(residual: NDArray[np.float64], sd: NDArray[np.float64]) -> float:
    """
    Smallest factor c for which ±c·sd held at least 90 % of the outcomes, small-sample corrected.

    The ceil(0.9 (n + 1))-th smallest |residual| / sd; the largest if n is too small for that.

    Source: Lei, G'Sell, Rinaldo, Tibshirani & Wasserman (2018), "Distribution-Free Predictive
        Inference for Regression", JASA 113(523), section 5.2 (locally weighted split conformal).
    """
    z = np.sort(np.abs(residual) / np.maximum(sd, np.finfo(np.float64).tiny))
    rank = min(len(z), math.ceil(_COVERED_FRAC * (len(z) + 1)))
    return float(z[rank - 1])
