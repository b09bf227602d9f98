"""`penstock evaluate` without its command line: which days are run, and what is made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from penstock import __version__
from penstock.domain import ConfigError, JournalError, Universe
from penstock.engine import Engine
from penstock.models import read_card
from penstock.routing import (
    BASELINES,
    LEARNED,
    Policy,
    RoutingConfig,
    make_policy,
    static_policy,
)
from penstock.sim import Scenario
from penstock.trials.compare import DayCosts, ScenarioResult, choose_baseline, policy_results
from penstock.trials.day import Setting, engine_of, run_day
from penstock.trials.insider import insider_of, make_insider
from penstock.trials.insider_columns import HiddenColumns
from penstock.trials.judging import INSIDERS, contrast_of, gaps_of, problems_of
from penstock.trials.kept_days import KeptDays
from penstock.trials.markets import (
    TRAINED_ON_THIS_DAY_NOTE,
    TRAINING_DAY_NOT_KNOWN_NOTE,
    Market,
)
from penstock.trials.tuned import settings_of
from penstock.trials.workers import run_tasks

# Seeds of the three uses never meet: 1, 2, … judge; these choose the baseline, and train.
BASELINE_SEED: Final = 1_000_000
TRAINING_SEED: Final = 2_000_000
MAX_SEEDS: Final = 100_000


class Bench(NamedTuple):
    """What a worker needs to run days: the market and the model, if a policy needs one."""

    market: Market
    routing: RoutingConfig
    model: bytes | None
    journal_dir: Path | None = None
    kept: KeptDays | None = None  # finished days, found and added
    tuned: Mapping[str, RoutingConfig] = {}  # settings by policy, see `settings_of`
    tuned_notes: tuple[str, ...] = ()
    insiders: Mapping[str, bytes] = {}  # their models, by policy

    def model_for(self, policy: str) -> bytes | None:
        """The model, for a policy that has one."""
        if insider_of(policy) is not None:
            return self.insiders[policy]
        return self.model if policy in LEARNED else None

    def routing_for(self, policy: str) -> RoutingConfig:
        """The settings of a policy: its own, or those of all."""
        return settings_of(policy, self.tuned, self.routing)


class DayTask(NamedTuple):
    """One day of one policy."""

    seed: int
    policy: str
    is_journaled: bool = False


def run_one(bench: Bench, task: DayTask) -> DayCosts:
    """Run the day and keep it; for worker processes."""
    day = _run_day(bench, task)
    if bench.kept is not None:
        bench.kept.keep(day, bench.model_for(task.policy))
    return day


def _run_day(bench: Bench, task: DayTask) -> DayCosts:
    scenario = bench.market.scenario
    universe = scenario.universe()
    routing = bench.routing_for(task.policy)
    policy, truth = _policy(bench, task.policy, universe)
    setting = Setting(scenario, bench.market.script)
    journal = None
    if task.is_journaled and bench.journal_dir is not None:
        journal = bench.journal_dir / f"{bench.market.name}-{task.policy}-{task.seed}.journal"
    day = run_day(
        setting,
        task.seed,
        policy,
        static_policy(universe, routing),
        routing=routing,
        truth=truth,
        journal=journal,
        journal_context=journal_context(bench, task, policy.model_sha256),
    )
    return DayCosts(task.seed, task.policy, day.costs, day.state_hash, day.n_unmeasured)


def _policy(bench: Bench, name: str, universe: Universe) -> tuple[Policy, HiddenColumns | None]:
    """The policy, and what it reads the truth through if it is an insider."""
    if insider_of(name) is None:
        return make_policy(name, universe, bench.routing_for(name), bench.model), None
    truth = HiddenColumns()
    routing = bench.routing_for(name)
    return make_insider(name, universe, routing, bench.insiders[name], truth), truth


def journal_context(bench: Bench, task: DayTask, model_sha256: str) -> dict[str, Any]:
    """What `engine_again` needs to build the engine of a journalled day once more."""
    return {
        "version": __version__,
        "market": bench.market.name,
        "seed": task.seed,
        "policy": task.policy,
        "model_sha256": model_sha256,
        "scenario": msgspec.to_builtins(bench.market.scenario),
        "routing": msgspec.to_builtins(bench.routing_for(task.policy)),
    }


def engine_again(context: Mapping[str, Any], model: bytes | None) -> Engine:
    """
    A fresh engine like the one that wrote the journal.

    Raises:
        JournalError: the context is of another release, or no day of a comparison.
        ModelFileError: the model is damaged, or was made for other features.
    """
    try:
        universe = msgspec.convert(context["scenario"], Scenario).universe()
        routing = msgspec.convert(context["routing"], RoutingConfig)
        policy_name = context["policy"]
    except (KeyError, msgspec.ValidationError) as error:
        raise JournalError.one(
            where="the journal's context",
            expected=f"scenario, routing and policy as Penstock {__version__} writes them",
            found=f"{type(error).__name__}: {error}, written by {context.get('version')}",
            fix="replay it with the release that wrote it",
        ) from None
    policy = make_policy(policy_name, universe, routing, model)
    return engine_of(universe, policy, static_policy(universe, routing), routing)


def days_to_run(
    policies: Sequence[str], n_seeds: int, n_baseline_seeds: int, first_seed: int = 1
) -> list[DayTask]:
    """Every day of a comparison: the ones that are judged, then the ones that choose a baseline."""
    end = first_seed + n_seeds
    assert 0 < first_seed < end <= MAX_SEEDS, f"seeds {first_seed} to {end - 1} have another use"
    judged = [
        # An insider's day cannot be replayed: its journal does not hold what it knew.
        DayTask(seed, policy, is_journaled=seed == first_seed and insider_of(policy) is None)
        for seed in range(first_seed, end)
        for policy in policies
    ]
    baselines = [policy for policy in policies if policy in BASELINES]
    choosing = [
        DayTask(BASELINE_SEED + k, policy) for k in range(n_baseline_seeds) for policy in baselines
    ]
    return judged + (choosing if len(baselines) > 1 else [])


def evaluate_market(
    bench: Bench,
    policies: Sequence[str],
    *,
    n_seeds: int,
    n_baseline_seeds: int,
    n_workers: int,
    first_seed: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> ScenarioResult:
    """
    Compare policies in one market; the same arguments give the same result, to the bit.

    Raises:
        ConfigError: a day on which no parent could be measured.
    """
    tasks = days_to_run(policies, n_seeds, n_baseline_seeds, first_seed)
    days = run_days(bench, tasks, n_workers, on_done)
    _check_measured(days, bench.market.name)
    judged = [day for day in days if day.seed < BASELINE_SEED]
    choosing = [day for day in days if day.seed >= BASELINE_SEED]
    best_baseline = choose_baseline(choosing or judged)
    hashes = hashlib.sha256("".join(day.state_hash for day in judged).encode())
    about, recorded = bench.market.scenario.scenario, bench.market.recorded
    is_training_day, training_notes = _training_day(bench, policies)
    results = policy_results(judged, best_baseline)
    gaps = gaps_of(results, best_baseline)
    of_venue_insider = gaps.get("venue_insider", {})
    return ScenarioResult(
        description=about.description,
        mode=about.mode,
        seeds=tuple(sorted({day.seed for day in judged})),
        baseline_seeds=tuple(sorted({day.seed for day in choosing})),
        best_baseline=best_baseline,
        policies=results,
        gap_closed_frac={
            policy: of_venue_insider[policy].closed_frac if policy in of_venue_insider else None
            for policy in policies
            if policy not in (*BASELINES, *INSIDERS)
        },
        gaps=gaps,
        contrast=contrast_of(results, best_baseline),
        problems=problems_of(results),
        notes=(*training_notes, *bench.market.notes, *bench.tuned_notes),
        state_hash=hashes.hexdigest(),
        recorded_day=None if recorded is None else recorded.origin,
        is_training_day=is_training_day,
    )


def run_days(
    bench: Bench, tasks: Sequence[DayTask], n_workers: int, on_done: Callable[[], None]
) -> list[DayCosts]:
    """Every day in the order of the tasks; only what is not kept is run."""
    found = {task: day for task in tasks if (day := kept_day(bench, task)) is not None}
    for _ in found:
        on_done()
    missing = [task for task in tasks if task not in found]
    found.update(
        zip(
            missing,
            run_tasks(run_one, bench, missing, n_workers=n_workers, on_done=on_done),
            strict=True,
        )
    )
    return [found[task] for task in tasks]


def kept_day(bench: Bench, task: DayTask) -> DayCosts | None:
    """The day from an earlier run; None for one that must be run, if only for its journal."""
    if bench.kept is None or (task.is_journaled and bench.journal_dir is not None):
        return None
    return bench.kept.find(task.policy, task.seed, bench.model_for(task.policy))


def _training_day(bench: Bench, policies: Sequence[str]) -> tuple[bool | None, tuple[str, ...]]:
    """Whether the replayed day is one that the model learned from, and what to say about it."""
    is_learned = any(policy not in BASELINES for policy in policies)
    if bench.market.recorded is None or bench.model is None or not is_learned:
        return None, ()
    is_named = bench.market.recorded.is_named_in(read_card(bench.model).trained_on)
    if is_named is None:
        return None, (TRAINING_DAY_NOT_KNOWN_NOTE,)
    return is_named, (TRAINED_ON_THIS_DAY_NOTE,) if is_named else ()


def _check_measured(days: Sequence[DayCosts], market: str) -> None:
    for day in days:
        if not day.costs:
            raise ConfigError.one(
                where=f"{market}, seed {day.seed}, policy {day.policy}",
                expected="parents whose cost can be measured",
                found=f"{day.n_unmeasured} without a midpoint when they came, or an end in the day",
                fix="lengthen the lead-in or the session, or replay a tape with quotes in it",
            )
