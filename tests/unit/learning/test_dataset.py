"""Datasets: what was stored is what is trained on, to the bit, or an error says what is wrong."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from penstock.learning import Dataset, DatasetError, concat_datasets, load_dataset, save_dataset
from penstock.learning.dataset import dataset_problems
from tests.support.outcomes import made_up_outcomes

SMALL = made_up_outcomes(n_days=2, rows_per_day=30)


def contents(dataset: Dataset) -> dict[str, Any]:
    """Everything in a dataset, arrays as bytes: NaN equals NaN, and 0 is not -0."""
    values = {field.name: getattr(dataset, field.name) for field in fields(dataset)}
    return {
        name: (value.dtype.str, value.shape, value.tobytes())
        if isinstance(value, np.ndarray)
        else value
        for name, value in values.items()
    }


def changed(column: str, value: float) -> Dataset:
    """SMALL with one value of one column changed, in row 7."""
    array = getattr(SMALL, column).copy()
    array[7] = value
    return replace(SMALL, **{column: array})


def test_a_saved_dataset_is_read_back_to_the_bit(tmp_path: Path) -> None:
    """A split between two neighbouring values must fall on the same side after a year on disk."""
    features = SMALL.features.copy()
    features[0] = [-0.0, 5e-324, np.nextafter(1.0, 2.0), 1e300, 0.1]
    dataset = replace(SMALL, features=features)

    save_dataset(dataset, tmp_path / "outcomes.parquet")

    assert contents(dataset) == contents(load_dataset(tmp_path / "outcomes.parquet"))


def test_others_can_read_the_file(tmp_path: Path) -> None:
    """A researcher opens it with any Parquet reader and finds columns with names."""
    save_dataset(SMALL, tmp_path / "outcomes.parquet")

    table = pl.read_parquet(tmp_path / "outcomes.parquet")

    assert SMALL.features[:, 1].tolist() == table["feature.spread_bps"].to_list()
    assert SMALL.fill_frac.tolist() == table["fill_frac"].to_list()


def test_concatenation_keeps_rows_in_order() -> None:
    """Each simulated day comes as its own dataset."""
    other = made_up_outcomes(n_days=1, rows_per_day=10, seed=1)

    together = concat_datasets([SMALL, other], origin="both")

    assert "both" == together.origin
    assert SMALL.features.tolist() + other.features.tolist() == together.features.tolist()
    assert contents(SMALL) | {"origin": "both"} == contents(together.select(np.arange(len(SMALL))))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tactic", 3),
        ("tactic", -1),
        ("weight", 0.0),
        ("weight", np.nan),
        ("fill_frac", 1.01),
        ("fill_frac", np.nan),
        ("slippage_bps", np.inf),
        ("time_to_fill_s", -1.0),
        ("leakage_bps", -np.inf),
    ],
)
def test_a_value_out_of_range_is_named_with_its_row(column: str, value: float) -> None:
    """One bad row in a million is found before it is learned from."""
    (problem,) = dataset_problems(changed(column, value), "d")

    assert f"d: {column}[7]" == problem.where
    assert f"{value} (1 of 60 rows)" == problem.found


def test_a_feature_that_is_not_finite_is_named() -> None:
    """Live, it would stop the process; in training it would go unnoticed."""
    features = SMALL.features.copy()
    features[7, 1] = np.nan

    (problem,) = dataset_problems(replace(SMALL, features=features), "d")

    assert "spread_bps=nan (1 of 60 rows)" == problem.found


@pytest.mark.parametrize(
    "broken",
    [
        replace(SMALL, features=SMALL.features.astype(np.float32)),
        replace(SMALL, feature_names=SMALL.feature_names[1:]),
        replace(SMALL, weight=SMALL.weight[1:]),
    ],
    ids=["float32", "columns", "rows"],
)
def test_a_dataset_of_the_wrong_shape_is_refused(broken: Dataset) -> None:
    """A column shifted by one would train without a complaint."""
    assert 1 == len(list(dataset_problems(broken, "d")))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Missing, empty, text, and a Parquet file of somebody else."""
    (tmp_path / "empty.parquet").write_bytes(b"")
    (tmp_path / "text.parquet").write_text("day,fill_frac\n1,0.5\n")
    pl.DataFrame({"day": [1]}).write_parquet(tmp_path / "other.parquet")

    for name in ("missing", "empty", "text", "other"):
        with pytest.raises(DatasetError, match=f"{name}.parquet: expected a Parquet file of"):
            load_dataset(tmp_path / f"{name}.parquet")


def test_a_file_cut_off_is_refused(tmp_path: Path) -> None:
    """A copy that was interrupted."""
    path = tmp_path / "outcomes.parquet"
    save_dataset(SMALL, path)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(DatasetError, match="expected a Parquet file of"):
        load_dataset(path)


@pytest.mark.parametrize("change", ["drop", "null", "type"])
def test_a_file_with_other_columns_is_refused(tmp_path: Path, change: str) -> None:
    """Edited by a program that did not know what it was."""
    path = tmp_path / "outcomes.parquet"
    save_dataset(SMALL, path)
    about = {"penstock": pl.read_parquet_metadata(path)["penstock"]}
    table = pl.read_parquet(path)
    if change == "drop":
        table = table.drop("feature.noise")
    elif change == "null":
        table = table.with_columns(pl.col("leakage_bps").fill_nan(None))
    else:
        table = table.with_columns(pl.col("day").cast(pl.Int32))
    table.write_parquet(path, metadata=about)

    with pytest.raises(DatasetError, match="columns"):
        load_dataset(path)


def test_a_file_with_impossible_outcomes_is_refused(tmp_path: Path) -> None:
    """Its form is right, its content is not."""
    save_dataset(changed("fill_frac", 2.0), tmp_path / "outcomes.parquet")

    with pytest.raises(DatasetError, match=r"outcomes.parquet: fill_frac\[7\]"):
        load_dataset(tmp_path / "outcomes.parquet")
