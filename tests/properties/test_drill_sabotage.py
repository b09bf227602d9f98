"""A drill finds what is broken on purpose: an auditor that never complains proves nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.domain import Shares
from penstock.engine import ledger, working
from penstock.risk import RiskGate
from penstock.runtime import opened, stepping
from penstock.runtime.drill import draw_day, play
from penstock.runtime.drill.audit import Law
from penstock.wire.fix import Outgoing

SEED, MOST_DAYS = 20_261_201, 250


def first_breach(laws: set[str]) -> str:
    """The first of these laws that is broken, over some days."""
    for day in range(MOST_DAYS):
        for law, _, _ in play(draw_day(SEED, day)).violations[:1]:
            if law in laws:
                return law
    return "none"


def one_more_share(*args: Any) -> Shares:
    """What may be sent, and one."""
    return Shares(FREE(*args) + 1)


def unmarked(outgoing: Outgoing) -> Outgoing:
    """A repetition that does not say so."""
    return outgoing


FREE = ledger.shares_still_free


@pytest.mark.parametrize(
    ("module", "name", "broken", "laws"),
    [
        (working, "shares_still_free", one_more_share, {Law.OVERFILL}),
        (opened, "possible_resend", unmarked, {Law.TOLD_ONCE}),
        (RiskGate, "deny", lambda *_: None, {Law.KILLED, Law.CLOSED_VENUE, Law.LIMIT}),
    ],
)
def test_what_is_broken_on_purpose_is_found(
    module: Any, name: str, broken: Callable[..., Any], laws: set[str], monkeypatch: Any
) -> None:
    """Within some days, and under the law that it breaks."""
    monkeypatch.setattr(module, name, broken)
    if module is RiskGate:
        monkeypatch.setattr(RiskGate, "mask", lambda *_: None)
        monkeypatch.setattr(RiskGate, "deny_parent", lambda *_: None)

    assert first_breach(laws) in laws


def test_a_child_that_is_sent_twice_is_found(monkeypatch: Any) -> None:
    """The FIX engine is handed the same order a second time."""
    once = stepping.Stepper._to_venue

    def twice(self: Any, *args: Any) -> None:
        once(self, *args)
        once(self, *args)

    monkeypatch.setattr(stepping.Stepper, "_to_venue", twice)

    assert Law.SENT_TWICE == first_breach({Law.SENT_TWICE})


def test_a_lost_report_is_found(monkeypatch: Any) -> None:
    """Every third report to a client is never made."""
    report, made = stepping.Stepper._report, [0]

    def most(self: Any, reports: Any) -> None:
        kept = []
        for one in reports:
            made[0] += 1
            if made[0] % 3:
                kept.append(one)
        report(self, kept)

    monkeypatch.setattr(stepping.Stepper, "_report", most)
    laws: set[str] = {Law.BOOKED, Law.ANSWERED, Law.TOLD_ALL, Law.STATUS, Law.ENDED}

    assert first_breach(laws) in laws
