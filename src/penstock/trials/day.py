"""One day of one policy in one market: the same engine as live, and what it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock import __version__
from penstock.domain import (
    BPS_PER_UNIT,
    NS_PER_S,
    USD_MICROS_PER_TICK,
    Liquidity,
    Universe,
    fees_on,
    seconds,
)
from penstock.engine import Engine, EngineConfig, EngineParts, Sequencer, build_engine
from penstock.features import N_FEATURES
from penstock.journal import JournaledEngine, JournalWriter
from penstock.routing import Policy, RoutingConfig
from penstock.sim import Scenario, ScriptArray, World
from penstock.tca import Execution, shortfall
from penstock.trials.host import Host, Listener
from penstock.trials.insider_columns import HiddenColumns
from penstock.trials.parents import parents_of_day
from penstock.trials.recording import ChildRecorder, ParentDiary, ParentRecorder


class ParentCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one parent cost, in bps of the whole order at the arrival midpoint."""

    parent_id: int
    shortfall_bps: float
    reference_bps: float  # against the market's reference price; NaN where it has none
    leakage_bps: float  # own lasting impact on what was still to do; NaN as above
    fees_bps: float
    filled_frac: float
    duration_s: float
    n_children: int
    n_decisions: int


class Setting(NamedTuple):
    """A market to run days in: a scenario, and for a replay the flow that drives it."""

    scenario: Scenario
    script: ScriptArray | None = None


class Day(NamedTuple):
    """A finished day."""

    costs: list[ParentCost]
    children: ChildRecorder
    audit: NDArray[Any]
    mid_ticks_x2: NDArray[np.int64]  # as the engine saw it, once a second from the start
    start_ns: int
    state_hash: str
    n_events: int
    n_unmeasured: int  # parents without a cost: no midpoint when they came, or no end in the day


def run_day(
    setting: Setting,
    seed: int,
    policy: Policy,
    fallback: Policy,
    *,
    routing: RoutingConfig | None = None,
    truth: HiddenColumns | None = None,
    journal: Path | None = None,
    journal_context: dict[str, Any] | None = None,
) -> Day:
    """
    Run every parent of the day through a fresh engine in a fresh market.

    The same arguments give the same day, to the bit; `state_hash` covers engine and market.

    Args:
        truth: what an insider's policy reads the day's world through; None for everybody else.
    """
    scenario = setting.scenario
    sequencer = Sequencer()
    world = World(scenario, seed, sequencer, setting.script)
    if truth is not None:
        truth.meet(world)
    engine = engine_of(world.universe, policy, fallback, routing)
    parents = ParentRecorder(engine, mean_take_fee_ticks(world.universe), world)
    children = ChildRecorder(N_FEATURES)
    if journal is None:
        mids = _drive(world, engine, engine, sequencer, scenario, seed, (parents, children))
    else:
        with JournalWriter.create(journal, journal_context or {}) as writer:
            journaled = JournaledEngine(engine, writer)
            mids = _drive(world, engine, journaled, sequencer, scenario, seed, (parents, children))
    audit = world.audit()
    if scenario.scenario.mode == "replay":
        # A recorded day knows midpoints, but not what was on its way: no M* to measure against, and
        # nothing that we could have moved.
        audit["reference_ticks"] = audit["permanent_ticks"] = np.nan
        for diary in parents.diaries.values():
            diary.end_reference_ticks = math.nan
    costs = _costs(parents, audit)
    return Day(
        costs=costs,
        children=children,
        audit=audit,
        mid_ticks_x2=mids,
        start_ns=scenario.start_ns,
        state_hash=f"{engine.state_hash()[:32]}{world.state_hash()[:32]}",
        n_events=world.n_events,
        n_unmeasured=scenario.parents.n_per_day - len(costs),
    )


def engine_of(
    universe: Universe, policy: Policy, fallback: Policy, routing: RoutingConfig | None = None
) -> Engine:
    """The engine of a trial: default settings but for routing, this policy."""
    return build_engine(
        EngineParts(
            universe=universe,
            policy=policy,
            fallback=fallback,
            code_version=__version__,
            engine=EngineConfig(),
            routing=routing or RoutingConfig(),
        )
    )


def _drive(
    world: World,
    engine: Engine,
    taker: Engine | JournaledEngine,
    sequencer: Sequencer,
    scenario: Scenario,
    seed: int,
    listeners: Sequence[Listener],
) -> NDArray[np.int64]:
    host = Host(world, taker, sequencer, listeners)
    host.connect(len(world.universe.venues))
    for order in parents_of_day(scenario, seed):
        host.book_parent(order)
    mids = []
    for until_ns in range(scenario.start_ns + NS_PER_S, scenario.end_ns + 1, NS_PER_S):
        host.run(until_ns)
        mids.append(engine.view.touch(0).mid_ticks_x2)
    return np.array(mids, np.int64)


def mean_take_fee_ticks(universe: Universe) -> float:
    """What taking a share costs at the lit venues, on average."""
    fees = [
        fees_on(venue.fees, universe.day).per_share_usd_micros(Liquidity.TAKE)
        for venue in universe.venues
        if venue.kind.is_lit
    ]
    return sum(fees) / len(fees) / USD_MICROS_PER_TICK


def _costs(parents: ParentRecorder, audit: NDArray[Any]) -> list[ParentCost]:
    truths: dict[int, list[Any]] = {}
    for row in audit:
        truths.setdefault(parents.parent_of_child[int(row["child_id"])], []).append(row)
    return [
        _cost(diary, truths.get(parent_id, []))
        for parent_id, diary in sorted(parents.diaries.items())
        if diary.execution is not None and diary.arrival_mid_ticks_x2 > 0
    ]


def _cost(diary: ParentDiary, truths: list[Any]) -> ParentCost:
    execution = diary.execution
    assert execution is not None
    parts = shortfall(execution)
    reference_bps, leakage_bps = _against_reference(execution, diary.end_reference_ticks, truths)
    return ParentCost(
        parent_id=execution.parent_id,
        shortfall_bps=parts.total_bps,
        reference_bps=reference_bps,
        leakage_bps=leakage_bps,
        fees_bps=parts.fees_bps,
        filled_frac=execution.filled_shares / execution.size_shares,
        duration_s=seconds(execution.end_ns - execution.arrival_ns),
        n_children=execution.n_children,
        n_decisions=execution.n_decisions,
    )


def _against_reference(
    execution: Execution, end_reference_ticks: float, truths: list[Any]
) -> tuple[float, float]:
    """
    Cost against the price that each execution should have had, and the part that we caused.

        sum of shares * side * (price - M*)  +  own lasting impact * shares still to do
        + fees + side * unfilled * (clean_up - M* at the end)

    M* is the market's reference price: what is left of the price's path after it has no mean, so
    nothing is lost by leaving it out, and most of the noise is gone. NaN where there is no M*.
    """
    if math.isnan(end_reference_ticks):
        return math.nan, math.nan
    side = int(execution.side)
    value_ticks = execution.size_shares * (execution.arrival_mid_ticks_x2 / 2)
    left_shares = int(execution.size_shares)
    paid_ticks = caused_ticks = 0.0
    for row in truths:
        shares = int(row["size_shares"])
        left_shares -= shares
        paid_ticks += shares * side * (float(row["price_ticks"]) - float(row["reference_ticks"]))
        caused_ticks += side * float(row["permanent_ticks"]) * max(0, left_shares)
    if left_shares > 0:
        paid_ticks += left_shares * side * (execution.clean_up_ticks - end_reference_ticks)
    fees_ticks = execution.fees_usd_micros / USD_MICROS_PER_TICK
    total_ticks = paid_ticks + caused_ticks + fees_ticks
    scale = BPS_PER_UNIT / value_ticks
    return scale * total_ticks, scale * caused_ticks
