"""Many drill days over worker processes, and what they had in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from penstock.runtime.drill.day import DayResult, play
from penstock.runtime.drill.schedule import draw_day, fault_verbs
from penstock.trials.workers import run_tasks

_DAYS_A_TASK: Final = 10


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which a law was broken, and the first breach."""

    day: int
    law: str
    text: str
    at_ms: int


class DrillFigures(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a drill had: counts over all days. `faults` has every kind, those that never came too;
    `laws` counts how often each was held; `violations` is the number of broken days.
    """

    seed: int
    days: int
    events: int
    executions: int
    router_starts: int
    faults: dict[str, int]
    laws: dict[str, int]
    violations: int
    broken: list[Broken]


class Batch(NamedTuple):
    """Days of one task."""

    first_day: int
    n_days: int


def drill(
    seed: int,
    n_days: int,
    *,
    first_day: int = 0,
    n_workers: int = 1,
    on_days: Callable[[int], None] = lambda _: None,
) -> DrillFigures:
    """
    Play days `first_day` and on, whatever the number of workers with the same figures.

    Args:
        on_days: called with a number of days when they are done, for progress.
    """
    last = first_day + n_days
    batches = [
        Batch(day, min(_DAYS_A_TASK, last - day)) for day in range(first_day, last, _DAYS_A_TASK)
    ]
    left = iter(batches)
    results = run_tasks(
        _play_days,
        seed,
        batches,
        n_workers=n_workers,
        on_done=lambda: on_days(next(left).n_days),
    )
    return _sum_of(seed, [result for days in results for result in days])


def _play_days(seed: int, batch: Batch) -> list[DayResult]:
    days = range(batch.first_day, batch.first_day + batch.n_days)
    return [play(draw_day(seed, day)) for day in days]


def _sum_of(seed: int, results: list[DayResult]) -> DrillFigures:
    faults: Counter[str] = Counter()
    laws: Counter[str] = Counter()
    for result in results:
        faults.update(result.faults)
        laws.update(result.laws)
    counted = {name: faults[name] for name in sorted({*fault_verbs(), "killed"} - {"kill"})}
    broken = [
        Broken(day=result.day, law=law, text=text, at_ms=at_ms)
        for result in results
        for law, text, at_ms in result.violations[:1]
    ]
    return DrillFigures(
        seed=seed,
        days=len(results),
        events=sum(result.n_events for result in results),
        executions=sum(result.n_executions for result in results),
        router_starts=sum(result.n_starts for result in results),
        faults=counted,
        laws={name: laws[name] for name in sorted(laws)},
        violations=len(broken),
        broken=broken,
    )
