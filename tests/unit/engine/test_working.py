"""How a parent is worked: stages, rests, retries, the duty to complete, the horizon."""

import pytest

from penstock.domain import (
    NS_PER_S,
    CancelParent,
    ChildAck,
    ChildCancelled,
    ChildReject,
    Ns,
    ParentState,
    Record,
    ReplaceParent,
    SetTimer,
    Side,
    Tactic,
    Tif,
    Timer,
    VenueDown,
    VenueUp,
)
from penstock.engine import EngineConfig
from penstock.risk import RiskLimits
from penstock.routing import RoutingConfig, SweepPolicy
from tests.support.engines import ASK, BID, MINUTE_NS, Rig, is_take, quote

TAKES = (("LIT1", "take"), ("LIT2", "take"))
RESTS = (("LIT1", "post"), ("LIT2", "post"))


def test_one_stage_is_sent_at_once() -> None:
    """Takes shown one by one would warn the next venue."""
    rig = Rig(steps=TAKES)
    sent = rig.order(1_500)

    assert [(1, 1_000), (2, 500)] == [(child.venue_idx, child.size_shares) for child in sent]
    assert all(child.limit_ticks == ASK and child.tif is Tif.IOC for child in sent)


def test_no_more_is_decided_than_no_live_child_covers() -> None:
    """What is out may still fill: a second decision on it could trade it twice."""
    rig = Rig(steps=TAKES)
    rig.order(3_000)
    rig.give(VenueUp, venue_idx=0)

    assert 2_000 == rig.engine._core.ledger.live_shares(rig.parent())


def test_the_end_of_a_stage_plans_everything_anew() -> None:
    """An IOC's remainder waits for its sisters; the last to end starts the next decision."""
    rig = Rig(steps=(*TAKES, *RESTS))
    first, second = rig.order(2_000)
    rig.report(ChildCancelled, first)
    assert [] == rig.all_of(Record)
    rig.report(ChildCancelled, second)

    assert [2_000] == [record.decision.route_shares for record in rig.all_of(Record)]
    assert {Tactic.POST} == {child.tactic for child in rig.sent}


def test_a_child_filled_whole_frees_only_what_it_carried() -> None:
    """While its sisters rest, no more than one child's shares are decided anew."""
    rig = Rig(steps=RESTS)
    first, _ = rig.order(10_000)
    rig.fill(first, first.size_shares)

    assert [first.size_shares] == [r.decision.route_shares for r in rig.all_of(Record)]


def test_a_refused_child_is_planned_anew_at_once() -> None:
    """Its shares never reached a market; its sisters rest on."""
    rig = Rig(steps=RESTS)
    first, _ = rig.order(10_000)
    rig.report(ChildReject, first, reason="no")

    assert [first.size_shares] == [r.decision.route_shares for r in rig.all_of(Record)]
    assert ["child_rejected"] == rig.alerts


def test_a_child_whose_rest_is_over_is_planned_anew_at_once() -> None:
    """Its sister rests longer: what it left need not wait for that."""
    rig = Rig(steps=RESTS)
    first, _ = rig.order(10_000)
    rig.fill(first, 100)
    rig.report(ChildCancelled, first)

    assert [first.size_shares] == [r.decision.route_shares for r in rig.all_of(Record)]


def test_a_resting_child_is_cancelled_when_its_time_is_over() -> None:
    """Once: the venue's answer is waited for, and the child is live until then."""
    rig = Rig(steps=RESTS[:1])
    (child,) = rig.order(1_000)
    timer = rig.all_of(SetTimer)[-1]
    rig.wake(timer)
    assert [child.child_id] == rig.cancelled
    rig.give(Timer, timer_id=timer.timer_id)

    assert [] == rig.answer
    assert child.size_shares == rig.child(child).leaves_shares


def test_a_child_that_has_ended_is_not_cancelled() -> None:
    """Its timer comes back all the same."""
    rig = Rig(steps=RESTS[:1])
    (child,) = rig.order(200)
    timer = rig.all_of(SetTimer)[-1]
    rig.fill(child, 200)
    rig.wake(timer)

    assert [] == rig.cancelled


def test_nothing_to_send_is_looked_at_again_after_a_while() -> None:
    """A venue may come up, or a quote appear."""
    rig = Rig(SweepPolicy())
    for venue_idx in (1, 2):
        rig.give(VenueDown, venue_idx=venue_idx, reason="link lost")
    assert [] == rig.order(100)
    retry = rig.all_of(SetTimer)[-1]
    rig.give(VenueUp, venue_idx=1)
    rig.wake(retry)

    assert [100] == [child.size_shares for child in rig.sent]


def test_only_one_retry_is_out_at_a_time() -> None:
    """Each would bring the next: two would stay two for ever."""
    rig = Rig(SweepPolicy())
    for venue_idx in (1, 2):
        rig.give(VenueDown, venue_idx=venue_idx, reason="link lost")
    rig.order(100)
    retry = rig.all_of(SetTimer)[-1]
    rig.give(ReplaceParent, parent_id=1, size_shares=200, limit_ticks=None)
    assert [] == rig.all_of(SetTimer)
    rig.wake(retry)
    assert 1 == len(rig.all_of(SetTimer))
    rig.give(Timer, timer_id=retry.timer_id)

    assert [] == rig.answer


def test_near_its_deadline_a_parent_stops_resting_and_takes() -> None:
    """The duty to complete is the same for every policy, and goes through all venues at once."""
    rig = Rig(steps=RESTS)
    resting = rig.order(1_500)
    complete = rig.timer_due_in(MINUTE_NS - 2 * NS_PER_S)
    rig.show(quote(2, Side.SELL, ASK + 100, 400))
    rig.wake(complete)
    assert [child.child_id for child in resting] == rig.cancelled
    for child in resting:
        rig.report(ChildCancelled, child)

    assert all(is_take(child) for child in rig.sent)
    assert 1_500 == sum(child.size_shares for child in rig.sent)


def test_an_order_shorter_than_the_window_takes_at_once() -> None:
    """There is no time to rest in."""
    rig = Rig(steps=RESTS)

    assert all(is_take(child) for child in rig.order(500, horizon_ns=NS_PER_S))
    assert rig.parent().must_complete


def test_at_the_horizon_a_parent_stops() -> None:
    """It says so at once, and is cancelled when its last child has ended."""
    rig = Rig(steps=RESTS[:1])
    (child,) = rig.order(100)
    rig.wake(rig.timer_due_in(MINUTE_NS))
    assert [child.child_id] == rig.cancelled
    assert ["horizon over"] == rig.texts
    assert ParentState.CANCELLING is rig.parent().state
    rig.report(ChildCancelled, child)

    assert ParentState.CANCELLED is rig.parent().state
    assert ["horizon over; 0 of 100 shares filled, 1 child order sent"] == rig.texts
    assert [] == rig.sent


def test_a_fill_in_the_race_with_a_cancel_counts() -> None:
    """A parent that has all it wanted is filled, whoever wanted it back."""
    rig = Rig(steps=TAKES[:1])
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    rig.fill(child, 100)

    assert ParentState.FILLED is rig.parent().state
    assert ["fill"] == rig.texts


def test_a_last_child_filled_while_cancelling_ends_the_parent() -> None:
    """First the fill is told, then the end."""
    rig = Rig(steps=TAKES[:1], shown_shares=60)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    rig.fill(child, 60)

    assert ParentState.CANCELLED is rig.parent().state
    ended = "cancelled by the client; 60 of 100 shares filled, 1 child order sent"
    assert ["fill", ended] == rig.texts


def test_an_order_larger_than_one_may_be_goes_in_several() -> None:
    """A limit on one order must not stop the parent."""
    rig = Rig(steps=TAKES[:1], limits=RiskLimits(order_shares=300))
    (child,) = rig.order(1_000)
    assert 300 == child.size_shares
    rig.fill(child, 300)

    assert ParentState.WORKING is rig.parent().state
    assert 700 == rig.parent().leaves_shares


def test_what_risk_refuses_is_said_and_tried_again_later() -> None:
    """No child is booked, so its shares are free."""
    rig = Rig(steps=TAKES[:1], limits=RiskLimits(client_day_usd=1))

    assert [] == rig.order(100)
    assert ["risk_denied"] == rig.alerts
    assert rig.parent().has_retry_timer
    assert [] == rig.parent().live_children


@pytest.mark.parametrize(("rest_ns", "tif"), [(0, Tif.IOC), (1_000_000, Tif.DAY)])
def test_what_does_not_rest_is_immediate_or_cancel(rest_ns: int, tif: Tif) -> None:
    """A midpoint order may look into a pool and leave, or stay."""
    rig = Rig(steps=[("DRK0", "mid")], routing=RoutingConfig(mid_rest_ns=Ns(rest_ns)))
    (child,) = rig.order(1_000)

    assert tif is child.tif
    assert (BID + ASK) // 2 <= child.limit_ticks <= ASK


def test_an_acknowledgement_changes_no_shares() -> None:
    """It says that the venue has the child; the child was live before."""
    rig = Rig(steps=TAKES[:1])
    (child,) = rig.order(100)
    rig.report(ChildAck, child)

    assert 100 == rig.child(child).leaves_shares
    assert [] == rig.answer


def test_takes_that_keep_coming_back_empty_are_sent_ever_more_seldom() -> None:
    """What is displayed is not to be had; a venue must not be asked at the speed of the wire."""
    rig = Rig(steps=[("LIT1", "take"), ("LIT2", "take")], routing=RoutingConfig(cool_down_ns=Ns(0)))
    sent = rig.order(100)
    for _ in range(EngineConfig().patient_rounds - 1):
        (child,) = sent
        rig.report(ChildCancelled, child)
        sent = rig.sent
        assert 1 == len(sent)
    rig.report(ChildCancelled, sent[0])

    assert [] == rig.sent
    wait = rig.timer_due_in(EngineConfig().retry_ns)
    rig.wake(wait)
    assert 1 == len(rig.sent)
