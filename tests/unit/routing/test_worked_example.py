"""The worked example that must come out right: one dark pool, one ECN, one thin exchange."""

from itertools import permutations

import numpy as np
import pytest

from penstock.domain import Bps, Tactic, VenueKind
from penstock.routing import (
    RoutingConfig,
    Step,
    SupervisedPolicy,
    order_by_index,
    resolve_waterfall,
    row_index,
    sequence_cost,
)
from tests.support.routing_frames import Desk, EchoModel, ask, bid, expect, lit, pool, row, universe

# Buy 10,000 shares. A: dark pool at the midpoint; B: ECN, crosses the spread; C: thin exchange.
SLIPPAGE_BPS = {"A": 0.75, "B": 1.20, "C": 1.35}
FILL_FRAC = {"A": 0.20, "B": 0.95, "C": 0.80}
CLEAN_UP_BPS = 2.00
LIST = (
    Step(venue="LIT1", tactic="take"),
    Step(venue="DRK0", tactic="mid"),
    Step(venue="LIT2", tactic="take"),
)
FLIP_BPS = 0.1125  # what waiting at the pool may cost the unfilled part before the ECN goes first


def cost_of(sequence: str, *, wait_at_a_bps: float = 0.0) -> float:
    """Expected cost of trying the venues in this order."""
    return sequence_cost(
        np.array([SLIPPAGE_BPS[venue] for venue in sequence]),
        np.array([FILL_FRAC[venue] for venue in sequence]),
        np.zeros(len(sequence)),
        np.array([wait_at_a_bps if venue == "A" else 0.0 for venue in sequence]),
        CLEAN_UP_BPS,
    )


def best_sequence(*, wait_at_a_bps: float = 0.0) -> str:
    """The order that the router would try."""
    index = np.array(
        [
            row_index(
                SLIPPAGE_BPS[venue],
                FILL_FRAC[venue],
                0.0,
                wait_at_a_bps if venue == "A" else 0.0,
            )
            for venue in "ABC"
        ]
    )
    order = np.zeros(3, np.int64)
    n_kept = order_by_index(index, CLEAN_UP_BPS, order)
    return "".join("ABC"[i] for i in order[:n_kept])


@pytest.mark.parametrize(
    ("sequence", "cost_bps"), [("ABC", 1.1212), ("BAC", 1.2067), ("ACB", 1.2124)]
)
def test_sequences_cost_what_the_example_says(sequence: str, cost_bps: float) -> None:
    """Four digits, as printed."""
    assert cost_bps == pytest.approx(cost_of(sequence), abs=5e-5)


def test_costs_are_exact_where_they_are_exact() -> None:
    """A first: 0.15 + 0.8 · (1.14 + 0.05 · (1.08 + 0.2 · 2)) = 1.1212, no rounding involved."""
    assert 1.1212 == pytest.approx(cost_of("ABC"), abs=1e-12)
    assert 1.20670 == pytest.approx(cost_of("BAC"), abs=1e-12)
    assert 1.21240 == pytest.approx(cost_of("ACB"), abs=1e-12)


def test_dark_pool_then_ecn_then_exchange() -> None:
    """Cheapest of all orders, although a static list would start at the ECN: it fills 95 %."""
    cheapest = min(permutations("ABC"), key=lambda sequence: cost_of("".join(sequence)))

    assert "ABC" == best_sequence()
    assert "ABC" == "".join(cheapest)


def test_order_flips_when_waiting_costs_more_than_the_threshold() -> None:
    """At 0.1125 bps the index of A, (0.15 + 0.8 · w) / 0.2, is that of B, 1.20."""
    tiny = 1e-9

    assert "ABC" == best_sequence(wait_at_a_bps=FLIP_BPS - tiny)
    assert "BAC" == best_sequence(wait_at_a_bps=FLIP_BPS + tiny)
    assert cost_of("ABC", wait_at_a_bps=FLIP_BPS) == pytest.approx(
        cost_of("BAC", wait_at_a_bps=FLIP_BPS), abs=1e-12
    )


@pytest.mark.parametrize(
    ("wait_bps", "expected"),
    [(0.0, "ABC"), (FLIP_BPS - 1e-6, "ABC"), (FLIP_BPS + 1e-6, "BAC")],
)
def test_supervised_policy_tries_the_venues_in_this_order(wait_bps: float, expected: str) -> None:
    """
    The same through a whole decision, improving on a list that starts at the ECN.

    The spread, fees and clean-up are set so that cleaning up costs 2.00 bps; waiting has its price
    per second times the two seconds that the pool's row rests.
    """
    config = RoutingConfig(
        mid_share_frac=1.0,
        wait_bps_per_s=Bps(wait_bps / 2.0),
        clean_up_bps=Bps(1.25),
        margin_bps=Bps(0.0),
    )
    venues = universe(pool(0), lit(1, kind=VenueKind.ECN, take=0.0), lit(2, take=0.0))
    quotes = [q for v in (1, 2) for q in (bid(v, 999_925, 900), ask(v, 1_000_075, 90_000))]
    desk = Desk(venues, quotes, config)
    desk.decide(route_shares=10_000)
    rows = {"A": row(0, Tactic.MID), "B": row(1, Tactic.TAKE), "C": row(2, Tactic.TAKE)}
    for venue, r in rows.items():
        expect(desk.frame, r, slippage=SLIPPAGE_BPS[venue], fill=FILL_FRAC[venue])

    waterfall = resolve_waterfall(LIST, venues)
    SupervisedPolicy(EchoModel(), waterfall, config).plan(desk.frame)

    assert [rows[venue] for venue in expected] == desk.ranked()
    cost_bps = cost_of(expected, wait_at_a_bps=wait_bps)
    assert cost_bps == pytest.approx(desk.rows["cost_bps"][desk.ranked()[0]], abs=1e-9)
