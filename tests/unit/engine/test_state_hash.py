"""The state hash covers every part that can influence a later command."""

from collections.abc import Callable

import pytest

from penstock.domain import (
    CancelParent,
    Control,
    ControlAction,
    FeedStale,
    LatencyObserved,
    Side,
    VenueDown,
)
from tests.support.engines import ASK, BID, Rig, quote

CHANGES: dict[str, Callable[[Rig], object]] = {
    "an order": lambda rig: rig.order(100, parent_id=2),
    "a cancel": lambda rig: rig.give(CancelParent, parent_id=1),
    "a venue": lambda rig: rig.give(VenueDown, venue_idx=2, reason="gone"),
    "a feed": lambda rig: rig.give(FeedStale, venue_idx=2),
    "a switch": lambda rig: rig.give(
        Control, action=ControlAction.VENUE_OFF, target_idx=2, operator="desk"
    ),
    "a slow decision": lambda rig: rig.give(LatencyObserved, decision_ns=10**9),
    "a quote": lambda rig: rig.show(quote(1, Side.SELL, ASK, 77)),
    "a footprint": lambda rig: rig.engine._core.footprint.add(0, 100, rig.now),
    "a scorecard": lambda rig: rig.engine._core.scorecards.on_reject(1, 0, rig.now),
    "a timer": lambda rig: rig.engine._core.set_timer(3, 1, rig.now),  # type: ignore[arg-type]
    "a limit": lambda rig: rig.engine._core.risk._switches.throttle(1),
    "a fall-back": lambda rig: setattr(rig.engine._core.decider, "too_slow", True),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_a_part_changes_the_hash(what: str) -> None:
    """A part that the hash forgets can differ between a run and its replay unseen."""
    rig = Rig(steps=[("LIT1", "post")])
    rig.order(100, limit=BID)
    before = rig.engine.state_hash()
    assert before == rig.engine.state_hash()
    CHANGES[what](rig)

    assert before != rig.engine.state_hash()
