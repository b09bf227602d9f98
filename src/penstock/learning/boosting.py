"""The only place that calls LightGBM: rows in, a flat forest out, bit for bit the same trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from lightgbm.callback import CallbackEnv
from numpy.typing import NDArray

from penstock.learning.config import TrainSettings, monotone_constraints
from penstock.models import FlatForest, Link, forest_from_dump

# Part -> LightGBM's objective, and the link that undoes what its trees sum to. Costs and leakage
# are means, since a policy adds them up. A fill fraction is trained on its log loss, so that 0.02
# and 0.0002 differ. Times span five decades: on a plain scale the long rests would drown the rest.
OBJECTIVES: Final[dict[str, tuple[str, Link]]] = {
    "slippage_bps": ("regression", Link.IDENTITY),
    "fill_frac": ("cross_entropy", Link.LOGISTIC),
    "time_to_fill_s": ("regression", Link.EXPM1),
    "leakage_bps": ("regression", Link.IDENTITY),
}

# One tree is a table of spreads by situation; 16 entries from a few thousand rows are stable.
_SPREAD_LEAVES: Final = 16
_SPREAD_DEPTH: Final = 5
_SPREAD_ROWS_PER_LEAF: Final = 200

# A leaf may hold at most this share of the rows that trees are fitted to, however few there are.
_LEAST_LEAVES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Rows of one part that have an outcome."""

    features: NDArray[np.float64]
    outcome: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.outcome)


def fit_part(
    part: str,
    fit: Labelled,
    stop: Labelled,
    feature_names: tuple[str, ...],
    settings: TrainSettings,
    on_tree: Callable[[int], None],
) -> FlatForest:
    """
    Boosted trees for the mean of one of PARTS, as many as still helped on `stop`.

    Args:
        on_tree: called with the number of trees after each.
    Returns:
        One head, whose raw predictions equal LightGBM's to the bit on `stop` (asserted).
    """
    objective, link = OBJECTIVES[part]
    params = _params(settings) | {
        "objective": objective,
        "num_leaves": settings.n_leaves,
        "max_depth": settings.max_depth,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": _rows_per_leaf(settings.min_rows_per_leaf, len(fit)),
        "monotone_constraints": monotone_constraints(part, feature_names),
    }
    train_set = _lightgbm_set(fit, link, feature_names, params)
    stop_set = _lightgbm_set(stop, link, feature_names, params, reference=train_set)

    def report(env: CallbackEnv) -> None:
        on_tree(env.iteration + 1)

    booster = lgb.train(
        params,
        train_set,
        num_boost_round=settings.n_trees,
        valid_sets=[stop_set],
        callbacks=[lgb.early_stopping(settings.stop_after, verbose=False), report],
    )
    return _flattened(booster, stop.features)


def fit_spread(
    rows: Labelled, feature_names: tuple[str, ...], settings: TrainSettings
) -> FlatForest:
    """
    One tree for the mean of `rows.outcome`, squared residuals: a head for Link.SQRT.

    Each leaf is the plain weighted mean of its rows (no shrinkage, learning rate 1), so the
    forecast is a variance that rows like these really had.
    """
    params = _params(settings) | {
        "objective": "regression",
        "num_leaves": _SPREAD_LEAVES,
        "max_depth": _SPREAD_DEPTH,
        "learning_rate": 1.0,
        "min_data_in_leaf": _rows_per_leaf(_SPREAD_ROWS_PER_LEAF, len(rows)),
    }
    booster = lgb.train(
        params, _lightgbm_set(rows, Link.IDENTITY, feature_names, params), num_boost_round=1
    )
    return _flattened(booster, rows.features)


def unlinked(outcome: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    """What trees are fitted to, so that the link gives the outcome back."""
    return np.log1p(outcome) if link is Link.EXPM1 else outcome


def linked(raw: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    """The links of `penstock.models`, for whole columns."""
    match link:
        case Link.IDENTITY:
            return raw
        case Link.LOGISTIC:
            return 1.0 / (1.0 + np.exp(-raw))
        case Link.EXPM1:
            return np.expm1(raw)
        case Link.SQRT:
            return np.sqrt(np.maximum(raw, 0.0))


def _params(settings: TrainSettings) -> dict[str, Any]:
    return {
        "seed": settings.seed,
        "num_threads": settings.n_threads,
        # Histograms added up in one fixed order: the same data give the same bits.
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }


def _rows_per_leaf(wanted: int, n_rows: int) -> int:
    return max(1, min(wanted, n_rows // _LEAST_LEAVES))


def _lightgbm_set(
    rows: Labelled,
    link: Link,
    feature_names: tuple[str, ...],
    params: dict[str, Any],
    reference: lgb.Dataset | None = None,
) -> lgb.Dataset:
    return lgb.Dataset(
        rows.features,
        label=unlinked(rows.outcome, link),
        weight=rows.weight,
        feature_name=list(feature_names),
        categorical_feature=[],
        reference=reference,
        params=params,
    )


def _flattened(booster: lgb.Booster, features: NDArray[np.float64]) -> FlatForest:
    forest = forest_from_dump(booster.dump_model())
    wanted = np.asarray(booster.predict(features, raw_score=True))
    assert np.array_equal(wanted, forest.predict_raw(features)[:, 0]), (
        "the flat forest and LightGBM disagree: see tests/differential/test_forest.py"
    )
    return forest
