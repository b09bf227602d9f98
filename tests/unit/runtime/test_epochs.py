"""Epochs: every start has a number of its own, whatever became of the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import JournalError
from penstock.engine import Sequencer
from penstock.runtime.epochs import next_epoch


def test_every_start_has_a_number_of_its_own(tmp_path: Path) -> None:
    """Also one whose journal says nothing of the last."""
    path = tmp_path / "run" / "epoch"
    epochs = [next_epoch(path, journalled=0, has_history=k > 0) for k in range(3)]

    assert [1, 2, 3] == epochs
    assert "3\n" == path.read_text()
    assert [path] == list(path.parent.iterdir())


def test_the_journal_may_know_more_than_the_file(tmp_path: Path) -> None:
    """Somebody has put an old file back."""
    path = tmp_path / "epoch"
    path.write_text("3\n")

    assert 8 == next_epoch(path, journalled=7, has_history=True)


def test_a_lost_file_skips_what_a_lost_journal_may_have_used(tmp_path: Path) -> None:
    """Nobody can say how many starts the lost file knew of."""
    epoch = next_epoch(tmp_path / "epoch", journalled=7, has_history=True)

    assert 50 < epoch - 7


def test_a_file_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """Guessing would use numbers twice."""
    path = tmp_path / "epoch"
    path.write_text("three")

    with pytest.raises(JournalError, match="remove the file"):
        next_epoch(path, journalled=7, has_history=True)


def test_numbers_of_events_jump_with_the_epoch() -> None:
    """Execution reports of clients are named after them."""
    sequencer = Sequencer(17)
    sequencer.start_epoch(2)

    assert 20_000_001 == sequencer.next_seq()
    sequencer.start_epoch(1)
    assert 20_000_002 == sequencer.next_seq()
