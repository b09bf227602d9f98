"""Marks move over what is dealt with, whatever overtook what."""

from __future__ import annotations

from pathlib import Path

from penstock.domain import Ns
from penstock.runtime.marks import Marks
from penstock.wire.fix import Incoming

SESSION = "oms/OMS"


def message(seq_num: int, *, is_possible_dup: bool = False) -> Incoming:
    """A message of a session."""
    return Incoming("OMS", "D", seq_num, is_possible_dup, {}, Ns(0))


def test_the_mark_stays_below_what_has_been_overtaken(tmp_path: Path) -> None:
    """After a `kill -9` the session is asked for everything above it: nothing may be left out."""
    marks = Marks(tmp_path / "marks", [SESSION])
    messages = [message(k) for k in range(1, 6)]
    for one in messages:
        marks.arrived(SESSION, one)
    found = []
    for k in (0, 3, 4, 2, 1):
        marks.dealt(SESSION, messages[k])
        found.append(marks.consumed(SESSION))
    marks.close()

    assert [1, 1, 1, 1, 5] == found


def test_a_message_that_did_not_wait_moves_the_mark_at_once(tmp_path: Path) -> None:
    """The sessions deliver one by one where nothing queues."""
    marks = Marks(tmp_path / "marks", [SESSION])
    marks.dealt(SESSION, message(7))

    assert 7 == marks.consumed(SESSION)
    marks.dealt(SESSION, message(3, is_possible_dup=True))
    assert 7 == marks.consumed(SESSION)
    marks.dealt(SESSION, message(1))
    assert 1 == marks.consumed(SESSION)
    marks.close()


def test_a_session_that_starts_over_goes_down_in_the_order_of_arrival(tmp_path: Path) -> None:
    """Its new numbers are lower than those that still wait."""
    marks = Marks(tmp_path / "marks", [SESSION])
    old, new = message(90), message(1)
    marks.arrived(SESSION, old)
    marks.arrived(SESSION, new)
    marks.dealt(SESSION, new)
    before = marks.consumed(SESSION)
    marks.dealt(SESSION, old)

    assert (0, 1) == (before, marks.consumed(SESSION))
    marks.close()
