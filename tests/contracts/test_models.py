"""Every outcome model passes the check suite, and the suite catches models that break a promise."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from penstock.learning import TrainSettings, train_lightgbm
from penstock.models import ForestModel, ModelCard, OutcomeModel, check_model, synthetic_model
from tests.support.outcomes import made_up_outcomes

NAMES = tuple(f"f{i}" for i in range(40))


@pytest.fixture(scope="module")
def honest() -> ForestModel:
    """A model that keeps all promises."""
    return synthetic_model(feature_names=NAMES, features_version="test", n_trees=10)


@pytest.mark.parametrize(
    ("n_trees", "n_leaves", "max_depth"), [(80, 31, 6), (3, 200, 20), (1, 1, 0)]
)
def test_synthetic_models_keep_the_promises(n_trees: int, n_leaves: int, max_depth: int) -> None:
    """Large, deep and trivial: the arithmetic is the same."""
    model = synthetic_model(
        feature_names=NAMES,
        features_version="test",
        n_trees=n_trees,
        n_leaves=n_leaves,
        max_depth=max_depth,
    )

    check_model(model)


def test_trained_models_keep_the_promises() -> None:
    """On made-up extremes and on rows like those that it will see."""
    dataset = made_up_outcomes(n_days=4, rows_per_day=200)
    model = train_lightgbm(dataset, TrainSettings(n_trees=10))

    check_model(model)
    check_model(model, dataset.features[:100])


class Wrapped:
    """An honest model, changed by a subclass in one respect."""

    def __init__(self, honest: ForestModel) -> None:
        self.honest = honest
        self.n_calls = 0

    @property
    def card(self) -> ModelCard:
        return self.honest.card

    @property
    def sha256(self) -> str:
        return self.honest.sha256

    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        self.n_calls += 1
        self.honest.predict(features, out_parts, out_sd)

    def to_bytes(self) -> bytes:
        return self.honest.to_bytes()


class WithState(Wrapped):
    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        super().predict(features, out_parts, out_sd)
        out_parts[:, 0] += 1e-15 * self.n_calls


class Scribbling(Wrapped):
    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        super().predict(features, out_parts, out_sd)
        features[0, 0] += 1.0


class MixingRows(Wrapped):
    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        super().predict(features, out_parts, out_sd)
        out_parts[:, 0] -= np.median(out_parts[:, 0])


class OutOfBounds(Wrapped):
    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        super().predict(features, out_parts, out_sd)
        out_parts[0, 1] = 1.0 + 1e-12


class Unwritten(Wrapped):
    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        before = out_sd[-1].copy()
        super().predict(features, out_parts, out_sd)
        out_sd[-1] = before


class SavingAnother(Wrapped):
    def to_bytes(self) -> bytes:
        other = msgspec.structs.replace(self.honest.card, version="another")
        return ForestModel(other, self.honest.forest).to_bytes()


class Misnamed(Wrapped):
    @property
    def sha256(self) -> str:
        return hashlib.sha256(b"another").hexdigest()


@pytest.mark.parametrize(
    ("model", "promise"),
    [
        (WithState, "pure"),
        (Scribbling, "pure"),
        (MixingRows, "row-wise"),
        (OutOfBounds, "bounded"),
        (Unwritten, "bounded"),
        (SavingAnother, "portable"),
        (Misnamed, "portable"),
    ],
)
def test_check_suite_names_the_broken_promise(
    honest: ForestModel, model: type[Wrapped], promise: str
) -> None:
    """A suite that never fails has never looked."""
    broken: OutcomeModel = model(honest)

    with pytest.raises(AssertionError, match=f"^{promise}: "):
        check_model(broken)
