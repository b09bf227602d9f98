"""The flat forest against LightGBM, to the bit, and against a walk of one node at a time."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from penstock.models import (
    N_PARTS,
    FlatForest,
    ForestModel,
    forest_from_dump,
    synthetic_model,
)
from tests.support.naive_forest import forecast, raw_score

N_FEATURES = 12

# What LightGBM can be told that changes its trees; each must still be walked exactly.
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "hot path": {"num_leaves": 31, "max_depth": 6},
    "deep": {"num_leaves": 127},
    "stumps": {"num_leaves": 2},
    "no split possible": {"min_data_in_leaf": 2_000},
    "cross entropy": {"objective": "cross_entropy"},
    "poisson": {"objective": "poisson"},
    "absolute error": {"objective": "regression_l1"},
    "no initial score": {"boost_from_average": False},
    "bagged": {"bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.5},
    "dart": {"boosting": "dart"},
    "monotone": {"monotone_constraints": [1, -1] + [0] * (N_FEATURES - 2)},
    "many bins": {"max_bin": 4_095, "min_data_in_leaf": 1},
    "one leaf value": {"learning_rate": 1.0, "num_iterations": 1},
}


def made_up(n_rows: int, seed: int) -> NDArray[np.float64]:
    """Features of the kinds that there are: smooth, heavy-tailed, whole, mostly zero, tiny."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_rows, N_FEATURES))
    features[:, 2] = rng.pareto(1.0, n_rows) * 1e6
    features[:, 3] = rng.integers(0, 3, n_rows)
    features[:, 4] = np.where(rng.random(n_rows) < 0.9, 0.0, features[:, 4])
    features[:, 5] *= 1e-12
    return features


def trained(params: dict[str, Any], features: NDArray[np.float64]) -> lgb.Booster:
    """A small booster of 20 trees; labels in [0, 1], so that every objective takes them."""
    rng = np.random.default_rng(7)
    smooth = np.nan_to_num(features[:, 0] * features[:, 1] + features[:, 3] + features[:, 4])
    label = 1.0 / (1.0 + np.exp(-smooth + rng.normal(size=len(features))))
    fixed = {"objective": "regression", "verbosity": -1, "num_threads": 1, "seed": 1}
    return lgb.train({**fixed, **params}, lgb.Dataset(features, label=label), num_boost_round=20)


def rows_at_every_threshold(forest: FlatForest) -> NDArray[np.float64]:
    """Rows that sit on a threshold, just below, and just above it: where <= differs from <."""
    is_inner = np.isfinite(forest.nodes["threshold"])
    inner = forest.nodes[is_inner]
    rows = made_up(3 * len(inner), seed=3)
    for k, node in enumerate(inner):
        threshold = node["threshold"]
        rows[3 * k : 3 * k + 3, node["feature"]] = (
            np.nextafter(threshold, -np.inf),
            threshold,
            np.nextafter(threshold, np.inf),
        )
    return rows


@pytest.mark.parametrize("name", SETTINGS)
def test_raw_prediction_is_that_of_lightgbm_to_the_bit(name: str) -> None:
    """A model is validated with one program and trades with the other: they must not differ."""
    booster = trained(SETTINGS[name], made_up(2_000, seed=1))
    dump = booster.dump_model()
    forest = forest_from_dump(dump)
    rows = np.concatenate((made_up(500, seed=2), rows_at_every_threshold(forest)))
    rows[0] = 0.0
    rows[1], rows[2] = 1e300, -1e300

    expected = np.asarray(booster.predict(rows, raw_score=True))
    found = forest.predict_raw(rows)[:, 0]

    assert 0.0 == np.max(np.abs(expected - found))
    assert expected[:50].tolist() == [raw_score(dump, row) for row in rows[:50]]


def test_a_model_that_saw_nan_in_training_is_walked_exactly_without_them() -> None:
    """Its splits say where NaN would go; for finite features that must not matter."""
    features = made_up(2_000, seed=1)
    features[::7, 0] = np.nan
    booster = trained({}, features)
    dump = booster.dump_model()
    rows = made_up(500, seed=2)

    found = forest_from_dump(dump).predict_raw(rows)[:, 0]

    assert "'missing_type': 'NaN'" in str(dump)
    assert np.asarray(booster.predict(rows, raw_score=True)).tolist() == found.tolist()


def test_only_the_trees_up_to_the_best_iteration_count() -> None:
    """After early stopping LightGBM predicts with fewer trees than it has grown."""
    features = made_up(2_000, seed=1)
    held_out = made_up(500, seed=2)
    train_set = lgb.Dataset(features, label=features[:, 0])
    booster = lgb.train(
        {"verbosity": -1, "num_threads": 1, "learning_rate": 0.9},
        train_set,
        num_boost_round=200,
        valid_sets=[lgb.Dataset(held_out, label=held_out[:, 0], reference=train_set)],
        callbacks=[lgb.early_stopping(3, verbose=False)],
        keep_training_booster=True,
    )

    forest = forest_from_dump(booster.dump_model())

    assert booster.best_iteration == len(forest.trees) < booster.current_iteration()
    expected = np.asarray(booster.predict(held_out, raw_score=True))
    assert expected.tolist() == forest.predict_raw(held_out)[:, 0].tolist()


def test_joined_forests_predict_as_they_did_alone() -> None:
    """All heads share one array of nodes; no head may reach into another's trees."""
    features = made_up(2_000, seed=1)
    alone = [
        forest_from_dump(trained(SETTINGS[name], features).dump_model())
        for name in ("hot path", "stumps", "deep", "no split possible")
    ]

    together = FlatForest.joined(alone).predict_raw(features)

    assert (2_000, 4) == together.shape
    for h, forest in enumerate(alone):
        assert forest.predict_raw(features)[:, 0].tolist() == together[:, h].tolist()


shapes = st.fixed_dictionaries(
    {
        "n_trees": st.integers(1, 5),
        "n_leaves": st.integers(1, 40),
        "max_depth": st.integers(0, 12),
        "seed": st.integers(0, 2**20),
    }
)


@settings(max_examples=60)
@given(
    shape=shapes,
    n_rows=st.integers(0, 130),
    spread=st.sampled_from([1e-3, 1.0, 1e9]),
    head_scale=st.sampled_from([0.5, 1.0, 3.0]),
    is_tight=st.booleans(),
)
def test_lockstep_is_one_node_at_a_time(
    shape: dict[str, int], n_rows: int, spread: float, head_scale: float, is_tight: bool
) -> None:
    """
    Any shape of forest, scales and bounds, any number of rows, around the size of a block too.

    Links agree to the last bits only: the compiler's exp and C's may round differently.
    """
    names = [f"f{i}" for i in range(7)]
    plain = synthetic_model(feature_names=names, features_version="test", **shape)
    lowest, highest = (0.05, 0.5) if is_tight else (0.0, 1.0)
    means, deviations = (
        tuple(replace(h, scale=head_scale, lowest=lowest, highest=highest) for h in heads)
        for heads in (plain.card.means, plain.card.deviations)
    )
    model = ForestModel(replace(plain.card, means=means, deviations=deviations), plain.forest)
    features = np.random.default_rng(shape["seed"]).normal(scale=spread, size=(n_rows, 7))
    parts, sd = np.full((n_rows, N_PARTS), np.nan), np.full((n_rows, N_PARTS), np.nan)

    model.predict(features, parts, sd)

    expected_parts, expected_sd = forecast(model, features)
    np.testing.assert_allclose(parts, expected_parts, rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(sd, expected_sd, rtol=1e-14, atol=1e-300)
