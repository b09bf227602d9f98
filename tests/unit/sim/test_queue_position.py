"""A place in a real queue is worth what the theory of a death process says."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.trials.evidence import fill_prob, queue_places

N_DAYS = 3_000


@pytest.mark.parametrize(("n_ahead", "expected"), [(0, 1.0), (10, 0.9319), (20, 0.4668)])
def test_the_closed_form_is_the_published_one(n_ahead: int, expected: float) -> None:
    """Known values at μ = 1.2, θ = 0.1, T = 10; the first is 1 − exp(−12)."""
    assert expected == pytest.approx(fill_prob(n_ahead), abs=5e-5)


@pytest.mark.parametrize("n_ahead", [5, 10, 20, 30])
def test_the_place_in_the_queue_decides_the_chance_of_a_fill(n_ahead: int) -> None:
    """
    From a place with 5 orders ahead nearly all fill, with 20 about half, with 30 one in ten.
    3,000 days in the matching kernel agree with the matrix exponential within 3.5 standard errors.
    """
    place = queue_places(N_DAYS, [n_ahead])[0]
    error = np.sqrt(place.expected_prob * (1.0 - place.expected_prob) / N_DAYS)

    assert place.filled_frac == pytest.approx(place.expected_prob, abs=3.5 * error)
    assert place.ci95[0] < place.filled_frac < place.ci95[1]
