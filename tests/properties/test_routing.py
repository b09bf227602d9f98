"""Laws of routing, for any market, any order and any policy."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.domain import Exclusion, Side, Tactic, VenueKind
from penstock.routing import (
    BestStaticPolicy,
    ContKukanovPolicy,
    FeeSweepPolicy,
    KaplanMeierPolicy,
    Pace,
    Policy,
    ProportionalPolicy,
    RegimeStaticPolicy,
    ScorecardPolicy,
    StaticPolicy,
    SupervisedPolicy,
    SweepPolicy,
    order_by_index,
)
from tests.support.naive_routing import SELF_HELP, NaiveVenue
from tests.support.routing_frames import Desk, EchoModel
from tests.support.routing_markets import Market, markets

NAMES = (
    "static",
    "sweep",
    "proportional",
    "best_static",
    "regime_static",
    "fee_sweep",
    "scorecard",
    "cont_kukanov",
    "kaplan_meier",
    "supervised",
)
TAKE, MID = Tactic.TAKE, Tactic.MID


def policy_of(name: str, market: Market) -> Policy:
    """A policy with the market's own list and settings."""
    waterfall = market.waterfall_array()
    policies: dict[str, Policy] = {
        "static": StaticPolicy(waterfall),
        "sweep": SweepPolicy(),
        "proportional": ProportionalPolicy(),
        "best_static": BestStaticPolicy(waterfall, market.config.baseline.pace),
        "regime_static": RegimeStaticPolicy(
            [waterfall, waterfall[::-1]], [Pace(), market.config.baseline.pace], [0.5, 1e9]
        ),
        "fee_sweep": FeeSweepPolicy(market.config.baseline.pace),
        "scorecard": ScorecardPolicy(market.config),
        "cont_kukanov": ContKukanovPolicy(market.config),
        "kaplan_meier": KaplanMeierPolicy(waterfall, market.config.baseline.pace),
        "supervised": SupervisedPolicy(EchoModel(), waterfall, market.config),
    }
    return policies[name]


def planned(name: str, market: Market) -> Desk:
    """The market with the policy's plan in its frame."""
    desk = market.desk()
    policy_of(name, market).plan(desk.frame)
    return desk


def plans(market: Market) -> Iterator[tuple[str, Desk]]:
    """Each policy's plan for the market, in the same frame one after the other."""
    desk = market.desk()
    for name in NAMES:
        policy_of(name, market).plan(desk.frame)
        yield name, desk


def is_worse(market: Market, ticks: int, than_ticks: int) -> bool:
    """Whether a price costs us more."""
    return int(market.side) * ticks > int(market.side) * than_ticks


@given(markets())
def test_never_more_than_there_is_to_place(market: Market) -> None:
    """The first line of defence against an overfill; and no row gets more than it can carry."""
    for name, desk in plans(market):
        rows = desk.rows
        now, later = rows[rows["stage"] == 0], rows[rows["stage"] != 0]

        assert now["alloc_shares"].sum() <= market.route_shares, name
        assert (now["alloc_shares"] > 0).all(), name
        assert (now["alloc_shares"] <= now["size_shares"]).all(), name
        assert (later["alloc_shares"] == 0).all(), name


@given(markets())
def test_excluded_rows_get_nothing(market: Market) -> None:
    """No share, no stage, no rank, no score: risk said no, or the market did."""
    for name, desk in plans(market):
        out = desk.rows[desk.rows["excluded"] != 0]

        assert (out["alloc_shares"] == 0).all(), name
        assert (out["rank"] == -1).all(), name
        assert (out["stage"] == -1).all(), name
        assert np.isnan(out["score"]).all(), name


@given(markets())
def test_nobody_pays_worse_than_the_worst_price(market: Market) -> None:
    """The client's limit, or the collar, binds every order that goes out."""
    for name, desk in plans(market):
        for row in desk.rows[desk.rows["alloc_shares"] > 0]:
            assert not is_worse(market, int(row["limit_ticks"]), market.worst_ticks), name


@given(markets())
def test_a_stage_trades_through_no_protected_quote_that_it_leaves(market: Market) -> None:
    """
    Wherever a take may pay p, every protected share elsewhere at a better price is taken too.

    Rule 611: quotes at venues out of reach (self-help), halted, or with a broken book do not count.
    """
    for name, desk in plans(market):
        takes = desk.rows[TAKE::3]
        for v in np.flatnonzero(takes["alloc_shares"]):
            for w, venue in enumerate(market.venues):
                if w != v and protects(market, w, Exclusion(int(takes["excluded"][w]))):
                    levels = venue.asks if market.side is Side.BUY else venue.bids
                    limit = int(takes["limit_ticks"][v])
                    better = sum(s for t, s in levels if is_worse(market, limit, t))
                    assert better <= takes["alloc_shares"][w], (name, v, w)


def protects(market: Market, v: int, reason: Exclusion) -> bool:
    """Whether the venue's quotes bind us."""
    venue = market.venues[v]
    is_shown = venue.kind.is_lit and venue.is_valid and not venue.is_halted
    return venue.is_protected and is_shown and reason not in SELF_HELP


@given(markets())
def test_no_order_is_below_what_its_venue_accepts(market: Market) -> None:
    """A reject costs time and tells the market."""
    for name, desk in plans(market):
        for row in desk.rows[desk.rows["alloc_shares"] > 0]:
            assert row["alloc_shares"] >= market.venues[int(row["venue_idx"])].min_shares, name


@given(markets())
def test_ranks_and_stages_are_a_plan(market: Market) -> None:
    """Ranks are 0, 1, 2, … without a hole; stages never go back but for rows that did not fit."""
    for name, desk in plans(market):
        rows, order = desk.rows, desk.ranked()
        later = [int(rows["stage"][r]) for r in order if rows["stage"][r] > 0]

        assert list(range(len(order))) == [int(rows["rank"][r]) for r in order], name
        assert ((rows["rank"] >= 0) == (rows["stage"] >= 0)).all(), name
        assert sorted(later) == later, name
        assert set(range(1, len(set(later)) + 1)) == set(later), name


@given(markets())
def test_planning_twice_gives_the_same_bits(market: Market) -> None:
    """A plan depends on the frame and on nothing that an earlier plan left in it."""
    first = [desk.rows.tobytes() for _, desk in plans(market)]
    desk = market.desk()
    for name in (*reversed(NAMES), *NAMES):
        policy_of(name, market).plan(desk.frame)

        assert first[NAMES.index(name)] == desk.rows.tobytes(), name


def with_distinct_scores(market: Market) -> Market:
    """The same market where no two rows, and no two displayed sizes, are equal."""
    parts = [
        (slippage + 1e-3 * r, 0.1 + 0.8 * fill, seconds, leakage)
        for r, (slippage, fill, seconds, leakage) in enumerate(market.parts)
    ]
    venues = [
        replace(
            venue,
            bids=[(ticks, shares + v) for ticks, shares in venue.bids],
            asks=[(ticks, shares + v) for ticks, shares in venue.asks],
        )
        for v, venue in enumerate(market.venues)
    ]
    return replace(market, parts=parts, venues=venues)


@pytest.mark.parametrize("name", ["static", "proportional", "best_static", "supervised"])
@given(market=markets(must_complete=False), data=st.data())
def test_the_plan_does_not_depend_on_the_order_of_venues(
    name: str, market: Market, data: st.DataObject
) -> None:
    """Renumbering the venues renumbers the plan: no venue is preferred for its number."""
    market = with_distinct_scores(market)
    n = len(market.venues)
    new_place = data.draw(st.permutations(range(n)))  # venue v becomes new_place[v]
    old = sorted(range(n), key=lambda v: new_place[v])  # the venue now at place i

    moved = replace(
        market,
        venues=[market.venues[v] for v in old],
        masks=[market.masks[3 * v + t] for v in old for t in range(3)],
        last_sent_ns=[market.last_sent_ns[3 * v + t] for v in old for t in range(3)],
        parts=[market.parts[3 * v + t] for v in old for t in range(3)],
        waterfall=[3 * new_place[r // 3] + r % 3 for r in market.waterfall],
    )
    before, after = planned(name, market), planned(name, moved)
    scores = before.rows["score"][~np.isnan(before.rows["score"])]
    assume(len(set(scores.tolist())) == len(scores))
    takes = before.rows["available_shares"][TAKE::3][before.rows["excluded"][TAKE::3] == 0]
    assume(name != "proportional" or len(set(takes.tolist())) == len(takes))

    assert [3 * new_place[r // 3] + r % 3 for r in before.ranked()] == after.ranked()
    assert {(new_place[v], t): s for (v, t), s in before.sent().items()} == after.sent()


@given(market=markets(must_complete=False), excess=st.floats(0.01, 5.0), fill=st.floats(0.01, 1.0))
def test_a_row_that_costs_more_than_cleaning_up_changes_nothing(
    market: Market, excess: float, fill: float
) -> None:
    """A strictly dominated candidate must not move shares between the others."""
    spare = NaiveVenue(
        VenueKind.DARK, is_protected=False, fees={TAKE: 0.0, MID: 0.0, Tactic.POST: 0.0}
    )
    dearest = 20.0  # far above half of any spread here, fees and clean-up, for any weights
    more = replace(
        market,
        venues=[*market.venues, spare],
        masks=[*market.masks, *[Exclusion.USABLE] * 3],
        last_sent_ns=[*market.last_sent_ns, 0, 0, 0],
        parts=[*market.parts, *[(dearest + excess, fill, 0.0, 0.0)] * 3],
    )
    before, after = planned("supervised", market), planned("supervised", more)

    assert before.sent() == after.sent()
    assert before.ranked() == after.ranked()


@given(markets())
def test_a_venue_that_may_not_be_used_changes_nothing(market: Market) -> None:
    """A pool that is switched off is as good as absent."""
    spare = NaiveVenue(
        VenueKind.DARK, is_protected=False, fees={TAKE: 0.0, MID: 0.0, Tactic.POST: 0.0}
    )
    more = replace(
        market,
        venues=[*market.venues, spare],
        masks=[*market.masks, *[Exclusion.VENUE_OFF] * 3],
        last_sent_ns=[*market.last_sent_ns, 0, 0, 0],
        parts=[*market.parts, *[(-9.0, 1.0, 0.0, 0.0)] * 3],
    )
    for (name, before), (_, after) in zip(plans(market), plans(more), strict=True):
        assert before.sent() == after.sent(), name
        assert before.ranked() == after.ranked(), name


@given(st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0, float("nan")]), max_size=12))
def test_ranking_is_total_and_transitive(index: list[float]) -> None:
    """Sorted by index, ties by position: any pair compares the same way in any company."""
    order = np.full(len(index), -1)
    n_kept = order_by_index(np.array(index, np.float64), 0.9, order)
    kept = order[:n_kept].tolist()

    assert sorted(kept, key=lambda i: (index[i], i)) == kept
    assert {i for i, value in enumerate(index) if value < 0.9} == set(kept)
