"""Which days a comparison runs: none is used twice, and none is wasted."""

from __future__ import annotations

import pytest

from penstock.routing import BASELINES, POLICIES
from penstock.trials import MAX_SEEDS, TRAINING_SEED, days_to_run
from penstock.trials.evaluation import BASELINE_SEED


def test_days_that_judge_choose_and_train_never_meet() -> None:
    """A model is never judged on a day it learned from, nor a baseline on one that chose it."""
    tasks = days_to_run(POLICIES, MAX_SEEDS - 1, 3)
    judged = {task.seed for task in tasks if task.seed < BASELINE_SEED}
    choosing = {task.seed for task in tasks} - judged

    assert set(range(1, MAX_SEEDS)) == judged
    assert {BASELINE_SEED, BASELINE_SEED + 1, BASELINE_SEED + 2} == choosing
    assert max(choosing) < TRAINING_SEED
    assert set(BASELINES) == {task.policy for task in tasks if task.seed in choosing}


def test_a_single_baseline_needs_no_choice() -> None:
    """No day is spent on finding the best of one."""
    tasks = days_to_run(("static", "supervised"), 2, 4)

    assert [1, 1, 2, 2] == [task.seed for task in tasks]
    assert [True, True, False, False] == [task.is_journaled for task in tasks]


def test_days_may_begin_where_nobody_has_looked() -> None:
    """Journals are of the first one."""
    tasks = days_to_run(("static", "supervised"), 2, 0, first_seed=21)

    assert [21, 21, 22, 22] == [task.seed for task in tasks]
    assert [True, True, False, False] == [task.is_journaled for task in tasks]


def test_seeds_that_would_meet_another_use_are_a_mistake_of_ours() -> None:
    """The command line allows fewer."""
    with pytest.raises(AssertionError, match="another use"):
        days_to_run(("static",), MAX_SEEDS, 0)
    with pytest.raises(AssertionError, match="another use"):
        days_to_run(("static",), 2, 0, first_seed=MAX_SEEDS - 1)
