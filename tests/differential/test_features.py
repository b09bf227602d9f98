"""The feature kernels against plain Python that takes the whole list of messages each time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from penstock.domain import N_TACTICS, Ns, Shares
from penstock.features import (
    FEATURE_NAMES,
    N_FEATURES,
    MarketView,
    Scorecards,
    fill_features,
)
from tests.support.naive_features import (
    LONG_STEP_NS,
    Message,
    NaiveCards,
    NaiveFeatures,
    NaiveMarket,
    random_messages,
    random_rows,
    random_situation,
    tape_of,
    universe_of,
)

# How long after the last message the decision falls: at once, in the slot, later, after silence.
PAUSES_NS = (0, 20_000_000, 130_000_000, 950_000_000, 61_000_000_000, 2 * LONG_STEP_NS)


def random_reports(
    rng: np.random.Generator, n_venues: int, end_ns: int
) -> tuple[Scorecards, NaiveCards]:
    """The same reports, told to both."""
    fast, naive = Scorecards(n_venues), NaiveCards()
    for t_ns in np.sort(rng.integers(0, end_ns, 60)).tolist():
        v, tactic = int(rng.integers(0, n_venues)), int(rng.integers(0, N_TACTICS))
        choice = rng.random()
        if choice < 0.6:
            sent, time_ns = 100, int(rng.integers(0, 10**10))
            filled = int(rng.choice([0, 30, 100]))
            fast.on_done(
                v, tactic, Shares(sent), Shares(filled), Ns(time_ns) if filled else None, Ns(t_ns)
            )
            naive.done.append((v, tactic, filled / sent, time_ns / 1e9 if filled else None, t_ns))
        elif choice < 0.7:
            fast.on_reject(v, tactic, Ns(t_ns))
            naive.rejects.append((v, tactic, t_ns))
        elif choice < 0.85:
            latency_us = int(rng.integers(1, 10_000))
            fast.on_ack(v, Ns(1_000 * latency_us))
            naive.acks.append((v, latency_us / 1e3))
        else:
            shares, markout = int(rng.integers(1, 2_000)), float(rng.normal(0, 3))
            fast.on_markout(v, tactic, markout, Shares(shares))
            naive.markouts.append((v, tactic, markout, shares, naive.last_ns(v, tactic)))
    return fast, naive


@pytest.mark.parametrize("seed", range(24))
def test_every_feature_is_what_its_definition_says(seed: int) -> None:
    """One kernel, many windows, lazily advanced: the definition looks at everything anew."""
    rng = np.random.default_rng(seed)
    universe = universe_of(n_instruments=1 + seed % 2, n_venues=(1, 2, 4, 5)[seed % 4])
    messages = random_messages(rng, 300, universe)
    tape = tape_of(messages)
    view = MarketView(universe)
    applied = 0
    for n_seen in sorted({*rng.integers(0, len(messages), 3).tolist(), len(messages)}):
        view.apply(tape, applied, n_seen)
        applied = n_seen
        last_ns = messages[max(n_seen - 1, 0)].recv_ns
        now_ns = last_ns + int(rng.choice(PAUSES_NS))
        # Later messages have been received only after the pause.
        if n_seen < len(messages):
            now_ns = min(now_ns, messages[n_seen].recv_ns)
        compare(rng, universe_view=view, messages=messages[:n_seen], now_ns=now_ns)


def compare(
    rng: np.random.Generator, *, universe_view: MarketView, messages: list[Message], now_ns: int
) -> None:
    """One decision, both ways."""
    n_venues = len(universe_view.venue_kinds)
    universe = universe_of(len(universe_view.windows), n_venues)
    situation = random_situation(rng, now_ns, len(universe.instruments))
    rows = random_rows(rng, now_ns, n_venues)
    scorecards, naive_cards = random_reports(rng, n_venues, now_ns)
    out = np.full((len(rows), N_FEATURES), math.nan)
    before = universe_view.state_hash()

    fill_features(universe_view, scorecards, situation, rows, out)

    market = NaiveMarket(universe, int(situation[0]["instrument_idx"]), messages)
    naive = NaiveFeatures(market, naive_cards, situation[0])
    for r, row in enumerate(rows):
        expected = naive.row(row)

        assert sorted(FEATURE_NAMES) == sorted(expected)
        assert expected == pytest.approx(
            dict(zip(FEATURE_NAMES, out[r].tolist(), strict=True)), rel=1e-9, abs=1e-9
        )
    assert before == universe_view.state_hash()


def test_random_tapes_reach_every_state() -> None:
    """A comparison that never sees a crossed market or a silence proves little."""
    universe = universe_of(n_venues=4)
    messages = random_messages(np.random.default_rng(0), 2_000, universe)
    quotes = NaiveMarket(universe, 0, messages).quotes
    gaps_ns = np.diff([quote.recv_ns for quote in quotes])

    assert 0.2 < np.mean([quote.is_valid for quote in quotes]) < 0.95
    assert gaps_ns.min() == 0
    assert gaps_ns.max() >= LONG_STEP_NS
