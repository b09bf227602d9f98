"""Laws of the FIX translation: nothing lost between the ends, nothing raised by anything."""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.domain import (
    CancelChild,
    ChildAck,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    Event,
    Liquidity,
    Ns,
    ParentState,
    PegKind,
    ReplaceChild,
    ReportKind,
    ReportParent,
    SendChild,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
    UsdMicros,
    fee_usd_micros,
    fees_on,
)
from penstock.wire.fix import ExchangeDesk, FixMessage, Incoming, Outgoing, read_report
from penstock.wire.fix.values import MAX_PRICE_TICKS, price_text, price_ticks, time_ns, time_text
from tests.support.fix_loop import Session
from tests.support.fix_messages import (
    CLIENT,
    NOW,
    UNIVERSE,
    child,
    desk_with,
    heard,
    new_parent,
    report,
    said,
    send,
    step,
    working_desk,
)

SEEDS = st.integers(0, 2**32)


@st.composite
def children(draw: st.DrawFn) -> ChildOrder:
    """Any order that the engine could send to one of three venues."""
    venue_idx = draw(st.integers(0, 2))
    is_pool = not UNIVERSE.venues[venue_idx].kind.is_lit
    tif = draw(st.sampled_from(Tif))
    lit_tactic = Tactic.TAKE if tif is Tif.IOC else Tactic.POST
    size_shares = draw(st.integers(1, 100_000_000))
    return ChildOrder(
        child_id=draw(st.integers(1, 10**12)),
        parent_id=0,
        venue_idx=venue_idx,
        instrument_idx=draw(st.integers(0, 1)),
        side=draw(st.sampled_from(Side)),
        size_shares=Shares(size_shares),
        limit_ticks=Ticks(draw(st.integers(1, MAX_PRICE_TICKS))),
        tactic=Tactic.MID if is_pool else lit_tactic,
        tif=tif,
        peg=PegKind.MIDPOINT if is_pool else PegKind.NONE,
        min_shares=Shares(draw(st.integers(0, size_shares))),
    )


class Link:
    """One order between a router and a venue, all of it through messages."""

    def __init__(self, order: ChildOrder) -> None:
        self.order = order
        self.mic = UNIVERSE.venues[order.venue_idx].mic
        self.router = desk_with(order)
        self.exchange = ExchangeDesk(UNIVERSE)

    def arrives(self, outgoing: Outgoing) -> Any:
        """The command that the market gets."""
        assert self.mic == outgoing.counterparty
        answer = self.exchange.on_message(self.mic, heard(outgoing.message, "PENSTOCK"))
        assert () == answer.replies, answer.replies
        (command,) = answer.commands
        return command

    def returns(self, event: Event) -> Event:
        """What the market says, as the router's engine gets it."""
        reply = self.exchange.on_event(event, NOW)
        answer = self.router.on_message(heard(reply.message, reply.mic))
        assert ((), False) == (answer.notes, answer.asks_pending)
        (back,) = answer.events
        self.router.note(back, [])
        return msgspec.structs.replace(back, stated=None)

    def expected(self, event: Event) -> Event:
        """The same event with the router's own number, and the time that FIX can carry."""
        cut_ns = Ns(NOW // 1_000 * 1_000)
        return msgspec.structs.replace(
            event, seq=0, child_id=self.order.child_id, event_ns=cut_ns, recv_ns=NOW
        )


@given(order=children())
def test_an_order_arrives_in_the_market_as_it_was_sent(order: ChildOrder) -> None:
    """Only the numbers are the venue's own."""
    command = Link(order).arrives(desk_with(order).on_command(send(order), NOW))

    assert isinstance(command, SendChild)
    assert msgspec.structs.replace(order, child_id=1) == command.order


@given(order=children(), data=st.data())
def test_a_report_arrives_at_the_engine_as_the_market_made_it(
    order: ChildOrder, data: st.DataObject
) -> None:
    """Acknowledgement, fills and the end; sizes, prices, ids, liquidity and fees."""
    link = Link(order)
    link.arrives(link.router.on_command(send(order), NOW))
    about = {"child_id": 1, "venue_idx": order.venue_idx}
    venue = UNIVERSE.venues[order.venue_idx]
    fees = fees_on(venue.fees, UNIVERSE.day)
    events = [step(ChildAck, **about)]
    left = int(order.size_shares)
    for number in range(data.draw(st.integers(0, 3))):
        if left == 0:
            break
        shares = Shares(data.draw(st.integers(1, left)))
        left -= shares
        liquidity = data.draw(st.sampled_from([Liquidity.MAKE, Liquidity.TAKE]))
        if not venue.kind.is_lit:
            liquidity = Liquidity.MIDPOINT
        events.append(
            step(
                ChildFill,
                **about,
                exec_id=f"{venue.mic}-{number}",
                price_ticks=Ticks(data.draw(st.integers(1, MAX_PRICE_TICKS))),
                size_shares=shares,
                liquidity=liquidity,
                fee_usd_micros=fee_usd_micros(fees, liquidity, shares),
            )
        )
    events.append(step(ChildCancelled, **about) if left else step(ChildAck, **about))

    for event in events:
        assert link.expected(event) == link.returns(event)


@given(order=children(), reason=st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_refusal_keeps_its_reason(order: ChildOrder, reason: str) -> None:
    """Word for word, if there are words."""
    link = Link(order)
    link.arrives(link.router.on_command(send(order), NOW))
    cancel = CancelChild(at_ns=NOW, child_id=order.child_id, venue_idx=order.venue_idx)
    link.router.note(new_parent(), [cancel])
    asked = link.arrives(link.router.on_command(cancel, NOW))
    about: dict[str, Any] = {"child_id": 1, "venue_idx": order.venue_idx}
    about["reason"] = f"because {reason}"
    refused, rejected = step(ChildCancelReject, **about), step(ChildReject, **about)

    assert (1, order.venue_idx) == (asked.child_id, asked.venue_idx)
    assert link.expected(refused) == link.returns(refused)
    assert link.expected(rejected) == link.returns(rejected)


@given(order=children(), data=st.data())
def test_a_replace_arrives_and_its_confirmation_returns(
    order: ChildOrder, data: st.DataObject
) -> None:
    """Any number of them, one after the other."""
    link = Link(order)
    link.arrives(link.router.on_command(send(order), NOW))
    for _ in range(data.draw(st.integers(1, 3))):
        terms: dict[str, Any] = {
            "size_shares": Shares(data.draw(st.integers(1, 100_000_000))),
            "limit_ticks": Ticks(data.draw(st.integers(1, MAX_PRICE_TICKS))),
        }
        command = ReplaceChild(
            at_ns=NOW, child_id=order.child_id, venue_idx=order.venue_idx, **terms
        )
        link.router.note(new_parent(), [command])
        arrived = link.arrives(link.router.on_command(command, NOW))
        confirmed = step(ChildReplaced, child_id=1, venue_idx=order.venue_idx, **terms)

        assert msgspec.structs.replace(command, child_id=1) == arrived
        assert link.expected(confirmed) == link.returns(confirmed)


@given(ticks=st.integers(1, MAX_PRICE_TICKS), at_us=st.integers(0, 9 * 10**15))
def test_prices_and_times_survive_the_wire(ticks: int, at_us: int) -> None:
    """To the tick and to the microsecond."""
    assert ticks == price_ticks(price_text(ticks))
    assert at_us * 1_000 == time_ns(time_text(at_us * 1_000))


@settings(max_examples=60)
@given(seed=SEEDS)
def test_a_clients_books_equal_the_engines(seed: int) -> None:
    """
    Cancels that race fills, replaces, busts, duplicates on both sides: in the end the client, who
    has seen nothing but FIX, has what the engine has, share by share.
    """
    session = Session(seed)
    session.run(120)
    books = {
        name: (order.cum_shares, order.state)
        for order in session.client.orders
        for name in order.names
    }

    for parent in session.engine.parents.values():
        name = parent.order.client_order_id
        order = session.client.by_name[name]
        assert (parent.filled_shares, parent.state) == books[name], name
        assert parent.filled_shares == sum(order.executions.values()), name
        assert parent.state.is_terminal
    n_orders = sum(order.state is not ParentState.REJECTED for order in session.client.orders)
    n_parents = sum(
        parent.state is not ParentState.REJECTED for parent in session.engine.parents.values()
    )
    assert n_orders == n_parents
    assert [] == session.notes


@settings(max_examples=40)
@given(seed=SEEDS)
def test_desks_rebuilt_from_the_steps_equal_those_that_lived(seed: int) -> None:
    """After a crash the journal is all there is: the same state, and the same reports again."""
    session = Session(seed)
    session.run(80)
    oms, venues = session.desks()
    again = []
    for event, commands in session.steps:
        venues.note(event, commands)
        again.append(oms.on_step(event, commands))

    assert session.reports == again
    assert (session.oms.state_hash(), session.venues.state_hash()) == (
        oms.state_hash(),
        venues.state_hash(),
    )


@settings(max_examples=40)
@given(seed=SEEDS)
def test_no_name_and_no_exec_id_is_used_twice(seed: int) -> None:
    """ClOrdIDs at the venues; ExecIDs at the client, each report its own."""
    session = Session(seed)
    session.run(80)
    exec_ids = [
        dict(outgoing.message.fields)[17]
        for reports in session.reports
        for outgoing in reports
        if outgoing.message.msg_type == "8"
    ]
    taken = list(session.exchange._book._by_name)

    assert len(exec_ids) == len(set(exec_ids))
    assert len(taken) == len(set(taken))


TAGS = [
    6, 11, 14, 15, 17, 18, 19, 21, 30, 31, 32, 37, 38, 39, 40, 41, 43, 44, 45, 52, 54, 55, 58, 59,
    60, 97, 99, 100, 102, 103, 110, 111, 126, 127, 137, 150, 151, 198, 372, 379, 380, 434, 527, 790,
    851, 9001, 9002, 9003, 9004, 1, -1, 0, 22, 48, 50, 75, 115, 122, 167, 207, 210, 432, 453, 461,
    528, 530, 581, 584, 585, 854, 1_091, 5_000,
]  # fmt: skip
CODES = ["", *"01234568ACDEFGHIMNPY", "-1", "1.5", "100", "300", "1000", "1e9", "nan", "9" * 30]
NAMES = ["a1", "c1", "k3f9-5", "k3f9-5-c1", "k3f9-5-r1", "k3f9-99", "k3f9-", "x9", "x" * 5_000]
WORDS = ["TEST0", "TEST1", "LIT1", "USD", "cost", "MIDPOINT", "100.05", "100.00005"]
TIMES = ["20260105-14:30:01", "20260105-14:30:00.123456", "99991231-23:59:59"]
FOREIGN = ["\ud800", "\u0661", "\x01", "caf\u00e9"]
TOKENS = [*CODES, *NAMES, *WORDS, *TIMES, *FOREIGN]
FIELDS = st.dictionaries(
    st.sampled_from(TAGS), st.one_of(st.sampled_from(TOKENS), st.text(max_size=20)), max_size=20
)
MSG_TYPES = st.one_of(
    st.sampled_from(["D", "F", "G", "H", "8", "9", "j", "3", "Q", "q", "AF"]), st.text()
)
GOOD: dict[str, Mapping[int, str]] = {
    "D": {11: "a2", 55: "TEST0", 54: "1", 38: "1000", 40: "2", 44: "100.05"},
    "F": {11: "c1", 41: "a1"},
    "q": {11: "m1", 530: "7"},
    "AF": {584: "s1", 585: "7"},
    "G": {11: "r1", 41: "a1", 38: "500", 40: "1"},
    "8": {11: "k3f9-5", 17: "x9", 150: "F", 39: "1", 32: "100", 31: "100.00", 14: "100"},
}


@st.composite
def messages(draw: st.DrawFn, by: str) -> Incoming:
    """Garbage, or something good with a few fields spoilt."""
    msg_type = draw(MSG_TYPES)
    fields = dict(GOOD.get(msg_type, {})) if draw(st.booleans()) else {}
    return said(
        msg_type,
        {**fields, **draw(FIELDS)},
        by=by,
        seq_num=draw(st.integers(0, 10**9)),
        is_possible_dup=draw(st.booleans()),
    )


def check_message(message: FixMessage) -> None:
    """Whatever we were told, what we say is well-formed: no empty field, ASCII, each tag once."""
    tags = [tag for tag, _ in message.fields]
    assert len(tags) == len(set(tags))
    for tag, text in message.fields:
        assert tag > 0
        assert text
        assert text.isascii()
        assert text.isprintable()


def check_event(event: Event) -> None:
    """Whatever we were told, the journal can hold it."""
    encoded = msgspec.msgpack.encode(event)
    assert event == msgspec.msgpack.decode(encoded, type=Event)


@settings(max_examples=400)
@given(st.lists(messages(CLIENT), max_size=5))
def test_no_message_of_a_client_raises_and_each_has_one_consequence(
    said_by: list[Incoming],
) -> None:
    """
    An event, a reply or a note; and every request for an order, one of the first two. A mass
    request has an answer for itself and more for its orders.
    """
    desk = working_desk()
    for incoming in said_by:
        answer = desk.on_message(incoming)
        if incoming.msg_type in ("q", "AF"):
            assert answer.replies
        else:
            assert 1 == (len(answer.events) + len(answer.replies) or len(answer.notes))
        assert all(len(refused.reason) <= 2_000 for refused in answer.refused)
        for refused in answer.refused:
            check_event(refused)
        for event in answer.events:
            check_event(event)
            desk.on_step(event, [report(ReportKind.ACCEPTED)])
        for reply in answer.replies:
            assert CLIENT == reply.counterparty
            check_message(reply.message)


@settings(max_examples=400)
@given(st.sampled_from(["LIT1", "DRK0", "XLON", ""]).flatmap(messages))
def test_no_message_of_a_venue_raises_and_none_is_dropped(incoming: Incoming) -> None:
    """An event or a note, but for the states that only say "I am looking at it"."""
    answer = desk_with(child()).on_message(incoming)

    is_pending = incoming.fields.get(150) in ("A", "6", "E") and incoming.msg_type == "8"
    assert answer.events or answer.notes or is_pending
    for event in answer.events:
        check_event(event)


@settings(max_examples=400)
@given(st.lists(messages("PENSTOCK"), max_size=5), st.sampled_from(["LIT1", "DRK0", "XLON"]))
def test_no_message_of_a_router_raises_at_a_venue(said_by: list[Incoming], mic: str) -> None:
    """And what the venue answers is well-formed."""
    desk = ExchangeDesk(UNIVERSE)
    for incoming in said_by:
        answer = desk.on_message(mic, incoming)
        for reply in answer.replies:
            check_message(reply.message)


@settings(max_examples=400)
@given(messages("PENSTOCK"))
def test_no_message_of_the_router_raises_at_the_client(incoming: Incoming) -> None:
    """It reads what it can."""
    result = read_report(incoming)

    assert (result is None) == (incoming.msg_type not in ("8", "9", "j", "3"))


@given(
    text=st.text(),
    kind=st.sampled_from(ReportKind),
    state=st.sampled_from(ParentState),
    filled=st.integers(0, 1_000),
    fee=st.integers(-(10**12), 10**12),
)
def test_every_report_is_well_formed_and_read_back(
    text: str, kind: ReportKind, state: ParentState, filled: int, fee: int
) -> None:
    """Whatever the engine says, in whatever state."""
    command: ReportParent = report(
        kind,
        state=state,
        filled=filled,
        text=text,
        last_shares=Shares(10),
        last_price_ticks=Ticks(1_000_000),
        last_venue_idx=1,
        last_child_id=5,
        last_exec_id="x1",
        last_liquidity=Liquidity.MAKE,
        last_fee_usd_micros=UsdMicros(fee),
    )
    for outgoing in working_desk().on_step(step(ChildAck, child_id=5, venue_idx=1), [command]):
        check_message(outgoing.message)
        result = read_report(heard(outgoing.message, "PENSTOCK"))
        assert result is not None
        assert result.state is state
        assert result.kind != "unreadable"
