"""Parent orders that no market could take are refused, with everything that is wrong."""

from typing import Any

import msgspec
import pytest

from penstock.domain import (
    MAX_ORDER_SHARES,
    ChildState,
    Ns,
    OrderError,
    ParentOrder,
    ParentState,
    Shares,
    Side,
    check_parent,
)

GOOD = ParentOrder(
    parent_id=7,
    client="acme",
    instrument_idx=0,
    side=Side.BUY,
    size_shares=Shares(100),
    limit_ticks=None,
    arrival_ns=Ns(1_000),
    horizon_ns=Ns(500),
)


def problems_of(**changed: Any) -> list[str]:
    """What is wrong with a good order after some changes, by field."""
    try:
        check_parent(msgspec.structs.replace(GOOD, **changed), n_instruments=2)
    except OrderError as error:
        return [problem.where.removeprefix("parent 7: ") for problem in error.problems]
    return []


@pytest.mark.parametrize("size_shares", [1, 100, MAX_ORDER_SHARES])
def test_a_sensible_size_is_accepted(size_shares: int) -> None:
    """Odd lots too."""
    assert [] == problems_of(size_shares=size_shares)


@pytest.mark.parametrize("size_shares", [0, -1, -100, MAX_ORDER_SHARES + 1, 2**63])
def test_a_size_of_zero_or_less_or_absurd_is_refused(size_shares: int) -> None:
    """A negative size is not a sell, and more than trades in a day is a typing error."""
    assert ["size_shares"] == problems_of(size_shares=size_shares)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit_ticks", 0),
        ("limit_ticks", -10_000),
        ("horizon_ns", 0),
        ("horizon_ns", -1),
        ("urgency_frac", -0.01),
        ("urgency_frac", 1.01),
        ("urgency_frac", float("nan")),
        ("instrument_idx", -1),
        ("instrument_idx", 2),
    ],
)
def test_a_field_out_of_range_is_refused(field: str, value: float) -> None:
    """By its name, so that the desk finds it."""
    assert [field] == problems_of(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit_ticks", 1), ("urgency_frac", 0.0), ("urgency_frac", 1.0), ("instrument_idx", 1)],
)
def test_the_ends_of_a_range_belong_to_it(field: str, value: float) -> None:
    """Urgency 1 is "now", not an error."""
    assert [] == problems_of(**{field: value})


def test_all_problems_come_at_once() -> None:
    """One reject with everything beats five rejects."""
    wrong = problems_of(size_shares=0, limit_ticks=-1, horizon_ns=0, urgency_frac=2.0)

    assert ["size_shares", "limit_ticks", "horizon_ns", "urgency_frac"] == wrong


def test_the_message_names_order_field_and_value() -> None:
    """It goes back to the client as it is."""
    with pytest.raises(OrderError, match=r"parent 7: size_shares: expected .*; found -5\."):
        check_parent(msgspec.structs.replace(GOOD, size_shares=Shares(-5)), n_instruments=1)


def test_the_deadline_is_the_end_of_the_horizon() -> None:
    """From arrival on, not from the first decision."""
    assert 1_500 == GOOD.deadline_ns


def test_the_opposite_of_a_side_trades_with_it() -> None:
    """And the value is the sign of a cost."""
    assert (Side.SELL, Side.BUY) == (Side.BUY.opposite, Side.SELL.opposite)
    assert 0 == Side.BUY + Side.SELL


def test_only_final_states_are_terminal() -> None:
    """A cancel that was asked for is not a cancel: the fill may be faster."""
    terminal = {"filled", "cancelled", "rejected"}

    assert terminal == {state.value for state in ParentState if state.is_terminal}
    assert terminal == {state.value for state in ChildState if state.is_terminal}
