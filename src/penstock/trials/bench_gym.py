"""Speed of the environments: the bare market, alone and in a vector, and the router in it."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import msgspec
import numpy as np

from penstock.domain import NS_PER_S
from penstock.trials.bench_world import bench_scenario
from penstock.trials.environments import MarketEnv, MarketTask, MarketVectorEnv, RoutingEnv

_DAY_S = 7_200.0


class GymWorkload(msgspec.Struct, frozen=True, kw_only=True):
    """
    What runs. The defaults are the workload of the published figures.

    The market is that of `penstock bench sim`: four lit venues and two pools. The agent of the bare
    market acts by lot, one step in ten. That of the router prefers rows by lot; a step there is a
    decision of the engine, with as many events as lie before the next. All actions are drawn before
    the clock starts.
    """

    events_per_step: int = 50
    n_steps: int = 100_000
    n_envs: int = 8
    act_frac: float = 0.1
    n_decisions: int = 2_000
    seed: int = 1


class StepFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: the median over runs. Starting the next parent is counted in."""

    steps_per_s: float
    us_per_step: float
    n_steps: int
    n_episodes: int
    n_runs: int


class RouterFigure(StepFigure, frozen=True, kw_only=True):
    """
    The same for the router, where a step is a decision.

    `added_us_per_step`: what is left of a step when its events are charged at the pace of the bare
    market: the engine and its decision, the host, the observation, the change of threads.
    """

    events_per_step: float
    added_us_per_step: float


class GymFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The bare market, one by one and many in one call, and the router."""

    bare: StepFigure
    bare_vector: StepFigure
    router: RouterFigure
    workload: GymWorkload


def bench_gym(
    clock_ns: Callable[[], int], workload: GymWorkload | None = None, n_runs: int = 5
) -> GymFigures:
    """
    Step the environments under random actions, `n_runs` times each.

    Measured: everything between an action and its observation, resets included, on one core. Left
    out: compiling, building the environments, and any agent.
    """
    workload = workload or GymWorkload()
    bare = _middle([_bare(clock_ns, workload) for _ in range(n_runs)])
    runs = [_router(clock_ns, workload) for _ in range(n_runs)]
    router = _middle([run for run, _ in runs])
    events_per_step = runs[0][1] / router.n_steps
    events_us = events_per_step * bare.us_per_step / workload.events_per_step
    return GymFigures(
        bare=bare,
        bare_vector=_middle([_vector(clock_ns, workload) for _ in range(n_runs)]),
        router=RouterFigure(
            **msgspec.structs.asdict(router),
            events_per_step=events_per_step,
            added_us_per_step=router.us_per_step - events_us,
        ),
        workload=workload,
    )


_Run = tuple[int, int, int]
"""How long, how many steps, how many episodes ended."""


def _bare(clock_ns: Callable[[], int], workload: GymWorkload) -> _Run:
    env = MarketEnv(bench_scenario(_DAY_S), MarketTask(step_events=workload.events_per_step))
    actions = list(_actions(env.floor.action_counts, workload, workload.n_steps))
    env.reset(seed=workload.seed)
    n_episodes = 0
    started_ns = clock_ns()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            n_episodes += 1
            env.reset()
    return clock_ns() - started_ns, len(actions), n_episodes


def _vector(clock_ns: Callable[[], int], workload: GymWorkload) -> _Run:
    task = MarketTask(step_events=workload.events_per_step)
    envs = MarketVectorEnv(workload.n_envs, bench_scenario(_DAY_S), task)
    n_calls = max(1, workload.n_steps // workload.n_envs)
    drawn = _actions(envs.floor.action_counts, workload, n_calls * workload.n_envs)
    actions = list(drawn.reshape(n_calls, workload.n_envs, -1))
    envs.reset(seed=workload.seed)
    n_episodes = 0
    started_ns = clock_ns()
    for batch in actions:
        _, _, terminated, truncated, _ = envs.step(batch)
        n_episodes += int(terminated.sum() + truncated.sum())
    return clock_ns() - started_ns, n_calls * workload.n_envs, n_episodes


def _router(clock_ns: Callable[[], int], workload: GymWorkload) -> tuple[_Run, int]:
    """The same, and how many events the market had."""
    env = RoutingEnv(bench_scenario(_DAY_S))
    n_rows = env.action_space.shape or (0,)
    generator = np.random.default_rng(workload.seed)
    drawn = generator.uniform(-0.5, 1.0, (workload.n_decisions, *n_rows)).astype(np.float32)
    actions = list(drawn)
    env.reset(seed=workload.seed)
    n_episodes, n_events, before = 0, 0, env.n_events
    started_ns = clock_ns()
    for action in actions:
        _, _, terminated, _, _ = env.step(action)
        if terminated:
            n_episodes += 1
            n_events += env.n_events - before
            env.reset()
            before = env.n_events
    took_ns = clock_ns() - started_ns
    n_events += env.n_events - before
    env.close()
    return (took_ns, len(actions), n_episodes), n_events


def _actions(counts: list[int], workload: GymWorkload, n: int) -> np.ndarray[tuple[int, int]]:
    """Random actions, shape (n, 3); all but `act_frac` of them wait."""
    generator = np.random.default_rng(workload.seed)
    actions = generator.integers(0, counts, size=(n, len(counts)))
    actions[generator.random(n) >= workload.act_frac, 0] = 0
    return actions


def _middle(runs: list[_Run]) -> StepFigure:
    """The median run. All do the same work, so only their times differ."""
    _, n_steps, n_episodes = runs[0]
    took_s = median(took_ns for took_ns, _, _ in runs) / NS_PER_S
    return StepFigure(
        steps_per_s=n_steps / took_s,
        us_per_step=took_s / n_steps * 1e6,
        n_steps=n_steps,
        n_episodes=n_episodes,
        n_runs=len(runs),
    )
