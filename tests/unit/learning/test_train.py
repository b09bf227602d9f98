"""Training finds the law that is in the data, says how well, and does so the same way twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penstock.domain import Tactic
from penstock.learning import (
    MONOTONE,
    Dataset,
    DatasetError,
    TrainSettings,
    monotone_constraints,
    split_rows,
    train_lightgbm,
)
from penstock.models import PARTS, ForestModel, dump_model
from tests.support.outcomes import FEATURE_NAMES, made_up_outcomes

SETTINGS = TrainSettings(n_trees=40)
DATASET = made_up_outcomes(n_days=10, rows_per_day=600)


@pytest.fixture(scope="module")
def model() -> ForestModel:
    """Trained once on DATASET."""
    return train_lightgbm(DATASET, SETTINGS)


def forecasts(model: ForestModel, features: np.ndarray) -> dict[str, np.ndarray]:
    """Means by part, and spreads by part + '_sd'."""
    parts, sd = np.empty((len(features), 4)), np.empty((len(features), 4))
    model.predict(np.ascontiguousarray(features, dtype=np.float64), parts, sd)
    means = {name: parts[:, i] for i, name in enumerate(PARTS)}
    return means | {name + "_sd": sd[:, i] for i, name in enumerate(PARTS)}


def test_the_law_is_found(model: ForestModel) -> None:
    """Taking costs half the spread, posting earns it; takes are quick; noise stays noise."""
    rows = np.array([[tactic, 3.0, 0.5, 1_000.0, 0.0] for tactic in Tactic])
    found = forecasts(model, rows)

    assert np.allclose([1.5, 0.0, -1.5], found["slippage_bps"], atol=0.25)
    assert found["time_to_fill_s"][Tactic.TAKE] < 0.3
    assert 1.5 < found["time_to_fill_s"][Tactic.POST] < 6.0
    assert np.all((found["fill_frac"] > 0.3) & (found["fill_frac"] < 0.9))


def test_the_card_says_what_was_gained_over_averages(model: ForestModel) -> None:
    """On days held out, against the mean of each venue and tactic."""
    metrics = model.card.metrics

    assert list(PARTS) == list(metrics)
    assert metrics["slippage_bps"]["r2_vs_baseline"] > 0.5
    assert metrics["slippage_bps"]["rmse"] < 0.33  # the noise in the data is 0.30
    assert metrics["fill_frac"]["log_loss"] < metrics["fill_frac"]["baseline_log_loss"]
    assert metrics["time_to_fill_s"]["r2_vs_baseline"] > 0.05
    assert metrics["leakage_bps"]["r2_vs_baseline"] > 0.0
    assert all(abs(metrics[part]["bias"]) < 0.25 for part in PARTS)


def test_figures_on_the_card_are_those_of_the_loaded_model(model: ForestModel) -> None:
    """Links and bounds are applied by two programs, in training and in the kernel."""
    measure = DATASET.select(split_rows(DATASET, SETTINGS).measure)
    found = forecasts(model, measure.features)
    for part in PARTS:
        known = ~np.isnan(measure.outcome(part))
        error = found[part][known] - measure.outcome(part)[known]

        assert pytest.approx(model.card.metrics[part]["bias"], abs=1e-9) == np.mean(error)
        assert pytest.approx(model.card.metrics[part]["rmse"]) == np.sqrt(np.mean(error**2))


def test_fill_fractions_are_calibrated(model: ForestModel) -> None:
    """A waterfall multiplies by them: 30 % must mean 30 %."""
    table = model.card.calibration

    assert 10 == len(table)
    assert table[0].forecast_frac < 0.4
    assert table[-1].forecast_frac > 0.8
    assert all(abs(b.forecast_frac - b.observed_frac) < 0.12 for b in table)


def test_spread_follows_the_situation(model: ForestModel) -> None:
    """A post behind a long queue is far less certain in time than a take."""
    rows = np.array([[Tactic.TAKE, 3.0, 0.5, 0.0, 0.0], [Tactic.POST, 3.0, 0.5, 4_000.0, 0.0]])
    take_sd, post_sd = forecasts(model, rows)["time_to_fill_s_sd"]

    assert 20.0 * take_sd < post_sd


def test_spread_is_as_wide_as_the_errors_on_days_never_seen(model: ForestModel) -> None:
    """A policy that weighs risk needs the size of the error, not only its order."""
    fresh = made_up_outcomes(n_days=4, rows_per_day=600, seed=99)
    found = forecasts(model, fresh.features)
    for part in PARTS:
        known = ~np.isnan(fresh.outcome(part))
        z = ((fresh.outcome(part) - found[part]) / found[part + "_sd"])[known]

        assert 0.85 < np.sqrt(np.mean(z**2)) < 1.15


def test_intervals_hold_nine_outcomes_in_ten_on_days_never_seen(model: ForestModel) -> None:
    """Spread × cover_90 around the forecast; checked on data from another seed."""
    fresh = made_up_outcomes(n_days=4, rows_per_day=600, seed=99)
    found = forecasts(model, fresh.features)
    for part, factor in zip(PARTS, model.card.cover_90, strict=True):
        known = ~np.isnan(fresh.outcome(part))
        miss = np.abs(found[part] - fresh.outcome(part))[known]

        assert 0.86 < np.mean(miss <= factor * found[part + "_sd"][known]) < 0.94


def test_the_same_data_give_the_same_file(model: ForestModel) -> None:
    """A model that cannot be made again cannot be audited; bit for bit."""
    again = train_lightgbm(DATASET, SETTINGS)

    assert dump_model(model) == dump_model(again)


def test_the_number_of_threads_does_not_show() -> None:
    """Another machine has other cores; sums are added in an order that does not depend on them."""
    few = made_up_outcomes(n_days=4, rows_per_day=200)
    by_one = train_lightgbm(few, TrainSettings(n_trees=3, n_threads=1))
    by_two = train_lightgbm(few, TrainSettings(n_trees=3, n_threads=2))

    assert dump_model(by_one) == dump_model(by_two)


def test_another_dataset_gives_another_file(model: ForestModel) -> None:
    """The control of the test above."""
    weight = DATASET.weight.copy()
    weight[0] = 2.0

    assert model.sha256 != train_lightgbm(replace(DATASET, weight=weight), SETTINGS).sha256


def test_the_days_that_measure_are_fitted_to_by_nothing(model: ForestModel) -> None:
    """Scramble their outcomes: the trees of the means must not notice."""
    measure = split_rows(DATASET, SETTINGS).measure
    fill_frac = DATASET.fill_frac.copy()
    fill_frac[measure] = fill_frac[measure][::-1]
    scrambled = train_lightgbm(replace(DATASET, fill_frac=fill_frac), SETTINGS)

    assert model.forest.nodes.tobytes() == scrambled.forest.nodes.tobytes()
    assert model.card.means == scrambled.card.means
    assert model.card.metrics["fill_frac"] != scrambled.card.metrics["fill_frac"]


@pytest.mark.parametrize(
    ("part", "feature"), [(part, feature) for part in MONOTONE for feature in MONOTONE[part]]
)
def test_forecasts_move_only_the_way_that_economics_allows(
    model: ForestModel, part: str, feature: str
) -> None:
    """Every other feature held, on random rows, over the whole range."""
    column = FEATURE_NAMES.index(feature)
    path = np.linspace(DATASET.features[:, column].min(), DATASET.features[:, column].max(), 60)
    for row in DATASET.features[:40]:
        rows = np.tile(row, (len(path), 1))
        rows[:, column] = path
        steps = np.diff(forecasts(model, rows)[part]) * MONOTONE[part][feature]

        assert np.all(steps >= 0.0)


def test_constraints_are_matched_by_name() -> None:
    """A model on fewer features must not get another feature's constraint."""
    assert [-1, 0, -1] == monotone_constraints(
        "fill_frac", ("size_top3_frac", "x", "queue_ahead_shares")
    )
    assert [0, 0] == monotone_constraints("slippage_bps", ("size_top3_frac", "x"))


def test_noise_alone_is_not_learned() -> None:
    """Outcomes that have nothing to do with the features: few trees, no gain, and no loss."""
    rng = np.random.default_rng(5)
    noise = replace(DATASET, leakage_bps=rng.normal(size=len(DATASET)))
    metrics = train_lightgbm(noise, SETTINGS).card.metrics["leakage_bps"]

    assert metrics["n_trees"] < 15
    assert abs(metrics["r2_vs_baseline"]) < 0.02


def test_progress_counts_up_to_the_last_part() -> None:
    """A bar that goes backwards or stops half way looks broken."""
    seen: list[tuple[str, int, int]] = []
    train_lightgbm(
        made_up_outcomes(n_days=4, rows_per_day=150),
        TrainSettings(n_trees=3),
        lambda part, done, total: seen.append((part, done, total)),
    )

    assert [(part, 3 * i + k, 12) for i, part in enumerate(PARTS) for k in (1, 2, 3)] == seen


def test_outcomes_that_never_differ_are_learned_as_they_are() -> None:
    """A pool that always fills at once: no split, no spread, no division by zero."""
    n = len(DATASET)
    constant = replace(
        DATASET,
        slippage_bps=np.full(n, 0.5),
        fill_frac=np.ones(n),
        time_to_fill_s=np.zeros(n),
        leakage_bps=np.zeros(n),
    )
    found = forecasts(train_lightgbm(constant, SETTINGS), DATASET.features[:5])

    assert np.allclose(0.5, found["slippage_bps"])
    assert np.allclose(1.0, found["fill_frac"], atol=1e-6)
    assert [0.0] * 5 == found["time_to_fill_s"].tolist() == found["leakage_bps"].tolist()


def nothing_filled() -> Dataset:
    """DATASET without a single fill."""
    nothing = np.full(len(DATASET), np.nan)
    return replace(
        DATASET,
        fill_frac=np.zeros(len(DATASET)),
        slippage_bps=nothing,
        time_to_fill_s=nothing,
    )


def test_too_few_outcomes_are_named_all_at_once() -> None:
    """One run, one list: which parts, and in which of the three sets."""
    with pytest.raises(DatasetError) as caught:
        train_lightgbm(nothing_filled(), SETTINGS)

    assert 6 == len(caught.value.problems)
    assert "slippage_bps" in str(caught.value)
    assert "time_to_fill_s" in str(caught.value)
    assert "leakage_bps" not in str(caught.value)


def test_a_broken_dataset_is_refused_before_training() -> None:
    """NaN among the features would be learned as a branch of its own."""
    features = DATASET.features.copy()
    features[3, 1] = np.nan

    with pytest.raises(DatasetError, match="spread_bps=nan"):
        train_lightgbm(replace(DATASET, features=features), SETTINGS)
