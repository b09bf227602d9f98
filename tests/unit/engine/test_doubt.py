"""Shares that a venue states, or may state, as filled: held, asked about, settled."""

from typing import Any

import msgspec
import pytest

from penstock.domain import (
    BookChild,
    CancelParent,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildOrder,
    ChildReject,
    ChildState,
    ChildStated,
    ChildStatus,
    CloseChild,
    Control,
    ControlAction,
    DoubtChild,
    ParentState,
    QueryChild,
    Record,
    ReplaceParent,
    ReportKind,
    ReportParent,
    SendChild,
    SetTimer,
    Shares,
    VenueReachable,
    VenueStatement,
)
from penstock.engine import EngineConfig
from penstock.engine.doubt import MAX_ASKS
from tests.support.engines import ASK, MINUTE_NS, Rig

TAKE = [("LIT1", "take")]
POST = [("LIT1", "post")]
HAND: Any = {"operator": "ann", "reason": "telephone"}


def states(
    filled: int | None = None,
    leaves: int | None = None,
    size: int | None = None,
    *,
    repeat: bool = False,
) -> VenueStatement:
    """Totals of a report."""
    filled_shares, leaves_shares, size_shares = (
        None if shares is None else Shares(shares) for shares in (filled, leaves, size)
    )
    return VenueStatement(
        filled_shares=filled_shares,
        leaves_shares=leaves_shares,
        size_shares=size_shares,
        is_repeat=repeat,
    )


def answer(
    rig: Rig, child: ChildOrder, *, filled: int = 0, leaves: int = 0, known: bool = True
) -> None:
    """The venue answers a question."""
    rig.report(ChildStatus, child, is_known=known, filled_shares=filled, leaves_shares=leaves)


def routed(rig: Rig) -> list[int]:
    """Shares that the last answer decides on."""
    return [record.decision.route_shares for record in rig.all_of(Record)]


def asked(rig: Rig) -> list[int]:
    """Children that the last answer asks about."""
    return [query.child_id for query in rig.all_of(QueryChild)]


def test_shares_that_an_end_calls_filled_are_not_sent_again() -> None:
    """150=4 with 14=60 and no execution: only 40 of the 100 are free."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states(60, 0))

    assert [40] == routed(rig)
    assert 60 == rig.child(child).doubt_shares
    assert [child.child_id] == asked(rig)
    assert "in_doubt" in rig.alerts


def test_the_missing_execution_settles_it() -> None:
    """It comes a moment after the end that counted it."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states(100, 0))
    assert [] == routed(rig)
    rig.fill(child, 100, stated=states(100, 0))

    assert 0 == rig.child(child).doubt_shares
    assert ParentState.FILLED is rig.parent().state
    assert [] == rig.parent().doubtful_children


def test_an_order_with_shares_in_doubt_is_never_reported_as_cancelled() -> None:
    """39=4 would free the client to send those shares elsewhere."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    rig.report(ChildCancelled, child, stated=states(60, 0))
    assert ParentState.CANCELLING is rig.parent().state
    assert [] == rig.all_of(ReportParent)
    rig.fill(child, 60, stated=states(60, 0))

    assert [ReportKind.FILL, ReportKind.ENDED] == [r.kind for r in rig.all_of(ReportParent)]
    assert ParentState.CANCELLED is rig.parent().state


@pytest.mark.parametrize("kind", [ChildAck, ChildStated, ChildCancelReject])
def test_a_total_counts_whatever_the_report_is_about(kind: type) -> None:
    """An acknowledgement, a pending cancel, a refused one: 14 is 14."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    more = {"reason": "too late"} if kind is ChildCancelReject else {}
    rig.report(kind, child, stated=states(70, 30), **more)

    assert 70 == rig.child(child).doubt_shares
    assert [child.child_id] == asked(rig)


def test_a_reject_with_shares_filled_frees_only_the_rest() -> None:
    """150=8 with 14=60: the venue contradicts itself, and the shares may be bought."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildReject, child, reason="closed", stated=states(60, 0))

    assert [40] == routed(rig)


def test_an_end_that_states_no_total_leaves_everything_in_doubt() -> None:
    """FIX requires 14 there; without it nobody can say what is free."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states())
    assert [] == routed(rig)
    answer(rig, child, filled=0)

    assert [100] == routed(rig)


def test_an_end_that_states_open_shares_keeps_those() -> None:
    """150=4 with 151=40: 40 shares may still fill there."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states(0, 40))

    assert [60] == routed(rig)


def test_an_answer_with_our_total_settles_a_fear() -> None:
    """Nothing was lost after all."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildAck, child)
    answer(rig, child, known=False)
    assert 100 == rig.child(child).doubt_shares
    answer(rig, child, filled=0)

    assert 0 == rig.child(child).doubt_shares
    assert [100] == routed(rig)


def test_an_acknowledged_child_that_its_venue_does_not_know_may_have_traded() -> None:
    """A venue that restarted without its orders: in doubt, not free."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.report(ChildAck, child, stated=states(0, 100, 100))
    rig.fill(child, 30, stated=states(30, 70, 100))
    answer(rig, child, known=False)

    assert 70 == rig.child(child).doubt_shares
    assert [] == rig.all_of(SendChild)
    assert "in_doubt" in rig.alerts


def test_an_answer_below_what_the_venue_had_stated_counts_when_it_comes_twice() -> None:
    """One of its two words is wrong, and one is the dearer to take for true."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states(100, 0))
    answer(rig, child, filled=0)
    assert [] == routed(rig)
    answer(rig, child, filled=0)

    assert [100] == routed(rig)


def test_an_answer_with_a_higher_total_keeps_the_difference_in_doubt() -> None:
    """70 filled, 40 booked, ended: 30 in doubt, 30 free."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40)
    answer(rig, child, filled=70)

    assert 30 == rig.child(child).doubt_shares
    assert [30] == routed(rig)


def test_a_repeated_report_can_only_add() -> None:
    """43=Y carries the totals of its own time."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.fill(child, 60, stated=states(60, 40, 100))
    rig.report(ChildAck, child, stated=states(0, 100, 100, repeat=True))

    assert [] == rig.alerts
    assert [] == asked(rig)


def test_an_unreadable_execution_is_held_until_it_can_be_read() -> None:
    """A price that nobody can read is no reason to send its shares again."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    doubt = {"reason": "31 LastPx: 'abc'", "doubt_shares": 60, "exec_id": "a"}
    rig.report(DoubtChild, child, **doubt)
    rig.report(DoubtChild, child, **doubt)
    assert 60 == rig.child(child).doubt_shares
    rig.report(ChildCancelled, child, stated=states(60, 0))
    assert [40] == routed(rig)
    rig.fill(child, 60, "a")

    assert 0 == rig.child(child).doubt_shares
    assert 60 == rig.parent().filled_shares


def test_an_exec_id_with_other_content_is_in_doubt_where_the_total_says_so() -> None:
    """A duplicate is the same content; another execution under its name is one more."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.fill(child, 30, "a", stated=states(30, 70))
    rig.fill(child, 20, "a", stated=states(50, 50))

    assert ["exec_id_reused", "in_doubt"] == rig.alerts
    assert 20 == rig.child(child).doubt_shares
    rig.fill(child, 30, "a", stated=states(30, 70, repeat=True))
    assert ["duplicate_fill"] == rig.alerts


def test_an_execution_beyond_the_limit_is_booked_and_critical() -> None:
    """The shares are ours; the difference is the venue's."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100, limit=ASK)
    rig.fill(child, 50, price_ticks=ASK, price_rest_femtos=1)
    assert "beyond_limit" in rig.alerts
    rig.fill(child, 50, price_ticks=ASK)

    assert [] == rig.alerts
    assert 100 == rig.parent().filled_shares


def test_a_price_below_a_tick_is_paid_exactly() -> None:
    """Three shares at a third of a tick, and 0.98765 twice."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 3, price_ticks=9_876, price_rest_femtos=50_000_000_000)
    rig.fill(child, 1, price_ticks=9_876, price_rest_femtos=50_000_000_000)

    parent = rig.parent()
    assert (4 * 9_876 + 2, 0) == (parent.paid_ticks_shares, parent.paid_rest_femtos)


def test_a_child_that_is_open_after_its_end_is_cancelled_before_anything_else() -> None:
    """It can fill; what it can fill is counted again until the venue has cancelled it."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(300)
    rig.fill(child, 300)
    answer(rig, child, filled=300, leaves=50)

    assert ["still_open"] == rig.alerts
    assert [child.child_id] == rig.cancelled
    assert 50 == rig.child(child).leaves_shares


def test_a_venue_that_comes_back_after_a_kill_is_sent_the_cancels_first() -> None:
    """Killed while it was away: the cancels that could not leave are due."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.give(Control, action=ControlAction.KILL, target_idx=None, operator="ann")
    rig.give(VenueReachable, venue_idx=child.venue_idx)
    assert [child.child_id] == rig.cancelled
    answer(rig, child, filled=50, leaves=50)

    assert [child.child_id] == rig.cancelled
    assert 50 == rig.child(child).doubt_shares


def test_a_second_kill_cancels_again() -> None:
    """Whoever pulls the brake twice has a reason."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    for _ in range(2):
        rig.give(Control, action=ControlAction.KILL, target_idx=None, operator="ann")

        assert [child.child_id] == rig.cancelled


def test_a_killed_order_stays_killed_when_a_bust_reopens_it() -> None:
    """Filled, killed, resumed, busted: nobody has asked for it to be worked again."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 100, "a")
    for action in (ControlAction.KILL, ControlAction.RESUME):
        rig.give(Control, action=action, target_idx=None, operator="ann")
    rig.report(ChildBust, child, exec_id="a", corrected_shares=0, corrected_price_ticks=0)

    assert [] == rig.sent
    assert ParentState.CANCELLED is rig.parent().state


def test_a_question_is_repeated_with_back_off_and_then_a_persons() -> None:
    """Questions for ever would drown the venue and the log."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100, horizon_ns=60 * MINUTE_NS)
    rig.report(ChildCancelled, child, stated=states(100, 0))
    waits, n_asked = [], len(asked(rig))
    (timer,) = [t for t in rig.all_of(SetTimer) if t.due_ns - rig.now == EngineConfig().ask_ns]
    while True:
        waits.append(timer.due_ns - rig.now)
        rig.wake(timer)
        n_asked += len(asked(rig))
        if not rig.all_of(SetTimer):
            break
        (timer,) = rig.all_of(SetTimer)

    assert MAX_ASKS == n_asked
    assert sorted(waits) == waits
    assert ["for_a_person"] == rig.alerts


def test_a_persons_booking_settles_the_doubt_and_reaches_the_client() -> None:
    """The venue confirmed 60 at 84.97505 on the telephone."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states(60, 0))
    price = {"price_ticks": ASK - 1, "price_rest_femtos": 50_000_000_000}
    rig.give(BookChild, child_id=child.child_id, size_shares=60, **price, **HAND)
    (report,) = [r for r in rig.all_of(ReportParent) if r.kind is ReportKind.FILL]

    assert (60, ASK - 1, 50_000_000_000) == (
        report.last_shares,
        report.last_price_ticks,
        report.last_price_rest_femtos,
    )
    assert 0 == rig.child(child).doubt_shares
    rig.fill(child, 60, "late", stated=states(60, 0))
    assert ["booked_by_hand"] == rig.alerts
    assert 60 == rig.parent().filled_shares


def test_a_person_ends_a_child_that_its_venue_forgot() -> None:
    """The day can end: what is booked is all that has filled."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.report(ChildAck, child)
    rig.give(CancelParent, parent_id=1)
    answer(rig, child, known=False)
    assert ParentState.CANCELLING is rig.parent().state
    rig.give(CloseChild, child_id=child.child_id, filled_shares=0, **HAND)

    assert ParentState.CANCELLED is rig.parent().state
    assert 0 == rig.child(child).doubt_shares


def test_a_closing_with_another_total_than_is_booked_is_refused() -> None:
    """Shares are booked with a price or not at all."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    close = CloseChild(
        seq=0,
        event_ns=rig.now,
        recv_ns=rig.now,
        child_id=child.child_id,
        filled_shares=Shares(40),
        **HAND,
    )
    rig.give(CloseChild, child_id=child.child_id, filled_shares=40, **HAND)

    assert "penstock child book" in (rig.engine.refusal(close) or "")
    assert ["refused"] == rig.alerts
    assert ChildState.SENT is rig.child(child).state


def test_a_size_that_the_venue_states_larger_counts_and_is_called_back() -> None:
    """38=200 for 100 sent: the other 100 could fill, too."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.report(ChildAck, child, stated=states(0, 200, 200))

    assert "size_differs" in rig.alerts
    assert [child.child_id] == rig.cancelled
    assert 200 == rig.child(child).leaves_shares


def test_a_fill_that_states_nothing_open_is_asked_about_but_frees_nothing() -> None:
    """An end that is not called one: 150=F with 151=0 for a part."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 60, stated=states(60, 0))
    assert [] == routed(rig)
    assert [child.child_id] == asked(rig)
    answer(rig, child, filled=60, leaves=0)

    assert [40] == routed(rig)


def test_a_report_of_any_kind_that_states_an_end_is_one() -> None:
    """150=F with 39=4 and 151=0: the venue cancelled the rest in the same message."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    end = VenueStatement(filled_shares=Shares(60), leaves_shares=Shares(0), has_ended=True)
    rig.fill(child, 60, stated=end)

    assert [40] == routed(rig)
    assert ChildState.CANCELLED is rig.child(child).state


def test_a_bust_of_what_was_more_than_wanted_ends_the_order_below_its_size() -> None:
    """Replaced to less than had filled, 38 is what had filled; nobody wants the busted shares."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.fill(child, 40, "a")
    rig.fill(child, 50, "b")
    rig.give(ReplaceParent, parent_id=1, size_shares=30, limit_ticks=None)
    rig.report(ChildCancelled, child)
    rig.report(ChildBust, child, exec_id="a", corrected_shares=31, corrected_price_ticks=ASK)
    (report,) = rig.all_of(ReportParent)

    assert (90, 81, 0) == (report.size_shares, report.filled_shares, report.leaves_shares)
    assert ParentState.CANCELLED is report.state
    assert [] == rig.sent


@pytest.mark.parametrize(("scope", "n_booked"), [("order", 2), ("venue", 1)])
def test_an_exec_id_of_another_order_counts_as_the_venue_scopes_it(
    scope: str, n_booked: int
) -> None:
    """Unique at the venue, it names one execution; unique within its order, it names two."""
    rig = Rig(steps=TAKE)
    venues = tuple(
        msgspec.structs.replace(venue, exec_id_scope=scope) for venue in rig.universe.venues
    )
    rig.engine._core.universe = msgspec.structs.replace(rig.universe, venues=venues)
    (first,) = rig.order(100)
    (second,) = rig.order(100, parent_id=2)
    rig.fill(first, 100, "a")
    rig.fill(second, 100, "a")

    assert n_booked * 100 == sum(rig.parent(k).filled_shares for k in (1, 2))
    assert (n_booked == 1) == ("exec_id_reused" in rig.alerts)


def test_a_bust_of_what_was_never_booked_lowers_what_the_venue_states() -> None:
    """15 stated, their execution lost, then busted with 14=0: nothing is in doubt any more."""
    rig = Rig(steps=TAKE)
    (child,) = rig.order(100)
    rig.report(ChildCancelled, child, stated=states(15, 0))
    bust = {"exec_id": "lost", "corrected_shares": 0, "corrected_price_ticks": 0}
    rig.report(ChildBust, child, stated=states(0, 0), **bust)

    assert 0 == rig.child(child).doubt_shares
    assert [] == rig.parent().doubtful_children
