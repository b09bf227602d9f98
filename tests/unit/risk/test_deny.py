"""The last word before each order: one rule, one test."""

import pytest

from penstock.domain import ConfigError, ControlAction, Ns, Side
from penstock.risk import DenialReason, RiskDenial, RiskLimits
from tests.support.gates import (
    NO_TOUCH,
    TEN_USD,
    child,
    control,
    fill,
    gate,
    parent,
    send,
    touch,
)

BUY, SELL = Side.BUY, Side.SELL
HUGE = 10**12  # USD


def limits(**changed: float | tuple[int, ...]) -> RiskLimits:
    """Limits of which only the changed ones bind."""
    loose = {
        "order_shares": 10**9,
        "order_usd": HUGE,
        "parent_usd": HUGE,
        "client_day_usd": HUGE,
        "open_usd": HUGE,
    }
    return RiskLimits(**{**loose, **changed})  # type: ignore[arg-type]


def reason(denial: RiskDenial | None) -> DenialReason | None:
    """Why not, or None."""
    return None if denial is None else denial.reason


def test_an_order_within_all_limits_passes() -> None:
    """The gate stands in the way of nothing else."""
    assert send(gate(), child()) is None


@pytest.mark.parametrize(("shares", "expected"), [(1, None), (500, None), (501, "order_shares")])
def test_an_order_carries_at_most_so_many_shares(shares: int, expected: str | None) -> None:
    """A finger too fat, or a unit mixed up."""
    assert expected == reason(send(gate(limits(order_shares=500)), child(shares=shares)))


@pytest.mark.parametrize("shares", [0, -100])
def test_an_order_of_no_shares_does_not_pass(shares: int) -> None:
    """A venue would refuse it; a negative one would even free credit."""
    assert DenialReason.ORDER_SHARES == reason(send(gate(), child(shares=shares)))


@pytest.mark.parametrize(("shares", "expected"), [(100, None), (101, "order_notional")])
def test_an_order_is_worth_at_most_so_much(shares: int, expected: str | None) -> None:
    """100 shares at 10 USD are exactly the 1,000 USD allowed."""
    assert expected == reason(send(gate(limits(order_usd=1_000)), child(shares=shares)))


@pytest.mark.parametrize(("shares", "expected"), [(60, None), (61, "parent_notional")])
def test_a_parent_trades_at_most_so_much_in_all(shares: int, expected: str | None) -> None:
    """A loop that sends one child after the other is stopped by what they add up to."""
    risk = gate(limits(parent_usd=1_000))
    first = child(1, shares=40)
    send(risk, first)
    risk.on_fill(fill(first, 40), first, "acme")
    risk.on_ended(first)

    assert expected == reason(send(risk, child(2, shares=shares)))
    assert send(risk, child(3, shares=61, of=2)) is None


@pytest.mark.parametrize(("shares", "expected"), [(40, None), (41, "client_day")])
def test_a_client_trades_at_most_so_much_a_day(shares: int, expected: str | None) -> None:
    """40 shares traded and 20 live, of 100 allowed: parents of one client count together."""
    risk = gate(limits(client_day_usd=1_000))
    first, second = child(1, shares=40, of=1), child(2, shares=20, of=2)
    send(risk, first)
    risk.on_fill(fill(first, 40), first, "acme")
    risk.on_ended(first)
    send(risk, second)

    assert expected == reason(send(risk, child(3, shares=shares, of=3)))
    assert send(risk, child(4, shares=100, of=4), client="other") is None


@pytest.mark.parametrize(("shares", "expected"), [(70, None), (71, "open_notional")])
def test_what_is_live_of_all_clients_is_worth_at_most_so_much(
    shares: int, expected: str | None
) -> None:
    """The venues' credit is the house's: who asks for it does not matter."""
    risk = gate(limits(open_usd=1_000))
    send(risk, child(1, shares=30))

    assert expected == reason(send(risk, child(2, shares=shares, of=2), client="other"))


def test_what_has_ended_gives_its_credit_back() -> None:
    """Cancelled shares cost nothing any more."""
    risk = gate(limits(open_usd=1_000))
    first = child(1, shares=100)
    send(risk, first)
    assert DenialReason.OPEN_NOTIONAL == reason(send(risk, child(2, shares=1)))

    risk.on_ended(first)

    assert send(risk, child(3, shares=100)) is None


@pytest.mark.parametrize(
    ("side", "at", "expected"),
    [
        (BUY, TEN_USD + 1_000, None),
        (BUY, TEN_USD + 1_001, "collar"),
        (BUY, TEN_USD // 2, None),
        (SELL, TEN_USD - 1_000, None),
        (SELL, TEN_USD - 1_001, "collar"),
        (SELL, TEN_USD * 2, None),
        (BUY, 0, "collar"),
        (SELL, -5, "collar"),
    ],
)
def test_a_limit_may_not_reach_beyond_the_collar(side: Side, at: int, expected: str | None) -> None:
    """100 bps around a midpoint of 10 USD are 0.10 USD; a passive price is nobody's danger."""
    assert expected == reason(send(gate(limits(collar_bps=100.0)), child(side=side, at=at)))


def test_nothing_passes_without_a_protected_midpoint() -> None:
    """There is nothing to hold the price against; a guess could be a dollar off."""
    denial = gate().deny(child(), "acme", NO_TOUCH, Ns(0))

    assert DenialReason.NO_REFERENCE == reason(denial)


def test_one_order_too_many_in_a_second_latches_the_venue() -> None:
    """Three a second are allowed; a fourth is a loop until a person says otherwise."""
    risk = gate(limits(messages_per_s=3))
    for k in range(3):
        assert send(risk, child(k + 1), now_ns=k) is None

    assert DenialReason.THROTTLE == reason(send(risk, child(4), now_ns=999_999_999))
    assert DenialReason.THROTTLE == reason(send(risk, child(5), now_ns=10**12))
    assert send(risk, child(6, venue=1), now_ns=10**12) is None

    assert risk.on_control(control(ControlAction.VENUE_ON, 0))
    assert send(risk, child(7), now_ns=10**12) is None


def test_counting_starts_anew_when_a_person_switches_the_venue_on() -> None:
    """Or the next order would latch it again, and the person would believe the switch broken."""
    risk = gate(limits(messages_per_s=2))
    assert [None, None] == [send(risk, child(k), now_ns=k) for k in (1, 2)]
    send(risk, child(3), now_ns=3)

    risk.on_control(control(ControlAction.VENUE_ON, 0))

    assert [None, None] == [send(risk, child(k), now_ns=k) for k in (4, 5)]
    assert DenialReason.THROTTLE == reason(send(risk, child(6), now_ns=6))


def test_the_rate_is_held_over_any_second() -> None:
    """Three at the end of one second and three at the start of the next would be six in one."""
    risk = gate(limits(messages_per_s=3))
    for k in range(3):
        assert send(risk, child(k + 1), now_ns=900_000_000 + k) is None

    assert DenialReason.THROTTLE == reason(send(risk, child(4), now_ns=1_000_000_000))


def test_the_allowed_rate_can_go_on_for_ever() -> None:
    """Using what is allowed is not exceeding it."""
    risk = gate(limits(messages_per_s=3))

    assert [None] * 30 == [
        send(risk, child(k + 1), now_ns=k // 3 * 1_000_000_000) for k in range(30)
    ]


def test_an_order_denied_for_another_reason_does_not_count_for_the_rate() -> None:
    """It never left."""
    risk = gate(limits(messages_per_s=1, order_shares=100))
    send(risk, child(1, shares=101))

    assert send(risk, child(2)) is None


@pytest.mark.parametrize("idx", [5, 4])
def test_a_child_passes_once(idx: int) -> None:
    """After a restart nothing may go out a second time, ended or not."""
    risk = gate()
    first = child(5)
    send(risk, first)
    risk.on_ended(first)

    assert DenialReason.DUPLICATE == reason(send(risk, child(idx)))
    assert send(risk, child(6)) is None


def test_a_restricted_instrument_does_not_trade() -> None:
    """From the start or from a moment in the day; the others go on."""
    risk = gate(limits(restricted=(1,)))

    assert DenialReason.RESTRICTED == reason(send(risk, child(1, instrument=1)))
    assert DenialReason.RESTRICTED == reason(risk.deny_parent(parent(instrument=1), touch()))
    assert send(risk, child(2, instrument=0)) is None

    assert risk.on_control(control(ControlAction.UNRESTRICT, 1))
    assert risk.on_control(control(ControlAction.RESTRICT, 0))
    assert send(risk, child(3, instrument=1)) is None
    assert DenialReason.RESTRICTED == reason(send(risk, child(4, instrument=0)))


def test_a_venue_that_is_off_gets_nothing() -> None:
    """Until it is switched on again."""
    risk = gate()
    assert risk.on_control(control(ControlAction.VENUE_OFF, 2))

    assert DenialReason.VENUE_OFF == reason(send(risk, child(1, venue=2)))
    assert send(risk, child(2, venue=1)) is None
    assert risk.on_control(control(ControlAction.VENUE_ON, 2))
    assert send(risk, child(3, venue=2)) is None


def test_after_kill_nothing_passes_until_resume() -> None:
    """Neither orders nor parents, in no instrument, at no venue; and what was off stays off."""
    risk = gate(limits(restricted=(1,)))
    risk.on_control(control(ControlAction.KILL))

    assert DenialReason.KILL == reason(send(risk, child(1)))
    assert DenialReason.KILL == reason(risk.deny_parent(parent(), touch()))
    risk.on_control(control(ControlAction.RESUME))
    assert send(risk, child(2)) is None
    assert DenialReason.RESTRICTED == reason(send(risk, child(3, instrument=1)))


@pytest.mark.parametrize("action", [ControlAction.VENUE_OFF, ControlAction.VENUE_ON])
@pytest.mark.parametrize("target", [None, -1, 3])
def test_an_order_about_an_unknown_venue_changes_nothing(
    action: ControlAction, target: int | None
) -> None:
    """A typing error must not hit the venue next to it, nor stop the router."""
    risk = gate()
    before = risk.state_hash()

    assert not risk.on_control(control(action, target))
    assert before == risk.state_hash()


@pytest.mark.parametrize("action", [ControlAction.RESTRICT, ControlAction.UNRESTRICT])
@pytest.mark.parametrize("target", [None, -1, 2])
def test_an_order_about_an_unknown_instrument_changes_nothing(
    action: ControlAction, target: int | None
) -> None:
    """As with venues."""
    risk = gate()
    before = risk.state_hash()

    assert not risk.on_control(control(action, target))
    assert before == risk.state_hash()


def test_an_unknown_restricted_instrument_is_an_error_at_start() -> None:
    """Whoever wrote it believes that something is restricted which is not."""
    with pytest.raises(ConfigError) as error:
        gate(limits(restricted=(0, 2, -1)))

    assert ["2", "-1"] == [problem.found for problem in error.value.problems]


@pytest.mark.parametrize(
    ("side", "at", "shares", "expected"),
    [
        (BUY, None, 100, None),
        (BUY, None, 101, "parent_notional"),
        (BUY, 2 * TEN_USD, 51, "parent_notional"),
        (BUY, TEN_USD // 2, 200, None),
        (SELL, 1, 101, "parent_notional"),
        (SELL, 2 * TEN_USD, 51, "parent_notional"),
    ],
)
def test_a_parent_worth_too_much_is_not_accepted(
    side: Side, at: int | None, shares: int, expected: str | None
) -> None:
    """A buy can cost its limit; a sell at any price still moves what it is worth."""
    risk = gate(limits(parent_usd=1_000))

    assert expected == reason(risk.deny_parent(parent(side, shares, at), touch()))


def test_a_denial_says_what_is_allowed() -> None:
    """The trader sees the limit and by how much it would be exceeded."""
    denial = send(gate(limits(order_usd=1_000)), child(shares=150))

    assert "risk: order_notional: 1,500.00 USD, allowed 1,000" == str(denial)
