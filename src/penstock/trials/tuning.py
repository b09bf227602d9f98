"""`penstock tune` without its command line: a bounded search for a baseline's best parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from penstock.domain import NS_PER_S
from penstock.routing import (
    TACTIC_ORDER,
    BaselineConfig,
    Regime,
    RoutingConfig,
    default_waterfall,
)
from penstock.trials.compare import DayCosts, low_noise_by_day
from penstock.trials.evaluation import Bench, DayTask, kept_day, run_one
from penstock.trials.kept_days import KeptDays
from penstock.trials.markets import Market
from penstock.trials.statistics import estimate, paired_difference
from penstock.trials.tuned import Provenance, scenario_sha256
from penstock.trials.workers import run_tasks

# Above the seeds that judge (1, 2, …), choose the baseline (1e6 …) and train (2e6 …).
TUNING_SEED: Final = 3_000_000
# A change that gains less than this is noise at the number of days that a search can afford.
MIN_GAIN_BPS: Final = 0.005

_LISTS: Final = tuple(
    tactics for n in (3, 2, 1) for tactics in permutations(TACTIC_ORDER, n) if tactics != ("mid",)
)
_PACE: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("take_share_frac", (0.05, 0.1, 0.2, 0.4, 1.0)),
    ("take_gap_ns", tuple(int(s * NS_PER_S) for s in (0, 0.5, 2, 5))),
    ("take_after_frac", (0.0, 0.2, 0.5, 0.8)),
)
_RESTS: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("post_rest_ns", tuple(s * NS_PER_S for s in (2, 5, 10, 20, 40))),
    ("post_share_frac", (0.1, 0.25, 0.5, 1.0)),
    ("mid_rest_ns", tuple(s * NS_PER_S for s in (0, 2, 5, 15, 30))),
    ("mid_share_frac", (0.25, 0.5, 1.0)),
    ("post_improves", (False, True)),
)
_PRICES: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("clean_up_bps", (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)),
    ("wait_bps_per_s", (0.0, 0.003, 0.01, 0.03)),
)


class Coordinate(NamedTuple):
    """One key of the settings, dotted, list positions included, and the values to try."""

    key: str
    values: tuple[Any, ...]


class Search(NamedTuple):
    """Bounds of a search."""

    n_seeds: int
    n_rounds: int = 2  # passes over all coordinates; one without a gain ends the search
    n_workers: int = 1
    kept_dir: Path | None = None


class Found(NamedTuple):
    """What a search found."""

    config: RoutingConfig
    provenance: Provenance


def coordinates_of(policy: str) -> tuple[Coordinate, ...]:
    """What is searched for a policy, in this order: what it reads of the settings, no more."""
    pace = [(f"baseline.pace.{key}", values) for key, values in _PACE]
    lists: list[tuple[str, tuple[Any, ...]]] = [("baseline.tactics", _LISTS)]
    chosen = {
        "best_static": (*lists, *_RESTS, *pace),
        "kaplan_meier": (*lists, *_RESTS, *pace),
        "regime_static": (*_regimes(), *_RESTS),
        "fee_sweep": (*pace,),
        "scorecard": (*_RESTS, *_PRICES, *pace),
        "cont_kukanov": (*_RESTS[:2], *_PRICES[:1], *pace),
    }[policy]
    return tuple(Coordinate(key, values) for key, values in chosen)


def _regimes() -> tuple[tuple[str, tuple[Any, ...]], ...]:
    first: list[tuple[str, tuple[Any, ...]]] = []
    for i in (1, 0):
        first.append((f"baseline.regimes.{i}.tactics", _LISTS))
        first += [(f"baseline.regimes.{i}.pace.{key}", values) for key, values in _PACE]
    return (*first, ("baseline.regimes.0.below_rv_bps", (1.0, 2.0, 3.0, 5.0, 8.0)))


def start_of(policy: str) -> RoutingConfig:
    """Where a search starts: the defaults; two regimes that are alike for `regime_static`."""
    if policy != "regime_static":
        return RoutingConfig()
    return RoutingConfig(baseline=BaselineConfig(regimes=(Regime(below_rv_bps=3.0), Regime())))


def changed(settings: Any, key: str, value: Any) -> Any:
    """The settings with the value at a dotted key, the rest as it was."""
    name, _, rest = key.partition(".")
    if isinstance(settings, tuple):
        items = list(settings)
        items[int(name)] = changed(items[int(name)], rest, value) if rest else value
        return tuple(items)
    inner = changed(getattr(settings, name), rest, value) if rest else value
    return msgspec.structs.replace(settings, **{name: inner})


def shorter_lists(config: RoutingConfig, market: Market) -> tuple[Any, ...]:
    """Lists to try instead of the present one: each step left out, each moved to the top."""
    universe = market.scenario.universe()
    steps = config.waterfall or default_waterfall(universe, config.baseline.tactics)
    without = [steps[:i] + steps[i + 1 :] for i in range(len(steps)) if len(steps) > 1]
    first = [(steps[i], *steps[:i], *steps[i + 1 :]) for i in range(1, len(steps))]
    return (*without, *first)


class Tuner:
    """
    Coordinate search on paired days: every candidate lives through the same days as the best yet.

    Along each coordinate all values run on half of the days, the better half of them on the rest,
    and one replaces the best yet if it is cheaper over all days by `MIN_GAIN_BPS`. Costs are those
    of the low-noise measure where the market has it. Days are deterministic and kept: an
    interrupted search, started again, goes on.

    Source: successive halving as in Karnin, Koren & Somekh (2013), "Almost Optimal Exploration in
        Multi-Armed Bandits", ICML, with two rungs.
    """

    def __init__(
        self,
        market: Market,
        policy: str,
        search: Search,
        on_done: Callable[[], None] = lambda: None,
    ) -> None:
        assert search.n_seeds >= 1, "a search needs a day"
        self._market, self._policy, self._search = market, policy, search
        self._on_done = on_done
        self._days: dict[tuple[bytes, int], DayCosts] = {}
        self._seeds = tuple(TUNING_SEED + i for i in range(search.n_seeds))
        self.n_candidates = 0

    def run(self, start: RoutingConfig, command: str) -> Found:
        """Search from `start`; the same arguments find the same."""
        best, keys = start, []
        self._costs([start], self._seeds)
        for _ in range(self._search.n_rounds):
            before = best
            for coordinate in self._coordinates(best):
                keys.append(coordinate.key)
                best = self._along(best, coordinate)
            if best == before:
                break
        return Found(best, self._provenance(start, best, command, tuple(dict.fromkeys(keys))))

    def _coordinates(self, best: RoutingConfig) -> tuple[Coordinate, ...]:
        known = coordinates_of(self._policy)
        if self._policy not in ("best_static", "kaplan_meier"):
            return known
        return (*known, Coordinate("waterfall", shorter_lists(best, self._market)))

    def _along(self, best: RoutingConfig, coordinate: Coordinate) -> RoutingConfig:
        if coordinate.key == "waterfall":
            coordinate = Coordinate("waterfall", shorter_lists(best, self._market))
        if coordinate.key == "baseline.tactics" and best.waterfall:
            return best  # the list of venues overrides it
        candidates = [changed(best, coordinate.key, value) for value in coordinate.values]
        candidates = [candidate for candidate in candidates if candidate != best]
        half = self._seeds[: (len(self._seeds) + 1) // 2]
        first = self._costs(candidates, half)
        n_kept = (len(candidates) + 1) // 2
        order = np.argsort([float(np.mean(costs)) for costs in first], kind="stable")
        kept = [candidates[int(i)] for i in order[:n_kept]]
        costs = self._costs([best, *kept], self._seeds)
        means = [float(np.mean(cost)) for cost in costs]
        winner = int(np.argmin(means))
        return kept[winner - 1] if means[winner] < means[0] - MIN_GAIN_BPS else best

    def _costs(self, configs: Sequence[RoutingConfig], seeds: Sequence[int]) -> list[list[float]]:
        """Mean cost by day of each candidate, shape (n_configs, n_seeds)."""
        for config in configs:
            self._run_missing(config, seeds)
        return [
            low_noise_by_day([self._days[_key(config), seed] for seed in seeds])
            for config in configs
        ]

    def _run_missing(self, config: RoutingConfig, seeds: Sequence[int]) -> None:
        missing = [seed for seed in seeds if (_key(config), seed) not in self._days]
        if not missing:
            return
        self.n_candidates += not any(key == _key(config) for key, _ in self._days)
        kept = None
        if self._search.kept_dir is not None:
            kept = KeptDays(self._search.kept_dir, self._market, config)
        bench = Bench(self._market, config, None, None, kept)
        tasks = [DayTask(seed, self._policy) for seed in missing]
        found = {task: day for task in tasks if (day := kept_day(bench, task)) is not None}
        to_run = [task for task in tasks if task not in found]
        days = run_tasks(run_one, bench, to_run, n_workers=self._search.n_workers)
        found.update(zip(to_run, days, strict=True))
        for task, day in found.items():
            self._days[_key(config), task.seed] = day
            self._on_done()

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
