"""The suite that every outcome model must pass, ours and yours."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock.models.card import N_PARTS, PARTS, card_problems
from penstock.models.model import OutcomeModel, dump_model, load_model

# Odd, larger than one block of the walk, and not a multiple of anything a vectoriser likes.
_N_ROWS: Final = 211


def check_model(model: OutcomeModel, features: NDArray[np.float64] | None = None) -> None:
    """
    Hold a model to the promises of `OutcomeModel`.

    Args:
        features: rows to forecast, shape (n_rows, n_features); by default made-up ones that range
            from the usual to the absurd. Give real ones too: a tree is only as good as its rows.
    Raises:
        AssertionError: with the promise that is broken, and where.
    """
    problems = list(card_problems(model.card, "card"))
    assert not problems, f"sound card: {problems[0]}"
    if features is None:
        features = _made_up_features(model.card.n_features)
    parts, sd = _forecast(model, features)
    _check_bounded(parts, sd)
    _check_pure(model, features, parts, sd)
    _check_row_wise(model, features, parts, sd)
    _check_portable(model, features, parts, sd)


def _made_up_features(n_features: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)  # a fixed seed: the suite never passes by luck
    magnitude = 10.0 ** rng.integers(-12, 9, (_N_ROWS, n_features))
    features = rng.normal(size=(_N_ROWS, n_features)) * magnitude
    features[0] = 0.0
    features[1] = -0.0
    features[2] = 1e300
    features[3] = -1e300
    features[4:36, : n_features // 2] = features[4, : n_features // 2]  # as in a real decision
    return features


def _forecast(
    model: OutcomeModel, features: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # NaN first, so that a row left unwritten is found out.
    out_parts = np.full((len(features), N_PARTS), np.nan)
    out_sd = np.full((len(features), N_PARTS), np.nan)
    model.predict(features, out_parts, out_sd)
    return out_parts, out_sd


def _check_bounded(parts: NDArray[np.float64], sd: NDArray[np.float64]) -> None:
    assert np.all(np.isfinite(parts)), "bounded: a part is not finite"
    assert np.all(np.isfinite(sd)), "bounded: a spread is not finite"
    assert np.all(sd >= 0.0), "bounded: a spread is negative"
    fill_frac = parts[:, PARTS.index("fill_frac")]
    assert np.all((fill_frac >= 0.0) & (fill_frac <= 1.0)), "bounded: fill_frac outside [0, 1]"
    assert np.all(parts[:, PARTS.index("time_to_fill_s")] >= 0.0), "bounded: a negative time"


def _check_pure(
    model: OutcomeModel,
    features: NDArray[np.float64],
    parts: NDArray[np.float64],
    sd: NDArray[np.float64],
) -> None:
    before = features.copy()
    again = _forecast(model, features)
    assert _same((parts, sd), again), "pure: the same features gave another forecast"
    assert _same((before,), (features,)), "pure: the features were changed"
    backwards = _forecast(model, np.ascontiguousarray(features[::-1]))
    turned = tuple(np.ascontiguousarray(out[::-1]) for out in backwards)
    assert _same((parts, sd), turned), "pure: the order of the rows changed a forecast"


def _check_row_wise(
    model: OutcomeModel,
    features: NDArray[np.float64],
    parts: NDArray[np.float64],
    sd: NDArray[np.float64],
) -> None:
    for i in range(len(features)):
        alone = _forecast(model, features[i : i + 1].copy())
        together = (parts[i : i + 1], sd[i : i + 1])
        assert _same(together, alone), f"row-wise: row {i} alone differs from row {i} in a batch"


def _check_portable(
    model: OutcomeModel,
    features: NDArray[np.float64],
    parts: NDArray[np.float64],
    sd: NDArray[np.float64],
) -> None:
    data = dump_model(model)
    card = model.card
    copy = load_model(
        data, feature_names=card.feature_names, features_version=card.features_version
    )
    assert copy.card == card, "portable: the loaded copy has another card"
    assert copy.sha256 == model.sha256, "portable: the loaded copy has another hash"
    assert dump_model(copy) == data, "portable: the loaded copy makes another file"
    assert _same((parts, sd), _forecast(copy, features)), "portable: the copy forecasts otherwise"


def _same(
    expected: tuple[NDArray[np.float64], ...], found: tuple[NDArray[np.float64], ...]
) -> bool:
    """Equal to the bit, the sign of a zero included."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(expected, found, strict=True))
