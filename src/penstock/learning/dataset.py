"""Decisions and what came of them: the table that a model is trained on, and its file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from penstock.domain import N_TACTICS, InputError, Ns, Problem

DATASET_FORMAT: Final = "penstock-dataset-1"

# Column name -> type, of everything but the features.
_COLUMNS: Final[dict[str, type[np.generic]]] = {
    "day": np.int64,
    "at_ns": np.int64,
    "venue_idx": np.int64,
    "tactic": np.int64,
    "weight": np.float64,
    "slippage_bps": np.float64,
    "fill_frac": np.float64,
    "time_to_fill_s": np.float64,
    "leakage_bps": np.float64,
}
# A feature and a column may have one name ("tactic"): features go by another in the file.
_FEATURE_PREFIX: Final = "feature."


class DatasetError(InputError):
    """A table of outcomes is damaged, or holds what nothing can be learned from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """
    One row for each child that was sent: what was known, and what came of it.

    features: the matrix that the decision was made on, bit for bit, as `fill_features` wrote it;
        float64, because a split between two neighbouring values must fall on the same side live.
        Shape (n_rows, len(feature_names)), C order, finite.
    day: which stretch of market a row is from: the seed of a generated day, the recorded day
        (YYYYMMDD) of a replay, whatever the seed and the depth assumed. Rows that share any part of
        a price path have one day: the split between training and holding out never cuts through it,
        while there are at least two. Larger is later.
    at_ns: time of the decision.
    weight: how much the row counts; the shares that were sent, as `dataset_of` collects it.
    slippage_bps: of what filled, fees included, positive is cost; NaN where nothing filled.
    fill_frac: filled / sent, in [0, 1].
    time_to_fill_s: from sending to the first fill; NaN where nothing filled.
    leakage_bps: adverse move that sending caused or revealed, per share sent; NaN if not known.
    horizon_ns: time after the decision by which every outcome of its row was known.
    origin: which market, in words; goes on the model's card.
    """

    feature_names: tuple[str, ...]
    features_version: str
    horizon_ns: Ns
    origin: str
    features: NDArray[np.float64]
    day: NDArray[np.int64]
    at_ns: NDArray[np.int64]
    venue_idx: NDArray[np.int64]
    tactic: NDArray[np.int64]
    weight: NDArray[np.float64]
    slippage_bps: NDArray[np.float64]
    fill_frac: NDArray[np.float64]
    time_to_fill_s: NDArray[np.float64]
    leakage_bps: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.fill_frac)

    def outcome(self, part: str) -> NDArray[np.float64]:
        """Outcomes of one of PARTS, NaN where there is none, shape (n_rows,)."""
        outcome: NDArray[np.float64] = getattr(self, part)
        return outcome

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Dataset:
        """The rows of a mask or an index, copied."""
        return Dataset(
            feature_names=self.feature_names,
            features_version=self.features_version,
            horizon_ns=self.horizon_ns,
            origin=self.origin,
            features=np.ascontiguousarray(self.features[rows]),
            **{name: getattr(self, name)[rows] for name in _COLUMNS},
        )


def concat_datasets(datasets: Sequence[Dataset], *, origin: str | None = None) -> Dataset:
    """All rows, in order. The datasets must agree on features and horizon."""
    assert datasets, "nothing to put together"
    first = datasets[0]
    for other in datasets:
        assert other.feature_names == first.feature_names, "datasets of different features"
        assert other.features_version == first.features_version, "features of different versions"
        assert other.horizon_ns == first.horizon_ns, "outcomes over different horizons"
    return Dataset(
        feature_names=first.feature_names,
        features_version=first.features_version,
        horizon_ns=first.horizon_ns,
        origin=first.origin if origin is None else origin,
        features=np.concatenate([dataset.features for dataset in datasets]),
        **{
            name: np.concatenate([getattr(dataset, name) for dataset in datasets])
            for name in _COLUMNS
        },
    )


def save_dataset(dataset: Dataset, path: Path) -> None:
    """
    Write a Parquet file that `load_dataset` reads back to the bit.

    Any Parquet reader can open it: one column for each feature, named `feature.<name>`, and one
    for each outcome.
    """
    columns = {name: getattr(dataset, name) for name in _COLUMNS}
    for i, name in enumerate(dataset.feature_names):
        columns[_FEATURE_PREFIX + name] = np.ascontiguousarray(dataset.features[:, i])
    about = {
        "format": DATASET_FORMAT,
        "feature_names": dataset.feature_names,
        "features_version": dataset.features_version,
        "horizon_ns": dataset.horizon_ns,
        "origin": dataset.origin,
    }
    pl.DataFrame(columns).write_parquet(path, metadata={"penstock": json.dumps(about)})


def load_dataset(path: Path) -> Dataset:
    """
    Read a file that `save_dataset` wrote.

    Raises:
        DatasetError: not such a file, or its content breaks a promise of `Dataset`.
    """
    try:
        about = json.loads(pl.read_parquet_metadata(path).get("penstock", "{}"))
        table = pl.read_parquet(path) if about.get("format") == DATASET_FORMAT else None
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise _not_a_dataset(path, str(error)) from error
    if table is None:
        raise _not_a_dataset(path, f"a file of format {about.get('format')!r}")
    names = tuple(about["feature_names"])
    wanted = {_FEATURE_PREFIX + name: np.float64 for name in names} | _COLUMNS
    found = {name: _numpy_type(dtype) for name, dtype in table.schema.items()}
    if found != wanted or any(table.null_count().row(0)):
        wrong = sorted(set(wanted.items()) ^ set(found.items()), key=repr)
        raise _not_a_dataset(path, f"wrong or empty columns: {[name for name, _ in wrong]}")
    dataset = Dataset(
        feature_names=names,
        features_version=about["features_version"],
        horizon_ns=Ns(about["horizon_ns"]),
        origin=about["origin"],
        features=_matrix(table, names),
        **{name: table[name].to_numpy(writable=True) for name in _COLUMNS},
    )
    problems = list(dataset_problems(dataset, str(path)))
    if problems:
        raise DatasetError(problems)
    return dataset


def dataset_problems(dataset: Dataset, where: str) -> Iterator[Problem]:
    """What a dataset promises and does not keep; a problem a column."""
    n_rows, n_features = len(dataset), len(dataset.feature_names)
    if dataset.features.shape != (n_rows, n_features) or dataset.features.dtype != np.float64:
        yield Problem(
            where=f"{where}: features",
            expected=f"float64 of shape ({n_rows}, {n_features})",
            found=f"{dataset.features.dtype} of shape {dataset.features.shape}",
            fix="store the matrix that `fill_features` wrote",
        )
        return
    lengths = {name: len(getattr(dataset, name)) for name in _COLUMNS}
    if set(lengths.values()) != {n_rows}:
        yield Problem(
            where=where,
            expected=f"{n_rows} entries of everything",
            found=repr(lengths),
            fix="give one entry a row",
        )
        return
    unknown = (np.isnan(dataset.slippage_bps), np.isnan(dataset.leakage_bps))
    time_s = dataset.time_to_fill_s
    rules = (
        ("features", np.isfinite(dataset.features).all(axis=1), "finite values", "impute them"),
        ("tactic", (dataset.tactic >= 0) & (dataset.tactic < N_TACTICS), "a Tactic", "0, 1 or 2"),
        ("weight", np.isfinite(dataset.weight) & (dataset.weight > 0), "a weight above 0",
         "leave out rows that do not count"),
        ("fill_frac", (dataset.fill_frac >= 0) & (dataset.fill_frac <= 1), "a fraction in [0, 1]",
         "divide what filled by what was sent"),
        ("slippage_bps", unknown[0] | np.isfinite(dataset.slippage_bps), "a finite cost, or NaN",
         "NaN means that nothing filled"),
        ("time_to_fill_s", np.isnan(time_s) | (np.isfinite(time_s) & (time_s >= 0)),
         "seconds of 0 or more, or NaN", "NaN means that nothing filled"),
        ("leakage_bps", unknown[1] | np.isfinite(dataset.leakage_bps), "a finite cost, or NaN",
         "NaN means not known"),
    )  # fmt: skip
    for column, holds, expected, fix in rules:
        if not np.all(holds):
            i = int(np.argmin(holds))
            value = dataset.features[i] if column == "features" else getattr(dataset, column)[i]
            n_bad = n_rows - int(np.sum(holds))
            yield Problem(
                where=f"{where}: {column}[{i}]",
                expected=expected,
                found=f"{_shown(value, dataset.feature_names)} ({n_bad:,} of {n_rows:,} rows)",
                fix=fix,
            )


def _shown(value: Any, names: tuple[str, ...]) -> str:
    if np.ndim(value) == 0:
        return str(value)
    bad = [f"{name}={x}" for name, x in zip(names, value, strict=True) if not np.isfinite(x)]
    return ", ".join(bad)


def _matrix(table: pl.DataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    # Column by column: `to_numpy` of a frame would hold the whole table twice.
    features = np.empty((table.height, len(names)))
    for i, name in enumerate(names):
        features[:, i] = table[_FEATURE_PREFIX + name].to_numpy()
    return features


def _numpy_type(dtype: pl.DataType) -> type[np.generic] | None:
    if dtype == pl.Int64:
        return np.int64
    return np.float64 if dtype == pl.Float64 else None


def _not_a_dataset(path: Path, found: str) -> DatasetError:
    return DatasetError.one(
        where=str(path),
        expected=f"a Parquet file of format {DATASET_FORMAT}",
        found=found,
        fix="give a file that Penstock wrote, or collect the outcomes again",
    )


assert set(_COLUMNS) < {field.name for field in fields(Dataset)}
