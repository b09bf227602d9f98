"""Every execution report that a client receives adds up, by itself and with those before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.wire.fix import FixMessage
from tests.support.fix_loop import Session

SEEDS = st.integers(0, 2**32)
ENDED = ("2", "4", "8", "C")
HALF_A_DIGIT = Decimal("0.000000005")  # 6 AvgPx has eight decimals


@dataclass
class Told:
    """One order as its execution reports tell it."""

    size: int
    cum: int = 0
    tif: str = ""
    executions: dict[str, tuple[int, Decimal]] = field(default_factory=dict)


class Arithmetic:
    """Takes the reports of one client in order; each must follow from those before."""

    def __init__(self) -> None:
        self.orders: dict[str, Told] = {}

    def take(self, message: FixMessage) -> None:
        """One message; only execution reports have figures."""
        if message.msg_type != "8":
            return
        fields = dict(message.fields)
        order = self.orders.setdefault(fields[37], Told(int(fields[38]), tif=fields[59]))
        self._book(order, fields)
        self._check(order, fields)

    def _book(self, order: Told, fields: dict[int, str]) -> None:
        kind = fields[150]
        if kind in ("F", "G"):
            name = fields[17] if kind == "F" else fields[19]
            assert (name in order.executions) == (kind == "G"), "an execution is told once"
            order.executions[name] = (int(fields[32]), Decimal(fields[31]))
        elif kind == "H":
            del order.executions[fields[19]]
        else:
            assert 32 not in fields
        if kind == "5":
            order.size = int(fields[38])

    def _check(self, order: Told, fields: dict[int, str]) -> None:
        size, cum, leaves = int(fields[38]), int(fields[14]), int(fields[151])
        status, kind = fields[39], fields[150]
        shares = sum(shares for shares, _ in order.executions.values())
        paid = sum((shares * price for shares, price in order.executions.values()), Decimal(0))

        assert size == order.size, "38 changes with 150=5 alone"
        assert order.tif == fields[59], "59 is as it was asked"
        assert cum == shares, "14 is the sum of the executions"
        assert abs(Decimal(fields[6]) * cum - paid) <= cum * HALF_A_DIGIT, "6 is their average"
        assert cum >= order.cum or kind in ("G", "H"), "14 falls with a bust or correction alone"
        order.cum = cum
        if status in ENDED:
            assert leaves == 0
        else:
            assert leaves == max(0, size - cum), "151 is 38 less 14 while the order is open"
        if status == "0":
            assert cum == 0
        elif status == "1":
            assert 0 < cum < size
        elif status == "2":
            assert cum >= size
        assert (kind == "8") == (status == "8")
        assert (kind in ("6", "4", "C", "E", "8")) <= (kind == status), f"150={kind} 39={status}"


@settings(max_examples=60)
@given(seed=SEEDS)
def test_every_report_adds_up(seed: int) -> None:
    """
    Over orders of every time in force, cancels, mass cancels and replaces that race fills, busts,
    corrections and messages that come twice.
    """
    session = Session(seed)
    session.run(120)
    arithmetic = Arithmetic()

    for reports in session.reports:
        for outgoing in reports:
            arithmetic.take(outgoing.message)
