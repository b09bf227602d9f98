"""The inbox: the order in which the engine thread gets what came from all the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from penstock.domain import AlertLevel, FeedStale, Ns
from penstock.runtime.control import Do, Request
from penstock.runtime.inbox import (
    Asked,
    Fatal,
    Feed,
    Item,
    LoggedOn,
    LoggedOut,
    Market,
    Message,
    Notice,
    Refused,
    Side,
    Stop,
)
from penstock.runtime.ranked_inbox import Inbox
from penstock.wire.fix import Incoming
from tests.support.tapes import tape

NOW = Ns(0)


def asked(do: Do) -> Asked:
    """A request whose answer nobody waits for."""
    return Asked(Request(do=do), lambda _answer: None)


def of_venue(seq: int = 1, mic: str = "LITA") -> Message:
    """A report."""
    return Message(Side.VENUE, Incoming(mic, "8", seq, False, {}, NOW))


def of_client(msg_type: str, name: str, seq: int = 1, orig: str = "") -> Message:
    """A request."""
    fields = {11: name} | ({41: orig} if orig else {})
    return Message(Side.OMS, Incoming("OMS", msg_type, seq, False, fields, NOW))


def rows(first: int, n: int = 2) -> Market:
    """Market data whose prices tell where it came from."""
    return Market(tape([{"price_ticks": first + k} for k in range(n)]))


def everything(inbox: Inbox) -> Iterator[Item]:
    """All items, as the loop takes them."""
    while True:
        first = inbox.take_first()
        if first is not None:
            yield first
            continue
        yield from inbox.take_market()
        item = inbox.take_urgent() or inbox.take_rest(NOW)
        if item is None:
            return
        yield item


def test_control_comes_first_and_orders_last() -> None:
    """Whatever has piled up, a kill is served next, and what venues report before what is new."""
    inbox = Inbox()
    ranked: list[Item] = [
        asked(Do.KILL),
        Stop("SIGTERM"),
        asked(Do.STATUS),
        of_venue(),
        of_client("F", "stop", 2, "a"),
        of_client("G", "more", 3, "b"),
        of_client("H", "c", 4),
        of_client("D", "new", 5),
    ]
    for item in reversed(ranked):
        inbox.put(item)
    n = len(inbox)

    assert ranked == list(everything(inbox))
    assert n >= len(ranked)
    assert 0 == len(inbox)


def test_sessions_keep_their_order_between_reports_and_session_events() -> None:
    """A report that came before the session was lost is dealt with before the loss."""
    inbox = Inbox()
    items: list[Item] = [
        LoggedOn(Side.VENUE, "LITA"),
        of_venue(1),
        of_venue(2),
        LoggedOut(Side.VENUE, "LITA", "gone"),
        LoggedOn(Side.VENUE, "LITA"),
        of_venue(3),
        Notice(AlertLevel.INFO, "x", "y"),
    ]
    for item in items:
        inbox.put(item)

    assert items == list(everything(inbox))


def test_market_data_comes_whole_and_before_the_item_that_follows_it() -> None:
    """A decision sees every row that came before it; a hundred batches cost one call."""
    inbox = Inbox()
    stale = Feed(FeedStale(seq=0, event_ns=NOW, recv_ns=NOW, venue_idx=0))
    inbox.put(rows(10))
    inbox.put(rows(20))
    inbox.put(of_client("D", "a"))
    inbox.put(stale)
    inbox.put(rows(30))
    n_rows = inbox.n_rows
    first, second, third = inbox.take_market()

    assert isinstance(first, Market)
    assert isinstance(third, Market)
    assert [10, 11, 20, 21] == first.tape["price_ticks"].tolist()
    assert stale is second
    assert [30, 31] == third.tape["price_ticks"].tolist()
    assert (6, 0) == (n_rows, inbox.n_rows)


def test_a_large_backlog_of_market_data_comes_in_pieces() -> None:
    """Control is looked at between two of them."""
    inbox = Inbox()
    for k in range(7):
        inbox.put(rows(k, 5_000))
    sizes = []
    while pieces := inbox.take_market():
        sizes.append(sum(len(piece.tape) for piece in pieces if isinstance(piece, Market)))

    assert [20_000, 15_000] == sizes


def test_rejects_leave_room_for_orders() -> None:
    """A router that only rejects does no work at all."""
    inbox = Inbox()
    for k in range(300):
        inbox.put(of_client("D", f"o{k}", k + 1))
    inbox.take_market()
    taken = [inbox.take_rest(NOW) for _ in range(18)]
    kinds = ["refused" if isinstance(item, Refused) else "order" for item in taken]

    assert (["refused"] * 8 + ["order"]) * 2 == kinds


def test_messages_are_announced_in_the_order_of_their_session() -> None:
    """What overtakes must not be marked as if all before it had been dealt with."""
    told: list[tuple[str, int]] = []
    inbox = Inbox(on_message=lambda session, incoming: told.append((session, incoming.seq_num)))
    inbox.put(of_client("D", "a", 1))
    inbox.put(of_client("F", "b", 2, "old"))
    inbox.put(of_venue(9))
    list(everything(inbox))

    assert [("oms/OMS", 1), ("oms/OMS", 2), ("venue/LITA", 9)] == told


def test_it_says_whether_a_session_has_something_waiting() -> None:
    """An answer that waits here is an answer: a venue is not asked twice because we are busy."""
    inbox = Inbox()
    inbox.put(of_venue(1))
    inbox.put(of_client("D", "a"))
    waiting = inbox.has_waiting(Side.VENUE, "LITA"), inbox.has_waiting(Side.OMS, "OMS")
    list(everything(inbox))

    assert (True, True) == waiting
    assert not inbox.has_waiting(Side.VENUE, "LITA")
    assert not inbox.has_waiting(Side.VENUE, "LITB")
    assert not inbox.has_waiting(Side.OMS, "OMS")


@pytest.mark.parametrize("is_configured", [True, False])
def test_orders_that_wait_end_with_the_session_where_that_is_configured(
    is_configured: bool,
) -> None:
    """Otherwise a short loss of the line costs no order."""
    clients = frozenset({"OMS"} if is_configured else ())
    inbox = Inbox(cancels_on_disconnect=clients)
    inbox.put(of_client("D", "a"))
    inbox.put(LoggedOut(Side.OMS, "OMS", "gone"))
    kinds = [type(item) for item in everything(inbox)]

    assert [LoggedOut, Refused if is_configured else Message] == kinds


def test_waiting_ends_when_something_comes() -> None:
    """The engine thread blocks on one queue and never spins."""
    inbox = Inbox()
    for item in (Fatal("here", ValueError("x")), of_venue(1), rows(1)):
        inbox.put(item)
        inbox.wait(60.0)
        assert [item] == list(everything(inbox))
    inbox.wait(0.0)

    assert [] == list(everything(inbox))
