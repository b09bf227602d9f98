"""What venues say about children: each execution once, whatever the order and however often."""

import pytest

from penstock.domain import (
    CancelParent,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    ChildReplaced,
    ChildState,
    Liquidity,
    ParentState,
    Record,
    ReportParent,
    SetTimer,
    Side,
    Tactic,
    Timer,
)
from penstock.engine import EngineConfig
from penstock.engine.working import MAX_CANCEL_REFUSALS
from tests.support.engines import ASK, BID, MINUTE_NS, Rig, quote

TAKE = [("LIT1", "take")]
TAKES = [("LIT1", "take"), ("LIT2", "take")]
POST = [("LIT1", "post")]


def bust(rig: Rig, child: ChildOrder, exec_id: str, to_shares: int = 0) -> None:
    """The venue corrects an execution."""
    rig.report(
        ChildBust,
        child,
        exec_id=exec_id,
        corrected_shares=to_shares,
        corrected_price_ticks=ASK - 100,
    )


def test_a_fill_is_told_with_price_venue_and_totals() -> None:
    """The OMS books from this report alone."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40)
    (report,) = rig.all_of(ReportParent)

    assert (40, 60, 40 * ASK) == (
        report.filled_shares,
        report.leaves_shares,
        report.paid_ticks_shares,
    )
    assert (40, ASK, 1, child.child_id) == (
        report.last_shares,
        report.last_price_ticks,
        report.last_venue_idx,
        report.last_child_id,
    )
    assert 40 * 3_000 == report.fees_usd_micros


def test_an_execution_counts_once() -> None:
    """Venues resend after a reconnect."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40, "a")
    rig.fill(child, 40, "a")

    assert ["duplicate_fill"] == rig.alerts
    assert 40 == rig.parent().filled_shares


def test_a_report_about_a_stranger_is_an_alert_and_changes_nothing() -> None:
    """Somebody trades in our name, or a journal was lost: a person must look."""
    rig = Rig(steps=TAKE)
    rig.order(100)
    before = rig.engine._core.ledger.state_hash()
    rig.give(
        ChildFill,
        child_id=99,
        venue_idx=1,
        exec_id="a",
        price_ticks=ASK,
        size_shares=10,
        liquidity=Liquidity.TAKE,
        fee_usd_micros=0,
    )

    assert ["unknown_child"] == rig.alerts
    assert before == rig.engine._core.ledger.state_hash()


def test_a_fill_after_the_end_is_booked_and_said() -> None:
    """The client owns the shares, whatever the order of reports."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child)
    rig.fill(child, 30)

    assert ["late_fill"] == rig.alerts
    assert 30 == rig.parent().filled_shares
    assert ChildState.CANCELLED is rig.child(child).state


def test_a_late_fill_cancels_what_is_now_too_much() -> None:
    """What was sent again in the meantime would fill a second time."""
    rig = Rig(steps=TAKES)
    first, second = rig.order(2_000)
    rig.report(ChildCancelled, first)
    rig.report(ChildCancelled, second)
    rig.show(quote(1, Side.SELL, ASK, 2_000))
    rig.wake(rig.all_of(SetTimer)[-1])
    resent = rig.sent
    assert 2_000 == sum(child.size_shares for child in resent)
    rig.fill(first, 10)

    assert [child.child_id for child in resent] == rig.cancelled


def test_more_than_the_client_asked_for_is_an_alert() -> None:
    """A position nobody wanted: the desk must act."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 130)

    assert ["child_overfill", "overfill"] == rig.alerts
    assert 130 == rig.parent().filled_shares
    assert ParentState.FILLED is rig.parent().state


def test_a_refused_cancel_leaves_the_child_live() -> None:
    """The fill that won the race is on its way; a later cancel may be asked for again."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.wake(rig.all_of(SetTimer)[-1])
    rig.report(ChildCancelReject, child, reason="too late")
    assert ChildState.LIVE is rig.child(child).state
    rig.give(CancelParent, parent_id=1)

    assert [child.child_id] == rig.cancelled


def test_an_acknowledgement_is_timed_once() -> None:
    """A copy that comes minutes later says nothing about the venue's latency."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    cards = rig.engine._core.scorecards
    rig.report(ChildAck, child)
    latency_ms = cards.ack_latency_ms(1)
    rig.give(ChildAck, 10**9, child_id=child.child_id, venue_idx=1)

    assert latency_ms == cards.ack_latency_ms(1)


def test_an_acknowledgement_behind_a_cancel_is_timed_too() -> None:
    """We were quick to change our mind; the venue was not slower for it."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    cards = rig.engine._core.scorecards
    before_ms = cards.ack_latency_ms(1)
    rig.give(CancelParent, parent_id=1)
    rig.give(ChildAck, 50_000_000, child_id=child.child_id, venue_idx=1)

    assert before_ms < cards.ack_latency_ms(1)
    assert ChildState.CANCELLING is rig.child(child).state


def test_a_smaller_size_from_the_venue_can_end_a_child() -> None:
    """Nothing is left of it; its shares are free."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40)
    rig.report(ChildReplaced, child, size_shares=40, limit_ticks=ASK)

    assert ChildState.FILLED is rig.child(child).state
    assert [60] == [record.decision.route_shares for record in rig.all_of(Record)]
    assert 0 == rig.engine._core.risk.open_value


def test_a_size_that_the_venue_raised_is_cancelled() -> None:
    """More would rest than the client wants."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildReplaced, child, size_shares=300, limit_ticks=ASK)

    assert [child.child_id] == rig.cancelled


def test_busted_shares_are_the_clients_again() -> None:
    """The parent goes back to work with what was taken from it."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100, "a")
    assert ParentState.FILLED is rig.parent().state
    bust(rig, child, "a")

    assert ParentState.WORKING is rig.parent().state
    assert [100] == [record.decision.route_shares for record in rig.all_of(Record)]
    assert (0, 0, 0) == (
        rig.parent().filled_shares,
        rig.parent().paid_ticks_shares,
        rig.parent().fees_usd_micros,
    )


def test_a_correction_replaces_shares_price_and_fee() -> None:
    """The fee in proportion; the rest of the shares is worked again."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100, "a")
    bust(rig, child, "a", to_shares=60)

    assert 60 == rig.parent().filled_shares
    assert 60 * (ASK - 100) == rig.parent().paid_ticks_shares
    assert 60 * 3_000 == rig.parent().fees_usd_micros


@pytest.mark.parametrize("to_shares", [0, 25, 70])
def test_a_bust_does_not_change_what_the_venue_may_fill(to_shares: int) -> None:
    """The shares do not come back to its book: the child ends when the rest of it has filled."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40, "a")
    bust(rig, child, "a", to_shares=to_shares)
    assert 60 == rig.child(child).leaves_shares
    rig.fill(child, 60, "b")

    assert ChildState.FILLED is rig.child(child).state
    assert 60 + to_shares == rig.parent().filled_shares
    assert 0 == rig.engine._core.risk.open_value


def test_a_copy_of_a_busted_execution_does_not_bring_it_back() -> None:
    """Each execution counts once, and this one not at all."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40, "a")
    bust(rig, child, "a")
    rig.fill(child, 40, "a")

    assert ["duplicate_fill"] == rig.alerts
    assert 0 == rig.parent().filled_shares


def test_a_corrected_execution_can_be_corrected_again() -> None:
    """Errors of one's errors: the last word counts."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40, "a")
    bust(rig, child, "a", to_shares=30)
    bust(rig, child, "a", to_shares=20)
    rig.fill(child, 40, "a")

    assert ["duplicate_fill"] == rig.alerts
    assert 20 == rig.parent().filled_shares


def test_a_bust_of_nothing_we_know_is_an_alert() -> None:
    """Perhaps the fill was lost: a person must compare with the venue."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    bust(rig, child, "never seen")

    assert ["unknown_bust"] == rig.alerts
    assert [] == rig.all_of(ReportParent)


def test_a_correction_upward_can_fill_the_parent() -> None:
    """It is told so at once, not at the horizon."""
    rig = Rig(steps=TAKE, shown_shares=60)
    (child,) = rig.order(100)
    rig.fill(child, 60, "a")
    bust(rig, child, "a", to_shares=100)

    assert ParentState.FILLED is rig.parent().state
    assert [ParentState.FILLED] == [report.state for report in rig.all_of(ReportParent)]


def test_a_bust_does_not_wake_an_order_that_was_to_stop() -> None:
    """The client had cancelled: the fill only won the race, and now it is gone."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    rig.fill(child, 100, "a")
    bust(rig, child, "a")

    assert ParentState.CANCELLED is rig.parent().state
    assert [] == rig.sent


def test_a_bust_after_the_horizon_wakes_nobody() -> None:
    """What is left goes back to the client."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100, "a")
    rig.give(Timer, MINUTE_NS, timer_id=10**6)
    bust(rig, child, "a")

    assert ParentState.CANCELLED is rig.parent().state


def test_a_stopped_parent_with_children_in_flight_is_cancelling_after_a_bust() -> None:
    """Cancelled is said when nothing can fill any more, not before."""
    rig = Rig(steps=TAKES)
    first, second = rig.order(2_000)
    rig.give(CancelParent, parent_id=1)
    rig.fill(first, 2_000, "a")
    bust(rig, first, "a")
    assert ParentState.CANCELLING is rig.parent().state
    rig.report(ChildCancelled, second)

    assert ParentState.CANCELLED is rig.parent().state


def test_a_parent_woken_by_a_bust_near_its_deadline_takes() -> None:
    """Its clocks went on while it was filled."""
    rig = Rig(steps=[("LIT1", "post")])
    (child,) = rig.order(100)
    timers = rig.all_of(SetTimer)
    rig.fill(child, 100, "a")
    for timer in sorted(timers, key=lambda t: t.due_ns):
        if timer.due_ns < rig.parent().order.deadline_ns:
            rig.wake(timer)
    bust(rig, child, "a")

    assert [Tactic.TAKE] == [order.tactic for order in rig.sent]


def test_a_retry_that_passed_while_filled_does_not_silence_the_next() -> None:
    """Else a bust would leave the parent waiting for a timer that has long come."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child)
    retry = rig.all_of(SetTimer)[-1]
    assert rig.parent().has_retry_timer
    rig.fill(child, 100, "a")
    rig.wake(retry)
    rig.show(quote(1, Side.SELL, ASK, 0), quote(2, Side.SELL, ASK, 0))
    bust(rig, child, "a")

    assert [] == rig.sent
    assert 1 == len(rig.all_of(SetTimer))


def test_how_the_price_moved_after_a_fill_goes_on_the_venues_card() -> None:
    """A midpoint that rises after we bought is adverse to the rest of the order."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100)
    markout = rig.all_of(SetTimer)[-1]
    rig.show(*(quote(v, Side.SELL, ASK, 0) for v in (1, 2)), quote(1, Side.SELL, ASK + 200, 100))
    before = rig.engine._core.scorecards.estimate(1, int(Tactic.TAKE), rig.now).markout_bps
    rig.wake(markout)

    assert before < rig.engine._core.scorecards.estimate(1, int(Tactic.TAKE), rig.now).markout_bps


def test_a_markout_is_due_when_the_settings_say_after_the_child_ended() -> None:
    """It compares with the midpoint of the decision; a fall after a buy is no leakage."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100)
    due = [timer.due_ns - rig.now for timer in rig.all_of(SetTimer)]
    assert [EngineConfig().markout_ns] == due
    (markout,) = rig.all_of(SetTimer)
    rig.show(*(quote(v, Side.BUY, BID, 0) for v in (1, 2)), quote(1, Side.BUY, BID - 200, 100))
    rig.wake(markout)

    assert 0 > rig.engine._core.scorecards.estimate(1, int(Tactic.TAKE), rig.now).markout_bps


def test_an_execution_of_nothing_is_not_booked() -> None:
    """A negative size would free shares that a venue holds."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    for shares, price, more in ((0, ASK, []), (-50, ASK, []), (10, 0, ["in_doubt"])):
        rig.fill(child, shares, price_ticks=price)
        assert ["absurd_fill", *more] == rig.alerts

    assert 0 == rig.parent().filled_shares


def test_a_report_from_another_venue_than_the_childs_is_not_booked() -> None:
    """Two venues with one number: one of them is wrong."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100, venue_idx=2)

    assert ["wrong_venue"] == rig.alerts
    assert 0 == rig.parent().filled_shares


@pytest.mark.parametrize("to_shares", [0, 30])
def test_a_bust_that_overtakes_its_fill_counts_when_the_fill_comes(to_shares: int) -> None:
    """Two channels of one venue keep no order between them."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    bust(rig, child, "a", to_shares)
    assert ["unknown_bust"] == rig.alerts
    rig.fill(child, 40, "a")

    assert ["bust"] == rig.alerts
    assert to_shares == rig.parent().filled_shares


def test_a_cancel_that_is_always_refused_is_sent_ever_more_seldom_and_then_a_persons() -> None:
    """Four messages a second for ever would help nobody."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    waits, alerts = [], []
    for _ in range(MAX_CANCEL_REFUSALS - 1):
        rig.report(ChildCancelReject, child, reason="unknown order")
        alerts += rig.alerts
        (again,) = rig.all_of(SetTimer)
        waits.append(again.due_ns - rig.now)
        rig.wake(again)
        assert [child.child_id] == rig.cancelled
    rig.report(ChildCancelReject, child, reason="unknown order")

    assert [2 * wait for wait in waits[:-1]] == waits[1:]
    assert [] == alerts
    assert ["cancel_refused"] == rig.alerts
    assert [] == rig.all_of(SetTimer)
