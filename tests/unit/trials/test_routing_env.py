"""The router as an environment: the real engine, stepped from outside, unchanged."""

from __future__ import annotations

import threading
from collections.abc import Callable

import gymnasium
import msgspec
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from numpy.typing import NDArray

from penstock.domain import InputError
from penstock.routing import RoutingConfig, static_policy
from penstock.trials.day import Setting, run_day
from penstock.trials.environments import ROUTING_ID, OneRowEnv, RoutingEnv
from penstock.trials.environments.agent_policy import AgentPolicy
from penstock.trials.environments.turns import Turns
from tests.support.worlds import plain_day

_DAY = plain_day(200.0)
DAY = msgspec.structs.replace(
    _DAY,
    parents=msgspec.structs.replace(
        _DAY.parents, n_per_day=4, horizon_s=(30.0, 40.0), lead_in_s=10.0
    ),
)
N_ROWS = 15
PNYA, PNYB, POST = 3, 4, 2


def lot(n: int) -> Callable[[], NDArray[np.float32]]:
    """A preference by lot for each row, the same sequence for the same n."""
    generator = np.random.default_rng(n)
    return lambda: generator.uniform(-0.5, 1.0, N_ROWS).astype(np.float32)


def day_of(
    env: RoutingEnv, seed: int, draw: Callable[[], NDArray[np.float32]]
) -> tuple[str, float]:
    """Hash of engine and market at the end of a day, and the sum of its rewards."""
    env.reset(seed=seed)
    total = 0.0
    while True:
        _, reward, terminated, truncated, info = env.step(draw())
        total += reward
        assert not truncated
        if terminated:
            return str(info["state_hash"]), total


def test_gymnasium_finds_nothing_to_complain_of() -> None:
    """Learning libraries rely on the interface; any warning fails here."""
    check_env(gymnasium.make(ROUTING_ID, scenario=DAY).unwrapped)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_of_steps_is_a_day_of_the_engine(seed: int) -> None:
    """
    The same choices made inside the engine, without environment and thread, give the same state of
    engine and market to the bit; and the rewards add up to what its parents cost.
    """
    draw, universe = lot(seed), DAY.universe()
    day = run_day(
        Setting(DAY),
        seed,
        AgentPolicy(lambda _: draw().astype(np.float64)),
        static_policy(universe, RoutingConfig()),
    )
    state_hash, total = day_of(RoutingEnv(DAY), seed, lot(seed))

    assert day.state_hash == state_hash
    assert 4 == len(day.costs)
    assert -total == pytest.approx(sum(cost.reference_bps for cost in day.costs))


def test_same_seed_and_actions_same_day() -> None:
    """Also after another day in the same environment."""
    env = RoutingEnv(DAY)
    one = day_of(env, 3, lot(1))
    day_of(env, 4, lot(2))

    assert one == day_of(env, 3, lot(1))
    assert one != day_of(env, 3, lot(2))


def test_rows_that_may_not_be_used_are_masked() -> None:
    """The mask is the engine's own word: a pool is not taken from, a lit venue has no midpoint."""
    env = RoutingEnv(DAY)
    observation, info = env.reset(seed=1)
    mask = info["action_mask"].reshape(5, 3)
    env.close()

    assert observation["action_mask"].tolist() == info["action_mask"].tolist()
    assert not mask[:2, [0, 2]].any()  # pools: neither take nor post
    assert not mask[2:, 1].any()  # lit venues: no midpoint peg
    assert mask[:2, 1].all()
    assert mask[2:, 2].all()


def test_rows_above_zero_are_sent_and_the_others_are_not() -> None:
    """What can go at the same time does: two posts, as the engine's own ledger has them."""
    env = RoutingEnv(DAY)
    env.reset(seed=1)
    preferences = np.full(N_ROWS, -1.0, np.float32)
    preferences[PNYA * 3 + POST], preferences[PNYB * 3 + POST] = 0.2, 0.9
    env.step(preferences)
    assert env._day is not None
    children = env._day._engine.children
    first, second = children[1].order, children[2].order
    env.close()

    assert {(PNYA, POST), (PNYB, POST)} == {(c.venue_idx, c.tactic) for c in (first, second)}
    assert 2 == len(children)


def test_one_row_at_a_time() -> None:
    """For agents with discrete actions: all left out but one, or all."""
    env = OneRowEnv(RoutingEnv(DAY))
    _, info = env.reset(seed=1)
    row = int(np.flatnonzero(info["action_mask"])[0])
    assert env.action_space.contains(np.int64(N_ROWS))
    waited = env.step(np.int64(N_ROWS))
    env.step(np.int64(row))
    env.close()

    assert 0.0 == waited[1]
    assert [-1.0, 1.0] == np.unique(env.action(np.int64(row))).tolist()
    assert row == int(np.argmax(env.action(np.int64(row))))


def test_nobody_is_asked_when_there_is_nothing_to_choose() -> None:
    """The duty to complete is the same for every policy; so an agent that only waits ends too."""
    env = RoutingEnv(DAY)
    state_hash, total = day_of(env, 1, lambda: np.full(N_ROWS, -1.0, np.float32))

    assert len(state_hash) == 64
    assert total < 0.0


def test_a_new_day_ends_the_old_one() -> None:
    """No thread stays behind, however a day was left."""
    before = threading.active_count()
    env = RoutingEnv(DAY)
    for seed in (1, 2, 3):
        env.reset(seed=seed)
        env.step(lot(1)())
    env.close()
    env.close()

    assert before == threading.active_count()


def test_an_action_outside_its_space_is_refused() -> None:
    """And the day goes on: the engine has not been answered. A list may stand for an array."""
    env = RoutingEnv(DAY)
    env.reset(seed=1)
    outside = (np.zeros(3), np.full(N_ROWS, np.nan), np.full(N_ROWS, 1.5), None, "post", [[1], 2])
    for action in outside:
        with pytest.raises(
            gymnasium.error.InvalidAction, match=r"for each row, in Box\(-1"
        ) as caught:
            env.step(action)  # type: ignore[arg-type]
        assert isinstance(caught.value, InputError)

    assert not env.step([1.0] * N_ROWS)[2]  # type: ignore[arg-type]
    env.close()


def test_a_row_that_is_none_is_refused() -> None:
    """-1 would be the last one."""
    env = OneRowEnv(RoutingEnv(DAY))
    for row in (-1, N_ROWS + 1, 1.0, None):
        with pytest.raises(gymnasium.error.InvalidAction, match=r"in Discrete\(16\)"):
            env.step(row)  # type: ignore[arg-type]


def test_outside_a_day_nothing_is_answered() -> None:
    """In Gymnasium's own words, as its wrappers say it."""
    env = RoutingEnv(DAY)
    asked: tuple[Callable[[], object], ...] = (
        lambda: env.step(lot(1)()),
        env.hidden,
        lambda: env.coming_bps(1.0),
    )
    for ask in asked:
        with pytest.raises(gymnasium.error.ResetNeeded, match="call reset first"):
            ask()
    day_of(env, 1, lot(1))
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset first"):
        env.step(lot(1)())


def test_a_day_without_parents_is_refused() -> None:
    """There would be nothing to learn from it."""
    parents = msgspec.structs.replace(DAY.parents, n_per_day=0)
    with pytest.raises(InputError, match="something is to be decided"):
        RoutingEnv(msgspec.structs.replace(DAY, parents=parents)).reset(seed=1)


def test_what_breaks_in_the_program_breaks_in_the_step() -> None:
    """An error in the engine's thread must not be a silence in the agent's."""

    def program(ask: Callable[[int], int]) -> None:
        assert 4 == ask(2), "a promise broke"

    turns = Turns(program)

    assert 2 == turns.start()
    with pytest.raises(AssertionError, match="a promise broke"):
        turns.answer(5)


def test_questions_and_answers_take_turns() -> None:
    """Each answer reaches the question that it belongs to."""
    heard: list[int] = []

    def program(ask: Callable[[int], int]) -> None:
        heard.extend(ask(n) for n in range(3))

    turns = Turns(program)
    question = turns.start()
    while question is not None:
        question = turns.answer(10 * question)

    assert [0, 10, 20] == heard


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_gymnasium_makes_many_of_it(mode: str) -> None:
    """In this process, and in one of its own each: the observations are those of one alone."""
    made = gymnasium.make_vec(ROUTING_ID, num_envs=2, vectorization_mode=mode, scenario=DAY)
    try:
        observations, _ = made.reset(seed=3)
        made.step(np.ones((2, N_ROWS), np.float32))
    finally:
        made.close()
    alone, _ = RoutingEnv(DAY).reset(seed=4)  # the second of two that were given seed 3

    assert (2, N_ROWS) == observations["action_mask"].shape
    assert np.array_equal(alone["features"], observations["features"][1])
