"""What a calibration's page says about its fit."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.trials.calibration import Calibration, calibration_page, calibration_tables
from penstock.trials.calibration.calibration import Calibrated
from penstock.trials.calibration.draft import Draft
from penstock.trials.calibration.matching import Round
from penstock.trials.calibration.moments import MEANS, MOMENTS_IN_WORDS, Moments
from penstock.trials.calibration.statistics_of import Curve, Figures
from tests.support.small_days import small_scenario


def calibrated(misfits: list[float], n_seeds: int) -> Calibrated:
    """A calibration whose fit went like this, with nothing to draw."""
    moments = Moments(**dict.fromkeys(MEANS, 1.0), takers_per_s=(1.0,))
    report = Calibration(
        scenario="found", symbol="TEST", day=20260105, sources=("day.tape",), seconds=600.0,
        seeds=tuple(range(1, n_seeds + 1)), real=moments,
        rounds=tuple(Round(simulated=moments, misfit=misfit) for misfit in misfits),
        distances=(), curves=(), venues_real=(), venues_simulated=(), rule605=None,
        exchange_year_frac=None,
    )  # fmt: skip
    nothing = Curve("curve", "bps", "lag", (1.0,), np.array([np.nan]), is_log_x=False)
    return Calibrated(Draft(small_scenario(), {}), report, Figures((), (nothing,) * 5, {}), ())


@pytest.mark.parametrize(
    ("misfits", "said"),
    [
        ([0.9], "No round of matching: the first draft is kept."),
        ([0.5, 0.9], "One round of matching after the first draft; the closest is kept, the first"),
        (
            [0.9, 0.5, 0.2, 0.4],
            "3 rounds of matching after the first draft; the closest is",
        ),
        ([0.9, 0.5, 0.2, 0.4], "kept, what round 2 gave."),
    ],
)
def test_the_first_draft_is_no_round(misfits: list[float], said: str) -> None:
    """`--rounds 3` simulates four times: before anything has moved, and after each round."""
    assert said in calibration_page(calibrated(misfits, n_seeds=2))


def test_one_day_is_not_days() -> None:
    """On the page and in the table."""
    found = calibrated([0.9], n_seeds=1)

    assert "against one simulated day of" in calibration_page(found)
    assert "one simulated day of" in str(calibration_tables(found.report)[0].title)


def test_every_moment_has_words() -> None:
    """A field's name is no word for a reader."""
    page = calibration_page(calibrated([0.9], n_seeds=2))

    assert set(MEANS) == set(MOMENTS_IN_WORDS)
    assert "volatility, bps per √s" in page
    assert "sign follow" not in page
