"""What the gate counts, what it masks, how far it lets a price reach."""

import pytest

from penstock.domain import (
    ChildBust,
    ControlAction,
    Exclusion,
    Ns,
    Shares,
    Side,
    Ticks,
)
from penstock.risk import RiskGate, RiskLimits
from tests.support.gates import (
    NO_TOUCH,
    TEN_USD,
    child,
    control,
    fill,
    gate,
    rows,
    send,
    situation,
    touch,
)

BUY, SELL = Side.BUY, Side.SELL


def bust(exec_id: str, shares: int = 0, at: int = 0) -> ChildBust:
    """The venue takes an execution of child 1 back, or corrects it."""
    return ChildBust(
        seq=1,
        event_ns=Ns(1),
        recv_ns=Ns(1),
        child_id=1,
        venue_idx=0,
        exec_id=exec_id,
        corrected_shares=Shares(shares),
        corrected_price_ticks=Ticks(at),
    )


def excluded(risk: RiskGate, instrument: int = 0) -> list[Exclusion]:
    """Reasons by venue after the mask; all tactics of a venue agree."""
    masked = rows()
    risk.mask(masked, situation(instrument), Ns(0))
    by_venue = masked["excluded"].reshape(-1, 3)
    assert (by_venue == by_venue[:, :1]).all()
    return [Exclusion(int(code)) for code in by_venue[:, 0]]


def test_a_child_counts_from_its_send_until_it_has_ended() -> None:
    """The venue can fill it in between, whatever we intend."""
    risk = gate()
    order = child(shares=300)

    assert 0 == risk.open_value
    send(risk, order)
    assert 300 * TEN_USD == risk.open_value
    risk.on_fill(fill(order, 100), order, "acme")
    assert 200 * TEN_USD == risk.open_value
    risk.on_ended(order)
    assert 0 == risk.open_value


def test_a_fill_counts_at_its_own_price() -> None:
    """Bought cheaper than the limit: the difference is credit again."""
    risk = gate(RiskLimits(client_day_usd=1_000))
    order = child(1, shares=100)
    send(risk, order)

    risk.on_fill(fill(order, 100, at=TEN_USD // 2), order, "acme")
    risk.on_ended(order)

    assert send(risk, child(2, shares=50)) is None
    assert send(risk, child(3, shares=1)) is not None


@pytest.mark.parametrize(("late_shares", "left_shares"), [(0, 100), (40, 60)])
def test_a_fill_after_the_end_still_counts_as_traded(late_shares: int, left_shares: int) -> None:
    """A fill that won the race against our cancel was real."""
    risk = gate(RiskLimits(client_day_usd=1_000))
    order = child(1, shares=100)
    send(risk, order)
    risk.on_ended(order)

    risk.on_fill(fill(order, late_shares), order, "acme")

    assert 0 == risk.open_value
    assert send(risk, child(2, shares=left_shares)) is None
    assert send(risk, child(3, shares=1)) is not None


@pytest.mark.parametrize(("corrected_shares", "left_shares"), [(0, 100), (30, 70)])
def test_a_busted_fill_no_longer_counts(corrected_shares: int, left_shares: int) -> None:
    """What replaces it does."""
    risk = gate(RiskLimits(client_day_usd=1_000))
    order = child(1, shares=100)
    send(risk, order)
    execution = fill(order, 100)
    risk.on_fill(execution, order, "acme")
    risk.on_ended(order)

    risk.on_bust(execution, bust("X1", corrected_shares, TEN_USD), order, "acme")

    assert 0 == risk.open_value
    assert send(risk, child(2, shares=left_shares)) is None
    assert send(risk, child(3, shares=1)) is not None


def test_a_replace_counts_from_the_venues_confirmation() -> None:
    """The venue says what is live; a child that has ended stays ended."""
    risk = gate()
    order = child(1, shares=100)
    send(risk, order)

    risk.on_resized(child(1, at=TEN_USD + 100), Shares(30))
    assert 30 * (TEN_USD + 100) == risk.open_value
    risk.on_ended(order)
    risk.on_resized(child(1), Shares(30))
    assert 0 == risk.open_value


def test_more_filled_than_was_live_frees_no_more_than_was_live() -> None:
    """An overfill is the venue's mistake; it must not turn into credit."""
    risk = gate()
    order = child(1, shares=100)
    send(risk, order)

    risk.on_fill(fill(order, 150), order, "acme")

    assert 0 == risk.open_value


def test_the_mask_marks_every_row_that_would_be_denied() -> None:
    """A plan should not be made of what will be refused."""
    risk = gate(RiskLimits(messages_per_s=1, restricted=(1,)))
    usable, off = Exclusion.USABLE, Exclusion.VENUE_OFF
    assert [usable] * 3 == excluded(risk)
    assert [Exclusion.RESTRICTED] * 3 == excluded(risk, instrument=1)

    risk.on_control(control(ControlAction.VENUE_OFF, 1))
    send(risk, child(1, venue=2))
    send(risk, child(2, venue=2))
    assert [usable, off, Exclusion.THROTTLE] == excluded(risk)

    risk.on_control(control(ControlAction.KILL))
    assert [Exclusion.KILL] * 3 == excluded(risk)
    assert [Exclusion.KILL] * 3 == excluded(risk, instrument=1)

    risk.on_control(control(ControlAction.RESUME))
    risk.on_control(control(ControlAction.VENUE_ON, 2))
    assert [usable, off, usable] == excluded(risk)


def test_the_mask_keeps_a_reason_that_is_there() -> None:
    """The first reason is the one to mend first."""
    risk = gate()
    risk.on_control(control(ControlAction.KILL))
    masked = rows()
    masked["excluded"][4] = int(Exclusion.VENUE_DOWN)

    risk.mask(masked, situation(), Ns(0))

    assert Exclusion.VENUE_DOWN == masked["excluded"][4]
    assert (len(masked) - 1) == (masked["excluded"] == int(Exclusion.KILL)).sum()


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        (BUY, None, 101_000),
        (BUY, 100_500, 100_500),
        (BUY, 200_000, 101_000),
        (SELL, None, 99_000),
        (SELL, 99_500, 99_500),
        (SELL, 1, 99_000),
    ],
)
def test_the_worst_price_is_the_limit_or_the_collar_whichever_is_tighter(
    side: Side, limit: int | None, expected: int
) -> None:
    """A client's typing error does not become a print."""
    risk = gate(RiskLimits(collar_bps=100.0))
    limit_ticks = None if limit is None else Ticks(limit)

    assert expected == risk.worst_ticks(side, limit_ticks, touch())


@pytest.mark.parametrize("side", list(Side))
def test_the_collar_is_rounded_towards_the_midpoint(side: Side) -> None:
    """Half a tick more would be outside: 1 bps of 100.5 ticks is less than one tick."""
    risk = gate(RiskLimits(collar_bps=1.0))

    assert (100 if side is BUY else 101) == risk.worst_ticks(side, None, touch(100, 101))


@pytest.mark.parametrize("side", list(Side))
def test_without_a_midpoint_only_a_limit_gives_a_price(side: Side) -> None:
    """A market order waits: its worst price is one that nothing meets."""
    nothing = gate().worst_ticks(side, None, NO_TOUCH)

    assert 5_000 == gate().worst_ticks(side, Ticks(5_000), NO_TOUCH)
    assert int(side) * (nothing - 5_000) < 0


@pytest.mark.parametrize(("at", "expected"), [(TEN_USD, 100), (TEN_USD + 1, 99), (1_000, 500)])
def test_the_largest_order_is_the_largest_that_passes(at: int, expected: int) -> None:
    """Whoever splits by it is never refused for size."""
    limits = RiskLimits(order_usd=1_000, order_shares=500, collar_bps=1e6)
    allowed = gate(limits).largest_order_shares(Ticks(at))

    assert expected == allowed
    assert send(gate(limits), child(at=at, shares=allowed)) is None
    assert send(gate(limits), child(at=at, shares=allowed + 1)) is not None


def test_everything_that_decides_is_in_the_hash() -> None:
    """A replay whose gate differs in anything is found at once."""
    seen = {gate().state_hash(), gate(RiskLimits(order_usd=1)).state_hash()}
    for action, target in (
        (ControlAction.KILL, None),
        (ControlAction.RESTRICT, 1),
        (ControlAction.VENUE_OFF, 1),
    ):
        risk = gate()
        risk.on_control(control(action, target))
        seen.add(risk.state_hash())
    risk, order = gate(), child(1)
    send(risk, order)
    seen.add(risk.state_hash())
    risk.on_fill(fill(order, 10), order, "acme")
    seen.add(risk.state_hash())
    risk.on_ended(order)
    seen.add(risk.state_hash())
    send(risk, child(2), now_ns=5)
    seen.add(risk.state_hash())

    assert 9 == len(seen)


def test_the_last_child_sent_is_in_the_hash() -> None:
    """It decides whether the next one is a repeat, although nothing of it is live any more."""
    first, second = gate(), gate()
    for risk, order in ((first, child(1)), (second, child(2))):
        send(risk, order)
        risk.on_ended(order)

    assert first.state_hash() != second.state_hash()


def test_the_same_history_gives_the_same_hash() -> None:
    """What is looked at, and what is refused, leaves no trace."""
    looked_at, other = gate(), gate()
    looked_at.worst_ticks(BUY, None, touch())
    looked_at.deny(child(shares=10**9), "acme", touch(), Ns(1))
    for risk in (looked_at, other):
        send(risk, child(1))

    assert looked_at.state_hash() == other.state_hash()
