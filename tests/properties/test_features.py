"""Laws of the features: no look-ahead, no trace of batches, always finite, the same mirrored."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from penstock.domain import (
    N_TACTICS,
    ROW_DTYPE,
    SITUATION_DTYPE,
    Ns,
    RowArray,
    Shares,
    SituationArray,
    TapeKind,
)
from penstock.features import (
    FEATURE_NAMES,
    N_FEATURES,
    Footprint,
    MarketView,
    Scorecards,
    fill_features,
)
from tests.support.naive_features import (
    Message,
    NaiveMarket,
    mirrored,
    random_messages,
    random_rows,
    random_situation,
    tape_of,
    universe_of,
)

seeds = st.integers(0, 2**32 - 1)
pauses_ns = st.sampled_from([0, 1, 99_999_999, 100_000_000, 10_000_000_000, 10**15])


def view_of(messages: list[Message], n_instruments: int, n_venues: int) -> MarketView:
    """A market that has heard these messages, in one batch."""
    view = MarketView(universe_of(n_instruments, n_venues))
    view.apply(tape_of(messages), 0, len(messages))
    return view


def features_of(
    view: MarketView, situation: SituationArray, rows: RowArray, cards: Scorecards | None = None
) -> NDArray[np.float64]:
    """The matrix; with untried scorecards if there are no others."""
    out = np.full((len(rows), N_FEATURES), math.nan)
    cards = Scorecards(len(view.venue_kinds)) if cards is None else cards
    fill_features(view, cards, situation, rows, out)
    return out


class Past(NamedTuple):
    """All that a decision may be made of: the market, our experience in it, and our own trades."""

    view: MarketView
    cards: Scorecards
    footprint: Footprint

    def decide(self, situation: SituationArray, rows: RowArray) -> NDArray[np.float64]:
        """The matrix, with the footprint written into the situation as the engine does."""
        mine, now_ns = situation.copy(), int(situation[0]["now_ns"])
        instrument_idx = int(situation[0]["instrument_idx"])
        mine["footprint_shares"] = self.footprint.value(instrument_idx, now_ns)
        return features_of(self.view, mine, rows, self.cards)

    def state_hashes(self) -> list[str]:
        """Of each of the three."""
        return [self.view.state_hash(), self.cards.state_hash(), self.footprint.state_hash()]


class Report(NamedTuple):
    """Something that we learn about our own orders."""

    at_ns: int
    tell: Callable[[Past], None]


def past_of(n_venues: int) -> Past:
    """Nothing heard, nothing tried, nothing traded; two instruments."""
    return Past(MarketView(universe_of(2, n_venues)), Scorecards(n_venues), Footprint(2))


def random_reports(
    rng: np.random.Generator, messages: Sequence[Message], n_venues: int
) -> list[Report]:
    """Ends, refusals, acknowledgements, markouts and executions, among and after the messages."""
    first_ns, last_ns = messages[0].recv_ns, messages[-1].recv_ns + 10_000_000_000
    times_ns = np.sort(rng.integers(first_ns, last_ns, 60)).tolist()
    return [Report(at_ns, _random_word(rng, at_ns, n_venues)) for at_ns in times_ns]


def _random_word(rng: np.random.Generator, at_ns: int, n_venues: int) -> Callable[[Past], None]:
    v, k = int(rng.integers(0, n_venues)), int(rng.integers(0, N_TACTICS))
    shares, latency_ns = Shares(int(rng.integers(1, 100))), Ns(int(rng.integers(0, 10**10)))
    instrument_idx, signed_shares = int(rng.integers(0, 2)), int(rng.integers(-5_000, 5_000))
    markout_bps = float(rng.normal(0, 3))
    words: tuple[Callable[[Past], None], ...] = (
        lambda past: past.cards.on_done(v, k, Shares(100), shares, latency_ns, Ns(at_ns)),
        lambda past: past.cards.on_done(v, k, Shares(100), Shares(0), None, Ns(at_ns)),
        lambda past: past.cards.on_reject(v, k, Ns(at_ns)),
        lambda past: past.cards.on_ack(v, latency_ns),
        lambda past: past.cards.on_markout(v, k, markout_bps, shares),
        lambda past: past.footprint.add(instrument_idx, signed_shares, at_ns),
    )
    return words[int(rng.integers(0, len(words)))]


@given(
    seed=seeds,
    n_venues=st.integers(1, 5),
    cuts=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    pause_ns=pauses_ns,
)
def test_truncating_the_future_changes_no_feature(
    seed: int, n_venues: int, cuts: list[float], pause_ns: int
) -> None:
    """
    What comes after a decision must not be in it, or a model trains on what it cannot know.

    Once from a past that ends at the decision; once from one long life that decides and goes on,
    and reads a tape whose rest is there to be read. Market, scorecards and footprint.
    """
    rng = np.random.default_rng(seed)
    messages = random_messages(rng, 120, universe_of(2, n_venues))
    reports = random_reports(rng, messages, n_venues)
    tape, life = tape_of(messages), past_of(n_venues)
    n_applied = n_told = 0
    for n_seen in sorted(round(cut * len(messages)) for cut in cuts):
        now_ns = messages[max(0, n_seen - 1)].recv_ns + pause_ns
        n_known = sum(report.at_ns <= now_ns for report in reports)
        situation, rows = random_situation(rng, now_ns, 2), random_rows(rng, now_ns, n_venues)

        life.view.apply(tape, n_applied, n_seen)
        for report in reports[n_told:n_known]:
            report.tell(life)
        n_applied, n_told = n_seen, n_known
        truncated = past_of(n_venues)
        truncated.view.apply(tape_of(messages[:n_seen]), 0, n_seen)
        for report in reports[:n_known]:
            report.tell(truncated)

        np.testing.assert_array_equal(
            truncated.decide(situation, rows), life.decide(situation, rows)
        )
        assert truncated.state_hashes() == life.state_hashes()


def test_our_own_past_is_in_the_features() -> None:
    """A control of the law above: of untried scorecards and no footprint it would say nothing."""
    rng, n_venues = np.random.default_rng(1), 3
    messages = random_messages(rng, 120, universe_of(2, n_venues))
    reports = random_reports(rng, messages, n_venues)
    now_ns = max(reports[-1].at_ns, messages[-1].recv_ns)
    situation, rows = random_situation(rng, now_ns, 2), random_rows(rng, now_ns, n_venues)
    tried, untried = past_of(n_venues), past_of(n_venues)
    for past in (tried, untried):
        past.view.apply(tape_of(messages), 0, len(messages))
    for report in reports:
        report.tell(tried)

    differs = (tried.decide(situation, rows) != untried.decide(situation, rows)).any(axis=0)
    ours = {name for name in FEATURE_NAMES if name.startswith("card_")}
    ours |= {"ack_latency_ms", "footprint_frac"}
    assert ours <= {FEATURE_NAMES[column] for column in np.flatnonzero(differs)}


@given(
    seed=seeds,
    n_venues=st.integers(1, 5),
    cuts=st.lists(st.floats(0, 1), max_size=8),
    pause_ns=pauses_ns,
)
def test_batches_and_looks_leave_no_trace(
    seed: int, n_venues: int, cuts: list[float], pause_ns: int
) -> None:
    """Where a batch ends is chance, and looking is not acting: neither may show."""
    rng = np.random.default_rng(seed)
    messages = random_messages(rng, 120, universe_of(2, n_venues))
    tape, view = tape_of(messages), MarketView(universe_of(2, n_venues))
    ends = [*sorted(round(cut * len(messages)) for cut in cuts), len(messages)]
    start = 0
    for end in ends:
        view.apply(tape, start, end)
        start = end
        now_ns = messages[max(end - 1, 0)].recv_ns + pause_ns
        situation, rows = random_situation(rng, now_ns, 2), random_rows(rng, now_ns, n_venues)
        in_pieces = features_of(view, situation, rows)

    whole = view_of(messages, 2, n_venues)
    assert whole.state_hash() == view.state_hash()
    np.testing.assert_array_equal(features_of(whole, situation, rows), in_pieces)


@given(seed=seeds, n_venues=st.integers(1, 5), pause_ns=pauses_ns)
def test_mirrored_market_and_side_give_the_same_features(
    seed: int, n_venues: int, pause_ns: int
) -> None:
    """Buying into a rise is selling into a fall: a model must not have to learn it twice."""
    rng = np.random.default_rng(seed)
    messages = random_messages(rng, 150, universe_of(1, n_venues))
    valid = NaiveMarket(universe_of(1, n_venues), 0, messages).valid
    around_x2 = valid[-1].mid_x2 if valid else 2_000_000
    now_ns = messages[-1].recv_ns + pause_ns
    situation, rows = random_situation(rng, now_ns, 1), random_rows(rng, now_ns, n_venues)
    situation["worst_ticks"] = 1_000_000 + 50 * rng.integers(-20, 21)
    before = features_of(view_of(messages, 1, n_venues), situation, rows)

    for name in ("side", "footprint_shares"):
        situation[name] *= -1
    situation["worst_ticks"] = around_x2 - situation["worst_ticks"]
    rows["limit_ticks"] = around_x2 - rows["limit_ticks"]
    reflected = view_of(mirrored(messages, around_x2), 1, n_venues)

    after = features_of(reflected, situation, rows)
    for column, name in enumerate(FEATURE_NAMES):
        np.testing.assert_allclose(
            after[:, column], before[:, column], rtol=1e-12, atol=1e-12, err_msg=name
        )


wild_messages = st.lists(
    st.builds(
        Message,
        recv_ns=st.integers(0, 10**19 // 2).map(lambda t: t // 1000),
        kind=st.sampled_from([*TapeKind, TapeKind.LEVEL, TapeKind.LEVEL, TapeKind.TRADE]),
        instrument_idx=st.just(0),
        venue_idx=st.integers(0, 1),
        side=st.sampled_from([1, -1]),
        price_ticks=st.integers(1, 10**10),
        shares=st.integers(0, 10**11),
        flags=st.integers(0, 63),
    ),
    max_size=25,
).map(sorted)

wild_shares = st.sampled_from([0, 1, 100, 10**8])


@given(
    messages=wild_messages,
    pause_ns=pauses_ns,
    parent_shares=st.integers(1, 10**8),
    route_shares=wild_shares,
    adv_shares=wild_shares,
    worst_ticks=st.sampled_from([0, 1, 10**6, 2**63 - 1]),
    footprint=st.floats(-1e12, 1e12),
    available_shares=wild_shares,
    fee_bps=st.sampled_from([0.0, -3.0, math.nan, math.inf]),
    side=st.sampled_from([1, -1]),
)
def test_every_feature_is_finite_on_any_input(
    messages: list[Message],
    pause_ns: int,
    parent_shares: int,
    route_shares: int,
    adv_shares: int,
    worst_ticks: int,
    footprint: float,
    available_shares: int,
    fee_bps: float,
    side: int,
) -> None:
    """A NaN goes down one branch of every tree, and nobody knows which."""
    view = view_of(messages, 1, 2)
    situation, rows = np.zeros(1, SITUATION_DTYPE), np.zeros(2 * N_TACTICS, ROW_DTYPE)
    now_ns = (messages[-1].recv_ns if messages else 0) + pause_ns
    situation["now_ns"], situation["side"] = now_ns, side
    situation["parent_shares"], situation["leaves_shares"] = parent_shares, parent_shares
    situation["route_shares"], situation["adv_shares"] = route_shares, adv_shares
    situation["worst_ticks"], situation["footprint_shares"] = worst_ticks, footprint
    rows["venue_idx"], rows["tactic"] = divmod(np.arange(len(rows)), N_TACTICS)
    rows["available_shares"], rows["fee_bps"] = available_shares, fee_bps

    out = features_of(view, situation, rows)

    is_finite = np.isfinite(out).all(axis=0)
    assert [] == [FEATURE_NAMES[column] for column in np.flatnonzero(~is_finite)]
