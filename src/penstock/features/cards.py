"""The numbers of a scorecard: what it stores, how it forgets, how it leans on a prior."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.features.decay import remaining_frac

CARD_DTYPE: Final = np.dtype(
    [
        ("last_ns", np.int64),  # all weights below are as of then
        # Experience: decayed sums over our own children.
        ("n_rejected", np.float64),
        ("n_done", np.float64),  # ended, not rejected
        ("n_partial", np.float64),  # of these: filled, but not whole
        ("fill_frac_sum", np.float64),  # of these: filled / sent
        ("n_timed", np.float64),  # filled, with a known time to the first fill
        ("time_to_fill_s_sum", np.float64),
        ("markout_shares", np.float64),
        ("markout_bps_shares", np.float64),  # markout times shares
        # What stands in for experience; constant.
        ("tau_ns", np.float64),
        ("prior_children", np.float64),  # the prior counts as so many children
        ("prior_shares", np.float64),  # and, for markouts, as so many shares
        ("reject_frac", np.float64),
        ("fill_frac", np.float64),
        ("partial_frac", np.float64),
        ("time_to_fill_s", np.float64),
        ("markout_bps", np.float64),
    ]
)
"""One (venue, tactic); row venue_idx * N_TACTICS + tactic."""

ACK_DTYPE: Final = np.dtype(
    [
        ("latency_ms", np.float64),  # moving average, starting from the prior
        ("n_acks", np.float64),  # observations in it, the prior's weight included
    ]
)
"""One venue."""

CardArray = NDArray[Any]
"""Shape (n_venues * N_TACTICS,), CARD_DTYPE."""

AckArray = NDArray[Any]
"""Shape (n_venues,), ACK_DTYPE."""


@kernel
def record_done(
    table: CardArray, row: int, fill_frac: float, time_to_fill_s: float, now_ns: int
) -> None:
    """Count a child that ended. `time_to_fill_s` NaN: nothing filled, or nobody timed it."""
    _forget(table, row, now_ns)
    card = table[row]
    card.n_done += 1.0
    card.fill_frac_sum += fill_frac
    if 0.0 < fill_frac < 1.0:
        card.n_partial += 1.0
    if time_to_fill_s >= 0.0:
        card.n_timed += 1.0
        card.time_to_fill_s_sum += time_to_fill_s


@kernel
def record_reject(table: CardArray, row: int, now_ns: int) -> None:
    """Count a child that the venue refused."""
    _forget(table, row, now_ns)
    table[row].n_rejected += 1.0


@inlined
def _forget(table: CardArray, row: int, now_ns: int) -> None:
    card = table[row]
    kept_frac = remaining_frac(now_ns - card.last_ns, card.tau_ns)
    card.n_rejected *= kept_frac
    card.n_done *= kept_frac
    card.n_partial *= kept_frac
    card.fill_frac_sum *= kept_frac
    card.n_timed *= kept_frac
    card.time_to_fill_s_sum *= kept_frac
    card.markout_shares *= kept_frac
    card.markout_bps_shares *= kept_frac
    card.last_ns = now_ns


@inlined
def shrunk(total: float, weight: float, prior: float, prior_weight: float) -> float:
    """Mean of experience and prior: (total + prior · prior_weight) / (weight + prior_weight)."""
    return (total + prior * prior_weight) / (weight + prior_weight)


@kernel
def estimate(table: CardArray, row: int, now_ns: int) -> tuple[float, float, float, float, float]:
    """
    What the card expects of the next child, as of `now_ns`; changes nothing.

    Experience fades towards the prior while nothing is sent.

    Returns:
        fill_frac, time_to_fill_s, partial_frac, reject_frac, markout_bps. The time is that to the
        first fill, of children that filled at all.
    """
    card = table[row]
    kept_frac = remaining_frac(now_ns - card.last_ns, card.tau_ns)
    prior = card.prior_children
    n_done = card.n_done * kept_frac
    n_rejected = card.n_rejected * kept_frac
    return (
        shrunk(card.fill_frac_sum * kept_frac, n_done, card.fill_frac, prior),
        shrunk(
            card.time_to_fill_s_sum * kept_frac,
            card.n_timed * kept_frac,
            card.time_to_fill_s,
            prior,
        ),
        shrunk(card.n_partial * kept_frac, n_done, card.partial_frac, prior),
        shrunk(n_rejected, n_done + n_rejected, card.reject_frac, prior),
        shrunk(
            card.markout_bps_shares * kept_frac,
            card.markout_shares * kept_frac,
            card.markout_bps,
            card.prior_shares,
        ),
    )
