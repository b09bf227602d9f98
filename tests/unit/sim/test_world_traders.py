"""How the background trades: in bursts, by the hour, by the spread, for hours in one direction."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import NS_PER_MS, NS_PER_S, Ns, Side, TapeKind
from penstock.sim import Scenario, World
from penstock.sim.feed import quote_seen
from penstock.sim.layout import Rows
from tests.support.worlds import Client, child, plain_day

START_NS = plain_day().start_ns


def with_traders(duration_s: float, **tables: dict[str, Any]) -> Scenario:
    """The reference day, shortened, with other values in some of its tables."""
    day = plain_day(duration_s)
    changed = {
        name: msgspec.structs.replace(getattr(day, name), **keys) for name, keys in tables.items()
    }
    return msgspec.structs.replace(day, **changed)


SILENT: dict[str, Any] = {
    "noise_bps_per_sqrt_s": 0.0, "drift_sd_bps_per_s": 0.0, "jump_interval_s": 0.0
}  # fmt: skip
"""A price that nothing moves, so that nobody takes but who decides to."""

NO_IMPACT: dict[str, Any] = {"permanent_bps_per_adv_pct": 0.0, "transient_bps_per_adv_pct": 0.0}
STEADY: dict[str, Any] = {"busy_multiplier": 1.0, "informed_per_s": 0.0}
BURSTS: dict[str, Any] = {"excitation_frac": 0.6, "excitation_tau_s": 0.05}
PARENTS: dict[str, Any] = {
    "parents_per_hour": 60.0, "size_adv_frac": 0.0005, "child_gap_s": 4.0
}  # fmt: skip


def takers(scenario: Scenario, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Times and signs of the orders that took at lit venues; prints of one moment are one."""
    world = World(scenario, seed)
    times, signs = [], []
    while world.now_ns < scenario.end_ns:
        market, _ = world.advance(scenario.end_ns)
        rows = market.tape[market.lo : market.hi]
        rows = rows[(rows["kind"] == TapeKind.TRADE) & (rows["side"] != 0)]
        times.append(rows["event_ns"].astype(np.int64))
        signs.append(rows["side"].astype(np.int64))
    time_ns, sign = np.concatenate(times), np.concatenate(signs)
    order = np.argsort(time_ns, kind="stable")
    time_ns, first = np.unique(time_ns[order], return_index=True)
    return time_ns, sign[order][first]


def sign_correlation(sign: NDArray[np.int64], lag: int) -> float:
    """Autocorrelation of signs, mean zero taken as known."""
    return float((sign[lag:] * sign[:-lag]).mean())


def dispersion(time_ns: NDArray[np.int64], scenario: Scenario, window_s: int) -> float:
    """Variance over mean of counts in windows; 1 for a Poisson flow."""
    n_windows = int(scenario.scenario.duration_s) // window_s
    windows = (time_ns - scenario.start_ns) // (window_s * NS_PER_S)
    counts = np.bincount(windows[windows < n_windows], minlength=n_windows)
    return float(counts.var() / counts.mean())


def calm_prices(duration_s: float, **tables: dict[str, Any]) -> Scenario:
    """The same with a price that stands still."""
    return with_traders(duration_s, price=SILENT, impact=NO_IMPACT, **tables)


def test_excited_traders_come_in_bursts() -> None:
    """Var N / E N of a Hawkes flow tends to 1 / (1 - n)², here 6.25; a Poisson flow has 1."""
    calm = calm_prices(3_600.0, flow=STEADY)
    excited = calm_prices(3_600.0, flow=STEADY | BURSTS)

    calm_ns, _ = takers(calm, 1)
    excited_ns, _ = takers(excited, 1)

    assert dispersion(calm_ns, calm, 10) == pytest.approx(1.0, abs=0.2)
    assert dispersion(excited_ns, excited, 10) == pytest.approx(6.25, rel=0.3)
    assert np.median(np.diff(excited_ns)) < 0.5 * np.median(np.diff(calm_ns))


def test_excited_traders_take_as_often_as_the_file_says() -> None:
    """`market_per_s` is the rate of all market orders: fewer begin, and those bring the rest."""
    found = []
    for flow in (STEADY, STEADY | BURSTS):
        scenario = calm_prices(3_600.0, flow=flow)
        found.append(np.mean([len(takers(scenario, seed)[0]) for seed in (1, 2)]))

    assert found[0] == pytest.approx(found[1], rel=0.06)


def test_a_burst_has_one_side() -> None:
    """The sign that follows is mostly that of those it follows: real tapes have 0.4 to 0.5 here."""
    _, alone = takers(calm_prices(3_600.0, flow=STEADY), 2)
    _, crowd = takers(calm_prices(3_600.0, flow=STEADY | BURSTS), 2)

    assert sign_correlation(alone, 1) < 0.1
    assert 0.3 < sign_correlation(crowd, 1) < 0.6


def test_signs_are_remembered_for_long_where_parents_are_sliced() -> None:
    """After ten to forty orders signs still correlate; without parents not at all."""
    parents = {
        "parents_per_hour": 40.0,
        "size_adv_frac": 0.002,
        "child_gap_s": 0.5,
        "market_frac": 1.0,
    }
    lags = range(10, 40)

    _, alone = takers(calm_prices(3_600.0, flow=STEADY), 2)
    _, crowded = takers(calm_prices(3_600.0, flow=STEADY, others=PARENTS | parents), 2)

    assert abs(np.mean([sign_correlation(alone, lag) for lag in lags])) < 0.03
    assert np.mean([sign_correlation(crowded, lag) for lag in lags]) > 0.08


def test_volume_has_the_shape_of_a_u() -> None:
    """More at both ends of a session than in its middle, by about the multipliers."""
    flow = STEADY | {"open_multiplier": 3.0, "close_multiplier": 3.0, "shape_tau_s": 600.0}
    scenario = with_traders(3_600.0, flow=flow)

    time_ns, _ = takers(scenario, 1)

    first, *_, middle, _, _, last = np.histogram(
        time_ns, bins=np.linspace(scenario.start_ns, scenario.end_ns, 8)
    )[0]
    assert first > 1.4 * middle
    assert last > 1.4 * middle


def test_fewer_take_while_the_spread_is_wide() -> None:
    """The part v · (1 − 1 / s) posts inside instead of taking."""
    taken = []
    for weight in (0.0, 1.0):
        scenario = calm_prices(
            1_800.0,
            flow=STEADY | {"spread_weight_frac": weight},
            makers={"half_spread_increments": (2.0, 3.0, 4.0)},
        )
        venues = tuple(
            msgspec.structs.replace(
                venue, lit=msgspec.structs.replace(venue.lit, depth_increments=8.0)
            )
            if venue.lit is not None
            else venue
            for venue in scenario.venues
        )
        taken.append(len(takers(msgspec.structs.replace(scenario, venues=venues), 1)[0]))

    assert taken[1] < 0.85 * taken[0]


EVERYTHING = with_traders(
    600.0,
    flow=BURSTS
    | {"open_multiplier": 2.0, "spread_weight_frac": 0.5, "view_delay_us": 300.0}
    | {"informed_delay_us": 100.0},
    makers={"view_delay_us": 200.0},
    others=PARENTS | {"parents_per_hour": 120.0},
)


@pytest.mark.parametrize("seed", [1, 2])
def test_our_orders_move_no_draw_of_the_background(seed: int) -> None:
    """Paired worlds: bursts, parents and their slices come when they would without us."""
    alone, traded = Client(World(EVERYTHING, seed)), Client(World(EVERYTHING, seed))
    for step in range(100):
        ask_ticks = int(traded.world.state.touches["ticks"][-1])
        if ask_ticks:
            traded.send(child(step + 1, 3, Side.BUY, 2_000, ask_ticks + 300))
        alone.wait(1.0)
        traded.wait(1.0)

        mine, other = traded.world.state, alone.world.state
        first = int(mine.params["first_crowd_source"][0])
        assert other.streams.tolist() == mine.streams.tolist()
        assert other.clocks[first:].tolist() == mine.clocks[first:].tolist()
        assert other.world["excitement"].tolist() == mine.world["excitement"].tolist()
        assert other.others.tolist() == mine.others.tolist()
    assert alone.world.state_hash() != traded.world.state_hash()


def test_time_cut_differently_gives_the_same_world() -> None:
    """The same state hash after one call and after many, all mechanisms on."""
    whole, cut = World(EVERYTHING, 5), World(EVERYTHING, 5)
    while whole.now_ns < EVERYTHING.end_ns:
        whole.advance(EVERYTHING.end_ns)
    luck = np.random.default_rng(5)
    while cut.now_ns < EVERYTHING.end_ns:
        step_ns = int(luck.integers(1, 2 * NS_PER_S))
        cut.advance(Ns(min(EVERYTHING.end_ns, cut.now_ns + step_ns)))

    assert whole.state_hash() == cut.state_hash()
    assert whole.problems() == []


def next_parent_ns(world: World) -> int:
    """When the next of other people's parents arrives."""
    return int(world.state.world["next_parent_ns"][0])


def test_other_peoples_parents_leave_the_reference_price_a_fair_forecast() -> None:
    """
    M* jumps when a parent arrives, and has no drift while it is worked.

    Only parents move this market's price. Between arrivals M* stands still, to rounding, while the
    price itself goes where M* was; over many arrivals its mean change is zero within its interval.
    """
    scenario = with_traders(
        3_600.0,
        price=SILENT,
        flow={"informed_per_s": 0.0, "imbalance_weight_frac": 0.0},
        impact={"transient_bps_per_adv_pct": 0.0},
        others=PARENTS,
    )
    venues = tuple(
        msgspec.structs.replace(venue, lit=msgspec.structs.replace(venue.lit, market_per_s=0.0))
        if venue.lit is not None
        else venue
        for venue in scenario.venues
    )
    scenario = msgspec.structs.replace(scenario, venues=venues)
    jumps, n_still, moved_ticks = [], 0, 0.0
    for seed in range(1, 5):
        world = World(scenario, seed)
        before, arrives_ns = world.reference_price_ticks(), next_parent_ns(world)
        start_ticks = world.hidden().efficient_ticks
        while world.now_ns < scenario.end_ns:
            world.advance(Ns(world.now_ns + NS_PER_S))
            now = world.reference_price_ticks()
            if next_parent_ns(world) != arrives_ns:
                jumps.append(now - before)
            else:
                assert now == pytest.approx(before, abs=1e-6)
                n_still += 1
            before, arrives_ns = now, next_parent_ns(world)
        moved_ticks += abs(world.hidden().efficient_ticks - start_ticks)

    mean, error = np.mean(jumps), np.std(jumps) / np.sqrt(len(jumps))
    assert len(jumps) > 150
    assert n_still > 5_000
    assert moved_ticks > 0.0
    assert abs(mean) < 3.0 * error


def test_a_crowd_moves_the_reference_price_by_surprise_only() -> None:
    """Who follows the crowd is expected to: only 1 − s e of the volume counts, so drift is none."""
    scenario = with_traders(
        1_800.0, price=SILENT, flow=BURSTS | {"informed_per_s": 0.0, "excitation_same_frac": 1.0}
    )
    follows = []
    for seed in range(1, 5):
        world = World(scenario, seed)
        before = world.reference_price_ticks()
        sign = 0.0
        while world.now_ns < scenario.end_ns:
            state = world.state.world[0]
            sign = float(np.sign(state["excited_sign"])) if state["excitement"] > 0.1 else 0.0
            world.advance(Ns(world.now_ns + NS_PER_S // 20))
            now = world.reference_price_ticks()
            if sign:
                follows.append(sign * (now - before))
            before = now

    mean, error = np.mean(follows), np.std(follows) / np.sqrt(len(follows))
    assert len(follows) > 5_000
    assert abs(mean) < 3.0 * error


@pytest.mark.parametrize("delay_ms", [0, 1, 7, 40])
def test_a_late_view_is_the_quote_as_it_was(delay_ms: int) -> None:
    """Against the NBBO noted millisecond by millisecond, while there was a change to remember."""
    world = World(with_traders(20.0, price={"noise_bps_per_sqrt_s": 4.0}), 1)
    state, n_venues = world.state, len(world.state.venues)
    noted: list[list[int]] = []
    n_moved = 0
    for _ in range(5_000):
        world.advance(Ns(world.now_ns + NS_PER_MS))
        noted.append(state.touches["ticks"][n_venues * 2 : n_venues * 2 + 2].tolist())
        if len(noted) <= 40:
            continue
        seen = [
            seen_late(
                state.params, state.world, state.touches, state.nbbo, column,
                delay_ms * NS_PER_MS, world.now_ns,
            )
            for column in (0, 1)
        ]  # fmt: skip
        assert noted[-1 - delay_ms] == seen
        n_moved += noted[-1] != seen

    assert (n_moved > 0) == (delay_ms > 0)


@pytest.mark.parametrize(
    "role", [("flow", "view_delay_us"), ("flow", "informed_delay_us"), ("makers", "view_delay_us")]
)
def test_each_kind_of_trader_acts_on_quotes_of_its_own_age(role: tuple[str, str]) -> None:
    """Another age, another market; none is the default; and no draw more or less."""
    who, key = role
    now = World(with_traders(60.0, **{who: {key: 0.0}}), 1)
    late = World(with_traders(60.0, **{who: {key: 100_000.0}}), 1)
    base = World(with_traders(60.0), 1)
    for world in (now, late, base):
        world.advance(Ns(START_NS + 60 * NS_PER_S))

    assert base.state_hash() == now.state_hash()
    assert base.state_hash() != late.state_hash()
    assert base.state.streams.tolist() == late.state.streams.tolist()


@kernel
def seen_late(
    params: Rows, world: Rows, touches: Rows, nbbo: Rows, column: int, delay_ns: int, now_ns: int
) -> int:
    """What a trader with that delay sees; `quote_seen` itself is compiled into who calls it."""
    return int(quote_seen(params, world, touches, nbbo, column, delay_ns, now_ns))
