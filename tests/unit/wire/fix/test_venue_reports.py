"""What venues say about our children: an event, or a note for a person, never an exception."""

from typing import Any

import pytest

from penstock.domain import (
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildStated,
    ChildStatus,
    DoubtChild,
    Event,
    Liquidity,
    Ns,
    Shares,
    UnknownReport,
    VenueStatement,
)
from penstock.wire.fix import VenueAnswer, VenueDesk
from tests.support.fix_messages import NOW, child, desk_with, said, tagged

REPORT = {
    37: "LIT1-O1",
    11: "k3f9-5",
    17: "x9",
    150: "0",
    39: "0",
    55: "TEST0",
    54: "1",
    38: "300",
    44: "100.0100",
    151: "300",
    14: "0",
    6: "0",
    30: "LIT1",
    60: "20260105-14:30:00.000001",
}
FILL: dict[str, Any] = {
    "t150": "F",
    "t39": "1",
    "t32": "100",
    "t31": "100.0050",
    "t14": "100",
    "t151": "200",
}


def answer(
    desk: VenueDesk | None = None, *, by: str = "LIT1", msg_type: str = "8", **changes: str | None
) -> VenueAnswer:
    """What a report with tags changed leads to."""
    incoming = said(msg_type, {**REPORT, **tagged(changes)}, by=by)
    return (desk or desk_with(child())).on_message(incoming)


def event_of(**changes: Any) -> Event:
    """The event of a good report."""
    result = answer(**changes)
    assert ((), False) == (result.notes, result.asks_pending)
    (event,) = result.events
    assert getattr(event, "child_id", None) == 5
    assert 0 == event.seq
    return event


def note_of(*, asks_pending: bool, **changes: Any) -> str:
    """The note of a message that is no event."""
    result = answer(**changes)
    assert ((), asks_pending) == (result.events, result.asks_pending)
    (note,) = result.notes
    return note


def doubt_of(**changes: Any) -> DoubtChild:
    """The doubt that a report raises beside its totals."""
    result = answer(**changes)
    (doubt,) = [event for event in result.events if isinstance(event, DoubtChild)]
    assert () == result.notes
    return doubt


def test_an_acknowledgement() -> None:
    """150=0, with the venue's own time."""
    said_ns = Ns(1_767_623_400_000_001_000)

    stated = VenueStatement(
        filled_shares=Shares(0), leaves_shares=Shares(300), size_shares=Shares(300)
    )
    assert event_of() == ChildAck(
        seq=0, event_ns=said_ns, recv_ns=NOW, child_id=5, venue_idx=1, stated=stated
    )


@pytest.mark.parametrize(
    ("last_liquidity", "liquidity", "fee"),
    [
        ("1", Liquidity.MAKE, -200_000),
        ("2", Liquidity.TAKE, 300_000),
        (None, Liquidity.TAKE, 300_000),
    ],
)
def test_an_execution_with_its_liquidity_and_fee(
    last_liquidity: str | None, liquidity: Liquidity, fee: int
) -> None:
    """The fee is ours to know, by the schedule of the day; unknown liquidity counts as taken."""
    event = event_of(**FILL, t851=last_liquidity)

    assert isinstance(event, ChildFill)
    assert ("x9", 1_000_050, 100) == (event.exec_id, event.price_ticks, event.size_shares)
    assert (liquidity, fee) == (event.liquidity, event.fee_usd_micros)


def test_an_execution_in_a_pool_is_at_the_midpoint() -> None:
    """Whatever 851 says."""
    desk = desk_with(child(venue_idx=0))
    (event,) = answer(desk, by="DRK0", **FILL, t851="2").events

    assert isinstance(event, ChildFill)
    assert (Liquidity.MIDPOINT, 0) == (event.liquidity, event.fee_usd_micros)


def test_a_rejected_order() -> None:
    """With the venue's words, made fit for a journal."""
    event = event_of(t150="8", t39="8", t103="99", t58="market closed\u00a0!")

    assert isinstance(event, ChildReject)
    assert "market closed?!" == event.reason


def test_a_reject_without_words_gives_the_code() -> None:
    """Better than nothing."""
    event = event_of(t150="8", t39="8", t103="2")

    assert isinstance(event, ChildReject)
    assert "no text, reason '2'" == event.reason


@pytest.mark.parametrize("exec_type", ["4", "C", "3"])
@pytest.mark.parametrize("name", ["k3f9-5", "k3f9-5-c1"])
def test_an_order_that_is_over(exec_type: str, name: str) -> None:
    """Cancelled, expired or done for the day; asked for or not."""
    assert isinstance(event_of(t150=exec_type, t39="4", t11=name, t41="k3f9-5"), ChildCancelled)


@pytest.mark.parametrize("exec_type", ["5", "D"])
def test_a_new_size_and_limit(exec_type: str) -> None:
    """Replaced by us, or restated by the venue: the venue's word counts."""
    event = event_of(t150=exec_type, t11="k3f9-5-r1", t41="k3f9-5", t38="200", t44="100.00")

    assert isinstance(event, ChildReplaced)
    assert (200, 1_000_000) == (event.size_shares, event.limit_ticks)


def test_an_execution_taken_back() -> None:
    """150=H with the execution in 19."""
    event = event_of(t150="H", t17="x10", t19="x9")

    assert isinstance(event, ChildBust)
    assert ("x9", 0, 0) == (event.exec_id, event.corrected_shares, event.corrected_price_ticks)


def test_an_execution_corrected() -> None:
    """150=G with what stands instead."""
    event = event_of(t150="G", t17="x10", t19="x9", t32="80", t31="100.01")

    assert isinstance(event, ChildBust)
    assert ("x9", 80, 1_000_100) == (
        event.exec_id,
        event.corrected_shares,
        event.corrected_price_ticks,
    )


@pytest.mark.parametrize(
    ("ord_status", "filled", "leaves", "is_known"),
    [
        ("1", "100", "200", True),
        ("4", "100", "0", True),
        ("2", "300", "0", True),
        ("8", "0", "0", False),
    ],
)
def test_a_status(ord_status: str, filled: str, leaves: str, is_known: bool) -> None:
    """39=8 says that the venue never had the order in its book."""
    event = event_of(t150="I", t39=ord_status, t14=filled, t151=leaves)

    assert isinstance(event, ChildStatus)
    assert (is_known, int(filled), int(leaves)) == (
        event.is_known,
        event.filled_shares,
        event.leaves_shares,
    )


@pytest.mark.parametrize("response_to", ["1", "2"])
def test_a_refused_cancel_or_replace(response_to: str) -> None:
    """35=9, found by either ClOrdID."""
    event = event_of(
        msg_type="9", t11="k3f9-5-c1", t41="k3f9-5", t434=response_to, t102="0", t58="too late"
    )

    assert isinstance(event, ChildCancelReject)
    assert "too late" == event.reason


@pytest.mark.parametrize("exec_type", ["A", "6", "E", "7", "9", "B"])
def test_a_pending_state_changes_nothing_but_states_totals(exec_type: str) -> None:
    """The venue is looking at our request, or has stopped the order for a while."""
    assert isinstance(event_of(t150=exec_type), ChildStated)


@pytest.mark.parametrize(
    ("msg_type", "kind"), [("D", ChildReject), ("F", ChildCancelReject), ("G", ChildCancelReject)]
)
def test_a_business_reject_that_names_the_order(msg_type: str, kind: type) -> None:
    """379 says which, 372 says what we had asked."""
    name = {"D": "k3f9-5", "F": "k3f9-5-c1", "G": "k3f9-5-r1"}[msg_type]

    assert isinstance(event_of(msg_type="j", t372=msg_type, t379=name, t380="4"), kind)


@pytest.mark.parametrize(
    "changes",
    [
        {"msg_type": "3", "t45": "12"},
        {"msg_type": "j", "t45": "12", "t372": "D", "t379": None},
        {"msg_type": "j", "t45": "12", "t372": "D", "t379": "abc-5"},
    ],
)
def test_a_reject_that_names_no_order_asks_where_all_stand(changes: dict[str, Any]) -> None:
    """Some order of ours may never have arrived."""
    assert "LIT1 rejects our message '12'" == note_of(asks_pending=True, **changes)


@pytest.mark.parametrize("msg_type", ["3", "j"])
def test_a_reject_of_a_status_request_asks_no_more(msg_type: str) -> None:
    """It would be asked and refused for ever: the venue does not take questions."""
    changes: dict[str, Any] = {"t45": "12", "t372": "H", "t379": "k3f9-5"}
    note_of(asks_pending=False, msg_type=msg_type, **changes)

    assert answer(msg_type=msg_type, **changes).refuses_questions


def test_a_duplicate_at_the_venue_does_not_free_the_shares() -> None:
    """103=6: the venue has an order of that name, and it may be live."""
    doubt = doubt_of(t150="8", t39="8", t103="6")

    assert "another reason than a duplicate order" in doubt.reason
    assert 5 == doubt.child_id


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        (FILL | {"t17": None}, "17 ExecID"),
        (FILL | {"t17": "caf\u00e9"}, "17 ExecID"),
        (FILL | {"t32": "0"}, "32 LastQty"),
        (FILL | {"t32": "1.5"}, "32 LastQty"),
        (FILL | {"t31": "-100"}, "31 LastPx"),
        (FILL | {"t31": None}, "31 LastPx"),
        (FILL | {"t55": "TEST1"}, "55 Symbol"),
        (FILL | {"t54": "2"}, "54 Side"),
        ({"t150": "5", "t38": None}, "38 OrderQty"),
        ({"t150": "5", "t44": "0"}, "44 Price"),
        ({"t150": "H"}, "19 ExecRefID"),
        ({"t150": "G", "t19": "x9", "t31": "100"}, "32 LastQty"),
        ({"t150": None}, "150 ExecType"),
        ({"t150": "Z"}, "150 ExecType"),
        (FILL | {"t14": "-7"}, "14 CumQty"),
        ({"t151": "1e9"}, "151 LeavesQty"),
        ({"by": "LIT2"}, "11 ClOrdID"),
    ],
)
def test_a_report_that_cannot_be_read_puts_its_child_in_doubt(
    changes: dict[str, Any], tag: str
) -> None:
    """Nothing is booked by guessing; the answer to the question shows what is missing."""
    assert f"a report states what cannot be: {tag}: expected" in doubt_of(**changes).reason


def test_an_execution_that_cannot_be_read_holds_its_shares() -> None:
    """A price that is no number is no reason to send them again, however often it comes."""
    first, again = (
        doubt_of(**(FILL | {"t31": "abc"})),
        doubt_of(**(FILL | {"t31": "abc", "t97": "Y"})),
    )

    assert (100, "x9") == (first.doubt_shares, first.exec_id)
    assert first == again


@pytest.mark.parametrize(
    ("changes", "tag"),
    [({"t14": None}, "14 CumQty"), ({"t39": "4", "t151": "300"}, "151 LeavesQty")],
)
def test_a_status_that_cannot_be_is_no_answer(changes: dict[str, Any], tag: str) -> None:
    """The core bounds how often the same question is asked."""
    assert f"{tag}: expected" in doubt_of(t150="I", **changes).reason


@pytest.mark.parametrize(
    "names",
    [
        {"t11": "q777-5"},
        {"t11": None},
        {"t11": "k3f9-"},
        {"t11": "k3f9-5-x1"},
        {"t11": "k3f9-5-c"},
        {"t11": "k3f9--5"},
        {"t11": "k3f9-\u0665"},
        {"t11": "k3f9-" + "9" * 19},
    ],
)
def test_a_report_on_no_order_of_ours_is_journalled(names: dict[str, Any]) -> None:
    """Of an earlier run, say, that was started afresh: the engine alerts, nothing is dropped."""
    (event,) = answer(**names).events

    assert isinstance(event, UnknownReport)
    assert event.text.startswith("reports on no order of this run: ")


def test_a_report_that_names_two_orders_is_booked_on_neither() -> None:
    """11 and 41 must belong together."""
    (event,) = answer(t11="k3f9-6", t41="k3f9-5").events

    assert isinstance(event, UnknownReport)
    assert event.text.startswith("reports on two orders: 11 'k3f9-6', 41 'k3f9-5'")


def test_a_venues_own_name_in_11_is_no_matter_if_41_is_ours() -> None:
    """Some venues name their unsolicited cancels themselves."""
    assert isinstance(event_of(t150="4", t11="ZX81", t41="k3f9-5"), ChildCancelled)


def test_a_report_on_a_number_that_we_never_sent_goes_to_the_engine() -> None:
    """It raises the alarm there, and the journal has it."""
    (event,) = answer(t11="k3f9-99").events

    assert isinstance(event, ChildAck)
    assert 99 == event.child_id


def test_a_stranger_is_a_note() -> None:
    """A session that is no venue of the universe."""
    assert "XLON is no venue of this router" == note_of(asks_pending=False, by="XLON")


def test_an_unexpected_message_is_a_note() -> None:
    """News, say."""
    assert "LIT1 sends 'B', which is not expected (hello)" == note_of(
        asks_pending=False, msg_type="B", t58="hello"
    )


def test_every_report_states_its_totals() -> None:
    """Whatever it is about, 14, 151 and 38 go to the ledger with it."""
    for changes in ({}, FILL, {"t150": "4"}, {"t150": "6"}, {"t150": "8"}, {"t150": "9"}):
        (event,) = answer(**(changes | {"t14": "60", "t151": "0060."})).events

        stated = VenueStatement(
            filled_shares=Shares(60), leaves_shares=Shares(60), size_shares=Shares(300)
        )
        assert stated == getattr(event, "stated", None)


def test_a_report_sent_again_says_so() -> None:
    """Its totals are of another time."""
    (event,) = answer(t97="Y").events

    assert isinstance(event, ChildAck)
    assert event.stated is not None
    assert event.stated.is_repeat


@pytest.mark.parametrize(
    ("text", "ticks", "rest_femtos"),
    [
        ("0.98765", 9_876, 50_000_000_000),
        ("84.97505", 849_750, 50_000_000_000),
        ("23.", 230_000, 0),
        ("0023.50", 235_000, 0),
        (".5", 5_000, 0),
        ("0.000000000000001", 0, 1),
        ("1.00000000000000000000", 10_000, 0),
    ],
)
def test_every_price_that_fix_can_spell_is_booked_exactly(
    text: str, ticks: int, rest_femtos: int
) -> None:
    """Shares are never lost for the spelling of a price."""
    event = event_of(**(FILL | {"t31": text}))

    assert isinstance(event, ChildFill)
    assert (ticks, rest_femtos) == (event.price_ticks, event.price_rest_femtos)


@pytest.mark.parametrize("exec_type", ["1", "2"])
def test_the_trade_types_of_fix_42_are_trades(exec_type: str) -> None:
    """Some venues write 150=1 and 150=2 in FIX 4.4, too."""
    assert isinstance(event_of(**(FILL | {"t150": exec_type})), ChildFill)


def test_a_restatement_without_a_price_keeps_the_limit() -> None:
    """150=D of a peg has no 44."""
    event = event_of(t150="D", t38="200", t44=None)

    assert isinstance(event, ChildReplaced)
    assert (200, child().limit_ticks) == (event.size_shares, event.limit_ticks)


def test_an_end_with_an_execution_and_no_total_holds_that_execution() -> None:
    """150=4 with 32=60 and no 14: the shares may be filled."""
    doubt, end = answer(t150="4", t32="60", t31="100", t14=None).events

    assert isinstance(doubt, DoubtChild)
    assert 60 == doubt.doubt_shares
    assert isinstance(end, ChildCancelled)


def test_a_cancel_refused_for_an_unknown_order_says_so() -> None:
    """102=1, or 39=8: cancelling again cannot help."""
    refusals: tuple[dict[str, Any], ...] = ({"t102": "1"}, {"t39": "8"})
    for changes in refusals:
        (event,) = answer(msg_type="9", **changes).events

        assert isinstance(event, ChildCancelReject)
        assert not event.is_known
