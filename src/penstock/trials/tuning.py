"""`penstock tune` without its command line: a bounded search for a policy's best settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from penstock.routing import RoutingConfig
from penstock.trials.compare import DayCosts, low_noise_by_day
from penstock.trials.evaluation import Bench, DayTask, kept_day, run_one
from penstock.trials.kept_days import KeptDays
from penstock.trials.markets import Market
from penstock.trials.statistics import estimate, paired_difference
from penstock.trials.tuned import Provenance, scenario_sha256
from penstock.trials.tuning_space import (
    Coordinate,
    changed,
    coordinates_of,
    drawn_start,
    is_overridden,
    lists_of,
    mutated,
    shorter_lists,
)
from penstock.trials.workers import run_tasks

# Above the seeds that judge (1, 2, …), choose the baseline (1e6 …) and train (2e6 …).
TUNING_SEED: Final = 3_000_000
# A change that gains less than this is noise at the number of days that a search can afford.
MIN_GAIN_BPS: Final = 0.005
_FIRST_DAYS: Final = 2  # of the first heat of the race
_N_PARENTS: Final = 8  # settings that a generation comes from


class Search(NamedTuple):
    """Bounds of a search."""

    n_seeds: int
    n_starts: int = 64  # settings in the race: where it starts, and the rest drawn
    n_generations: int = 6  # of settings near the best ones
    n_rounds: int = 2  # passes over all coordinates; one without a gain ends the search
    n_workers: int = 1
    kept_dir: Path | None = None


class Found(NamedTuple):
    """What a search found."""

    config: RoutingConfig
    provenance: Provenance


class _Setup(NamedTuple):
    """What a worker needs to run days of candidates."""

    market: Market
    policy: str
    model: bytes | None
    kept_dir: Path | None


class _Task(NamedTuple):
    """One day of one candidate."""

    config: RoutingConfig
    seed: int


def _run_candidate(setup: _Setup, task: _Task) -> DayCosts:
    """The day of a candidate, found or run; for worker processes."""
    kept = None
    if setup.kept_dir is not None:
        kept = KeptDays(setup.kept_dir, setup.market, task.config)
    bench = Bench(setup.market, task.config, setup.model, None, kept)
    day = DayTask(task.seed, setup.policy)
    return kept_day(bench, day) or run_one(bench, day)


class Tuner:
    """
    A race of settings drawn by chance, generations near the best, then one setting after the other.

    The race is successive halving: all run on a few days, the better half on twice as many, until
    the days are used up. A generation changes a few settings of good candidates at once; its better
    quarter runs on all days, and the best of old and new go on. Last, along each coordinate, all
    values run on half of the days, the better half of them on the rest, and one replaces the best
    yet if it is cheaper over all days by `MIN_GAIN_BPS`. Every candidate lives through the same
    days. Costs are those of the low-noise measure where the market has it. Days are deterministic
    and kept: an interrupted search, started again, goes on.

    Args:
        on_step: told what was tried and how good the best is, after each step.
        model: of a learned policy.

    Source: successive halving as in Karnin, Koren & Somekh (2013), "Almost Optimal Exploration in
        Multi-Armed Bandits", ICML; random starts as in Bergstra & Bengio (2012), "Random Search for
        Hyper-Parameter Optimization", JMLR 13; (mu + lambda) selection as in Beyer & Schwefel
        (2002), "Evolution Strategies", Natural Computing 1.
    """

    def __init__(
        self,
        market: Market,
        policy: str,
        search: Search,
        *,
        model: bytes | None = None,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        assert search.n_seeds >= 1, "a search needs a day"
        self._market, self._policy, self._search = market, policy, search
        self._setup = _Setup(market, policy, model, search.kept_dir)
        self._on_step = on_step
        self._days: dict[tuple[bytes, int], DayCosts] = {}
        self._seeds = tuple(TUNING_SEED + i for i in range(search.n_seeds))

    @property
    def n_candidates(self) -> int:
        """Different settings that were run so far."""
        return len({key for key, _ in self._days})

    def run(self, start: RoutingConfig, command: str, known: Sequence[RoutingConfig] = ()) -> Found:
        """
        Search from `start`; the same arguments find the same.

        Args:
            known: settings that join the race, such as those of an earlier search.
        """
        generator = np.random.default_rng((TUNING_SEED, *self._policy.encode()))
        best = self._evolve(self._race((start, *known), generator), generator)
        keys: list[str] = []
        for _ in range(self._search.n_rounds):
            before = best
            for coordinate in self._coordinates():
                keys.append(coordinate.key)
                best = self._along(best, coordinate)
            if best == before:
                break
        provenance = self._provenance(start, best, command, tuple(dict.fromkeys(keys)))
        return Found(best, msgspec.structs.replace(provenance, n_known=len(known)))

    def _race(
        self, given: Sequence[RoutingConfig], generator: np.random.Generator
    ) -> list[RoutingConfig]:
        """The settings that came to the last heat, best first."""
        drawn = [
            drawn_start(self._policy, given[0], self._market, generator)
            for _ in range(1, self._search.n_starts)
        ]
        racing = list(dict.fromkeys((*given, *drawn)))
        n_days = min(_FIRST_DAYS, len(self._seeds))
        while True:
            racing, best_bps = self._ranked(racing, self._seeds[:n_days])
            self._on_step(f"race    {len(racing)} on {n_days} days: best {best_bps:.3f} bps")
            if n_days == len(self._seeds):
                return racing
            racing = racing[: (len(racing) + 1) // 2]
            n_days = min(2 * n_days, len(self._seeds))

    def _evolve(self, racing: list[RoutingConfig], generator: np.random.Generator) -> RoutingConfig:
        parents = racing[:_N_PARENTS]
        for generation in range(1, self._search.n_generations + 1):
            born = [
                mutated(self._policy, parents[i], self._market, generator)
                for i in generator.integers(len(parents), size=self._search.n_starts // 2)
            ]
            half = self._seeds[: (len(self._seeds) + 1) // 2]
            born, _ = self._ranked(list(dict.fromkeys(born)), half)
            both = list(dict.fromkeys((*parents, *born[: (len(born) + 3) // 4])))
            parents, best_bps = self._ranked(both, self._seeds)
            parents = parents[:_N_PARENTS]
            self._on_step(f"born    {len(born)}, generation {generation}: best {best_bps:.3f} bps")
        return parents[0]

    def _ranked(
        self, configs: Sequence[RoutingConfig], seeds: Sequence[int]
    ) -> tuple[list[RoutingConfig], float]:
        """Best first, and the mean cost of the best."""
        means = self._means(configs, seeds)
        order = np.argsort(means, kind="stable")
        return [configs[int(i)] for i in order], min(means, default=0.0)

    def _coordinates(self) -> tuple[Coordinate, ...]:
        """Lists last: what may be tried instead of one is known when its turn comes."""
        lists = [Coordinate(key, ()) for key in lists_of(self._policy)]
        return (*coordinates_of(self._policy), *lists)

    def _along(self, best: RoutingConfig, coordinate: Coordinate) -> RoutingConfig:
        if coordinate.key in lists_of(self._policy):
            lists = shorter_lists(best, self._market, coordinate.key)
            coordinate = Coordinate(coordinate.key, lists)
        if is_overridden(best, coordinate.key):
            return best
        candidates = [changed(best, coordinate.key, value) for value in coordinate.values]
        candidates = [candidate for candidate in candidates if candidate != best]
        half = self._seeds[: (len(self._seeds) + 1) // 2]
        order = np.argsort(self._means(candidates, half), kind="stable")
        kept = [candidates[int(i)] for i in order[: (len(candidates) + 1) // 2]]
        means = self._means([best, *kept], self._seeds)
        winner = int(np.argmin(means))
        found = kept[winner - 1] if means[winner] < means[0] - MIN_GAIN_BPS else best
        self._on_step(f"along   {coordinate.key}: best {min(means):.3f} bps")
        return found

    def _means(self, configs: Sequence[RoutingConfig], seeds: Sequence[int]) -> list[float]:
        return [float(np.mean(costs)) for costs in self._costs(configs, seeds)]

    def _costs(self, configs: Sequence[RoutingConfig], seeds: Sequence[int]) -> list[list[float]]:
        """Mean cost by day of each candidate, shape (n_configs, n_seeds)."""
        missing = [
            _Task(config, seed)
            for config in configs
            for seed in seeds
            if (_key(config), seed) not in self._days
        ]
        days = run_tasks(_run_candidate, self._setup, missing, n_workers=self._search.n_workers)
        for task, day in zip(missing, days, strict=True):
            self._days[_key(task.config), task.seed] = day
        return [
            low_noise_by_day([self._days[_key(config), seed] for seed in seeds])
            for config in configs
        ]

    def _provenance(
        self, start: RoutingConfig, best: RoutingConfig, command: str, keys: tuple[str, ...]
    ) -> Provenance:
        untuned, tuned = self._costs([start, best], self._seeds)
        cost, gain = estimate(tuned), paired_difference(tuned, untuned)
        return Provenance(
            scenario=self._market.scenario.scenario.name,
            scenario_sha256=scenario_sha256(self._market.scenario),
            command=command,
            seeds=self._seeds,
            cost_bps=round(cost.mean, 4),
            ci95_bps=_rounded(cost.ci95),
            untuned_cost_bps=round(float(np.mean(untuned)), 4),
            gain_ci95_bps=_rounded(gain.ci95),
            n_candidates=self.n_candidates,
            searched=keys,
        )


def _key(config: RoutingConfig) -> bytes:
    return msgspec.json.encode(config)


def _rounded(interval: tuple[float, float] | None) -> tuple[float, ...]:
    return () if interval is None else tuple(round(value, 4) for value in interval)
