"""The compiled agent of the bare market against the slow one, which uses the router's port."""

import numpy as np
import pytest

from penstock.domain import Side
from penstock.trials.environments import MarketEnv, MarketTask
from tests.support.naive_agents import NaiveAgent
from tests.support.worlds import plain_day

DAY = plain_day(600.0)
PAUSE_NS = 1_000_000_000
WHAT = ["time_ns", "venue_idx", "side", "price_ticks", "size_shares", "liquidity"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("step_events", [5, 50])
def test_the_compiled_agent_is_the_slow_one(seed: int, step_events: int) -> None:
    """
    Same market, same actions: after every step the same is left, at work and refused, and in the
    end the same executions at the same times. The slow one goes through `World.advance`, which
    stops at every report, so the loop that does not is tested with it.
    """
    side = Side.BUY if seed % 2 else Side.SELL
    env = MarketEnv(DAY, MarketTask(step_events=step_events, n_steps=300))
    env.reset(seed=seed, options={"side": int(side), "size_shares": 20_000})
    agent, world = env.floor.desk.agents[0], env.floor.world(0)
    slow = NaiveAgent(DAY, seed, side, 20_000)
    slow.wait(DAY.start_ns + PAUSE_NS)
    for action in np.random.default_rng(seed).integers(0, [4, 5, 5], size=(300, 3)):
        _, _, terminated, _, _ = env.step(action)
        slow.step(action.tolist(), int(world.now_ns))
        found = (agent["left_shares"], agent["live_shares"], agent["n_refused"])
        assert (slow.left_shares, slow.live_shares, slow.n_refused) == found
        if terminated:
            break

    expected = slow.world.audit()
    assert len(expected) > 10
    np.testing.assert_array_equal(expected[WHAT], world.audit()[WHAT])
    assert slow.world.n_events == world.n_events
