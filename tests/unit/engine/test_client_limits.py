"""Limits of single clients as the engine holds them: orders refused, and why, over their lives."""

import pytest

from penstock.domain import (
    CancelParent,
    ChildCancelled,
    Identity,
    ParentState,
    ReplaceParent,
    ReportKind,
    ReportParent,
)
from penstock.risk import AccountLimits, ClientLimits, RiskLimits
from tests.support.engines import ASK, BID, Rig

TAKES = (("LIT1", "take"), ("LIT2", "take"))
FAR = BID - 1_000


def rig_for(**limits: object) -> Rig:
    """An engine whose only client, "acme", is held to these."""
    client = ClientLimits(client="acme", **limits)  # type: ignore[arg-type]
    return Rig(steps=TAKES, limits=RiskLimits(clients=(client,)))


def test_an_order_too_many_is_refused_until_another_has_ended() -> None:
    """Filled, cancelled or rejected: what has ended makes room."""
    rig = rig_for(open_orders=2)
    (child,) = rig.order(100, parent_id=1)
    rig.order(100, parent_id=2, limit=FAR)
    rig.order(100, parent_id=3, limit=FAR)
    assert ["risk: client_open_orders: 3 orders open, allowed 2"] == rig.texts
    assert ParentState.REJECTED is rig.parent(3).state
    rig.fill(child, 100)
    rig.order(100, parent_id=4, limit=FAR)
    assert ["accepted"] == rig.texts[:1]
    rig.give(CancelParent, parent_id=2)
    rig.order(100, parent_id=5, limit=FAR)

    assert ["accepted"] == rig.texts[:1]


def test_a_cancel_that_waits_for_its_venue_still_counts() -> None:
    """The order can still fill."""
    rig = rig_for(open_orders=1)
    (child,) = rig.order(100)
    rig.give(CancelParent, parent_id=1)
    rig.order(100, parent_id=2, limit=FAR)
    assert ParentState.REJECTED is rig.parent(2).state
    rig.report(ChildCancelled, child)
    rig.order(100, parent_id=3, limit=FAR)

    assert ParentState.WORKING is rig.parent(3).state


def test_orders_and_replaces_count_as_messages_and_cancels_pass() -> None:
    """A client that is too fast can always stop."""
    rig = rig_for(messages_per_s=1)
    rig.order(100, limit=FAR)
    rig.give(ReplaceParent, parent_id=1, size_shares=50, limit_ticks=FAR)
    (refused,) = rig.all_of(ReportParent)
    rig.give(CancelParent, parent_id=1)

    assert ReportKind.REPLACE_REFUSED is refused.kind
    assert "client_messages: more than 1 orders and replaces in a second" in refused.text
    assert ParentState.CANCELLED is rig.parent().state


@pytest.mark.parametrize(
    ("limits", "size", "limit", "reason"),
    [
        ({"max_order_shares": 200}, 300, FAR, "client_order_shares: 300 shares, allowed 200"),
        ({"max_order_usd": 15_000}, 200, FAR, "client_order_notional: 19,980.00 USD"),
        ({"away_bps": 100.0}, 100, ASK * 2, "client_away"),
    ],
)
def test_a_replace_is_held_to_the_limits_of_an_order(
    limits: dict[str, object], size: int, limit: int, reason: str
) -> None:
    """The old terms stand."""
    rig = rig_for(**limits)
    rig.order(100, limit=FAR)
    rig.give(ReplaceParent, 2_000_000_000, parent_id=1, size_shares=size, limit_ticks=limit)

    assert f"not replaced: risk: {reason}" in rig.texts[0]
    assert (100, FAR) == (rig.parent().wanted_shares, rig.parent().limit_ticks)


def test_what_an_account_has_traded_counts_against_it_alone() -> None:
    """Account "a" is used up; "b" is not."""
    accounts = tuple(AccountLimits(account=name, day_usd=15_000) for name in "ab")
    rig = rig_for(accounts=accounts)
    (child,) = rig.order(100, identity=Identity(account="a"))
    rig.fill(child, 100)
    rig.order(100, parent_id=2, identity=Identity(account="a"))
    assert "risk: account_day: 20,001.50 USD, allowed 15,000" in rig.texts[0]
    rig.order(100, parent_id=3, identity=Identity(account="b"))
    assert ["accepted"] == rig.texts[:1]
    rig.order(100, parent_id=4)

    assert ["risk: account: no account, expected one of a, b"] == rig.texts
