"""The simulated venues' side: the router's own messages in, commands and reports out."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.domain import (
    CancelChild,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    DoubtChild,
    Event,
    Liquidity,
    Ns,
    PegKind,
    ReplaceChild,
    SendChild,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
    UsdMicros,
)
from penstock.wire.fix import ExchangeAnswer, ExchangeDesk, Incoming, Outgoing, VenueReply
from tests.support.fix_messages import (
    NOW,
    UNIVERSE,
    child,
    desk_with,
    fields_of,
    heard,
    new_parent,
    said,
    send,
    step,
    tagged,
)

ROUTER = "PENSTOCK"
ORDER = {11: "k3f9-5", 55: "TEST0", 54: "1", 38: "300", 40: "2", 44: "100.01", 59: "0", 60: "x"}


class Floor:
    """An exchange desk with one order, number 1, and shorthands."""

    def __init__(self, order: ChildOrder | None = None) -> None:
        self.desk = ExchangeDesk(UNIVERSE)
        self.order = order or child()
        self.mic = UNIVERSE.venues[self.order.venue_idx].mic
        self.router = desk_with(self.order)
        self.commands = self.take(self.router.on_command(send(self.order), NOW)).commands

    def take(self, outgoing: Outgoing) -> ExchangeAnswer:
        """A message of the router reaches its venue."""
        return self.desk.on_message(outgoing.counterparty, heard(outgoing.message, ROUTER))

    def cancel(self) -> ExchangeAnswer:
        """The router asks for a cancel."""
        command = CancelChild(at_ns=NOW, child_id=5, venue_idx=self.order.venue_idx)
        self.router.note(new_parent(), [command])
        return self.take(self.router.on_command(command, NOW))

    def replace(self, shares: int, ticks: int) -> ExchangeAnswer:
        """The router asks for a replace."""
        command = ReplaceChild(
            at_ns=NOW,
            child_id=5,
            venue_idx=self.order.venue_idx,
            size_shares=Shares(shares),
            limit_ticks=Ticks(ticks),
        )
        self.router.note(new_parent(), [command])
        return self.take(self.router.on_command(command, NOW))

    def says(self, kind: Callable[..., Event], **facts: Any) -> dict[int, str]:
        """What the market says about the order, as the router's session delivers it."""
        return dict(self.reply(kind, **facts).message.fields)

    def reply(self, kind: Callable[..., Event], **facts: Any) -> VenueReply:
        """The same, with its address."""
        event = step(kind, child_id=1, venue_idx=self.order.venue_idx, **facts)
        return self.desk.on_event(event, NOW)

    def fill(self, shares: int, exec_id: str = "x1", ticks: int = 1_000_000) -> dict[int, str]:
        """An execution."""
        return self.says(
            ChildFill,
            exec_id=exec_id,
            price_ticks=Ticks(ticks),
            size_shares=Shares(shares),
            liquidity=Liquidity.MAKE,
            fee_usd_micros=UsdMicros(0),
        )


def some(fields: dict[int, str], *tags: int) -> tuple[str | None, ...]:
    """Values of some tags."""
    return tuple(fields.get(tag) for tag in tags)


def sent(**changes: str | None) -> ExchangeAnswer:
    """The answer to a written order with tags changed."""
    return ExchangeDesk(UNIVERSE).on_message("LIT1", said("D", {**ORDER, **tagged(changes)}))


@pytest.mark.parametrize(
    "order",
    [
        child(),
        child(tactic=Tactic.TAKE, tif=Tif.IOC, side=Side.SELL, venue_idx=2, instrument_idx=1),
        child(tactic=Tactic.MID, peg=PegKind.MIDPOINT, venue_idx=0, min_shares=Shares(100)),
        child(tactic=Tactic.MID, peg=PegKind.MIDPOINT, venue_idx=0, tif=Tif.IOC),
    ],
)
def test_the_market_gets_the_order_that_the_router_sent(order: ChildOrder) -> None:
    """All but the router's own numbers."""
    (command,) = Floor(order).commands

    assert isinstance(command, SendChild)
    assert (
        child(
            child_id=1,
            parent_id=0,
            **{
                name: getattr(order, name)
                for name in order.__struct_fields__
                if name not in ("child_id", "parent_id")
            },
        )
        == command.order
    )


def test_orders_are_numbered_over_all_venues_and_sessions() -> None:
    """The market keeps one list of our orders."""
    desk = ExchangeDesk(UNIVERSE)
    numbers = []
    for mic, router in (("LIT1", "A"), ("LIT2", "A"), ("LIT1", "B")):
        (command,) = desk.on_message(mic, said("D", ORDER, by=router)).commands
        assert isinstance(command, SendChild)
        numbers.append((command.order.child_id, command.order.venue_idx))

    assert [(1, 1), (2, 2), (3, 1)] == numbers
    assert ("B", "LIT1") == (desk.order(3).counterparty, desk.order(3).mic)


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"t55": "NOPE"}, "55 Symbol"),
        ({"t54": "5"}, "54 Side"),
        ({"t38": "-1"}, "38 OrderQty"),
        ({"t40": "1"}, "40 OrdType"),
        ({"t40": "P"}, "18 ExecInst"),
        ({"t18": "M"}, "18 ExecInst"),
        ({"t44": None}, "44 Price"),
        ({"t59": "1"}, "59 TimeInForce"),
        ({"t110": "-1"}, "110 MinQty"),
        ({"t100": "LIT2"}, "100 ExDestination"),
    ],
)
def test_a_bad_order_is_rejected_with_the_tag(changes: dict[str, str | None], tag: str) -> None:
    """As a real venue would."""
    answer = sent(**changes)
    (reply,) = answer.replies

    assert () == answer.commands
    assert ("8", "8", "k3f9-5") == some(fields_of(reply), 150, 39, 11)
    assert f"{tag}: expected" in fields_of(reply)[58]


def test_a_name_used_twice_is_rejected_as_a_duplicate() -> None:
    """103=6, which the router does not take for "never traded"."""
    floor = Floor()
    answer = floor.take(floor.router.on_command(send(child()), NOW))

    assert () == answer.commands
    assert "6" == fields_of(answer.replies[0])[103]
    answered = floor.router.on_message(heard(answer.replies[0].message, "LIT1")).events
    assert any(isinstance(event, DoubtChild) for event in answered)


def test_a_possible_duplicate_is_ignored() -> None:
    """The session has sent it again; the first is here."""
    floor = Floor()
    incoming = said("D", ORDER, by=ROUTER, is_possible_dup=True)

    assert ExchangeAnswer() == floor.desk.on_message("LIT1", incoming)


@pytest.mark.parametrize("msg_type", ["3", "j"])
def test_a_reject_is_not_answered(msg_type: str) -> None:
    """Answering could go on for ever."""
    assert ExchangeAnswer() == ExchangeDesk(UNIVERSE).on_message("LIT1", said(msg_type, {45: "1"}))


@pytest.mark.parametrize(("mic", "msg_type"), [("LIT1", "V"), ("XLON", "D")])
def test_what_no_venue_here_understands_is_a_business_reject(mic: str, msg_type: str) -> None:
    """Another message, or another venue."""
    answer = ExchangeDesk(UNIVERSE).on_message(mic, said(msg_type, ORDER))

    assert "j" == answer.replies[0].message.msg_type


def test_an_order_without_a_name_is_a_business_reject() -> None:
    """380=5."""
    assert "5" == fields_of(sent(t11=None).replies[0])[380]


def test_an_acknowledgement_names_order_and_session() -> None:
    """The reply goes where the order came from."""
    reply = Floor().reply(ChildAck)
    fields = dict(reply.message.fields)

    assert ("LIT1", ROUTER, "k3f9-5", Side.BUY) == (
        reply.mic,
        reply.counterparty,
        reply.cl_ord_id,
        reply.side,
    )
    assert ("0", "0", "k3f9-5", "300", "0", "300") == some(fields, 150, 39, 11, 151, 14, 38)


def test_executions_add_up() -> None:
    """Filled, open, average, and the execution's own ExecID."""
    floor = Floor()
    floor.says(ChildAck)
    first = floor.fill(100)
    second = floor.fill(200, "x2", 1_000_100)

    assert ("F", "1", "x1", "100", "100.0000", "LIT1", "1") == some(
        first, 150, 39, 17, 32, 31, 30, 851
    )
    assert ("100", "200", "100.00000000") == some(first, 14, 151, 6)
    assert ("F", "2", "x2", "300", "0", "100.00666667") == some(second, 150, 39, 17, 14, 151, 6)


def test_a_refused_order() -> None:
    """150=8 with the market's reason."""
    fields = Floor().says(ChildReject, reason="below_min_size")

    assert ("8", "8", "0", "below_min_size") == some(fields, 150, 39, 151, 58)


def test_a_cancel_is_answered_by_its_own_name() -> None:
    """11 is the cancel's, 41 the order's."""
    floor = Floor()
    (command,) = floor.cancel().commands
    fields = floor.says(ChildCancelled)

    assert isinstance(command, CancelChild)
    assert (1, 1) == (command.child_id, command.venue_idx)
    assert ("4", "4", "k3f9-5-c1", "k3f9-5", "0") == some(fields, 150, 39, 11, 41, 151)


def test_a_refused_cancel_is_answered_by_its_own_name() -> None:
    """35=9, too late when the order has ended."""
    floor = Floor()
    floor.cancel()
    floor.fill(300)
    reply = floor.reply(ChildCancelReject, reason="too_late")
    fields = dict(reply.message.fields)

    assert "9" == reply.message.msg_type
    assert ("1", "k3f9-5-c1", "k3f9-5", "2", "0", "too_late") == some(
        fields, 434, 11, 41, 39, 102, 58
    )


def test_an_immediate_order_that_ends_by_itself_leaves_the_cancel_to_be_refused() -> None:
    """The end is not the answer to the cancel: that comes as too late, right behind it."""
    floor = Floor(child(tactic=Tactic.TAKE, tif=Tif.IOC))
    floor.cancel()
    ended = floor.says(ChildCancelled)
    refused = floor.says(ChildCancelReject, reason="too_late")

    assert ("4", "k3f9-5", None) == some(ended, 150, 11, 41)
    assert ("1", "k3f9-5-c1") == some(refused, 434, 11)


def test_a_replace_gives_the_order_its_new_name_and_terms() -> None:
    """And a cancel by the original name still finds it."""
    floor = Floor()
    (command,) = floor.replace(200, 999_900).commands
    replaced = floor.says(ChildReplaced, size_shares=Shares(200), limit_ticks=Ticks(999_900))
    filled = floor.fill(50)
    cancel = floor.cancel().commands

    assert isinstance(command, ReplaceChild)
    assert (1, 200, 999_900) == (command.child_id, command.size_shares, command.limit_ticks)
    assert ("5", "0", "k3f9-5-r1", "k3f9-5", "200", "99.9900", "200") == some(
        replaced, 150, 39, 11, 41, 38, 44, 151
    )
    assert ("k3f9-5-r1", "150") == some(filled, 11, 151)
    assert 1 == len(cancel)


def test_a_bad_replace_is_refused() -> None:
    """Before the market sees it."""
    floor = Floor()
    fields = {11: "k3f9-5-r9", 41: "k3f9-5", 38: "0", 44: "x"}
    answer = floor.desk.on_message("LIT1", said("G", fields, by=ROUTER))

    assert () == answer.commands
    assert ("2", "k3f9-5-r9") == some(fields_of(answer.replies[0]), 434, 11)
    assert "38 OrderQty: expected" in fields_of(answer.replies[0])[58]
    assert "44 Price: expected" in fields_of(answer.replies[0])[58]


@pytest.mark.parametrize("mic", ["LIT1", "LIT2"])
@pytest.mark.parametrize("name", ["k3f9-6", None])
def test_a_change_of_an_unknown_order_is_refused(mic: str, name: str | None) -> None:
    """102=1."""
    floor = Floor()
    answer = floor.desk.on_message(mic, said("F", {11: "k3f9-5-c1", 41: name}, by=ROUTER))

    assert "1" == fields_of(answer.replies[0])[102]


def test_an_execution_taken_back_does_not_come_to_the_book_again() -> None:
    """Filled goes down, open stays."""
    floor = Floor()
    floor.says(ChildAck)
    floor.fill(100)
    fields = floor.says(
        ChildBust, exec_id="x1", corrected_shares=Shares(0), corrected_price_ticks=Ticks(0)
    )

    assert ("H", "0", "x1", "0", "200") == some(fields, 150, 39, 19, 14, 151)


def test_a_corrected_execution() -> None:
    """150=G with what stands instead."""
    floor = Floor()
    floor.fill(100)
    fields = floor.says(
        ChildBust, exec_id="x1", corrected_shares=Shares(60), corrected_price_ticks=Ticks(999_900)
    )

    assert ("G", "x1", "60", "99.9900", "60", "200", "99.99000000") == some(
        fields, 150, 19, 32, 31, 14, 151, 6
    )


def status(floor: Floor, name: str, mic: str = "LIT1") -> dict[int, str]:
    """The answer to a status request."""
    incoming: Incoming = said("H", {11: name, 790: "q1", 55: "TEST0", 54: "1"}, by=ROUTER)
    (reply,) = floor.desk.on_message(mic, incoming).replies
    return fields_of(reply)


def test_a_status_follows_the_reports() -> None:
    """Pending until acknowledged; then as reported."""
    floor = Floor()
    pending = status(floor, "k3f9-5")
    floor.says(ChildAck)
    floor.fill(100)

    assert ("I", "A", "0", "300", "q1") == some(pending, 150, 39, 14, 151, 790)
    assert ("I", "1", "100", "200") == some(status(floor, "k3f9-5"), 150, 39, 14, 151)


@pytest.mark.parametrize(("name", "mic"), [("k3f9-6", "LIT1"), ("k3f9-5", "LIT2")])
def test_the_status_of_an_unknown_order(name: str, mic: str) -> None:
    """150=I, 39=8, 103=5: it never arrived."""
    assert ("I", "8", "5", "0", "0", "unknown order") == some(
        status(Floor(), name, mic), 150, 39, 103, 14, 151, 58
    )


def test_report_ids_are_unique_at_the_venue() -> None:
    """Each report its own, executions the market's."""
    floor = Floor()
    ids = [floor.says(ChildAck)[17], floor.fill(100)[17], status(floor, "k3f9-5")[17]]

    assert ["LIT1-R1", "x1", "LIT1-R2"] == ids


def test_what_is_no_report_of_a_venue_is_our_own_bug() -> None:
    """A parent, say."""
    with pytest.raises(AssertionError, match="no report of a venue"):
        Floor().desk.on_event(new_parent(), Ns(1))
