"""Speed of the simulated market: four lit venues and two pools, alone and while quoting."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final

import msgspec

from penstock._kernels import kernel
from penstock.domain import NS_PER_S, Ns
from penstock.sim import Scenario, World
from penstock.sim.build import FIRST_CHILDREN
from penstock.sim.codes import CANCEL, NO_REASON, SEND, int64
from penstock.sim.desk import post
from penstock.sim.layout import WorldState
from penstock.sim.loop import run_on
from penstock.sim.scenario.tables import (
    About,
    Fees,
    InstrumentTable,
    Latency,
    VenueTable,
)
from penstock.sim.scenario.traders import (
    LitFlow,
    PoolFlow,
)

_DAY: Final = int64(0)
_ZERO: Final = int64(0)
_STEP_NS: Final = 60 * NS_PER_S  # a caller looks once a simulated minute: calls cost nothing then


class WorldWorkload(msgspec.Struct, frozen=True, kw_only=True):
    """What runs. The defaults are the workload of the published figures."""

    duration_s: float = 3_600.0
    quoting_duration_s: float = 600.0
    quote_every_ns: int = 500_000
    seed: int = 1


class WorldFigure(msgspec.Struct, frozen=True, kw_only=True):
    """
    One measurement: the median over runs.

    An event is one thing that happens in the loop: a trader's order, cancel, look or move, a step
    of the price, a command of ours. Not all change a book, so those are counted besides.
    """

    events_per_s: float
    book_changes_per_s: float
    messages_per_s: float
    ns_per_event: float
    n_events: int
    n_runs: int
    simulated_s: float


class WorldFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The whole simulator, without and with a client that posts and cancels, and a shipped day."""

    world: WorldFigure
    world_quoting: WorldFigure
    world_shipped: WorldFigure | None  # with all that its file asks for
    workload: WorldWorkload


def bench_world(
    clock_ns: Callable[[], int],
    workload: WorldWorkload | None = None,
    n_runs: int = 5,
    shipped: Scenario | None = None,
) -> WorldFigures:
    """
    Run a generated day `n_runs` times, a shorter one with a quoting client, and `shipped` if any.

    Measured: everything that the world does, market data and reports written out, on one core.
    Left out: building and warming up a world, compiling, and any router.
    """
    workload = workload or WorldWorkload()
    alone, quoting, others = [], [], []
    _alone(clock_ns, bench_scenario(60.0), workload.seed)  # compiles, and warms the caches
    _quoting(clock_ns, workload, 1.0)
    for _ in range(n_runs):
        alone.append(_alone(clock_ns, bench_scenario(workload.duration_s), workload.seed))
        quoting.append(_quoting(clock_ns, workload, workload.quoting_duration_s))
        if shipped is not None:
            others.append(_alone(clock_ns, shipped, workload.seed))
    return WorldFigures(
        world=_middle(alone),
        world_quoting=_middle(quoting),
        world_shipped=_middle(others) if others else None,
        workload=workload,
    )


def bench_scenario(duration_s: float) -> Scenario:
    """Four lit venues and two dark pools of a liquid stock, delays and fees and reactions on."""
    rates = ((24.0, 1.0, 400.0), (20.0, 0.8, 300.0), (16.0, 0.5, 200.0), (12.0, 0.4, 100.0))
    fees = Fees(take_usd=0.003, make_usd=-0.002, midpoint_usd=0.001)
    lit = tuple(
        VenueTable(
            mic=f"LIT{i}",
            name=f"exchange {i}",
            kind="exchange",
            protected=True,
            fees=fees,
            latency=_latency(100.0 + 40.0 * i),
            lit=LitFlow(
                add_per_s=add,
                market_per_s=market,
                order_life_s=5.0,
                add_shares=150.0,
                market_shares=200.0,
                hidden_frac=0.1,
                maker_shares=shares,
            ),
        )
        for i, (add, market, shares) in enumerate(rates)
    )
    pools = tuple(
        VenueTable(
            mic=f"DRK{i}",
            name=f"pool {i}",
            kind="dark",
            fees=fees,
            latency=_latency(200.0),
            pool=PoolFlow(
                nbbo_delay_us=200.0,
                interest_per_s=0.1,
                interest_shares=400.0,
                interest_life_s=40.0,
                contra_per_s=0.1,
                contra_shares=200.0,
                leak_prob=0.2,
                leak_max_bps=2.0,
            ),
        )
        for i in range(2)
    )
    return Scenario(
        scenario=About(
            name="bench",
            description="four lit venues and two pools",
            mode="generated",
            day=20260302,
            duration_s=duration_s,
        ),
        instrument=InstrumentTable(
            symbol="BENCH", price_usd=100.0, increment_usd=0.01, adv_shares=10_000_000
        ),
        venues=lit + pools,
    )


def _latency(mean_us: float) -> Latency:
    return Latency(
        order_in_us=mean_us,
        ack_us=mean_us,
        market_data_us=mean_us,
        order_in_jitter_us=0.2 * mean_us,
        ack_jitter_us=0.2 * mean_us,
        market_data_jitter_us=0.2 * mean_us,
    )


def _alone(clock_ns: Callable[[], int], scenario: Scenario, seed: int) -> tuple[World, int, int]:
    """A finished day, how long it took, and how many messages it published."""
    world = World(scenario, seed)
    n_messages = 0
    started_ns = clock_ns()
    while world.now_ns < scenario.end_ns:
        batch, _ = world.advance(Ns(min(world.now_ns + _STEP_NS, scenario.end_ns)))
        n_messages += batch.hi - batch.lo
    return world, clock_ns() - started_ns, n_messages


def _quoting(
    clock_ns: Callable[[], int], workload: WorldWorkload, duration_s: float
) -> tuple[World, int, int]:
    """The same with a client in compiled code: the market is measured, not the client."""
    scenario = bench_scenario(duration_s)
    world = World(scenario, workload.seed)
    state = world.state
    started_ns = clock_ns()
    n_messages = quote_until(state, scenario.end_ns, workload.quote_every_ns)
    return world, clock_ns() - started_ns, n_messages


@kernel
def quote_until(state: WorldState, until_ns: int, every_ns: int) -> int:
    """
    Post one bid of 100 shares an increment behind the best, cancel the one before, and so on.

    Reads and forgets all reports. Rows of `children` are used in turn; at this pace an order is
    over long before its row comes again. Returns the number of messages published.
    """
    world, children = state.world, state.children
    n_venues = state.params[0].n_venues
    n_messages = 0
    n_posted = 0
    next_ns = world[0].now_ns
    while world[0].now_ns < until_ns:
        child = n_posted % FIRST_CHILDREN
        children[child].child_id = n_posted + 1
        children[child].venue_idx = 0
        children[child].side = 1
        children[child].size_shares = 100
        children[child].filled_shares = 0
        children[child].limit_ticks = (
            state.touches[n_venues * 2].ticks - state.params[0].increment_ticks
        )
        children[child].min_shares = 0
        children[child].tif = _DAY
        children[child].is_midpoint = 0
        children[child].state = 0
        post(state, SEND, _ZERO, n_posted + 1, child, _ZERO, _ZERO, NO_REASON)
        if n_posted > 0:
            last = (n_posted - 1) % FIRST_CHILDREN
            post(state, CANCEL, _ZERO, n_posted, last, _ZERO, _ZERO, NO_REASON)
        n_posted += 1
        next_ns = min(until_ns, next_ns + every_ns)
        while world[0].now_ns < next_ns:
            run_on(state, next_ns)
            n_messages += world[0].tape_ready
            world[0].audit_n = 0
            lo = world[0].reports_lo
            while lo < world[0].reports_n and state.reports[lo].recv_ns <= world[0].now_ns:
                lo += 1
            world[0].reports_lo = lo
    return n_messages


def _middle(runs: list[tuple[World, int, int]]) -> WorldFigure:
    """The median run. All do the same work, so only their times differ."""
    world, _, n_messages = runs[0]
    took_s = median(took_ns for _, took_ns, _ in runs) / NS_PER_S
    return WorldFigure(
        events_per_s=world.n_events / took_s,
        book_changes_per_s=world.n_book_changes / took_s,
        messages_per_s=n_messages / took_s,
        ns_per_event=took_s / world.n_events * NS_PER_S,
        n_events=world.n_events,
        n_runs=len(runs),
        simulated_s=world.scenario.scenario.duration_s,
    )
