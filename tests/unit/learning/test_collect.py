"""Labels by hand: what a child cost against M*, what stands in for it in a replay, known when."""

from __future__ import annotations

import math

import numpy as np
import pytest

from penstock.domain import (
    NS_PER_S,
    ChildFill,
    ChildOrder,
    Liquidity,
    Ns,
    PegKind,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
    UsdMicros,
)
from penstock.features import N_FEATURES
from penstock.learning import Dataset, DatasetError, dataset_of, outcome_horizon_ns
from penstock.routing import RoutingConfig
from penstock.sim.layout import AUDIT_DTYPE
from penstock.sim.quantiles import latency_quantiles
from penstock.trials import ChildDiary, ChildRecorder, Day, read_scenario
from tests.support.worlds import SCENARIOS, plain_day, us

START_NS, SENT_NS = 1_000 * NS_PER_S, 1_010 * NS_PER_S
MID = 1_000_000  # ticks, 100 USD: one tick is 0.01 bps
HORIZON_NS = Ns(36 * NS_PER_S)
NAN = math.nan


class Fill:
    """One execution, as reported and as it truly was; prices relative to MID, for a buyer."""

    def __init__(
        self, shares: int, *, at: int, m_star: float, fee_usd_micros: int = 0,
        permanent: float = 0.0, after_ns: int = 250_000_000,
    ) -> None:  # fmt: skip
        self.shares, self.at, self.m_star = shares, at, m_star
        self.fee_usd_micros, self.permanent, self.after_ns = fee_usd_micros, permanent, after_ns


def day_of(
    fills: list[Fill], *, side: Side = Side.BUY, sent: int = 400, leaves: int = 500,
    mids: list[int] | None = None, mid: int = MID,
) -> Day:  # fmt: skip
    """
    A day with one child at venue 2, whose `fills` are mirrored around MID for a seller.

    mids: midpoints, ticks, at the end of each second from START_NS.
    """
    order = ChildOrder(
        child_id=7, parent_id=1, venue_idx=2, instrument_idx=0, side=side,
        size_shares=Shares(sent), limit_ticks=Ticks(MID), tactic=Tactic.POST, tif=Tif.DAY,
        peg=PegKind.NONE, min_shares=Shares(0),
    )  # fmt: skip
    children = ChildRecorder(N_FEATURES)
    diary = ChildDiary(
        order=order, sent_ns=Ns(SENT_NS), mid_ticks_x2=2 * mid, leaves_shares=leaves,
        n_decisions=0,
        features=np.arange(float(N_FEATURES)),
    )  # fmt: skip
    children.diaries[7] = diary
    audit = np.zeros(len(fills), AUDIT_DTYPE)
    for i, fill in enumerate(fills):
        # Numbers of executions count per venue, and others' come between.
        exec_no, price_ticks = 3 + 2 * i, MID + int(side) * fill.at
        diary.fills.append(
            ChildFill(
                seq=i, event_ns=Ns(SENT_NS + fill.after_ns),
                recv_ns=Ns(SENT_NS + fill.after_ns + 1_000_000), child_id=7, venue_idx=2,
                exec_id=f"P-NY-{exec_no}", price_ticks=Ticks(price_ticks),
                size_shares=Shares(fill.shares), liquidity=Liquidity.MAKE,
                fee_usd_micros=UsdMicros(fill.fee_usd_micros),
            )
        )  # fmt: skip
        audit[i]["child_id"], audit[i]["exec_no"] = 7, exec_no
        audit[i]["price_ticks"], audit[i]["size_shares"] = price_ticks, fill.shares
        audit[i]["reference_ticks"] = MID + int(side) * fill.m_star
        audit[i]["permanent_ticks"] = int(side) * fill.permanent
    return Day(
        costs=[], children=children, audit=audit,
        mid_ticks_x2=2 * np.array([MID] * 60 if mids is None else mids, np.int64),
        start_ns=START_NS, state_hash="", n_events=0, n_unmeasured=0,
    )  # fmt: skip


def rows_of(day: Day) -> Dataset:
    """The table of that day alone."""
    return dataset_of([(5, day)], "by hand", horizon_ns=HORIZON_NS)


@pytest.mark.parametrize("side", Side)
def test_two_fills_and_a_leftover_by_hand(side: Side) -> None:
    """
    The row counts as the 400 shares that were sent, of 500 still wanted.

    100 fill 50 ticks beyond M* for 0.30 USD: 5,000 and 3,000 ticks.
    200 fill 40 beyond it with a rebate of 0.40 USD: 8,000 and -4,000. 12,000 over 300 shares are
    40 ticks, 0.4 bps. They move M* by 2 ticks while 400 are still wanted and by 1.5 while 200 are:
    1,100 over 400 sent is 2.75 ticks, 0.0275 bps.
    """
    first = Fill(100, at=50, m_star=0.0, fee_usd_micros=300_000, permanent=2.0)
    second = Fill(
        200, at=60, m_star=20.0, fee_usd_micros=-400_000, permanent=1.5, after_ns=3 * NS_PER_S
    )
    rows = rows_of(day_of([first, second], side=side))

    assert 1 == len(rows)
    assert pytest.approx(0.4) == rows.slippage_bps[0]
    assert 0.75 == rows.fill_frac[0]
    assert 0.251 == rows.time_to_fill_s[0]
    assert pytest.approx(0.0275) == rows.leakage_bps[0]
    assert (5, SENT_NS, 2, Tactic.POST, 400.0) == (
        rows.day[0], rows.at_ns[0], rows.venue_idx[0], rows.tactic[0], rows.weight[0],
    )  # fmt: skip
    assert np.arange(float(N_FEATURES)).tolist() == rows.features[0].tolist()
    assert ("by hand", HORIZON_NS) == (rows.origin, rows.horizon_ns)


@pytest.mark.parametrize("side", Side)
def test_a_good_price_is_a_negative_cost(side: Side) -> None:
    """30 ticks on our side of M*, without a fee, is 0.3 bps earned."""
    rows = rows_of(day_of([Fill(400, at=-10, m_star=20.0)], side=side))

    assert pytest.approx(-0.3) == rows.slippage_bps[0]
    assert 1.0 == rows.fill_frac[0]


def test_a_fill_of_more_than_is_wanted_causes_nothing_to_come() -> None:
    """A late fill may leave less than nothing of the parent: then nothing has to pay for it."""
    rows = rows_of(day_of([Fill(400, at=0, m_star=0.0, permanent=5.0)], leaves=300))

    assert 0.0 == rows.leakage_bps[0]


def test_nothing_filled_is_known_to_be_nothing() -> None:
    """No cost and no time, but a fraction and, since nothing was caused, a leakage."""
    rows = rows_of(day_of([]))

    assert math.isnan(rows.slippage_bps[0])
    assert math.isnan(rows.time_to_fill_s[0])
    assert (0.0, 0.0) == (rows.fill_frac[0], rows.leakage_bps[0])


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("after_ns", "seconds_later"),
    [(0, 40), (999_999_999, 40), (NS_PER_S, 41)],
    ids=["on the second", "just before the next", "on the next"],
)
def test_in_a_replay_the_midpoint_half_a_minute_later_stands_in(
    side: Side, after_ns: int, seconds_later: int
) -> None:
    """
    Sent at 10 s of the day and filled so much later: the midpoint in force at the last whole second
    that is not more than 30 s after the fill, and none before or after it. Nothing is caused.
    """
    mids = [MID + int(side) * 10 * (k + 1) for k in range(60)]  # after k seconds, 10 k ticks away
    fill = Fill(400, at=0, m_star=NAN, permanent=NAN, after_ns=after_ns)
    rows = rows_of(day_of([fill], side=side, mids=mids))

    assert pytest.approx(-0.01 * 10 * seconds_later) == rows.slippage_bps[0]
    assert 0.0 == rows.leakage_bps[0]


def test_where_the_day_ends_first_its_last_midpoint_stands_in() -> None:
    """And a second without a valid quote shows the midpoint before it."""
    mids = [MID + 10 * (k + 1) for k in range(20)]
    mids[19] = 0
    rows = rows_of(day_of([Fill(400, at=0, m_star=NAN)], mids=mids))

    assert pytest.approx(-1.9) == rows.slippage_bps[0]


def test_without_any_midpoint_that_of_the_decision_stands_in() -> None:
    """A market that closes at once says nothing about where the price went."""
    rows = rows_of(day_of([Fill(400, at=25, m_star=NAN)], mids=[]))

    assert pytest.approx(0.25) == rows.slippage_bps[0]


def test_a_child_that_was_sent_without_a_midpoint_teaches_nothing() -> None:
    """There is no price to be relative to."""
    day = day_of([Fill(400, at=0, m_star=0.0)])
    blind = day_of([Fill(400, at=0, m_star=0.0)], mid=0)

    assert 1 == len(dataset_of([(1, blind), (2, day)], "two days", horizon_ns=HORIZON_NS))
    with pytest.raises(DatasetError, match="none on 1 days"):
        rows_of(blind)


def test_an_outcome_that_is_known_too_late_is_a_mistake_of_ours() -> None:
    """A purge by a horizon that rows do not keep would let labels see the days held out."""
    on_time = Fill(400, at=0, m_star=NAN, after_ns=6 * NS_PER_S)
    too_late = Fill(400, at=0, m_star=NAN, after_ns=6 * NS_PER_S + 1)

    assert 1 == len(rows_of(day_of([on_time])))
    with pytest.raises(AssertionError, match=r"child 7 .* the split would leak"):
        rows_of(day_of([too_late]))
    too_late.m_star = 0.0  # known at once: 30 s less
    assert 1 == len(rows_of(day_of([too_late])))


def test_the_horizon_of_a_replay_covers_label_rest_and_latency() -> None:
    """
    30 s of label, the rest, 50 us of decision, and NYSE, the farthest: 350 us each way and 80 us of
    jitter, of which the slowest message has 12 at most. That is 2,670 us, to the nanosecond, and
    then up to the second.
    """
    ibm = read_scenario(SCENARIOS / "ibm-2013-replay.toml")
    just, over = Ns(5 * NS_PER_S - us(2_670)), Ns(5 * NS_PER_S - us(2_670) + 1)

    for rest_ns, expected_s in ((just, 35), (over, 36)):
        posts = RoutingConfig(post_rest_ns=rest_ns, mid_rest_ns=Ns(1))
        pegs = RoutingConfig(post_rest_ns=Ns(1), mid_rest_ns=rest_ns)
        assert expected_s * NS_PER_S == outcome_horizon_ns(ibm, posts)
        assert expected_s * NS_PER_S == outcome_horizon_ns(ibm, pegs)


def test_the_horizon_of_a_generated_market_is_the_rest_and_never_short() -> None:
    """M* is known at the fill, so half a minute covers every rest below it."""
    long_rest = RoutingConfig(post_rest_ns=Ns(60 * NS_PER_S))

    assert 30 * NS_PER_S == outcome_horizon_ns(plain_day(), RoutingConfig())
    assert 61 * NS_PER_S == outcome_horizon_ns(plain_day(), long_rest)


def test_the_slowest_message_is_within_the_horizon() -> None:
    """The horizon bounds delays by their mean and jitter; the simulator draws them from tables."""
    for path in sorted(SCENARIOS.glob("*.toml")):
        for venue in read_scenario(path).venues:
            far = venue.latency
            slowest_ns = latency_quantiles(far.order_in_us, far.order_in_jitter_us).max()
            assert slowest_ns <= 1_000 * (far.order_in_us + 8 * far.order_in_jitter_us)
