"""Reports to clients: what the FIX engine did not take over is told after a restart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from penstock.domain import Ns
from penstock.runtime.marks import Marks
from penstock.runtime.parts import RouterParts
from penstock.runtime.stepping import Stepper
from penstock.wire.fix import FixMessage, Outgoing

SESSION = "oms/C"


class Wires:
    """A FIX engine that refuses the reports of these numbers."""

    def __init__(self, *refused: int) -> None:
        self._refused = refused
        self.n_asked = 0

    def to_client(self, _outgoing: Outgoing) -> bool:
        """Whether it has taken it over."""
        self.n_asked += 1
        return self.n_asked not in self._refused


def reported_after(folder: Path, wires: Wires, n_reports: int) -> tuple[int, int]:
    """What the marks count, and how many stayed untold."""
    marks = Marks(folder / "marks", [SESSION])
    parts: Any = SimpleNamespace(marks=marks, wires=wires, clock=lambda: Ns(1))
    stepper = Stepper(cast("RouterParts", parts))
    for number in range(n_reports):
        stepper.report_again([Outgoing("C", FixMessage("8", ((17, f"F{number}"),)))])
    counted = marks.reported(SESSION)
    marks.close()
    return counted, stepper.n_unsent


def test_reports_that_are_taken_over_are_counted(tmp_path: Path) -> None:
    """The next start repeats none of them."""
    assert (3, 0) == reported_after(tmp_path, Wires(), 3)


def test_the_count_stops_before_the_first_that_was_refused(tmp_path: Path) -> None:
    """It is a count: were a later one in it, the next start would skip the one that is missing."""
    assert (1, 1) == reported_after(tmp_path, Wires(2), 4)
