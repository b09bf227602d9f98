"""What a client hears about an order, tag by tag."""

from typing import Any

import msgspec
import pytest

from penstock.domain import (
    CancelParent,
    ChildBust,
    ChildCancelled,
    ChildFill,
    Command,
    Control,
    ControlAction,
    Event,
    Liquidity,
    Ns,
    ParentState,
    ReplaceParent,
    ReportKind,
    ReportParent,
    SetTimer,
    Shares,
    Side,
    Ticks,
    Timer,
    UsdMicros,
)
from penstock.wire.fix import ClientRules, OmsDesk, Outgoing, possible_resend
from tests.support.fix_messages import (
    CLIENT,
    NOW,
    fields_of,
    new_parent,
    oms_desk,
    report,
    step,
    working_desk,
)

LATER = Ns(NOW - 1_000_000)
EXECUTION: dict[str, Any] = {
    "last_shares": Shares(300),
    "last_price_ticks": Ticks(1_000_050),
    "last_venue_idx": 1,
    "last_child_id": 5,
    "last_exec_id": "x9",
    "last_liquidity": Liquidity.TAKE,
    "last_fee_usd_micros": UsdMicros(900_000),
}
CANCEL = step(CancelParent, parent_id=1, client_order_id="c1")
REPLACE = step(
    ReplaceParent,
    parent_id=1,
    size_shares=Shares(1_500),
    limit_ticks=Ticks(1_001_000),
    client_order_id="r1",
)
FILL = ChildFill(
    seq=9,
    event_ns=LATER,
    recv_ns=NOW,
    child_id=5,
    venue_idx=1,
    exec_id="x9",
    price_ticks=Ticks(1_000_050),
    size_shares=Shares(300),
    liquidity=Liquidity.TAKE,
    fee_usd_micros=UsdMicros(900_000),
)
KILL = step(Control, action=ControlAction.KILL, target_idx=None, operator="ann")


def told(desk: OmsDesk, event: Event, command: ReportParent) -> dict[int, str]:
    """The one report of a step."""
    (outgoing,) = desk.on_step(event, [command])
    assert CLIENT == outgoing.counterparty
    return fields_of(outgoing)


def some(fields: dict[int, str], *tags: int) -> tuple[str | None, ...]:
    """Values of some tags."""
    return tuple(fields.get(tag) for tag in tags)


def test_an_accepted_order_is_acknowledged_whole() -> None:
    """150=0, 39=0, all open."""
    fields = told(oms_desk(), new_parent(), report(ReportKind.ACCEPTED))

    assert ("0", "0", "a1", None, "k3f9-P1", "k3f9-R1.0") == some(fields, 150, 39, 11, 41, 37, 17)
    assert ("TEST0", "1", "1000", "2", "100.0500", "0") == some(fields, 55, 54, 38, 40, 44, 59)
    assert ("0", "1000", "0", "20260105-14:30:00.123456") == some(fields, 14, 151, 6, 60)


def test_a_market_order_has_no_price_in_its_reports() -> None:
    """40=1 and no 44."""
    fields = told(working_desk(), REPLACE, report(ReportKind.REPLACED, limit=None))

    assert ("1", None) == some(fields, 40, 44)


def test_a_refused_order_says_why() -> None:
    """150=8, 39=8, nothing open."""
    refused = report(ReportKind.REJECTED, state=ParentState.REJECTED, text="risk: kill: all stop")
    fields = told(oms_desk(), new_parent(), refused)

    assert ("8", "8", "99", "0", "risk: kill: all stop") == some(fields, 150, 39, 103, 151, 58)


def test_a_fill_says_where_how_and_for_what_fee() -> None:
    """ExecID is the venue's with its MIC before it: unique over all venues."""
    filled = report(ReportKind.FILL, filled=300, paid=300 * 1_000_050, **EXECUTION)
    fields = told(working_desk(), FILL, filled)

    assert ("F", "1", "a1", None) == some(fields, 150, 39, 11, 41)
    assert ("LIT1/x9", "x9", "5", "LIT1") == some(fields, 17, 527, 198, 30)
    assert ("300", "100.0050", "2", None) == some(fields, 32, 31, 851, 9004)
    assert ("300", "700", "100.00500000") == some(fields, 14, 151, 6)
    assert ("1", "0.900000", "USD", "4") == some(fields, 136, 137, 138, 139)
    assert "20260105-14:30:00.122456" == fields[60], "the venue's time of the trade"


@pytest.mark.parametrize(
    ("liquidity", "indicator", "own"),
    [
        (Liquidity.MAKE, "1", None),
        (Liquidity.TAKE, "2", None),
        (Liquidity.MIDPOINT, "2", "MIDPOINT"),
    ],
)
def test_liquidity_is_told_apart(liquidity: Liquidity, indicator: str, own: str | None) -> None:
    """FIX knows no midpoint: 9004 says it, to clients that have agreed to tags of our own."""
    filled = report(ReportKind.FILL, filled=300, **(EXECUTION | {"last_liquidity": liquidity}))
    agreed = working_desk(ClientRules(has_custom_tags=True))

    assert (indicator, own) == some(told(agreed, FILL, filled), 851, 9004)
    assert (indicator, None) == some(told(working_desk(), FILL, filled), 851, 9004)


def test_a_rebate_is_a_negative_fee() -> None:
    """137 is what the client pays."""
    rebate = EXECUTION | {"last_fee_usd_micros": UsdMicros(-60_000)}
    filled = report(ReportKind.FILL, filled=300, **rebate)

    assert "-0.060000" == told(working_desk(), FILL, filled)[137]


def test_the_last_fill_completes_the_order() -> None:
    """39=2, nothing open."""
    filled = report(ReportKind.FILL, state=ParentState.FILLED, filled=1_000, **EXECUTION)

    assert ("F", "2", "1000", "0") == some(told(working_desk(), FILL, filled), 150, 39, 14, 151)


@pytest.mark.parametrize(
    ("kind", "exec_type"), [(ReportKind.BUST, "H"), (ReportKind.CORRECTION, "G")]
)
def test_a_bust_or_correction_names_the_execution(kind: ReportKind, exec_type: str) -> None:
    """19 is the ExecID that the client has; 17 is new."""
    bust = step(
        ChildBust,
        child_id=5,
        venue_idx=1,
        exec_id="x9",
        corrected_shares=Shares(0),
        corrected_price_ticks=Ticks(0),
    )
    fields = told(working_desk(), bust, report(kind, **EXECUTION))

    assert (exec_type, "LIT1/x9", "k3f9-R9.0") == some(fields, 150, 19, 17)


def test_an_accepted_replace_gives_the_order_its_new_name() -> None:
    """11 is the request's, 41 the old one; from then on fills carry the new one."""
    desk = working_desk()
    replaced = told(desk, REPLACE, report(ReportKind.REPLACED, size=1_500, limit=1_001_000))
    filled = told(desk, FILL, report(ReportKind.FILL, size=1_500, filled=300, **EXECUTION))

    assert ("5", "0", "r1", "a1", "1500", "100.1000") == some(replaced, 150, 39, 11, 41, 38, 44)
    assert ("r1", None) == some(filled, 11, 41)


def test_a_refused_replace_leaves_the_name_as_it_was() -> None:
    """35=9, 434=2, 39 as the order stands."""
    desk = working_desk()
    (outgoing,) = desk.on_step(
        REPLACE, [report(ReportKind.REPLACE_REFUSED, filled=10, text="not replaced: risk")]
    )
    fields = fields_of(outgoing)
    filled = told(desk, FILL, report(ReportKind.FILL, filled=300, **EXECUTION))

    assert ("9", "2", "r1", "a1", "1") == (
        outgoing.message.msg_type,
        *some(fields, 434, 11, 41, 39),
    )
    assert ("99", "not replaced: risk", "k3f9-P1") == some(fields, 102, 58, 37)
    assert "a1" == filled[11]


def test_a_cancel_is_pending_until_the_last_child_has_ended() -> None:
    """Pending and done carry the cancel's name, the fills between them the order's."""
    desk = working_desk()
    pending = told(desk, CANCEL, report(ReportKind.STOPPING, state=ParentState.CANCELLING))
    late = report(ReportKind.FILL, state=ParentState.CANCELLING, filled=300, **EXECUTION)
    filled = told(desk, FILL, late)
    gone = step(ChildCancelled, child_id=5, venue_idx=1)
    ended = told(desk, gone, report(ReportKind.ENDED, state=ParentState.CANCELLED, filled=300))

    assert ("6", "6", "c1", "a1", "1000") == some(pending, 150, 39, 11, 41, 151)
    assert ("F", "6", "a1", None, "700") == some(filled, 150, 39, 11, 41, 151)
    assert ("4", "4", "c1", "a1", "0", "300") == some(ended, 150, 39, 11, 41, 151, 14)


def test_a_cancel_that_ends_the_order_at_once_is_one_report() -> None:
    """Nothing was live: no pending in between."""
    ended = report(ReportKind.ENDED, state=ParentState.CANCELLED)

    assert ("4", "c1", "a1") == some(told(working_desk(), CANCEL, ended), 150, 11, 41)


def test_a_cancel_that_lost_the_race_is_refused_after_the_last_fill() -> None:
    """The client waits for an answer to its cancel: the fill alone is none."""
    desk = working_desk()
    desk.on_step(CANCEL, [report(ReportKind.STOPPING, state=ParentState.CANCELLING)])
    full = report(ReportKind.FILL, state=ParentState.FILLED, filled=1_000, **EXECUTION)
    fill, refused = desk.on_step(FILL, [full])

    assert ("F", "2", "a1") == some(fields_of(fill), 150, 39, 11)
    assert ("9", "1", "0", "c1", "a1", "2") == (
        refused.message.msg_type,
        *some(fields_of(refused), 434, 102, 11, 41, 39),
    )


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (ParentState.CANCELLING, "3"),
        (ParentState.FILLED, "0"),
        (ParentState.CANCELLED, "0"),
        (ParentState.WORKING, "99"),
    ],
)
def test_a_cancel_that_comes_too_late_is_refused(state: ParentState, reason: str) -> None:
    """102: pending already, or over."""
    fields = told(working_desk(), CANCEL, report(ReportKind.CANCEL_REFUSED, state=state))

    assert ("1", "c1", "a1", reason) == some(fields, 434, 11, 41, 102)


def test_an_end_that_nobody_asked_for_carries_the_orders_name_alone() -> None:
    """The horizon is over, or somebody has pulled the switch."""
    desk = working_desk()
    stopping = report(ReportKind.STOPPING, state=ParentState.CANCELLING, text="kill switch")
    pending = told(desk, KILL, stopping)
    over = step(Timer, timer_id=3)
    ended = told(
        desk, over, report(ReportKind.ENDED, state=ParentState.CANCELLED, text="kill switch")
    )

    assert ("6", "a1", None, "kill switch") == some(pending, 150, 11, 41, 58)
    assert ("4", "a1", None) == some(ended, 150, 11, 41)


def test_an_order_that_is_complete_without_a_fill_is_not_called_cancelled() -> None:
    """Replaced to what had filled: 150=I with 39=2."""
    complete = report(ReportKind.ENDED, state=ParentState.FILLED, size=300, filled=300)

    assert ("I", "2", "300", "0") == some(told(working_desk(), REPLACE, complete), 150, 39, 14, 151)


def test_report_ids_come_from_event_and_place() -> None:
    """Made again after a restart, a report has the ExecID that it had."""
    commands: list[Command] = [
        SetTimer(at_ns=NOW, timer_id=1, due_ns=NOW),
        report(ReportKind.REPLACED, size=300),
        report(ReportKind.ENDED, state=ParentState.FILLED, size=300, filled=300),
    ]
    ids = [fields_of(outgoing)[17] for outgoing in working_desk().on_step(REPLACE, commands)]

    assert ["k3f9-R9.1", "k3f9-R9.2"] == ids


def test_reports_about_orders_that_no_client_sent_are_left_out() -> None:
    """The desk knows only what came through it."""
    assert [] == oms_desk().on_step(KILL, [report(ReportKind.ENDED, parent_id=77)])


def test_a_report_that_is_sent_again_is_marked() -> None:
    """97=Y: the client may have it already."""
    outgoing: Outgoing = oms_desk().on_step(new_parent(), [report(ReportKind.ACCEPTED)])[0]
    again = possible_resend(outgoing)

    assert {**fields_of(outgoing), 97: "Y"} == fields_of(again)
    assert outgoing.counterparty == again.counterparty


def test_a_sell_is_two() -> None:
    """54."""
    bought = new_parent()
    order = msgspec.structs.replace(bought.order, side=Side.SELL)
    sold = msgspec.structs.replace(bought, order=order)

    assert "2" == told(oms_desk(), sold, report(ReportKind.ACCEPTED))[54]
