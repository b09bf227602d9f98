"""What a place in a queue is worth: fills in the matching kernel against a closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.stats import binomtest

from penstock.domain import Side
from penstock.sim import MatchingEngine
from penstock.sim.matching.memory import OrderTif

TRADES_PER_S: Final = 1.2
CANCELS_PER_S: Final = 0.1  # of each order ahead
HORIZON_S: Final = 10.0
PLACES: Final = (5, 10, 15, 20, 25, 30)  # orders ahead
_BID_TICKS: Final = 1_000
_LOT: Final = 100


class QueuePlace(msgspec.Struct, frozen=True, kw_only=True):
    """How often an order fills within the horizon from one place in the queue."""

    n_ahead: int
    n_days: int
    expected_prob: float
    filled_frac: float
    ci95: tuple[float, float]  # Wilson's, of `filled_frac`


def queue_places(n_days: int, places: Sequence[int] = PLACES) -> list[QueuePlace]:
    """Every place, each over `n_days` days with a stream of its own."""
    found = []
    for n_ahead in places:
        engine = MatchingEngine(increment_ticks=1, capacity=64, band_levels=16)
        luck = np.random.default_rng(n_ahead)
        n_filled = sum(_is_filled(engine, luck, n_ahead) for _ in range(n_days))
        problems = engine.problems()
        assert not problems, problems
        interval = binomtest(n_filled, n_days).proportion_ci(method="wilson")
        found.append(
            QueuePlace(
                n_ahead=n_ahead,
                n_days=n_days,
                expected_prob=fill_prob(n_ahead),
                filled_frac=n_filled / n_days,
                ci95=(float(interval.low), float(interval.high)),
            )
        )
    return found


def fill_prob(n_ahead: int) -> float:
    """
    Chance that an order with `n_ahead` orders before it fills within the horizon.

    While j remain ahead the queue shortens at rate μ + θ·j; at j = 0 our order fills at rate μ. The
    chance is an entry of the exponential of that generator.

    Source: Cont, Stoikov & Talreja (2010), "A Stochastic Model for Order Book Dynamics", Operations
        Research 58(3).
    """
    generator: NDArray[np.float64] = np.zeros((n_ahead + 2, n_ahead + 2))
    for ahead in range(n_ahead + 1):
        rate = TRADES_PER_S + CANCELS_PER_S * ahead
        generator[n_ahead - ahead, n_ahead - ahead] = -rate
        generator[n_ahead - ahead, n_ahead - ahead + 1] = rate
    return float(expm(generator * HORIZON_S)[0, -1])


def _is_filled(engine: MatchingEngine, luck: np.random.Generator, n_ahead: int) -> bool:
    """One day of a bare book: market sells of one lot, and cancels of random orders ahead of us."""
    *ahead, ours = (_rest(engine) for _ in range(n_ahead + 1))
    time_s = 0.0
    while engine.resting_shares(ours):
        rate = TRADES_PER_S + CANCELS_PER_S * len(ahead)
        time_s += float(luck.exponential(1.0 / rate))
        if time_s > HORIZON_S:
            break
        if luck.random() * rate < TRADES_PER_S:
            engine.submit(side=Side.SELL, shares=_LOT, ticks=_BID_TICKS, tif=OrderTif.IOC)
            ahead = ahead[1:]
        else:
            engine.cancel(ahead.pop(int(luck.integers(len(ahead)))))
    is_filled = engine.resting_shares(ours) == 0
    for handle in [*ahead, ours]:
        engine.cancel(handle)
    return is_filled


def _rest(engine: MatchingEngine) -> int:
    answer = engine.submit(side=Side.BUY, shares=_LOT, ticks=_BID_TICKS)
    assert answer.resting_shares == _LOT, answer
    return answer.handle
