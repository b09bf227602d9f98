"""Limits of single clients and accounts, entitlements, and switches for one client or symbol."""

from typing import Any

import msgspec
import pytest

from penstock.domain import ControlAction, Identity, Ns, ParentOrder, Side
from penstock.features import Touch
from penstock.risk import AccountLimits, ClientLimits, RiskGate, RiskLimits
from tests.support.gates import (
    NO_TOUCH,
    TEN_USD,
    UNIVERSE,
    child,
    control,
    fill,
    gate,
    parent,
    rows,
    send,
    situation,
    touch,
)

SECOND = 1_000_000_000


def limited(**limits: object) -> RiskGate:
    """A gate that holds the client "acme" to these."""
    client = ClientLimits(client="acme", **limits)  # type: ignore[arg-type]
    return gate(RiskLimits(clients=(client,)))


def ordered(number: int = 1, account: str | None = None, **changes: Any) -> ParentOrder:
    """Buy 100 at ten dollars: a thousand dollars."""
    order = parent(shares=100, at=TEN_USD)
    identity = Identity(account=account)
    return msgspec.structs.replace(order, parent_id=number, identity=identity, **changes)


def denied(
    risk: RiskGate, order: ParentOrder, at: Touch | None = None, now_ns: int = 0
) -> str | None:
    """Why the gate does not admit an order, in words; one that it admits is open from here on."""
    denial = risk.admit(order, at or touch(), Ns(now_ns))
    if denial is None:
        risk.on_parent(order, is_open=True)
        return None
    return str(denial)


@pytest.mark.parametrize(
    ("limits", "changes", "text"),
    [
        ({"max_order_shares": 99}, {}, "client_order_shares: 100 shares, allowed 99"),
        ({"max_order_usd": 999}, {}, "client_order_notional: 1,000.00 USD, allowed 999"),
        ({"day_usd": 999}, {}, "client_day: 1,000.00 USD, allowed 999"),
        ({"allowed": (1,)}, {}, "client_symbol: acme may not trade I0"),
        ({"restricted": (0,)}, {}, "client_symbol: acme may not trade I0"),
        (
            {"away_bps": 100.0},
            {"limit_ticks": TEN_USD * 2},
            "client_away: limit 20.0000 is 9,980 bps through the offer of 10.0100, allowed 100",
        ),
        (
            {"away_bps": 100.0},
            {"limit_ticks": TEN_USD // 2, "side": Side.SELL},
            "client_away: limit 5.0000 is 4,995 bps through the bid of 9.9900, allowed 100",
        ),
    ],
)
def test_a_denial_says_how_much_is_too_much(
    limits: dict[str, object], changes: dict[str, Any], text: str
) -> None:
    """A trader corrects the order without a telephone call."""
    assert f"risk: {text}" == denied(limited(**limits), ordered(**changes))


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"max_order_shares": 100, "max_order_usd": 1_000, "day_usd": 1_000, "open_orders": 1},
        {"allowed": (0,), "restricted": (1,), "messages_per_s": 1, "away_bps": 1.0},
    ],
)
def test_at_its_limits_an_order_passes(limits: dict[str, object]) -> None:
    """The limit is the last value that is allowed."""
    assert denied(limited(**limits), ordered()) is None


def test_another_client_is_not_held_to_them() -> None:
    """Limits are agreed with one client."""
    risk = limited(max_order_shares=1, allowed=())

    assert denied(risk, ordered(client="other")) is None


def test_orders_count_while_they_are_open() -> None:
    """One that has ended makes room, and one that a bust reopens takes it again."""
    risk = limited(open_orders=2)
    first, second, third = ordered(1), ordered(2), ordered(3)

    assert (None, None) == (denied(risk, first), denied(risk, second))
    assert "risk: client_open_orders: 3 orders open, allowed 2" == denied(risk, third)
    risk.on_parent(first, is_open=False)
    risk.on_parent(first, is_open=False)
    assert denied(risk, third) is None
    risk.on_parent(first, is_open=True)
    assert "4 orders open" in (denied(risk, ordered(4)) or "")


def test_more_messages_than_agreed_in_any_second_are_refused() -> None:
    """Also when the second does not begin with the first; what is refused does not count."""
    risk = limited(messages_per_s=2)
    half = SECOND // 2

    assert risk.take_message("acme", Ns(0)) is None
    assert risk.take_message("acme", Ns(half)) is None
    assert "risk: client_messages: more than 2 orders and replaces in a second" in str(
        risk.take_message("acme", Ns(SECOND - 1))
    )
    assert risk.take_message("acme", Ns(SECOND)) is None
    assert risk.take_message("acme", Ns(SECOND + 1)) is not None
    assert risk.take_message("other", Ns(SECOND + 1)) is None


def test_a_limit_away_from_a_market_that_is_not_there_passes() -> None:
    """There is nothing to hold it to; the collar holds each child."""
    order = ordered(limit_ticks=TEN_USD * 5)

    assert denied(limited(away_bps=1.0), order, NO_TOUCH) is None


def test_a_passive_limit_is_never_too_far_away() -> None:
    """A buy far below the market waits; it cannot trade badly."""
    assert denied(limited(away_bps=1.0), ordered(limit_ticks=100)) is None


def test_the_day_of_a_client_counts_what_traded_and_what_is_live() -> None:
    """Of two orders that fit alone, the second does not, as soon as the first is at work."""
    risk = limited(day_usd=1_500)
    send(risk, child(1, shares=100))
    risk.on_fill(fill(child(1, shares=100), 50), child(1, shares=100), "acme")

    assert "risk: client_day: 2,000.00 USD, allowed 1,500" == denied(risk, ordered(2))
    assert "client_day" in str(send(risk, child(2, shares=51)))
    assert send(risk, child(3, shares=50)) is None


def accounts() -> RiskGate:
    """A gate for a client with two accounts; "small" may do less."""
    small = AccountLimits(account="small", max_order_usd=1_000, day_usd=1_500, open_orders=1)
    return limited(accounts=(AccountLimits(account="big"), small))


@pytest.mark.parametrize(("account", "found"), [(None, "no account"), ("x", "'x'")])
def test_a_client_with_accounts_must_name_one(account: str | None, found: str) -> None:
    """Limits by account hold only if every order has one."""
    text = denied(accounts(), ordered(account=account))

    assert f"risk: account: {found}, expected one of big, small" == text


def test_an_account_is_held_to_its_own_limits() -> None:
    """Size, number and day, each with the account's name for the limit."""
    risk = accounts()
    larger = ordered(size_shares=200, account="small")

    assert "risk: account_order_notional: 2,000.00 USD, allowed 1,000" == denied(risk, larger)
    assert denied(risk, ordered(1, "small")) is None
    assert "risk: account_open_orders: 2 orders open, allowed 1" == denied(
        risk, ordered(2, "small")
    )
    assert denied(risk, ordered(3, "big")) is None
    send(risk, child(1, shares=100, of=1))
    risk.on_parent(ordered(1, "small"), is_open=False)
    assert "risk: account_day: 2,000.00 USD, allowed 1,500" == denied(risk, ordered(4, "small"))
    assert "account_day" in str(send(risk, child(2, shares=51, of=1)))
    assert send(risk, child(3, shares=100, of=3)) is None


def test_a_reset_lets_a_day_begin_again_and_keeps_what_is_live() -> None:
    """Of one client, or of all; a bust of what was reset gives no credit."""
    risk = limited(day_usd=1_000)
    order = child(1, shares=100)
    send(risk, order)
    risk.on_fill(fill(order, 60), order, "acme")
    reset = msgspec.structs.replace(control(ControlAction.RESET_LIMITS), client="acme")
    other = msgspec.structs.replace(reset, client="other")

    risk.on_control(other)
    assert send(risk, child(2, shares=1)) is not None
    assert risk.on_control(reset)
    assert send(risk, child(2, shares=61)) is not None
    assert send(risk, child(3, shares=60)) is None
    risk.on_control(control(ControlAction.RESET_LIMITS))
    assert 100 * TEN_USD == risk.open_value


def test_a_killed_client_gives_no_orders_until_it_is_resumed() -> None:
    """The others go on."""
    risk = gate()
    kill = msgspec.structs.replace(control(ControlAction.KILL_CLIENT), client="acme")
    resume = msgspec.structs.replace(kill, action=ControlAction.RESUME_CLIENT)

    assert risk.on_control(kill)
    assert "risk: kill: the kill switch of acme is on" == denied(risk, ordered())
    assert "kill switch of acme" in str(send(risk, child()))
    assert denied(risk, ordered(client="other")) is None
    assert risk.on_control(resume)
    assert denied(risk, ordered()) is None
    assert not risk.on_control(control(ControlAction.KILL_CLIENT))


def test_a_killed_symbol_is_masked_and_denied_until_it_is_resumed() -> None:
    """In words that name it."""
    risk = gate()
    assert risk.on_control(control(ControlAction.KILL_SYMBOL, 0))
    masked, other = rows(), rows()
    risk.mask(masked, situation(0), Ns(0))
    risk.mask(other, situation(1), Ns(0))

    assert "risk: kill: the kill switch of I0 is on" == denied(risk, ordered())
    assert masked["excluded"].all()
    assert not other["excluded"].any()
    assert risk.on_control(control(ControlAction.RESUME_SYMBOL, 0))
    assert denied(risk, ordered()) is None
    assert not risk.on_control(control(ControlAction.KILL_SYMBOL, 9))


def test_everything_that_decides_is_in_the_state_hash() -> None:
    """Two gates that would answer differently have different hashes."""
    hashes = set()
    risk = limited(open_orders=5, messages_per_s=5, accounts=(AccountLimits(account="a"),))
    hashes.add(risk.state_hash())
    risk.take_message("acme", Ns(5))
    hashes.add(risk.state_hash())
    risk.on_parent(ordered(account="a"), is_open=True)
    hashes.add(risk.state_hash())
    risk.on_control(msgspec.structs.replace(control(ControlAction.KILL_CLIENT), client="x"))
    hashes.add(risk.state_hash())
    risk.on_control(control(ControlAction.KILL_SYMBOL, 1))
    hashes.add(risk.state_hash())
    hashes.add(RiskGate(RiskLimits(), UNIVERSE).state_hash())

    assert 6 == len(hashes)
