"""Sessions that receive copies; what stays of a refused request; requests refused unread."""

from typing import Any

import pytest

from penstock.domain import ChildFill, Liquidity, OrderRefused, ReportKind, Shares, Ticks, UsdMicros
from penstock.wire.fix import OmsDesk
from tests.support.fix_messages import (
    CLIENT,
    fields_of,
    oms_desk,
    order,
    report,
    said,
    stamped,
    step,
    text_of,
    working_desk,
)

COPIES = {"RISK": (CLIENT, "OTHER"), "OPS": (CLIENT,)}
EXECUTION: dict[str, Any] = {
    "last_shares": Shares(300),
    "last_price_ticks": Ticks(1_000_050),
    "last_venue_idx": 1,
    "last_child_id": 5,
    "last_exec_id": "x9",
    "last_liquidity": Liquidity.TAKE,
}


def copied_desk() -> OmsDesk:
    """A desk whose reports two sessions receive too."""
    return oms_desk(copies=COPIES)


def test_each_report_goes_to_the_client_and_then_to_its_copies() -> None:
    """Word for word, with whose it is in 115 and 797=Y."""
    desk = copied_desk()
    (event,) = desk.on_message(order()).events
    told = desk.on_step(stamped(event, 1), [report(ReportKind.ACCEPTED)])
    client, risk, ops = told

    assert [CLIENT, "RISK", "OPS"] == [outgoing.counterparty for outgoing in told]
    assert {**fields_of(client), 115: CLIENT, 797: "Y"} == fields_of(risk) == fields_of(ops)


def test_fills_are_copied_and_cancel_rejects_are_not() -> None:
    """Execution reports are what a back office books."""
    desk = copied_desk()
    (event,) = desk.on_message(order()).events
    desk.on_step(stamped(event, 1), [report(ReportKind.ACCEPTED)])
    fill = step(
        ChildFill, child_id=5, venue_idx=1, exec_id="x9", price_ticks=Ticks(1), liquidity=None,
        size_shares=Shares(1), fee_usd_micros=UsdMicros(0),
    )  # fmt: skip
    filled = desk.on_step(fill, [report(ReportKind.FILL, filled=300, **EXECUTION)])
    refused = desk.on_step(fill, [report(ReportKind.CANCEL_REFUSED)])

    assert ["LIT1/x9"] * 3 == [fields_of(outgoing)[17] for outgoing in filled]
    assert [CLIENT] == [outgoing.counterparty for outgoing in refused]


def test_another_clients_reports_go_only_where_they_may() -> None:
    """OPS is for the one client."""
    desk = copied_desk()
    (event,) = desk.on_message(said("D", order().fields, by="OTHER")).events
    told = desk.on_step(stamped(event, 1), [report(ReportKind.ACCEPTED)])

    assert ["OTHER", "RISK"] == [outgoing.counterparty for outgoing in told]


@pytest.mark.parametrize("msg_type", ["D", "F", "G", "H", "q", "AF", "B"])
def test_a_session_that_receives_copies_may_ask_for_nothing(msg_type: str) -> None:
    """35=j, 380=6; a good order from it is no order."""
    answer = copied_desk().on_message(said(msg_type, order().fields, by="RISK"))
    fields = fields_of(answer.replies[0])

    assert ((), "6") == (answer.events, fields[380])
    assert "RISK receives copies of reports" in fields[58]


def test_a_refused_order_is_told_to_the_copies_from_the_journal() -> None:
    """So it is not lost in a crash; the client has its answer already."""
    desk = copied_desk()
    (refused,) = desk.on_message(order(t38="0")).refused
    told = desk.on_step(stamped(refused, 4), [])
    fields = fields_of(told[0])

    assert ["RISK", "OPS"] == [outgoing.counterparty for outgoing in told]
    assert ("8", "8", "NONE", "a1", "TEST0", "1", "k3f9-R4.0") == tuple(
        fields[tag] for tag in (150, 39, 37, 11, 55, 54, 17)
    )
    assert "38 OrderQty" in fields[58]


@pytest.mark.parametrize(
    ("msg_type", "changes", "symbol", "side"),
    [
        ("D", {"t38": "0"}, "TEST0", "1"),
        ("D", {"t55": "N\u00f6PE", "t54": "x"}, "N?PE", ""),
        ("D", {"t11": None}, "TEST0", "1"),
        ("F", {"t41": "zz"}, "TEST0", "1"),
        ("G", {"t41": "zz"}, "TEST0", "1"),
    ],
)
def test_a_refused_request_leaves_a_trace(
    msg_type: str, changes: dict[str, str | None], symbol: str, side: str
) -> None:
    """Who, what, and the reason in full."""
    answer = working_desk().on_message(said(msg_type, order(**{"t11": "b1", **changes}).fields))
    (refused,) = answer.refused

    assert isinstance(refused, OrderRefused)
    assert (CLIENT, msg_type, symbol, side) == (
        refused.client,
        refused.msg_type,
        refused.symbol,
        refused.side,
    )
    assert text_of(answer) == refused.reason


def test_a_reason_without_end_is_cut() -> None:
    """At 2,000 characters, as everywhere."""
    fields = dict.fromkeys(range(2000, 2200), "x")
    (refused,) = oms_desk().on_message(said("D", fields)).refused

    assert 2_000 == len(refused.reason)


def test_a_status_request_leaves_none() -> None:
    """It would have changed nothing."""
    assert () == oms_desk().on_message(said("H", {11: "zz"})).refused


@pytest.mark.parametrize(
    ("msg_type", "fields", "reply"),
    [
        ("D", {11: "b1"}, "8"),
        ("G", {11: "b1", 41: "a1"}, "9"),
        ("F", {11: "b1", 41: "a1"}, "9"),
        ("q", {11: "b1"}, "j"),
        ("H", {}, "j"),
    ],
)
def test_a_request_can_be_refused_unread(msg_type: str, fields: dict[int, str], reply: str) -> None:
    """With a reason that lies outside it: overload, or the end of the day."""
    answer = working_desk().refuse(said(msg_type, fields), "too much to do: send it again")
    (told,) = answer.replies

    assert ((), reply) == (answer.events, told.message.msg_type)
    assert "too much to do: send it again" == fields_of(told)[58]


def test_a_desk_lists_the_orders_that_a_cancel_would_stop() -> None:
    """For the end of a client's session."""
    desk = working_desk()

    assert [1] == desk.working_orders(CLIENT)
    assert [] == desk.working_orders("OTHER")
