"""What an episode in the bare market is: how long a step lasts, and how many there are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import msgspec

from penstock.domain import ConfigError, Problem
from penstock.sim import Scenario
from penstock.trials.markets import read_scenario

DEFAULT_SCENARIO = "reference-day"


class MarketTask(msgspec.Struct, frozen=True, kw_only=True):
    """
    A step lasts `step_events` events of the market, or `step_ms` where `step_events` is 0.

    An event is one thing that happens in the market's loop: a trader's order, cancel, look or move,
    a step of the price, a command of ours. `n_steps` is the parent's horizon. `pause_s` lies
    between two parents of a day: cancels arrive, and the market forgets.
    """

    step_events: int = 50
    step_ms: float = 0.0
    n_steps: int = 500
    pause_s: float = 1.0


def check_task(task: MarketTask) -> None:
    """
    Refuse a task that no episode can follow.

    Raises:
        ConfigError: all problems at once.
    """
    problems = [
        Problem(where=f"MarketTask.{name}", expected=expected, found=repr(found), fix=fix)
        for name, found, is_good, expected, fix in (
            (
                "step_events", task.step_events, 0 <= task.step_events <= 1_000_000,
                "0 to 1,000,000 events", "use 50, or 0 with step_ms",
            ),
            (
                "step_ms", task.step_ms, 0 <= task.step_ms <= 3_600_000,
                "0 to 3,600,000 ms", "use 0 with step_events, or a time such as 100",
            ),
            (
                "step_ms", task.step_ms, (task.step_events > 0) != (task.step_ms > 0),
                "step_events or step_ms, one of them above 0", "set the other one to 0",
            ),
            ("n_steps", task.n_steps, task.n_steps >= 1, "at least 1", "use some hundreds"),
            ("pause_s", task.pause_s, 0 < task.pause_s <= 3_600, "up to 3,600 s", "use 1"),
        )
        if not is_good
    ]  # fmt: skip
    if problems:
        raise ConfigError(problems)


def scenario_of(wanted: Scenario | Path | str | None) -> Scenario:
    """
    A scenario as it is, from a file, or the one that came with the package.

    Raises:
        ConfigError: the file cannot be read or used, or is a replay: a recorded day has no
            reference price to reward by.
    """
    if not isinstance(wanted, Scenario):
        shipped = (
            Path(str(files("penstock"))) / "shipped" / "scenarios" / f"{DEFAULT_SCENARIO}.toml"
        )
        wanted = read_scenario(shipped if wanted is None else Path(wanted))
    if wanted.scenario.mode != "generated":
        raise ConfigError.one(
            where=f"{wanted.scenario.name}: scenario.mode",
            expected='"generated": rewards are measured against a reference price',
            found=repr(wanted.scenario.mode),
            fix="use a generated scenario; a recorded day can be run with `penstock evaluate`",
        )
    return wanted
