"""Slow references of the searched baselines: pace, censored tails, division over pools, split."""

import math
from collections.abc import Callable, Sequence
from itertools import product

from penstock.routing import Pace


def shares_to_take(
    pace: Pace,
    *,
    elapsed_ns: int,
    horizon_ns: int,
    since_takes_ns: Sequence[int],
    parent_shares: int,
    route_shares: int,
    lot_shares: int,
) -> int:
    """What the next wave may be; `since_takes_ns` is empty before the first take."""
    is_early = elapsed_ns < pace.take_after_frac * horizon_ns
    if is_early or any(since < pace.take_gap_ns for since in since_takes_ns):
        return 0
    if pace.take_share_frac == 1.0:
        return route_shares
    in_lots = math.floor(pace.take_share_frac * parent_shares / lot_shares) * lot_shares
    return min(max(in_lots, lot_shares), route_shares)


def is_waiting(
    pace: Pace,
    *,
    is_take: bool,
    wave_shares: int,
    price_bps: float,
    dearest_bps: float,
    left_s: float,
) -> bool:
    """True for a step that the pace holds back: no wave is due, or it is too dear so early."""
    if is_take and wave_shares == 0:
        return True
    if pace.patience_s == 0.0 or left_s <= pace.patience_s:
        return False
    last_bps = max(dearest_bps, pace.patient_bps)
    passed = math.exp(1.0 - left_s / pace.patience_s)
    return price_bps > pace.patient_bps * (1.0 - passed) + last_bps * passed


def tail(
    children: Sequence[tuple[int, int]],
    shares: int,
    edges: Sequence[int],
    kept_frac: float,
    min_children: float,
) -> float:
    """P(pool holds `shares`) from (sent, filled) pairs, oldest first: the product over sizes."""
    prob = 1.0
    for e, edge in enumerate(edges):
        if edge > shares:
            return prob
        at_risk = ended = 0.0
        for age, (sent, filled) in enumerate(reversed(children)):
            weight = kept_frac**age
            if sent >= edge and (e == 0 or filled >= edges[e - 1]):
                at_risk += weight
                ended += weight * (filled < edge)
        if at_risk >= min_children:
            prob *= 1.0 - ended / at_risk
    return prob


def split_cost(
    posted_shares: float,
    total_shares: float,
    *,
    outflow_shares: float,
    queue_shares: float,
    gain: float,
    take: float,
    short: float,
) -> float:
    """
    Expected cost of posting some and taking the rest, as the paper writes it, by quadrature.

    Outflow is exponential; θ of the paper is 0, and nothing is sent beyond the order.
    """
    n, cost = 20_000, 0.0
    for i in range(n):
        outflow = -outflow_shares * math.log(1.0 - (i + 0.5) / n)
        filled = min(max(outflow - queue_shares, 0.0), posted_shares)
        cost += -gain * filled + short * (posted_shares - filled)
    return take * (total_shares - posted_shares) + cost / n


def best_division(
    tail_probs: Sequence[Callable[[int], float]], n_lots: int, lot_shares: int, most_lots: int
) -> float:
    """The most lots that pools may be expected to fill, of every way to divide `n_lots`."""

    def expected(division: Sequence[int]) -> float:
        return sum(
            prob((k + 1) * lot_shares)
            for prob, lots in zip(tail_probs, division, strict=True)
            for k in range(lots)
        )

    sizes = range(min(n_lots, most_lots) + 1)
    divisions = product(sizes, repeat=len(tail_probs))
    return max(expected(division) for division in divisions if sum(division) <= n_lots)
