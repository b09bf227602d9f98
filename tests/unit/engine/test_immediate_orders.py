"""A client's immediate or cancel order: what is there is taken, the rest comes back at once."""

from penstock.domain import (
    ChildCancelled,
    ChildReject,
    ChildState,
    ParentState,
    ParentTif,
    ReportKind,
    ReportParent,
    SetTimer,
    Tif,
    VenueDown,
)
from tests.support.engines import BID, Rig

ALL = (("LIT1", "post"), ("LIT1", "take"), ("LIT2", "take"))


def kinds(rig: Rig) -> list[ReportKind]:
    """What the last answer reports."""
    return [command.kind for command in rig.all_of(ReportParent)]


def test_everything_displayed_is_taken_at_once() -> None:
    """Nothing rests, whatever the waterfall would do."""
    rig = Rig(steps=ALL)
    children = rig.order(1_500, tif=ParentTif.IOC)

    assert [Tif.IOC, Tif.IOC] == [child.tif for child in children]
    assert 1_500 == sum(child.size_shares for child in children)


def test_the_rest_is_cancelled_when_the_last_child_has_ended() -> None:
    """A venue that did not give all that was asked of it is not asked again."""
    rig = Rig(steps=ALL)
    first, second = rig.order(2_000, tif=ParentTif.IOC)
    rig.fill(first, 600)
    rig.report(ChildCancelled, first)
    assert ParentState.WORKING is rig.parent().state
    rig.report(ChildCancelled, second)

    assert [] == rig.sent
    assert [ReportKind.ENDED] == kinds(rig)
    assert (ParentState.CANCELLED, 600) == (rig.parent().state, rig.parent().filled_shares)
    assert rig.texts[0].startswith("immediate or cancel; 600 of 2,000 shares filled")


def test_a_venue_that_gave_all_is_asked_for_more() -> None:
    """What is displayed after a full fill can be taken too; the parent ends all the same."""
    rig = Rig(steps=ALL)
    first, second = rig.order(3_000, tif=ParentTif.IOC)
    rig.fill(first, 1_000)
    rig.report(ChildReject, second, reason="closed")
    rounds = 0
    while rig.sent:
        rounds += 1
        for child in rig.sent:
            assert child.venue_idx == first.venue_idx
            rig.report(ChildCancelled, child)

    assert rounds <= 1
    assert ParentState.CANCELLED is rig.parent().state


def test_an_order_that_nothing_meets_ends_in_the_same_step() -> None:
    """Accepted, and cancelled: no timer has to come."""
    rig = Rig(steps=ALL)
    rig.order(100, limit=BID - 1_000, tif=ParentTif.IOC)

    assert [ReportKind.ACCEPTED, ReportKind.ENDED] == kinds(rig)
    assert "beyond the limit" in rig.texts[1]


def test_without_a_venue_it_ends_at_once_too() -> None:
    """It does not wait for one."""
    rig = Rig(steps=ALL)
    for venue_idx in range(3):
        rig.give(VenueDown, venue_idx=venue_idx, reason="lost")
    rig.order(100, tif=ParentTif.IOC)

    assert ParentState.CANCELLED is rig.parent().state


def test_a_filled_one_is_filled() -> None:
    """No cancel follows."""
    rig = Rig(steps=ALL)
    (child,) = rig.order(500, tif=ParentTif.IOC)
    rig.fill(child, 500)

    assert [ReportKind.FILL] == kinds(rig)
    assert (ParentState.FILLED, ChildState.FILLED) == (rig.parent().state, rig.child(child).state)


def test_no_clock_but_its_horizon_is_set() -> None:
    """Nothing of it is looked at again in a quarter of a second."""
    rig = Rig(steps=ALL)
    rig.order(500, tif=ParentTif.IOC)

    assert 1 == len(rig.all_of(SetTimer))
