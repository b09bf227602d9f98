"""Laws of the live path over days full of faults, held by the drill's auditor."""

from collections import Counter

import pytest

from penstock.runtime.drill import DayResult, draw_day, fault_verbs, play

SEED = 20_261_201
N_BATCHES, N_DAYS = 11, 25

_results: dict[int, list[DayResult]] = {}


def days_of(batch: int) -> list[DayResult]:
    """A batch of days, played once a session."""
    if batch not in _results:
        first = batch * N_DAYS
        _results[batch] = [play(draw_day(SEED, day)) for day in range(first, first + N_DAYS)]
    return _results[batch]


@pytest.mark.parametrize("batch", range(N_BATCHES))
def test_days_full_of_faults_break_no_law(batch: int) -> None:
    """
    No overfill, no lost share, nothing sent that may not be, everything told once and truly.

    One by one: `penstock drill --seed 20261201 --day DAY`.
    """
    broken = [(day.day, day.violations[0]) for day in days_of(batch) if day.violations]

    assert [] == broken


def test_these_days_have_every_kind_of_fault() -> None:
    """A law about faults that never occur would hold by itself."""
    faults: Counter[str] = Counter()
    for batch in range(N_BATCHES):
        for day in days_of(batch):
            faults.update(day.faults)
    wanted = {*fault_verbs(), "killed"} - {"kill"}

    assert set() == {verb for verb in wanted if faults[verb] == 0}


def test_the_same_day_is_the_same_to_the_last_figure() -> None:
    """Or a broken law could not be seen again."""
    for day in (3, 4):
        first_log: list[str] = []
        again_log: list[str] = []

        first = play(draw_day(SEED, day), lines=first_log)
        again = play(draw_day(SEED, day), lines=again_log)

        assert first == again
        assert len(first_log) == len(again_log) > 0
