"""The outcome model that a router asks, its one implementation so far, and loading it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from penstock.domain import ModelFileError, Problem
from penstock.models.card import N_PARTS, ModelCard, card_problems
from penstock.models.file import decode, encode
from penstock.models.forest import FlatForest
from penstock.models.walk import HEAD_DTYPE, predict_parts, scratch


class OutcomeModel(Protocol):
    """
    Forecasts what sending each candidate row would lead to: the four PARTS, each with a spread.

    Every model must pass `penstock.models.check_model`, which asserts:
    - pure: the same features give the same forecast; no clock, no I/O, no state;
    - row-wise: a batch of n equals n batches of one, bit for bit;
    - bounded: 0 <= fill_frac <= 1, time and spreads >= 0, and every output is finite;
    - portable: it loads from bytes, and the loaded copy forecasts identically.
    """

    @property
    def card(self) -> ModelCard:
        """What the model is, was made from, and was worth on days held out."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the model's file: its name in records, events and the registry."""
        ...

    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        """
        Forecast each row; one compiled call.

        Args:
            features: shape (n_rows, len(card.feature_names)), C order, every value finite.
            out_parts: receives the means, columns in the order of PARTS, bps, fraction, seconds,
                bps; positive is cost. Shape (n_rows, 4), C order.
            out_sd: receives the standard deviation of an outcome around its mean, same shape and
                units.
        """
        ...

    def to_bytes(self) -> bytes:
        """The model's file, from which `load_model` makes an identical copy."""
        ...


class ForestModel:
    """
    Gradient-boosted trees: an `OutcomeModel` over one flat forest with a head a mean and a spread.

    Features that are not finite are a bug of the feature kernels and stop the process: a router
    that trades on NaN is worse than one that has stopped.

    Cost: rows × trees × depth × 0.8 ns (docs/adr/0006-flat-forest-inference.md).
    """

    __slots__ = ("_heads", "card", "forest", "sha256")

    def __init__(self, card: ModelCard, forest: FlatForest) -> None:
        problems = list(card_problems(card, card.name))
        assert not problems, "\n".join(str(problem) for problem in problems)
        trees_per_head = tuple(head.n_trees for head in card.heads)
        assert trees_per_head == forest.trees_per_head, (trees_per_head, forest.trees_per_head)
        assert card.n_features == forest.n_features, (card.n_features, forest.n_features)
        self.card = card
        self.forest = forest
        self.sha256 = hashlib.sha256(encode(card, forest)).hexdigest()
        rows = [
            (first, head.n_trees, int(head.link), head.scale, head.lowest, head.highest)
            for first, head in zip(forest.first_trees, card.heads, strict=False)
        ]
        self._heads = np.array(rows, dtype=HEAD_DTYPE)
        self._heads.flags.writeable = False

    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        """Forecast each row; see `OutcomeModel.predict`."""
        # The kernel trusts these shapes: a smaller array would be written past its end.
        n_rows = len(features)
        assert features.shape == (n_rows, self.forest.n_features), features.shape
        assert out_parts.shape == out_sd.shape == (n_rows, N_PARTS), (
            out_parts.shape,
            out_sd.shape,
        )
        forest = self.forest
        n_bad = predict_parts(
            features,
            forest.nodes,
            forest.values,
            forest.trees,
            self._heads,
            *scratch(),
            out_parts,
            out_sd,
        )
        assert n_bad == 0, f"{n_bad} features are not finite; the feature kernels must impute"

    def to_bytes(self) -> bytes:
        """The model's file; see `OutcomeModel.to_bytes`."""
        return encode(self.card, self.forest)


def dump_model(model: OutcomeModel) -> bytes:
    """The file of any model; `load_model` reads it back."""
    return model.to_bytes()


def load_model(
    data: bytes,
    *,
    feature_names: Sequence[str],
    features_version: str,
    where: str = "model file",
) -> ForestModel:
    """
    The model in a file, if it is whole and made for exactly these features.

    Args:
        feature_names: columns of the matrix that this program fills, in order.
        features_version: of the registry that fills it: a name alone does not say how a feature is
            computed.
        where: what to call the file in an error, its path for example.
    Raises:
        ModelFileError: damaged, of another format, or made for other features; says which
            features are missing, unknown or in another place.
    """
    card, forest = decode(data, where=where)
    problems = list(_feature_problems(card, tuple(feature_names), features_version, where))
    if problems:
        raise ModelFileError(problems)
    return ForestModel(card, forest)


def read_card(data: bytes, *, where: str = "model file") -> ModelCard:
    """
    The card of a model file, whatever features it was made for.

    Raises:
        ModelFileError: damaged or of another format.
    """
    card, _ = decode(data, where=where)
    return card


def _feature_problems(
    card: ModelCard, names: tuple[str, ...], version: str, where: str
) -> Iterator[Problem]:
    retrain = "train a model for this version: `penstock train`"
    unfilled = [name for name in card.feature_names if name not in names]
    unread = [name for name in names if name not in card.feature_names]
    if unfilled:
        yield Problem(
            where=f"{where}: features",
            expected="features that this version computes",
            found=f"unknown ones: {', '.join(unfilled)}",
            fix="use the Penstock version that made the model, or " + retrain,
        )
    if unread:
        yield Problem(
            where=f"{where}: features",
            expected="all features that this version computes",
            found=f"a model that does not know {', '.join(unread)}",
            fix=retrain,
        )
    if not unfilled and not unread and card.feature_names != names:
        pairs = zip(card.feature_names, names, strict=True)
        i, (theirs, ours) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
        yield Problem(
            where=f"{where}: features",
            expected=f"{ours} in column {i}",
            found=f"the same features in another order: {theirs}",
            fix=retrain,
        )
    if card.features_version != version:
        yield Problem(
            where=f"{where}: features_version",
            expected=repr(version),
            found=repr(card.features_version),
            fix="use the Penstock version that made the model, or " + retrain,
        )
