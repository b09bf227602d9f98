"""A place in a real queue is worth what the theory of a death process says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from penstock.domain import Side
from penstock.sim import MatchingEngine
from penstock.sim.matching.memory import OrderTif
from tests.support.matching_orders import an_engine, rest

TRADES_PER_S, CANCELS_PER_S, HORIZON_S = 1.2, 0.1, 10.0  # per order ahead: the cancels
BID = 1_000
N_DAYS = 3_000


def closed_form(n_ahead: int) -> float:
    """
    Chance that an order with `n_ahead` orders before it fills within the horizon.

    While j remain ahead the queue shortens at rate μ + θ·j; at j = 0 our order fills at rate μ.
    The chance is an entry of the exponential of that generator. Source: Cont, Stoikov & Talreja
    (2010), "A Stochastic Model for Order Book Dynamics", Operations Research 58(3).
    """
    generator: NDArray[np.float64] = np.zeros((n_ahead + 2, n_ahead + 2))
    for ahead in range(n_ahead + 1):
        rate = TRADES_PER_S + CANCELS_PER_S * ahead
        generator[n_ahead - ahead, n_ahead - ahead] = -rate
        generator[n_ahead - ahead, n_ahead - ahead + 1] = rate
    return float(expm(generator * HORIZON_S)[0, -1])


def is_filled(engine: MatchingEngine, luck: np.random.Generator, n_ahead: int) -> bool:
    """One day of a bare book: market sells of one lot, and cancels of random orders ahead of us."""
    ahead = [rest(engine, Side.BUY, 100, BID) for _ in range(n_ahead)]
    ours = rest(engine, Side.BUY, 100, BID)
    time_s = 0.0
    while engine.resting_shares(ours):
        rate = TRADES_PER_S + CANCELS_PER_S * len(ahead)
        time_s += float(luck.exponential(1.0 / rate))
        if time_s > HORIZON_S:
            break
        if luck.random() * rate < TRADES_PER_S:
            engine.submit(side=Side.SELL, shares=100, ticks=BID, tif=OrderTif.IOC)
            ahead = ahead[1:]
        else:
            engine.cancel(ahead.pop(int(luck.integers(len(ahead)))))
    filled = engine.resting_shares(ours) == 0
    for handle in [*ahead, ours]:
        engine.cancel(handle)
    return filled


@pytest.mark.parametrize(("n_ahead", "expected"), [(0, 1.0), (10, 0.9319), (20, 0.4668)])
def test_the_closed_form_is_the_published_one(n_ahead: int, expected: float) -> None:
    """Known values at μ = 1.2, θ = 0.1, T = 10; the first is 1 − exp(−12)."""
    assert expected == pytest.approx(closed_form(n_ahead), abs=5e-5)


@pytest.mark.parametrize("n_ahead", [5, 10, 20, 30])
def test_the_place_in_the_queue_decides_the_chance_of_a_fill(n_ahead: int) -> None:
    """
    From a place with 5 orders ahead nearly all fill, with 20 about half, with 30 one in ten.
    3,000 days in the matching kernel agree with the matrix exponential within 3.5 standard errors.
    """
    engine, luck = an_engine(), np.random.default_rng(n_ahead)
    filled = [is_filled(engine, luck, n_ahead) for _ in range(N_DAYS)]
    expected = closed_form(n_ahead)
    error = np.sqrt(expected * (1.0 - expected) / N_DAYS)

    assert expected == pytest.approx(np.mean(filled), abs=3.5 * error)
    assert [] == engine.problems()
