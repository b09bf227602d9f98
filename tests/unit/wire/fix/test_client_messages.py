"""The client's end: what it asks the router understands, what the router says it reads."""

from typing import Any

import pytest

from penstock.domain import (
    CancelParent,
    ChildFill,
    Liquidity,
    NewParent,
    Ns,
    ParentState,
    ReplaceParent,
    ReportKind,
    Shares,
    Side,
    Ticks,
    UsdMicros,
)
from penstock.wire.fix import (
    ClientReport,
    ClientReportKind,
    ClientRules,
    cancel_order,
    new_order,
    possible_resend,
    read_report,
    replace_order,
    status_request,
)
from tests.support.fix_messages import (
    CLIENT,
    NOW,
    heard,
    new_parent,
    oms_desk,
    order,
    report,
    said,
    step,
    working_desk,
)

ROUTER = "PENSTOCK"
NAMES: dict[str, Any] = {"symbol": "TEST0", "side": Side.BUY, "now_ns": NOW}


def read(message: Any) -> ClientReport:
    """A message of the router, read."""
    result = read_report(heard(message, ROUTER))
    assert result is not None
    return result


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("limit_ticks", [None, Ticks(1_000_500)])
def test_the_router_understands_a_clients_order(side: Side, limit_ticks: Ticks | None) -> None:
    """Every term as meant."""
    message = new_order(
        cl_ord_id="a1", symbol="TEST1", side=side, size_shares=Shares(700), now_ns=NOW,
        limit_ticks=limit_ticks, horizon_ns=Ns(30_000_000_000), urgency_frac=0.25,
        objective="stealth",
    )  # fmt: skip
    (event,) = oms_desk().on_message(heard(message, CLIENT)).events

    assert isinstance(event, NewParent)
    parent = event.order
    assert ("a1", 1, side, 700, limit_ticks) == (
        parent.client_order_id, parent.instrument_idx, parent.side, parent.size_shares,
        parent.limit_ticks,
    )  # fmt: skip
    assert (30_000_000_000, 0.25, "stealth") == (
        parent.horizon_ns, parent.urgency_frac, parent.objective,
    )  # fmt: skip


def test_what_a_client_leaves_out_is_the_routers_to_choose() -> None:
    """Horizon, urgency and objective."""
    message = new_order(cl_ord_id="a1", size_shares=Shares(700), **NAMES)
    (event,) = oms_desk().on_message(heard(message, CLIENT)).events

    assert isinstance(event, NewParent)
    assert (120_000_000_000, 0.5, None) == (
        event.order.horizon_ns, event.order.urgency_frac, event.order.objective,
    )  # fmt: skip


def test_the_router_understands_a_clients_changes() -> None:
    """Replace and cancel, in a chain."""
    desk = working_desk()
    replace = replace_order(
        cl_ord_id="a2", orig_cl_ord_id="a1", size_shares=Shares(500), limit_ticks=None, **NAMES
    )
    cancel = cancel_order(cl_ord_id="a3", orig_cl_ord_id="a2", **NAMES)
    (first,) = desk.on_message(heard(replace, CLIENT)).events
    (second,) = desk.on_message(heard(cancel, CLIENT)).events

    assert isinstance(first, ReplaceParent)
    assert (1, 500, None, "a2") == (
        first.parent_id, first.size_shares, first.limit_ticks, first.client_order_id,
    )  # fmt: skip
    assert isinstance(second, CancelParent)
    assert (1, "a3") == (second.parent_id, second.client_order_id)


def test_a_client_reads_where_its_order_stands() -> None:
    """Known and unknown."""
    desk = working_desk()
    (known,) = desk.on_message(heard(status_request(cl_ord_id="a1", **NAMES), CLIENT)).replies
    (unknown,) = desk.on_message(heard(status_request(cl_ord_id="zz", **NAMES), CLIENT)).replies
    first, second = read(known.message), read(unknown.message)

    assert (ClientReportKind.STATUS, "a1", True, ParentState.WORKING, 0, 1_000) == (
        first.kind, first.cl_ord_id, first.is_known, first.state, first.cum_shares,
        first.leaves_shares,
    )  # fmt: skip
    assert (ClientReportKind.STATUS, "zz", False, "NONE", "unknown order") == (
        second.kind, second.cl_ord_id, second.is_known, second.order_id, second.text,
    )  # fmt: skip


@pytest.mark.parametrize("liquidity", list(Liquidity))
def test_a_client_reads_a_fill_whole(liquidity: Liquidity) -> None:
    """Venue, execution, child, price, liquidity, fee and totals."""
    fill = step(
        ChildFill,
        child_id=5,
        venue_idx=1,
        exec_id="x9",
        price_ticks=Ticks(1_000_050),
        size_shares=Shares(300),
        liquidity=liquidity,
        fee_usd_micros=UsdMicros(-60_000),
    )
    command = report(
        ReportKind.FILL,
        filled=300,
        paid=300 * 1_000_050,
        text="fill",
        last_shares=Shares(300),
        last_price_ticks=Ticks(1_000_050),
        last_venue_idx=1,
        last_child_id=5,
        last_exec_id="x9",
        last_liquidity=liquidity,
        last_fee_usd_micros=UsdMicros(-60_000),
    )
    desk = working_desk(ClientRules(has_custom_tags=True))
    (outgoing,) = desk.on_step(fill, [command])

    assert ClientReport(
        kind=ClientReportKind.FILL,
        cl_ord_id="a1",
        order_id="k3f9-P1",
        exec_id="LIT1/x9",
        state=ParentState.WORKING,
        size_shares=Shares(1_000),
        cum_shares=Shares(300),
        leaves_shares=Shares(700),
        last_shares=Shares(300),
        last_price_ticks=Ticks(1_000_050),
        mic="LIT1",
        venue_exec_id="x9",
        child_id=5,
        liquidity=liquidity,
        fee_usd_micros=UsdMicros(-60_000),
        text="fill",
    ) == read(outgoing.message)
    assert read(possible_resend(outgoing).message).is_possible_resend


@pytest.mark.parametrize(
    ("kind", "state", "read_as"),
    [
        (ReportKind.ACCEPTED, ParentState.WORKING, ClientReportKind.ACCEPTED),
        (ReportKind.REJECTED, ParentState.REJECTED, ClientReportKind.REJECTED),
        (ReportKind.STOPPING, ParentState.CANCELLING, ClientReportKind.STOPPING),
        (ReportKind.ENDED, ParentState.CANCELLED, ClientReportKind.ENDED),
        (ReportKind.ENDED, ParentState.FILLED, ClientReportKind.STATUS),
        (ReportKind.REPLACED, ParentState.WORKING, ClientReportKind.REPLACED),
        (ReportKind.REPLACE_REFUSED, ParentState.WORKING, ClientReportKind.REPLACE_REFUSED),
        (ReportKind.CANCEL_REFUSED, ParentState.CANCELLED, ClientReportKind.CANCEL_REFUSED),
    ],
)
def test_a_client_reads_every_kind_of_report(
    kind: ReportKind, state: ParentState, read_as: ClientReportKind
) -> None:
    """An order that is complete without a fill comes as a status, filled."""
    (outgoing,) = oms_desk().on_step(new_parent(), [report(kind, state=state)])
    result = read(outgoing.message)

    assert (read_as, state, "said") == (result.kind, result.state, result.text)


@pytest.mark.parametrize("kind", [ReportKind.BUST, ReportKind.CORRECTION])
def test_a_client_reads_which_execution_is_meant(kind: ReportKind) -> None:
    """19 is the ExecID that it has."""
    command = report(
        kind,
        last_shares=Shares(300),
        last_price_ticks=Ticks(1_000_050),
        last_venue_idx=1,
        last_exec_id="x9",
    )
    (outgoing,) = oms_desk().on_step(new_parent(), [command])
    result = read(outgoing.message)

    assert (kind.value, "LIT1/x9", "k3f9-R1.0") == (
        result.kind.value,
        result.exec_ref_id,
        result.exec_id,
    )


def test_a_client_reads_a_refused_order() -> None:
    """The reject is about no order."""
    (reply,) = oms_desk().on_message(order(t38="0")).replies
    result = read(reply.message)

    assert (ClientReportKind.REJECTED, "NONE", ParentState.REJECTED) == (
        result.kind, result.order_id, result.state,
    )  # fmt: skip
    assert "38 OrderQty" in result.text


@pytest.mark.parametrize("msg_type", ["j", "3"])
def test_a_client_reads_a_refused_message(msg_type: str) -> None:
    """With the number of the message, and its ClOrdID if the router gives it."""
    result = read_report(said(msg_type, {45: "8", 379: "a1", 58: "no"}, by=ROUTER))

    assert result is not None
    assert (ClientReportKind.REFUSED, "a1", "our message '8': no") == (
        result.kind, result.cl_ord_id, result.text,
    )  # fmt: skip


def test_a_message_that_is_about_no_order_is_none() -> None:
    """News, say."""
    assert read_report(said("B", {58: "hello"}, by=ROUTER)) is None


@pytest.mark.parametrize(
    ("tag", "text"),
    [(150, "Z"), (17, None), (39, "?"), (14, "x"), (151, "-1"), (38, "0"), (32, "0"), (31, "x"),
     (198, "x")],
)  # fmt: skip
def test_a_report_with_a_bad_tag_is_unreadable_and_says_why(tag: int, text: str | None) -> None:
    """Never an exception in a client's callback."""
    good = {37: "P1", 11: "a1", 17: "e1", 150: "F", 39: "1", 38: "1000", 14: "5", 151: "995",
            32: "5", 31: "100.0", 198: "5"}  # fmt: skip
    result = read_report(said("8", {**good, tag: text}, by=ROUTER))

    assert result is not None
    assert ClientReportKind.UNREADABLE is result.kind
    assert result.text.startswith(f"{tag} ")


FILL = {37: "P1", 11: "a1", 17: "e1", 150: "F", 39: "1", 38: "1000", 14: "5", 151: "995", 32: "5",
        31: "100.0"}  # fmt: skip


def test_the_fee_is_the_sum_of_the_fees_in_dollars() -> None:
    """An exchange fee and a levy are two entries of one group."""
    fees = ({137: "0.30", 138: "USD"}, {137: "-0.10"}, {137: "7", 138: "GBP"})
    result = read_report(said("8", FILL, by=ROUTER)._replace(groups={136: fees}))

    assert result is not None
    assert ClientReportKind.FILL is result.kind
    assert 200_000 == result.fee_usd_micros


def test_a_fee_that_is_no_amount_makes_a_report_unreadable() -> None:
    """Booking the shares without their price would be half of an execution."""
    result = read_report(said("8", FILL, by=ROUTER)._replace(groups={136: ({137: "x"},)}))

    assert result is not None
    assert ClientReportKind.UNREADABLE is result.kind
    assert "137 MiscFeeAmt: expected an amount of dollars; found 'x'" in result.text
