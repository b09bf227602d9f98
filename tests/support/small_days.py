"""Ten minutes of the plain market with a handful of parents: a day that runs in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from penstock.domain import parse_toml
from penstock.sim import Scenario
from penstock.trials import ParentCost
from penstock.trials.compare import DayCosts
from penstock.wire import write_tape
from tests.support.consolidated_files import ingested, random_day
from tests.support.worlds import SCENARIOS, plain_text

SMALL = "small-day"
N_PARENTS = 5
RECORDED = "small-replay"


def small_text() -> str:
    """The plain scenario, shortened, as a file would say it."""
    text = plain_text().replace('name = "plain-day"', f'name = "{SMALL}"')
    text = text.replace("duration_s = 7_200.0", "duration_s = 600.0")
    return f"{text}\n[parents]\nn_per_day = {N_PARENTS}\n"


def small_scenario() -> Scenario:
    """The same, read."""
    return parse_toml(small_text(), Scenario, file=f"{SMALL}.toml")


def small_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """The same as a file, with pieces of text replaced; every piece must be there."""
    return _written(folder / f"{SMALL}.toml", small_text(), changes)


def replay_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """A scenario that replays `test.tape` beside it: one minute, in stock TEST."""
    text = (SCENARIOS / "ibm-2013-replay.toml").read_text(encoding="utf-8")
    usual = (
        ('name = "ibm-2013-replay"', f'name = "{RECORDED}"'),
        ("start_s = 34_500.0", "start_s = 34_200.0"),
        ("duration_s = 22_800.0", "duration_s = 60.0"),
        ('symbol = "IBM"', 'symbol = "TEST"'),
        ("n_per_day = 60", "n_per_day = 3\nlead_in_s = 5.0"),
        ("horizon_s = [60.0, 120.0, 180.0]", "horizon_s = [10.0, 20.0]"),
        ('tape = "ibm-20131008.tape"', 'tape = "test.tape"'),
    )
    return _written(folder / f"{RECORDED}.toml", text, (*usual, *changes))


def tape_file(folder: Path) -> Path:
    """The recorded day of `replay_file`: a random walk of TEST on 8 October 2013."""
    path = folder / "test.tape"
    write_tape(path, ingested(*random_day(seed=1)).file)
    return path


def day_costs(
    seed: int, policy: str, costs_bps: list[float], *, reference_bps: float = float("nan")
) -> DayCosts:
    """A day whose parents cost this much; what is not given does not matter."""
    return DayCosts(
        seed=seed,
        policy=policy,
        costs=[
            ParentCost(
                parent_id=k + 1,
                shortfall_bps=cost_bps,
                reference_bps=reference_bps,
                leakage_bps=float("nan"),
                fees_bps=0.25,
                filled_frac=1.0,
                duration_s=10.0,
                n_children=4,
                n_decisions=2,
            )
            for k, cost_bps in enumerate(costs_bps)
        ],
        state_hash=f"{policy}{seed}",
    )


def noisy_days(policy: str, *, dearer_bps: float, seed: int, n_days: int = 8) -> list[DayCosts]:
    """Days with a common shock that all policies share, and a little noise of their own."""
    shocks = 10.0 * np.random.default_rng(99).normal(size=n_days)
    own = 0.1 * np.random.default_rng(seed).normal(size=n_days)
    return [
        day_costs(day + 1, policy, [float(shocks[day] + own[day] + dearer_bps)])
        for day in range(n_days)
    ]


def _written(path: Path, text: str, changes: tuple[tuple[str, str], ...]) -> Path:
    for old, new in changes:
        assert old in text, f"nothing to replace: {old}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path
