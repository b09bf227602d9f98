"""Orders that have ended leave memory, and are found again by whatever comes late."""

from penstock.domain import (
    NS_PER_S,
    ChildBust,
    ChildOrder,
    LatencyObserved,
    ParentState,
    ReplaceParent,
    ReportKind,
    ReportParent,
    SetTimer,
    Shares,
    Ticks,
)
from penstock.engine import EngineConfig
from tests.support.engines import MINUTE_NS, Rig

TAKES = [("LIT1", "take"), ("LIT2", "take")]
AFTER_NS = EngineConfig().forget_after_ns


def pass_time(rig: Rig, wait_ns: int) -> None:
    """Any event, so much later."""
    rig.give(LatencyObserved, wait_ns, decision_ns=1)


def filled_and_forgotten() -> tuple[Rig, ChildOrder]:
    """A rig whose only order has filled and is packed away."""
    rig = Rig(steps=TAKES)
    (child,) = rig.order(100)
    rig.fill(child, 100, "x-1")
    pass_time(rig, AFTER_NS)
    return rig, child


def test_an_order_that_has_ended_leaves_memory_with_its_children() -> None:
    """Memory holds what works, not what has been."""
    rig, _ = filled_and_forgotten()

    assert 1 == rig.engine.n_forgotten
    assert not rig.engine.parents
    assert not rig.engine.children


def test_nothing_is_forgotten_early() -> None:
    """What comes late comes within moments, as a rule."""
    rig = Rig(steps=TAKES)
    (child,) = rig.order(100)
    rig.fill(child, 100)
    pass_time(rig, AFTER_NS - 1)

    assert 0 == rig.engine.n_forgotten


def test_what_works_is_never_forgotten() -> None:
    """However long it takes."""
    rig = Rig(steps=TAKES)
    rig.order(100)
    pass_time(rig, 100 * AFTER_NS)

    assert 0 == rig.engine.n_forgotten
    assert [1] == list(rig.engine.parents)


def test_a_late_fill_finds_a_forgotten_order() -> None:
    """It is booked on that order and told to its client, with the totals of the whole order."""
    rig, child = filled_and_forgotten()
    rig.fill(child, 7, "x-2")
    (report,) = rig.all_of(ReportParent)

    assert ["late_fill", "child_overfill", "overfill"] == rig.alerts
    assert (1, ReportKind.FILL, 107) == (report.parent_id, report.kind, report.filled_shares)
    assert 0 == rig.engine.n_forgotten
    pass_time(rig, AFTER_NS)
    assert 1 == rig.engine.n_forgotten


def test_a_repeated_fill_of_a_forgotten_order_is_a_repetition() -> None:
    """Its ExecIDs are kept for the day."""
    rig, child = filled_and_forgotten()
    rig.fill(child, 100, "x-1")

    assert ["duplicate_fill"] == rig.alerts
    assert 100 == rig.parent().filled_shares


def test_a_bust_of_a_forgotten_order_sets_it_to_work_again() -> None:
    """As long as its horizon is not over."""
    rig = Rig(steps=TAKES)
    (child,) = rig.order(100, horizon_ns=10 * MINUTE_NS)
    rig.fill(child, 100, "x-1")
    pass_time(rig, AFTER_NS)
    rig.report(
        ChildBust,
        child,
        exec_id="x-1",
        corrected_shares=Shares(0),
        corrected_price_ticks=Ticks(0),
    )

    assert ParentState.WORKING is rig.parent().state
    assert [100] == [sent.size_shares for sent in rig.sent]


def test_a_forgotten_order_is_not_opened_again() -> None:
    """Its number is taken for the day; a change comes too late."""
    rig, _ = filled_and_forgotten()
    rig.give(
        ReplaceParent,
        parent_id=1,
        size_shares=Shares(300),
        limit_ticks=None,
        client_order_id="more",
    )
    refused = rig.texts
    pass_time(rig, AFTER_NS)
    order = rig.order(100)

    assert ["too late to replace: filled"] == refused
    assert [] == order
    assert ["duplicate_parent"] == rig.alerts


def test_timers_of_a_forgotten_order_do_no_harm() -> None:
    """They were set when it was worked."""
    rig = Rig(steps=TAKES)
    (child,) = rig.order(100)
    timers = rig.all_of(SetTimer)
    rig.fill(child, 100, "x-1")
    timers += rig.all_of(SetTimer)
    pass_time(rig, AFTER_NS)
    for timer in timers:
        rig.wake(timer)
        assert [] == rig.answer

    assert timers


def test_an_order_with_shares_in_doubt_is_never_forgotten() -> None:
    """Somebody has to settle it first."""
    rig = Rig(steps=TAKES)
    (child,) = rig.order(100)
    rig.fill(child, 100, "x-1")
    rig.child(child).fear("x-9", 50)
    rig.engine._core.ledger.settle(rig.child(child))
    rig.parent().doubtful_children.append(child.child_id)
    pass_time(rig, 10 * AFTER_NS)

    assert 0 == rig.engine.n_forgotten


def test_when_to_forget_is_a_setting() -> None:
    """Zero is never."""
    assert 30 * NS_PER_S == AFTER_NS
    assert 0 == EngineConfig(forget_after_ns=0).forget_after_ns  # type: ignore[arg-type]
