"""After a lost session or a restart: the venue says where a child stands, and what follows."""

from penstock.domain import (
    CancelParent,
    ChildBust,
    ChildCancelReject,
    ChildOrder,
    ChildState,
    ChildStatus,
    Control,
    ControlAction,
    ParentState,
    Record,
    ReplaceParent,
    ReportKind,
    ReportParent,
    SetTimer,
    VenueUp,
)
from tests.support.engines import ASK, MINUTE_NS, Rig

POST = [("LIT1", "post")]
TAKE = [("LIT1", "take")]


def answer(
    rig: Rig, child: ChildOrder, *, filled: int = 0, leaves: int = 0, known: bool = True
) -> None:
    """The venue answers a status request."""
    rig.report(ChildStatus, child, is_known=known, filled_shares=filled, leaves_shares=leaves)


def test_a_child_that_never_arrived_is_planned_anew() -> None:
    """Killed between journal and socket: the shares are the client's again."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    answer(rig, child, known=False)

    assert ChildState.REJECTED is rig.child(child).state
    assert [100] == [record.decision.route_shares for record in rig.all_of(Record)]
    assert ["never_arrived"] == rig.alerts


def test_a_child_that_works_goes_on_working() -> None:
    """Nothing was lost but time."""
    rig = Rig(steps=POST)
    (child,) = rig.order(300)
    answer(rig, child, leaves=child.size_shares)

    assert ChildState.LIVE is rig.child(child).state
    assert [] == rig.answer


def test_a_cancel_that_may_be_lost_is_asked_for_again() -> None:
    """The venue's silence about it proves nothing."""
    rig = Rig(steps=POST)
    (child,) = rig.order(300)
    rig.give(CancelParent, parent_id=1)
    answer(rig, child, leaves=300)

    assert [child.child_id] == rig.cancelled
    assert ParentState.CANCELLING is rig.parent().state


def test_a_child_that_ended_unseen_is_closed() -> None:
    """Its end was said while nobody listened; the fills agree."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.fill(child, 40)
    answer(rig, child, filled=40)

    assert ChildState.CANCELLED is rig.child(child).state
    assert [60] == [record.decision.route_shares for record in rig.all_of(Record)]


def test_the_same_bust_twice_counts_once() -> None:
    """Venues resend busts too."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100, "a")
    bust = {"exec_id": "a", "corrected_shares": 60, "corrected_price_ticks": ASK}
    rig.report(ChildBust, child, **bust)
    (report,) = rig.all_of(ReportParent)
    rig.report(ChildBust, child, **bust)

    assert (ReportKind.CORRECTION, "a", 60) == (
        report.kind,
        report.last_exec_id,
        report.last_shares,
    )
    assert ["duplicate_bust"] == rig.alerts
    assert 60 == rig.parent().filled_shares


def test_a_refused_cancel_is_asked_for_again_while_the_child_lives() -> None:
    """Else an order that should stop could rest for ever."""
    rig = Rig(steps=POST)
    (child,) = rig.order(300)
    rig.give(CancelParent, parent_id=1)
    rig.report(ChildCancelReject, child, reason="busy")
    (timer,) = rig.all_of(SetTimer)
    rig.wake(timer)

    assert [child.child_id] == rig.cancelled


def test_a_router_that_closes_cancels_everything_and_says_why() -> None:
    """The OMS must know that nobody works its orders any more."""
    rig = Rig(steps=POST)
    (child,) = rig.order(300)
    rig.give(Control, action=ControlAction.DRAIN, target_idx=None, operator="signal")

    assert [child.child_id] == rig.cancelled
    assert ["the router is closing"] == rig.texts
    rig.order(100, parent_id=2)
    assert ParentState.REJECTED is rig.parent(2).state


def test_an_order_for_no_shares_is_refused() -> None:
    """Zero is a typing error; who wants nothing cancels."""
    rig = Rig(steps=POST)
    rig.order(300)
    rig.give(ReplaceParent, parent_id=1, size_shares=0, limit_ticks=None)
    (report,) = rig.all_of(ReportParent)

    assert ReportKind.REPLACE_REFUSED is report.kind
    assert 300 == rig.parent().size_shares


def test_the_same_denial_is_said_once() -> None:
    """A parent that waits for a quote looks again four times a second."""
    rig = Rig(steps=TAKE, shown_shares=0)
    rig.give(VenueUp, venue_idx=1)
    rig.order(300, limit=ASK, horizon_ns=MINUTE_NS)
    alerts = list(rig.alerts)
    for _ in range(3):
        (timer,) = [t for t in rig.all_of(SetTimer) if t.due_ns - rig.now <= 250_000_000]
        rig.wake(timer)
        alerts += rig.alerts

    assert alerts.count("risk_denied") <= 1
