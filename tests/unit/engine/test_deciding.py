"""One decision: what it knows, what it leaves behind, and that it knows nothing later."""

import numpy as np
import pytest

from penstock.domain import (
    SITUATION_DTYPE,
    DecisionRecord,
    Event,
    Exclusion,
    NewParent,
    Ns,
    ParentOrder,
    Record,
    ReplaceParent,
    Shares,
    Side,
    Tactic,
    TapeArray,
    Ticks,
    Timer,
    VenueUp,
)
from penstock.engine import Engine, EngineConfig, EngineParts
from penstock.engine.timers import Purpose
from penstock.features import N_FEATURES
from penstock.risk import RiskLimits
from penstock.routing import PRESETS, SweepPolicy
from tests.support.engines import (
    ASK,
    BID,
    START,
    NeedyPolicy,
    Rig,
    opening,
    quote,
    small_engine,
    small_universe,
    static_policy,
)
from tests.support.tapes import tape


def test_every_field_of_the_situation_is_what_its_name_says() -> None:
    """The engine writes it as one tuple: a field moved in the dtype would go unnoticed."""
    rig = Rig(NeedyPolicy(), limits=RiskLimits(collar_bps=50.0))
    rig.show(quote(1, Side.SELL, ASK, 700), quote(2, Side.BUY, BID, 300))
    rig.order(2_000, parent_id=7, limit=ASK)
    child = rig.sent[0]
    rig.show(*(quote(venue, Side.BUY, BID + 50, 10 * venue) for venue in (1, 2)))
    rig.fill(child, child.size_shares)
    (record,) = rig.all_of(Record)
    found = record.decision.situation_array()[0]
    weights = PRESETS["cost"]
    order = rig.parent(7).order
    expected = {
        "now_ns": rig.now,
        "arrival_ns": START,
        "deadline_ns": START + order.horizon_ns,
        "parent_id": 7,
        "parent_shares": 2_000,
        "filled_shares": 700,
        "leaves_shares": 1_300,
        "route_shares": 300,
        "worst_ticks": ASK,
        "increment_ticks": 100,
        "adv_shares": 2_000_000,
        "bid_ticks": BID + 50,
        "ask_ticks": ASK,
        "bid_shares": 30,
        "ask_shares": 1_700,
        "mid_ticks_x2": BID + 50 + ASK,
        "arrival_mid_ticks_x2": BID + ASK,
        "n_decisions": 1,
        "urgency_frac": 0.5,
        "footprint_shares": 700.0,
        "weight_slippage": weights.slippage,
        "weight_speed": weights.speed,
        "weight_certainty": weights.certainty,
        "weight_leakage": weights.leakage,
        "instrument_idx": 0,
        "side": 1,
        "has_limit": 1,
        "has_nbbo": 1,
        "must_complete": 0,
    }

    assert expected == {name: found[name] for name in SITUATION_DTYPE.names or ()}


def test_the_worst_price_is_the_collar_where_the_limit_is_wider() -> None:
    """A market order too has a worst price."""
    rig = Rig(SweepPolicy(), limits=RiskLimits(collar_bps=50.0))
    rig.order(100)
    (record,) = rig.all_of(Record)
    situation = record.decision.situation_array()[0]

    assert 0 == situation["has_limit"]
    assert 1_005_050 == situation["worst_ticks"]  # 100.005 USD and half a percent, rounded down


def test_features_are_recorded_for_a_policy_that_reads_them() -> None:
    """Exactly what the model saw is what training will see."""
    rig = Rig(NeedyPolicy())
    rig.order(100)
    (record,) = rig.all_of(Record)
    matrix = record.decision.feature_matrix(N_FEATURES)

    assert (9, N_FEATURES) == matrix.shape
    assert np.isfinite(matrix).all()


def test_a_policy_that_reads_no_features_records_none() -> None:
    """They would be those of an earlier decision."""
    rig = Rig(SweepPolicy())
    rig.order(100)
    (record,) = rig.all_of(Record)

    assert b"" == record.decision.features


def test_a_row_in_use_is_not_used_again() -> None:
    """A second child in the same row would be the first one's rival."""
    rig = Rig(steps=[("LIT1", "post"), ("LIT1", "take")])
    rig.order(10_000)
    rig.give(ReplaceParent, parent_id=1, size_shares=10_400, limit_ticks=None)
    (record,) = rig.all_of(Record)

    assert int(Exclusion.IN_USE) == record.decision.row_array()["excluded"][3 + int(Tactic.POST)]
    assert [Tactic.TAKE] == [child.tactic for child in rig.sent]


def test_attempts_are_written_into_the_rows_of_the_next_decision() -> None:
    """A policy sees what its parent has tried where."""
    rig = Rig(steps=[("LIT1", "take"), ("LIT1", "post")])
    (child,) = rig.order(1_500)
    sent_ns = rig.now
    rig.fill(child, 1_000)
    (record,) = rig.all_of(Record)
    row = record.decision.row_array()[3]

    assert (1, 1_000, 1_000, sent_ns) == tuple(
        row[name] for name in ("n_sent", "sent_shares", "filled_shares", "last_sent_ns")
    )


def events_of_a_short_day() -> list[Event]:
    """Venues up, then an order."""
    stamps = {"event_ns": Ns(START + 30), "recv_ns": Ns(START + 30)}
    order = ParentOrder(
        parent_id=1,
        client="acme",
        instrument_idx=0,
        side=Side.BUY,
        size_shares=Shares(5_000),
        limit_ticks=Ticks(ASK + 300),
        arrival_ns=Ns(START + 30),
        horizon_ns=Ns(60_000_000_000),
    )
    ups: list[Event] = [VenueUp(seq=v + 1, **stamps, venue_idx=v) for v in range(3)]
    return [*ups, NewParent(seq=4, **stamps, order=order)]


def moving_tape(n_messages: int = 40) -> TapeArray:
    """Changes of size one nanosecond apart."""
    return tape(
        [
            quote(1 + k % 2, Side.SELL, ASK + 100 * (k % 3), 100 + 13 * k, now=START + k)
            for k in range(n_messages)
        ]
    )


def decide(engine: Engine, rows: TapeArray, cuts: list[int]) -> DecisionRecord:
    """Market data up to the last cut, in batches, then the decision."""
    first = opening(small_universe())
    engine.on_market(first, 0, len(first))
    for lo, hi in zip([0, *cuts], cuts, strict=False):
        engine.on_market(rows, lo, hi)
    commands = [command for event in events_of_a_short_day() for command in engine.on_event(event)]
    (record,) = [command.decision for command in commands if isinstance(command, Record)]
    return record


def test_a_decision_does_not_depend_on_market_data_after_it() -> None:
    """The rows behind the last one received may say anything, in the same buffer or later."""
    rows, other = moving_tape(), moving_tape()
    other["price_ticks"][20:] = 5
    other["shares"][20:] = 10**9
    other["recv_ns"][20:] = START
    ours = decide(small_engine(small_universe(), NeedyPolicy()), rows, [20])
    engine = small_engine(small_universe(), NeedyPolicy())
    theirs = decide(engine, other, [20])
    kept = theirs.sha256()
    engine.on_market(rows, 30, 40)

    assert ours.sha256() == kept
    assert kept == theirs.sha256()


def test_a_decision_does_depend_on_market_data_before_it() -> None:
    """Else the test above could not fail."""
    ours = decide(small_engine(small_universe(), NeedyPolicy()), moving_tape(), [20])
    theirs = decide(small_engine(small_universe(), NeedyPolicy()), moving_tape(), [21])

    assert ours.sha256() != theirs.sha256()


@pytest.mark.parametrize("cuts", [[1, 30], [7, 8, 9, 30], list(range(1, 31))])
def test_a_decision_does_not_depend_on_how_market_data_came_in(cuts: list[int]) -> None:
    """One batch or many: time is what messages say."""
    whole = decide(small_engine(small_universe(), NeedyPolicy()), moving_tape(), [30])
    parts = decide(small_engine(small_universe(), NeedyPolicy()), moving_tape(), cuts)

    assert whole.sha256() == parts.sha256()


def test_events_must_not_run_backwards() -> None:
    """The host's bug: the process stops rather than decide in the past."""
    rig = Rig()
    with pytest.raises(AssertionError, match="older than the last event"):
        rig.give(Timer, -1, timer_id=1)


def parts(**other: object) -> EngineParts:
    """Of an engine that differs in one thing."""
    universe = small_universe()
    policy = static_policy(universe)
    settings = {"universe": universe, "policy": policy, "fallback": policy, "code_version": "1"}
    return EngineParts(**(settings | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"engine": EngineConfig(retry_ns=Ns(1))},
        {"limits": RiskLimits(order_shares=1)},
        {"weights": {}},
        {"universe": small_universe(4)},
    ],
)
def test_every_setting_is_in_the_config_hash(other: dict[str, object]) -> None:
    """Two decisions under different settings must be told apart."""
    assert parts().config_sha256 != parts(**other).config_sha256
    assert parts().config_sha256 == parts().config_sha256


def test_the_state_hash_knows_which_policy_decides() -> None:
    """Two waterfalls of the same name are two policies."""
    one = Rig(steps=[("LIT1", "take")])
    two = Rig(steps=[("LIT2", "take")])

    assert one.engine.state_hash() != two.engine.state_hash()


def test_the_state_hash_knows_what_has_been_numbered() -> None:
    """A timer that has come back leaves no trace but the next timer's number."""
    one, two = Rig(), Rig()
    timers = two.engine._core.timers
    timers.take(timers.set(Purpose.RETRY, 1))

    assert one.engine.state_hash() != two.engine.state_hash()
