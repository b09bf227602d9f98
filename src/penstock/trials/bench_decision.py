"""Speed of a decision: from the event to the commands, with the record, in the real engine."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock import __version__
from penstock.domain import (
    NS_PER_S,
    CancelParent,
    ChildCancelled,
    Event,
    FeeSchedule,
    Instrument,
    NewParent,
    Ns,
    ParentOrder,
    SendChild,
    Shares,
    Side,
    TapeArray,
    TapeKind,
    Ticks,
    TradingDay,
    Universe,
    Venue,
    VenueKind,
    VenueUp,
    empty_tape,
    stream,
)
from penstock.engine import Engine, EngineParts, build_engine
from penstock.features import FEATURE_NAMES, FEATURES_VERSION, N_FEATURES, Scorecards, fill_features
from penstock.models import synthetic_model
from penstock.risk import RiskLimits
from penstock.routing import (
    Frame,
    RoutingConfig,
    StaticPolicy,
    SupervisedPolicy,
    resolve_waterfall,
)
from penstock.trials.host import Stamps

N_VENUES = 12
MESSAGES_PER_DECISION = 20
DAY_NS = 1_700_000_000 * NS_PER_S


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Quantiles of one measured step, microseconds."""

    p50_us: float
    p99_us: float
    p999_us: float
    n: int


class DecisionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What `penstock bench decision` reports."""

    decision: Latency  # NewParent in, commands and record out; collector on
    decision_gc_off: Latency
    features: Latency  # the feature matrix alone
    model: Latency  # the model alone, asked about every row
    market_batch: Latency  # MESSAGES_PER_DECISION messages into books and windows
    workload: str


class Stopwatch(NamedTuple):
    """Steps measured so far, nanoseconds."""

    decision: list[int]
    batch: list[int]


def bench_decision(clock_ns: Callable[[], int], n_decisions: int = 5_000) -> DecisionFigures:
    """
    Measure decisions on a busy book with an unsaturated clock.

    Between two decisions the market moves by MESSAGES_PER_DECISION messages, so that caches are as
    cold as a router's are; reports that clear the parent away are not measured.

    Args:
        clock_ns: a monotonic clock, passed in because only the edge may read one.
    """
    universe = bench_universe()
    config = RoutingConfig()
    model = synthetic_model(feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION)
    waterfall = resolve_waterfall((), universe)
    engine = build_engine(
        EngineParts(
            universe=universe,
            policy=SupervisedPolicy(model, waterfall, config),
            fallback=StaticPolicy(waterfall),
            code_version=__version__,
            limits=RiskLimits(messages_per_s=1_000_000_000),
        )
    )
    driver = _Driver(engine, universe)
    driver.run(200, clock_ns)  # compile and warm
    with_gc = driver.run(n_decisions, clock_ns)
    gc.disable()
    try:
        without_gc = driver.run(n_decisions, clock_ns)
    finally:
        gc.enable()
    features, predict = _parts(engine, universe, model, clock_ns, n_decisions)
    return DecisionFigures(
        decision=_latency(with_gc.decision),
        decision_gc_off=_latency(without_gc.decision),
        features=_latency(features),
        model=_latency(predict),
        market_batch=_latency(with_gc.batch),
        workload=(
            f"{N_VENUES} venues x 3 tactics = {N_VENUES * 3} rows, of which {N_VENUES * 2} can be "
            f"used (lit venues offer TAKE and POST); {N_FEATURES} features; synthetic forest, "
            "4 parts and 4 spreads, 80 trees of 31 leaves each; from NewParent to commands: "
            "ledger, risk, plan and record included, journal write excluded; "
            f"{MESSAGES_PER_DECISION} market messages between decisions"
        ),
    )


def bench_universe() -> Universe:
    """Twelve lit venues, one stock."""
    fees = FeeSchedule(
        effective_day=TradingDay(20200101),
        take_usd_micros=3000.0,
        make_usd_micros=-2000.0,
        midpoint_usd_micros=1000.0,
    )
    return Universe(
        day=TradingDay(20260302),
        instruments=(
            Instrument(
                instrument_idx=0,
                symbol="BNCH",
                increment_ticks=Ticks(100),
                adv_shares=Shares(5_000_000),
            ),
        ),
        venues=tuple(
            Venue(
                venue_idx=venue_idx,
                mic=f"X{venue_idx:03}",
                name=f"venue {venue_idx}",
                kind=VenueKind.EXCHANGE,
                fees=(fees,),
                is_protected=True,
            )
            for venue_idx in range(N_VENUES)
        ),
    )


class _Driver:
    """Feeds market data and parents, and clears away what they leave."""

    def __init__(self, engine: Engine, universe: Universe) -> None:
        self._engine = engine
        self._rng = stream(0, "bench/decision")
        self._now_ns = DAY_NS
        self._seq = 0
        self._venue_seq = np.zeros(len(universe.venues), np.int64)
        self._n_parents = 0
        for venue in universe.venues:
            self._engine.on_event(VenueUp(**self._stamps(), venue_idx=venue.venue_idx))
        opening = self._messages(40 * len(universe.venues))
        self._engine.on_market(opening, 0, len(opening))

    def run(self, n_decisions: int, clock_ns: Callable[[], int]) -> Stopwatch:
        """Measure so many decisions."""
        watch = Stopwatch([], [])
        for _ in range(n_decisions):
            batch = self._messages(MESSAGES_PER_DECISION)
            start_ns = clock_ns()
            self._engine.on_market(batch, 0, len(batch))
            watch.batch.append(clock_ns() - start_ns)
            event = self._parent()
            start_ns = clock_ns()
            commands = self._engine.on_event(event)
            watch.decision.append(clock_ns() - start_ns)
            self._clear(event, [c for c in commands if isinstance(c, SendChild)])
        return watch

    def _clear(self, event: NewParent, sent: list[SendChild]) -> None:
        cancel: Event = CancelParent(**self._stamps(), parent_id=event.order.parent_id)
        self._engine.on_event(cancel)
        for command in sent:
            order = command.order
            self._engine.on_event(
                ChildCancelled(**self._stamps(), child_id=order.child_id, venue_idx=order.venue_idx)
            )

    def _parent(self) -> NewParent:
        self._n_parents += 1
        stamps = self._stamps()
        order = ParentOrder(
            parent_id=self._n_parents,
            client="bench",
            instrument_idx=0,
            side=Side.BUY if self._n_parents % 2 else Side.SELL,
            size_shares=Shares(5_000),
            limit_ticks=None,
            arrival_ns=Ns(stamps["recv_ns"]),
            horizon_ns=Ns(60 * NS_PER_S),
        )
        return NewParent(**stamps, order=order)

    def _messages(self, n: int) -> TapeArray:
        rng, tape = self._rng, empty_tape(n)
        venues = rng.integers(0, N_VENUES, n)
        side = rng.choice([-1, 1], n)
        depth = rng.integers(1, 8, n)
        tape["venue_idx"], tape["side"] = venues, side
        tape["kind"] = np.where(rng.random(n) < 0.9, int(TapeKind.LEVEL), int(TapeKind.TRADE))
        tape["price_ticks"] = 1_000_000 - 100 * side * depth
        tape["shares"] = 100 * rng.integers(1, 10, n)
        self._now_ns += 1_000_000
        tape["event_ns"] = tape["recv_ns"] = self._now_ns + np.arange(n)
        for idx, venue_idx in enumerate(venues):
            self._venue_seq[venue_idx] += 1
            tape["seq"][idx] = self._venue_seq[venue_idx]
        self._now_ns += n
        return tape

    def _stamps(self) -> Stamps:
        self._seq += 1
        self._now_ns += 1_000
        now_ns = Ns(self._now_ns)
        return {"seq": self._seq, "event_ns": now_ns, "recv_ns": now_ns}


def _parts(
    engine: Engine, universe: Universe, model: Any, clock_ns: Callable[[], int], n: int
) -> tuple[list[int], list[int]]:
    """The feature matrix and the model by themselves, on the last decision's frame."""
    frame = Frame(len(universe.venues))
    scorecards = Scorecards(len(universe.venues))
    decided = engine.frame
    frame.situation[:] = decided.situation
    frame.rows[:] = decided.rows
    parts, sd = np.zeros((len(frame.rows), 4)), np.zeros((len(frame.rows), 4))
    features, predict = [], []
    for k in range(n + 100):
        start_ns = clock_ns()
        fill_features(engine.view, scorecards, frame.situation, frame.rows, frame.features)
        middle_ns = clock_ns()
        model.predict(frame.features, parts, sd)
        end_ns = clock_ns()
        if k >= 100:
            features.append(middle_ns - start_ns)
            predict.append(end_ns - middle_ns)
    return features, predict


def _latency(steps_ns: list[int]) -> Latency:
    values: NDArray[np.float64] = np.asarray(steps_ns, np.float64) / 1e3
    p50, p99, p999 = (float(q) for q in np.quantile(values, [0.5, 0.99, 0.999]))
    return Latency(p50_us=p50, p99_us=p99, p999_us=p999, n=len(values))
