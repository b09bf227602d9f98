"""How good a forecast is on rows that no tree saw, against the mean of its venue and tactic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from penstock.domain import N_TACTICS
from penstock.models import CalibrationBin

# A log loss is infinite at 0 and 1; forecasts closer than this count as this close.
_CLOSEST_FRAC = 1e-6


def group_means(
    groups: NDArray[np.int64], outcome: NDArray[np.float64], weight: NDArray[np.float64]
) -> dict[int, float]:
    """Weighted mean outcome of each group; key -1 holds the mean of all."""
    means = {-1: float(np.average(outcome, weights=weight))}
    for group in np.unique(groups):
        rows = groups == group
        means[int(group)] = float(np.average(outcome[rows], weights=weight[rows]))
    return means


def baseline_forecast(means: dict[int, float], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """What a table of averages would have forecast; the overall mean for a group it never saw."""
    return np.array([means.get(int(group), means[-1]) for group in groups])


def row_groups(venue_idx: NDArray[np.int64], tactic: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each (venue, tactic)."""
    return venue_idx * N_TACTICS + tactic


def error_measures(
    forecast: NDArray[np.float64],
    baseline: NDArray[np.float64],
    outcome: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> dict[str, float]:
    """
    n_rows; rmse and baseline_rmse, in the part's unit; bias, mean forecast minus mean outcome;
    r2_vs_baseline = 1 - (rmse / baseline_rmse)², 0 if the baseline makes no error.
    """
    rmse = _rmse(forecast - outcome, weight)
    baseline_rmse = _rmse(baseline - outcome, weight)
    ratio = rmse / baseline_rmse if baseline_rmse > 0.0 else 1.0
    return {
        "n_rows": float(len(outcome)),
        "rmse": rmse,
        "baseline_rmse": baseline_rmse,
        "r2_vs_baseline": 1.0 - ratio**2,
        "bias": float(np.average(forecast - outcome, weights=weight)),
    }


def log_loss(
    forecast_frac: NDArray[np.float64],
    observed_frac: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> float:
    """
    Mean of -(y log p + (1 - y) log(1 - p)), nats; y may be any fraction, not only 0 or 1.

    Its minimum is not 0 but the entropy of y, so it is read against a baseline's.
    """
    p = np.clip(forecast_frac, _CLOSEST_FRAC, 1.0 - _CLOSEST_FRAC)
    losses = -(observed_frac * np.log(p) + (1.0 - observed_frac) * np.log1p(-p))
    return float(np.average(losses, weights=weight))


def calibration_table(
    forecast_frac: NDArray[np.float64],
    observed_frac: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    n_bins: int = 10,
) -> tuple[CalibrationBin, ...]:
    """Rows in order of their forecast, cut into `n_bins` of one size (fewer if rows are few)."""
    order = np.argsort(forecast_frac, kind="stable")
    bins = [rows for rows in np.array_split(order, n_bins) if len(rows)]
    return tuple(
        CalibrationBin(
            forecast_frac=float(np.average(forecast_frac[rows], weights=weight[rows])),
            observed_frac=float(np.average(observed_frac[rows], weights=weight[rows])),
            n_rows=len(rows),
        )
        for rows in bins
    )


def sd_by_tactic(
    residual: NDArray[np.float64], tactic: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[float | None, ...]:
    """Root mean squared residual of each tactic; None where no row has it."""
    return tuple(
        _rmse(residual[tactic == k], weight[tactic == k]) if np.any(tactic == k) else None
        for k in range(N_TACTICS)
    )


def _rmse(residual: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.average(residual**2, weights=weight)))
