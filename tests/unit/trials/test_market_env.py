"""The bare market as an environment: what an agent is told, what it pays, and that it repeats."""

from __future__ import annotations

import hashlib
from typing import Any

import gymnasium
import msgspec
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from numpy.typing import NDArray

from penstock.book import Books
from penstock.domain import NS_PER_S, ConfigError, InputError, Ns
from penstock.sim import World
from penstock.sim.scenario.phases import Auctions
from penstock.trials.day import mean_take_fee_ticks
from penstock.trials.environments import MARKET_ID, MarketEnv, MarketTask, MarketVectorEnv
from penstock.trials.environments.market_layout import (
    CANCEL,
    LOTS,
    N_BESIDES,
    N_PER_VENUE,
    POST,
    TAKE,
    WAIT,
)
from tests.support.worlds import SCENARIOS, plain_day, quiet_market

DAY = plain_day(600.0)
SHORT = MarketTask(n_steps=60)
PINT, PDRK, PECN, PNYA, PNYB = range(5)
WAITING = np.array([WAIT, 0, 0])


def random_actions(n: int, seed: int = 0) -> NDArray[np.int64]:
    """As an agent without a plan would act, shape (n, 3)."""
    return np.random.default_rng(seed).integers(0, [4, 5, len(LOTS)], size=(n, 3))


def run(env: MarketEnv, actions: NDArray[np.int64], seed: int) -> tuple[str, list[float]]:
    """Digest of all that the agent was told, and the rewards; goes on with the next parent."""
    observation, _ = env.reset(seed=seed)
    digest, rewards = hashlib.sha256(observation.tobytes()), []
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        digest.update(observation.tobytes() + repr((reward, terminated, truncated, info)).encode())
        rewards.append(reward)
        if terminated or truncated:
            digest.update(env.reset()[0].tobytes())
    return digest.hexdigest() + env.floor.state_hash(0), rewards


def test_gymnasium_finds_nothing_to_complain_of() -> None:
    """Learning libraries rely on the interface; any warning fails here."""
    check_env(gymnasium.make(MARKET_ID, scenario=DAY, task=SHORT).unwrapped)


def test_same_seed_and_actions_same_trajectory() -> None:
    """To the bit, and across the parents of a day: a result can be shown again."""
    actions = random_actions(300)
    one = run(MarketEnv(DAY, SHORT), actions, 7)
    env = MarketEnv(DAY, SHORT)
    run(env, random_actions(100, seed=1), 8)

    assert one == run(env, actions, 7)
    assert one[0] != run(env, actions, 8)[0]


@pytest.mark.parametrize("step_events", [1, 50])
def test_a_step_lasts_as_many_events_as_the_task_says(step_events: int) -> None:
    """The unit of the speed figures."""
    env = MarketEnv(DAY, MarketTask(step_events=step_events))
    env.reset(seed=1)
    before = env.floor.world(0).n_events
    for action in random_actions(20):
        env.step(action)

    assert 20 * step_events == env.floor.world(0).n_events - before


def test_a_step_lasts_as_long_as_the_task_says() -> None:
    """Where time decides, activity does not."""
    env = MarketEnv(DAY, MarketTask(step_events=0, step_ms=250.0))
    env.reset(seed=1)
    before_ns = env.floor.world(0).now_ns
    for action in random_actions(20):
        env.step(action)

    assert 5_000_000_000 == env.floor.world(0).now_ns - before_ns


def test_the_agent_sees_what_a_router_sees() -> None:
    """
    The touches of an observation are those of books built from the messages that had arrived, no
    later ones: another world of the same seed, stopped at the same moment, has handed over these.
    """
    env = MarketEnv(DAY, SHORT)
    env.reset(seed=3)
    for _ in range(40):
        observation = env.step(WAITING)[0]
    world = World(DAY, 3)
    books = Books(1, 5, np.array([venue.protected for venue in DAY.venues]))
    while world.now_ns < env.floor.world(0).now_ns:
        batch, _ = world.advance(env.floor.world(0).now_ns)
        books.apply(batch.tape, batch.lo, batch.hi)

    quote = books.nbbo[0]
    mid_ticks = (int(quote["bid_ticks"]) + int(quote["ask_ticks"])) / 2
    for venue_idx in (PECN, PNYA, PNYB):
        at = venue_idx * N_PER_VENUE
        for column in (0, 1):
            n_levels = books.meta[venue_idx][("n_bids", "n_asks")[column]]
            ticks, shares = books.levels[venue_idx, column, n_levels - 1]
            expected = [(ticks - mid_ticks) / 100, np.log1p(shares / 100)]
            found = observation[at + 1 + 2 * column : at + 3 + 2 * column]
            np.testing.assert_allclose(expected, found, rtol=1e-6)
        assert 1.0 == observation[at]
    assert 0.0 == observation[PDRK * N_PER_VENUE]  # a pool shows nothing


@pytest.mark.parametrize("seed", range(4))
def test_rewards_add_up_to_the_cost_of_the_parent(seed: int) -> None:
    """
    Slowly and from the audit: what was paid against M*, fees, what we caused, and the rest taken
    from the far side at the end. The sum over steps must not depend on where steps are cut.
    """
    env = MarketEnv(DAY, SHORT)
    env.reset(seed=seed)
    total, is_over = 0.0, False
    info: dict[str, Any] = {}
    actions = iter(random_actions(60, seed))
    while not is_over:
        _, reward, is_over, _, info = env.step(next(actions))
        total += reward

    assert info["filled_shares"] > 0
    assert -total == pytest.approx(info["cost_bps"])
    assert -total == pytest.approx(slow_cost_bps(env, info))


def slow_cost_bps(env: MarketEnv, info: dict[str, Any]) -> float:
    """The cost of the parent that has just ended, from the world's audit."""
    world, agent = env.floor.world(0), env.floor.desk.agents[0]
    side, owed = info["side"], info["size_shares"]
    cost_ticks = 0.0
    for row in world.audit():
        venue = world.universe.venues[int(row["venue_idx"])]
        fee = ("take_usd_micros", "make_usd_micros", "midpoint_usd_micros")[row["liquidity"]]
        fee_ticks = getattr(venue.fees[0], fee) / 100
        owed -= int(row["size_shares"])
        cost_ticks += row["size_shares"] * (
            side * (row["price_ticks"] - row["reference_ticks"]) + fee_ticks
        )
        cost_ticks += side * row["permanent_ticks"] * owed
    far_ticks = agent["ask_ticks"] if side > 0 else agent["bid_ticks"]
    rest_ticks = side * (far_ticks - world.reference_price_ticks())
    cost_ticks += owed * (rest_ticks + mean_take_fee_ticks(world.universe))
    return float(1e4 * cost_ticks / (info["size_shares"] * int(agent["arrival_mid_x2"]) / 2))


def test_never_more_at_work_than_is_left() -> None:
    """However an agent acts, it cannot buy more than it was asked to."""
    env = MarketEnv(DAY, MarketTask(n_steps=400))
    env.reset(seed=5, options={"size_shares": 3_000, "side": 1})
    agent = env.floor.desk.agents[0]
    for action in random_actions(400, seed=5):
        _, _, terminated, _, _ = env.step(action)
        assert 0 <= agent["live_shares"] <= agent["left_shares"]
        assert 3_000 - agent["left_shares"] == env.floor.desk.filled_shares[0].sum()
        if terminated:
            break

    assert 0 == agent["left_shares"] == agent["owed_shares"]
    assert 3_000 == env.floor.world(0).audit()["size_shares"].sum()


def test_what_is_posted_rests_until_it_is_cancelled() -> None:
    """Seen in the observation: our open shares at the venue, then none."""
    env = MarketEnv(DAY, MarketTask(step_events=5))
    env.reset(seed=1, options={"size_shares": 10_000, "side": 1})
    own = PNYA * N_PER_VENUE + 5
    posted = env.step(np.array([POST, PNYA, 4]))[0]
    env.step(np.array([CANCEL, PNYA, 0]))
    for _ in range(10):
        after = env.step(WAITING)[0]

    assert posted[own] == pytest.approx(0.2)
    assert posted[-1] == pytest.approx(31 / 32)
    assert 0.0 == after[own]
    assert 1.0 == after[-1]
    assert 0 == env.floor.desk.agents[0]["n_refused"]


def test_an_action_that_cannot_be_carried_out_is_counted() -> None:
    """Not an error: an agent learns from it that nothing came of it."""
    env = MarketEnv(DAY, SHORT)
    env.reset(seed=1, options={"size_shares": 100})
    env.step(np.array([CANCEL, PNYA, 0]))
    env.step(np.array([TAKE, PDRK, 0]))  # one lot is under way or rejected; none is left to send
    env.step(np.array([POST, PNYA, 0]))

    assert env.floor.desk.agents[0]["n_refused"] >= 1


def test_an_episode_ends_with_the_horizon() -> None:
    """The rest is charged then, at the far side of the market: waiting is no way out."""
    env = MarketEnv(DAY, SHORT)
    env.reset(seed=1)
    for step in range(1, 61):
        _, reward, terminated, truncated, info = env.step(WAITING)
        assert (step == 60) == terminated
        assert not truncated
        assert (step < 60) == (reward == 0.0)

    assert info["cost_bps"] > 0.0
    assert 0 == info["filled_shares"]


def test_a_parent_that_the_day_cuts_short_is_truncated() -> None:
    """And charged like any other."""
    env = MarketEnv(plain_day(10.0), MarketTask(n_steps=10_000))
    env.reset(seed=1)
    terminated = truncated = False
    while not (terminated or truncated):
        _, reward, terminated, truncated, _ = env.step(WAITING)

    assert (False, True) == (terminated, truncated)
    assert reward != 0.0


def test_a_day_goes_on_from_parent_to_parent() -> None:
    """And the next day begins when it has no time left."""
    env = MarketEnv(plain_day(60.0), SHORT)
    env.reset(seed=1)
    world, now_ns, n_parents = env.floor.world(0), 0, 1
    while env.floor.world(0) is world:
        assert n_parents < 100
        now_ns = world.now_ns
        env.reset()
        n_parents += 1

    assert n_parents > 50
    assert env.floor.world(0).now_ns < now_ns


def test_a_vector_is_its_environments_to_the_bit() -> None:
    """Next-step autoreset: the step after an end starts the next parent, with reward 0."""
    n = 3
    vector = MarketVectorEnv(n, DAY, SHORT)
    envs = [MarketEnv(DAY, SHORT) for _ in range(n)]
    batch, _ = vector.reset(seed=11)
    for w, env in enumerate(envs):
        np.testing.assert_array_equal(env.reset(seed=11 + w)[0], batch[w])
    over = [False] * n
    for actions in random_actions(200 * n, seed=2).reshape(200, n, 3):
        batch, rewards, terminated, truncated, info = vector.step(actions)
        for w, env in enumerate(envs):
            if over[w]:
                one: Any = (env.reset()[0], 0.0, False, False, {})
            else:
                one = env.step(actions[w])
            np.testing.assert_array_equal(one[0], batch[w])
            assert one[1:4] == (rewards[w], terminated[w], truncated[w])
            over[w] = one[2] or one[3]
            if over[w]:
                assert one[4]["cost_bps"] == info["account"]["cost_bps"][w]

    assert [env.floor.state_hash(0) for env in envs] == [
        vector.floor.state_hash(w) for w in (0, 1, 2)
    ]


def test_gymnasium_makes_the_vector_too() -> None:
    """By the same name, so that a user needs no import of ours beyond the package."""
    made = gymnasium.make_vec(
        MARKET_ID, num_envs=2, vectorization_mode="vector_entry_point", scenario=DAY, task=SHORT
    )
    observations, _ = made.reset(seed=1)

    assert (2, 5 * N_PER_VENUE + N_BESIDES) == observations.shape
    assert made.observation_space.contains(observations)


OUTSIDE = (
    [4, 0, 0],
    [1, 5, 0],
    [1, 0, 5],
    [-1, 0, 0],
    [1.5, 0.0, 0.0],
    [1.0, 0.0, 0.0],
    [float("nan"), 0.0, 0.0],
    [2**70, 0, 0],
    [1, None, 0],
    [1, 0],
    [[1, 0, 0]],
    [[1], 0, 0],
    "sell",
    1,
    None,
)


def test_an_action_outside_its_space_is_refused() -> None:
    """The kernels index arrays by it; and a cut fraction would be an action nobody chose."""
    env = MarketEnv(DAY, SHORT)
    env.reset(seed=1)
    before = env.floor.world(0).state_hash()
    for action in (*OUTSIDE, [True, False, False]):
        with pytest.raises(gymnasium.error.InvalidAction, match="in MultiDiscrete") as caught:
            env.step(action)  # type: ignore[arg-type]
        assert isinstance(caught.value, InputError)

    assert before == env.floor.world(0).state_hash()
    assert env.step([WAIT, 0, 0])  # type: ignore[arg-type]
    assert before != env.floor.world(0).state_hash()


def test_a_vector_refuses_what_its_environments_refuse() -> None:
    """One bad action is one too many; and three numbers are no action for each of two."""
    envs = MarketVectorEnv(2, DAY, SHORT)
    envs.reset(seed=1)
    before = [envs.floor.world(w).state_hash() for w in (0, 1)]
    for action in (*([[WAIT, 0, 0], one] for one in OUTSIDE), [WAIT, 0, 0], None):
        with pytest.raises(gymnasium.error.InvalidAction, match="in MultiDiscrete"):
            envs.step(action)  # type: ignore[arg-type]

    assert before == [envs.floor.world(w).state_hash() for w in (0, 1)]
    envs.step(np.array([WAITING, WAITING]))


def test_a_step_outside_an_episode_is_refused() -> None:
    """In Gymnasium's own words, as its wrappers say it."""
    env, envs = MarketEnv(DAY, MarketTask(n_steps=1)), MarketVectorEnv(2, DAY, SHORT)
    for step, action in ((env.step, WAITING), (envs.step, np.array([WAITING, WAITING]))):
        with pytest.raises(gymnasium.error.ResetNeeded, match="call reset first"):
            step(action)

    env.reset(seed=1)
    env.step(WAITING)
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset first"):
        env.step(WAITING)


@pytest.mark.parametrize(
    "options",
    [{"size": 1}, {"side": 2}, *({"size_shares": size} for size in (0, 500.5, "x", 10**12))],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any]) -> None:
    """A misspelt option would be an experiment that never ran."""
    with pytest.raises(InputError, match="reset: options"):
        MarketEnv(DAY, SHORT).reset(seed=1, options=options)


@pytest.mark.parametrize(
    "task",
    [
        MarketTask(step_events=0),
        MarketTask(step_ms=1.0),
        MarketTask(n_steps=0),
        MarketTask(pause_s=0.0),
    ],
)
def test_a_task_that_no_episode_can_follow_is_refused(task: MarketTask) -> None:
    """Before anything is built."""
    with pytest.raises(ConfigError, match="MarketTask"):
        MarketEnv(DAY, task)


def test_a_scenario_may_be_a_file_or_none() -> None:
    """The shipped one comes with the package, wherever a user stands."""
    shipped = MarketEnv().floor.scenario

    assert "reference-day" == shipped.scenario.name
    assert shipped == MarketEnv(str(SCENARIOS / "reference-day.toml")).floor.scenario
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        MarketEnv("nowhere.toml")


def test_a_replay_is_refused() -> None:
    """It has no reference price, so there is nothing to reward by."""
    with pytest.raises(ConfigError, match="generated"):
        MarketEnv(quiet_market())


def test_a_market_without_a_quote_is_refused() -> None:
    """Instead of waiting for ever."""
    exchange = DAY.venues[PNYA]
    assert exchange.lit is not None
    flow = msgspec.structs.replace(exchange.lit, add_per_s=0.0, maker_shares=0.0)
    nobody = msgspec.structs.replace(exchange, lit=flow)
    empty = msgspec.structs.replace(DAY, venues=(DAY.venues[PDRK], nobody))
    with pytest.raises(InputError, match="a quote on both sides"):
        MarketEnv(empty, SHORT).reset(seed=1)


def test_an_opening_call_is_waited_for_however_short_the_pause() -> None:
    """The first parent arrives when there is a quote to measure it by."""
    auctions = Auctions(venue=DAY.venues[PNYA].mic, opening_s=20.0)
    day = msgspec.structs.replace(DAY, auctions=auctions)
    env = MarketEnv(day, msgspec.structs.replace(SHORT, pause_s=0.001))
    observation, _ = env.reset(seed=1)

    assert env.floor.world(0).now_ns > day.start_ns + 20 * NS_PER_S
    assert env.floor.desk.agents[0]["arrival_mid_x2"] > 0
    assert np.isfinite(observation).all()


def test_the_environment_knows_what_is_hidden() -> None:
    """Insiders and critics need it; no observation has it."""
    env = MarketEnv(DAY, SHORT)
    env.reset(seed=3)
    for _ in range(10):
        env.step(WAITING)
    world = World(DAY, 3)
    while world.now_ns < env.floor.world(0).now_ns:
        world.advance(Ns(env.floor.world(0).now_ns))

    assert world.hidden().drift_ticks_per_s == env.hidden().drift_ticks_per_s
    np.testing.assert_array_equal(world.hidden().pool_shares, env.hidden().pool_shares)
