"""What the OMS may ask for: new, other, no more; and what it is told."""

import msgspec
import pytest

from penstock.domain import (
    CancelParent,
    ChildBust,
    ChildCancelled,
    NewParent,
    ParentOrder,
    ParentState,
    Record,
    ReplaceParent,
    ReportKind,
    ReportParent,
    Side,
)
from penstock.risk import RiskLimits
from tests.support.engines import ASK, BID, Rig, quote

TAKES = [("LIT1", "take"), ("LIT2", "take")]
POST = [("LIT1", "post")]


def replace(rig: Rig, shares: int, limit: int | None = None, parent_id: int = 1) -> None:
    """The OMS changes its order."""
    rig.give(ReplaceParent, 1_000, parent_id=parent_id, size_shares=shares, limit_ticks=limit)


def test_an_order_is_accepted_before_anything_is_sent() -> None:
    """The OMS hears of its order before it hears of fills."""
    rig = Rig(steps=TAKES)
    rig.order(100)

    assert isinstance(rig.answer[0], ReportParent)
    assert "accepted" == rig.answer[0].text


def test_an_order_number_is_taken_once() -> None:
    """A resent order must not trade twice."""
    rig = Rig(steps=TAKES)
    rig.order(100)
    order = rig.parent().order
    rig.give(NewParent, order=order)

    assert ["duplicate_parent"] == rig.alerts
    assert [] == rig.sent


def test_what_risk_does_not_accept_is_rejected_with_the_reason() -> None:
    """The client is told which limit it was; the order ends there."""
    rig = Rig(steps=TAKES, limits=RiskLimits(parent_usd=1_000))

    assert [] == rig.order(100)
    assert ParentState.REJECTED is rig.parent().state
    assert ["risk: parent_notional: 10,000.50 USD, allowed 1,000"] == rig.texts


def test_an_objective_that_nobody_configured_is_rejected_with_the_known_ones() -> None:
    """A typing error in a tag must not stop the router, and must not become another objective."""
    rig = Rig(steps=TAKES)
    order = msgspec.structs.replace(order_of(rig), objective="stelth")
    rig.give(NewParent, order=order)

    assert ParentState.REJECTED is rig.parent(2).state
    assert ["unknown objective 'stelth'; known: cost, stealth, urgent"] == rig.texts
    assert [] == rig.sent


def order_of(rig: Rig) -> ParentOrder:
    """Another order like the first."""
    rig.order(100)
    return msgspec.structs.replace(rig.parent().order, parent_id=2)


def test_a_larger_size_is_worked_at_once() -> None:
    """What is out stays; only the difference is decided."""
    rig = Rig(steps=TAKES)
    rig.order(1_000)
    replace(rig, 1_400)

    assert ["replaced"] == rig.texts
    assert [] == rig.cancelled
    assert [400] == [record.decision.route_shares for record in rig.all_of(Record)]


def test_a_size_below_what_rests_cancels_and_then_plans_anew() -> None:
    """Nothing is sent before the venue has answered: the child may still fill."""
    rig = Rig(steps=TAKES[:1])
    (child,) = rig.order(1_000)
    replace(rig, 300)
    assert [child.child_id] == rig.cancelled
    assert [] == rig.sent
    rig.report(ChildCancelled, child)

    assert [300] == [record.decision.route_shares for record in rig.all_of(Record)]


def test_a_size_below_what_has_filled_means_no_more() -> None:
    """Fills cannot be undone, and what is live can still fill: the venues answer first."""
    rig = Rig(steps=TAKES)
    first, second = rig.order(2_000)
    rig.fill(first, 500)
    replace(rig, 200)
    assert ["waits for the venues to cancel"] == rig.texts
    assert [first.child_id, second.child_id] == rig.cancelled
    rig.report(ChildCancelled, first)
    rig.report(ChildCancelled, second)

    assert ["replaced; filled"] == rig.texts
    assert ParentState.FILLED is rig.parent().state
    assert (500, 500) == (rig.parent().size_shares, rig.parent().filled_shares)
    assert 0 == rig.parent().leaves_shares


@pytest.mark.parametrize(
    ("side", "old", "new", "is_cancelled"),
    [
        (Side.BUY, ASK, BID - 100, True),
        (Side.BUY, ASK, BID, False),
        (Side.BUY, None, BID - 100, True),
        (Side.BUY, ASK, None, False),
        (Side.SELL, BID, ASK + 100, True),
        (Side.SELL, BID, BID - 100, False),
    ],
)
def test_a_tighter_limit_takes_back_what_may_be_beyond_it(
    side: Side, old: int | None, new: int | None, is_cancelled: bool
) -> None:
    """What rests at a price that the new limit allows is left alone, and keeps its place."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100, side=side, limit=old)
    replace(rig, 100, new)

    assert ([child.child_id] if is_cancelled else []) == rig.cancelled


def test_a_tighter_limit_is_confirmed_when_nothing_can_fill_beyond_it() -> None:
    """A client who was told the new limit must not get a fill at the old one."""
    rig = Rig(steps=TAKES[:1])
    (child,) = rig.order(500, limit=ASK)
    replace(rig, 500, ASK - 100)
    (pending,) = rig.all_of(ReportParent)
    rig.fill(child, 200)
    (fill,) = rig.all_of(ReportParent)
    rig.report(ChildCancelled, child)
    confirmed = rig.all_of(ReportParent)[0]

    assert (ReportKind.PENDING_REPLACE, ASK) == (pending.kind, pending.limit_ticks)
    assert (ReportKind.FILL, ASK) == (fill.kind, fill.limit_ticks)
    assert (ReportKind.REPLACED, ASK - 100) == (confirmed.kind, confirmed.limit_ticks)


def test_an_order_that_fills_while_its_replace_waits_is_filled() -> None:
    """7 of 7 are 39=2, and the replace to 4 comes too late."""
    rig = Rig(steps=TAKES[:1])
    (child,) = rig.order(7)
    replace(rig, 4)
    rig.fill(child, 7)

    assert [
        (ReportKind.FILL, ParentState.FILLED, 7),
        (ReportKind.REPLACE_REFUSED, ParentState.FILLED, 7),
    ] == [(r.kind, r.state, r.size_shares) for r in rig.all_of(ReportParent)]


def test_open_shares_in_a_report_are_its_size_less_its_fills() -> None:
    """800, 200 filled, replaced to 400, 100 more fill meanwhile: 38 - 14 = 151 in each report."""
    rig = Rig(steps=TAKES[:1])
    (child,) = rig.order(800)
    rig.fill(child, 200)
    replace(rig, 400)
    reports = rig.all_of(ReportParent)
    rig.fill(child, 100)
    reports += rig.all_of(ReportParent)
    rig.report(ChildCancelled, child)
    reports += rig.all_of(ReportParent)

    assert [(800, 200, 600), (800, 300, 500), (400, 300, 100)] == [
        (r.size_shares, r.filled_shares, r.leaves_shares) for r in reports
    ]


def test_no_child_goes_beyond_the_new_limit() -> None:
    """It holds from the next decision on."""
    rig = Rig(steps=TAKES)
    rig.show(quote(1, Side.SELL, ASK, 0), quote(2, Side.SELL, ASK, 0))
    rig.show(quote(1, Side.SELL, ASK + 100, 500))
    rig.order(100, limit=ASK)
    assert [] == rig.sent
    replace(rig, 100, ASK + 100)

    assert [ASK + 100] == [child.limit_ticks for child in rig.sent]


def test_an_order_may_not_grow_beyond_what_would_have_been_accepted() -> None:
    """A limit that a replace walks around is none."""
    rig = Rig(steps=POST, limits=RiskLimits(parent_usd=100_000))
    rig.order(500)
    replace(rig, 1_000_000)

    assert 500 == rig.parent().size_shares
    assert ["not replaced: risk: parent_notional: 100,005,000.00 USD, allowed 100,000"] == rig.texts


def test_an_order_may_always_shrink() -> None:
    """Less is never refused, not even above a limit that has changed."""
    rig = Rig(steps=POST)
    rig.order(500)
    rig.engine._core.risk._switches._is_restricted[0] = True
    replace(rig, 400)

    assert 400 == rig.parent().size_shares


def test_a_cancel_waits_for_the_venue() -> None:
    """Until then the shares may fill, and the OMS must count on it."""
    rig = Rig(steps=POST)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    assert [ParentState.CANCELLING] == [report.state for report in rig.all_of(ReportParent)]
    assert ["cancelled by the client"] == rig.texts
    rig.report(ChildCancelled, child)

    assert [ParentState.CANCELLED] == [report.state for report in rig.all_of(ReportParent)]


def test_an_idle_order_is_cancelled_at_once() -> None:
    """Nothing is out that could fill."""
    rig = Rig(steps=POST)
    rig.order(100, limit=BID - 1_000)
    rig.give(CancelParent, parent_id=1)

    assert ParentState.CANCELLED is rig.parent().state


@pytest.mark.parametrize("what", ["cancel", "replace"])
def test_too_late_is_told_with_the_state(what: str) -> None:
    """A terminal order stays as it is."""
    rig = Rig(steps=TAKES)
    (child,) = rig.order(100)
    rig.fill(child, 100)
    if what == "cancel":
        rig.give(CancelParent, parent_id=1)
    else:
        replace(rig, 1_000)

    assert [f"too late to {what}: filled"] == rig.texts
    assert ParentState.FILLED is rig.parent().state


def test_an_unknown_order_is_an_alert() -> None:
    """The OMS believes in an order that we do not have."""
    rig = Rig(steps=TAKES)
    rig.give(CancelParent, parent_id=7)
    assert ["unknown_parent"] == rig.alerts
    replace(rig, 100, parent_id=7)

    assert ["unknown_parent"] == rig.alerts


@pytest.mark.parametrize(("shares", "limit"), [(0, None), (-5, None), (10**9, None), (100, -1)])
def test_an_order_that_no_market_could_take_is_rejected_in_words(
    shares: int, limit: int | None
) -> None:
    """The edge checks too; the core trusts nobody."""
    rig = Rig(steps=TAKES)
    rig.order(shares, limit=limit)

    assert ParentState.REJECTED is rig.parent().state
    assert all("expected" in text and "Fix" in text for text in rig.texts)


@pytest.mark.parametrize(("shares", "limit"), [(10**9, None), (100, -1)])
def test_a_replace_to_what_no_market_could_take_is_refused(shares: int, limit: int | None) -> None:
    """The order goes on as it was."""
    rig = Rig(steps=TAKES)
    rig.order(300)
    rig.give(ReplaceParent, parent_id=1, size_shares=shares, limit_ticks=limit)
    (report,) = rig.all_of(ReportParent)

    assert ReportKind.REPLACE_REFUSED is report.kind
    assert 300 == rig.parent().wanted_shares


def test_a_bust_does_not_buy_more_than_the_client_came_to_want() -> None:
    """600 had filled when it wanted 500: a bust to 400 leaves 100 to do, not 200."""
    rig = Rig(steps=TAKES)
    first, _ = rig.order(2_000)
    rig.fill(first, 600, "a")
    replace(rig, 500)
    rig.report(ChildBust, first, exec_id="a", corrected_shares=400, corrected_price_ticks=ASK)

    assert 100 == rig.parent().leaves_shares


def test_a_smaller_size_is_confirmed_when_no_more_can_fill() -> None:
    """A fill that wins the race is the client's, and no overfill: it has not been told less yet."""
    rig = Rig(steps=TAKES)
    first, second = rig.order(2_000)
    replace(rig, 1_200)
    replace(rig, 1_100)
    assert [ReportKind.REPLACE_REFUSED] == [report.kind for report in rig.all_of(ReportParent)]
    rig.fill(first, 1_000)
    rig.fill(second, 300)
    assert [] == rig.alerts
    rig.report(ChildCancelled, second)

    assert ["replaced; filled"] == rig.texts
    assert (1_300, 1_300) == (rig.parent().size_shares, rig.parent().filled_shares)
