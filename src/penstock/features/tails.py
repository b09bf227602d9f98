"""What pools hold, told from censored fills: the Kaplan-Meier estimate of each pool's tail."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel

TAIL_EDGES_SHARES: Final = (
    1, 100, 200, 300, 400, 600, 800, 1_200, 1_600, 2_400, 3_200, 4_800, 6_400, 9_600, 12_800,
)  # fmt: skip
"""Sizes at which a tail is known; between two of them it is that of the lower."""

# An outcome weighs half after 69 later ones: what a pool holds changes within the day.
TAIL_KEPT_FRAC: Final = 0.99
# Fewer children than this say nothing of a size, and the tail stays as it was below: optimism.
TAIL_MIN_CHILDREN: Final = 1.0

TAIL_DTYPE: Final = np.dtype(
    [
        ("n_at_risk", np.float64, (len(TAIL_EDGES_SHARES),)),  # asked for it, had all below
        ("n_ended", np.float64, (len(TAIL_EDGES_SHARES),)),  # of these: did not get it
    ]
)
"""One pool: discounted counts by size."""

TailArray = NDArray[Any]
"""Shape (n_venues,), TAIL_DTYPE."""

_N_EDGES: Final = len(TAIL_EDGES_SHARES)
_EDGES: Final = np.array(TAIL_EDGES_SHARES, np.int64)


@kernel
def record_tail(tails: TailArray, venue_idx: int, sent_shares: int, filled_shares: int) -> None:
    """
    Count a child that ended: it saw min(sent, what was there).

    A size that was not asked for is censored: it is not counted, neither as there nor as absent.

    Source: Ganchev, Kearns, Nevmyvaka & Wortman Vaughan (2010), "Censored Exploration and the Dark
        Pool Problem", Communications of the ACM 53(5); the discount is ours.
    Reference: tests/support/naive_baselines.py::tail.
    """
    tail = tails[venue_idx]
    for e in range(_N_EDGES):
        tail.n_at_risk[e] *= TAIL_KEPT_FRAC
        tail.n_ended[e] *= TAIL_KEPT_FRAC
    for e in range(_N_EDGES):
        if sent_shares < _EDGES[e]:
            return
        tail.n_at_risk[e] += 1.0
        if filled_shares < _EDGES[e]:
            tail.n_ended[e] += 1.0
            return


@kernel
def tail_prob(tails: TailArray, venue_idx: int, shares: int) -> float:
    """
    Chance that the pool holds as many shares, Kaplan-Meier, optimistic.

    The product of 1 - ended / at risk over all sizes up to it; 1 for an untried pool.

    Reference: tests/support/naive_baselines.py::tail.
    """
    tail, prob = tails[venue_idx], 1.0
    for e in range(_N_EDGES):
        if _EDGES[e] > shares:
            break
        if tail.n_at_risk[e] >= TAIL_MIN_CHILDREN:
            prob *= 1.0 - tail.n_ended[e] / tail.n_at_risk[e]
    return prob
