"""What is refused before any work is done: names that collide, files that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from penstock.domain import ConfigError, Problem, reason_of
from penstock.trials import MAX_SEEDS


def check_names(names: Sequence[str]) -> None:
    """
    Refuse two markets of one name: the results of one would replace the other's.

    Raises:
        ConfigError: every name that comes twice.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError.one(
            where="SCENARIO",
            expected="scenarios with different names",
            found=", ".join(twice),
            fix="name each scenario once; the name is scenario.name in its file",
        )


def check_seeds(first_seed: int, n_seeds: int) -> None:
    """
    Refuse days that another use has: training, tuning and the choice of a baseline.

    Raises:
        ConfigError: the last day is one of them.
    """
    last = first_seed + n_seeds - 1
    if last >= MAX_SEEDS:
        raise ConfigError.one(
            where="--first-seed",
            expected=f"days up to seed {MAX_SEEDS - 1}: those above have another use",
            found=f"{n_seeds} days from seed {first_seed}, the last one {last}",
            fix=f"start at {MAX_SEEDS - n_seeds} or before",
        )


def check_output(*paths: Path) -> None:
    """
    Refuse files that could not be written at the end, before any work is done.

    Raises:
        ConfigError: all of them.
    """
    files = [path.resolve() for path in paths]
    problems = [problem for path in dict.fromkeys(paths) for problem in _problem_of_output(path)]
    problems += [
        Problem(
            where=str(path),
            expected="a file of its own for each output",
            found="one file for several",
            fix="name another",
        )
        for path in dict.fromkeys(paths)
        if files.count(path.resolve()) > 1
    ]
    if problems:
        raise ConfigError(problems)


def _problem_of_output(path: Path) -> Iterator[Problem]:
    found = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            found = "a folder"
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            found = "permission denied"
    except OSError as error:
        found = reason_of(error)
    if found:
        yield Problem(
            where=str(path),
            expected="a file that can be written",
            found=found,
            fix="name another, or make its folder writable",
        )
