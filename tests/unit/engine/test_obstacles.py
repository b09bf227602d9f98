"""Why an order was not filled: the client reads it at the end, whatever the reason was."""

import pytest

from penstock.domain import (
    CancelParent,
    ChildCancelled,
    ChildReject,
    Control,
    ControlAction,
    OrderRefused,
    Side,
    VenueDown,
)
from penstock.engine.obstacles import _in_words
from penstock.risk import RiskLimits
from tests.support.engines import ASK, BID, MINUTE_NS, Rig, quote

TAKES = (("LIT1", "take"), ("LIT2", "take"))


def end_of(rig: Rig, shares: int = 100, limit: int | None = None) -> str:
    """What the client of a new order reads when its horizon is over and nothing is live."""
    children = rig.order(shares, limit=limit)
    expiry = rig.timer_due_in(MINUTE_NS)
    for child in children:
        rig.report(ChildReject, child, reason="closed for today")
    while rig.sent:
        for child in rig.sent:
            rig.report(ChildReject, child, reason="closed for today")
    rig.wake(expiry)
    return rig.texts[-1]


def test_no_venue_up_is_said() -> None:
    """Nobody could have traded it."""
    rig = Rig(steps=TAKES)
    for venue_idx in range(3):
        rig.give(VenueDown, venue_idx=venue_idx, reason="lost")

    expected = "horizon over; 0 of 100 shares filled, 0 child orders sent; no venue has a session"
    assert expected == end_of(rig)


def test_a_locked_market_is_said() -> None:
    """There was no price to hold an order against."""
    rig = Rig(steps=TAKES)
    rig.show(quote(1, Side.BUY, ASK, 100), quote(2, Side.BUY, ASK, 100))

    assert end_of(rig).endswith("; no valid NBBO: missing, locked or crossed")


def test_a_limit_that_nothing_meets_is_said() -> None:
    """With the venues that had something, at other prices."""
    text = end_of(Rig(steps=TAKES), limit=BID - 1_000)

    assert "beyond the limit: " in text
    assert "LIT1" in text


def test_a_venue_that_was_switched_off_is_named() -> None:
    """And so is every other reason, each with its venues."""
    rig = Rig(steps=TAKES)
    for venue_idx in (1, 2):
        rig.give(Control, action=ControlAction.VENUE_OFF, target_idx=venue_idx, operator="ann")

    assert "switched off: LIT1, LIT2" in end_of(rig)


def test_the_last_words_of_a_venue_are_passed_on() -> None:
    """Every child was rejected: the client reads why."""
    text = end_of(Rig(steps=TAKES))

    assert "child order" in text
    assert "rejected: closed for today" in text


def test_a_risk_denial_is_passed_on() -> None:
    """The limit, and by how much."""
    rig = Rig(steps=TAKES, limits=RiskLimits(order_usd=1))

    assert "risk: order_notional: 10,001.00 USD, allowed 1" in end_of(rig)


def test_the_counts_are_those_of_the_end() -> None:
    """A fill that comes while the order is stopping counts."""
    rig = Rig(steps=TAKES[:1], shown_shares=60)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    rig.fill(child, 10)
    rig.report(ChildCancelled, child)

    assert ["cancelled by the client; 10 of 100 shares filled, 1 child order sent"] == rig.texts


def test_a_cancel_with_a_reason_says_it() -> None:
    """The client did not ask: its session is lost, say."""
    rig = Rig(steps=())
    rig.order(100, limit=BID - 1_000)
    rig.give(CancelParent, parent_id=1, reason="the session is lost")

    assert rig.texts[-1].startswith("the session is lost")


def test_a_refused_order_changes_nothing_in_the_core() -> None:
    """It is in the journal for people alone; only the time of the last event moves."""
    rig = Rig(steps=TAKES)
    before = rig.engine.state_hash()
    rig.give(
        OrderRefused, client="acme", msg_type="D", client_order_id="a1", symbol="?", reason="no"
    )

    assert [] == rig.answer
    assert before == rig.engine.state_hash()


@pytest.mark.parametrize("n_venues", [1, 3])
def test_a_long_list_of_venues_is_cut(n_venues: int) -> None:
    """A client's text has its limits."""
    words = _in_words([f"V{k}" for k in range(8 + n_venues)])

    assert words.endswith(f"V7 and {n_venues} more")
