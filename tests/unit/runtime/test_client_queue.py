"""Clients' messages while the engine thread is busy: their rank, their order, their bounds."""

from __future__ import annotations

import pytest

from penstock.domain import Ns
from penstock.runtime.client_queue import CANCELLED_WAITING, Bounds, ClientQueue, Taken
from penstock.wire.fix import Incoming

LATE = Ns(10)


def incoming(
    msg_type: str, name: str, orig: str = "", *, client: str = "OMS", seq: int = 1, **more: str
) -> Incoming:
    """A message with 11 and 41, and the symbol and side of every order here."""
    fields = {11: name, 55: "TEST", 54: "1"} | ({41: orig} if orig else {})
    fields |= {int(tag[1:]): text for tag, text in more.items()}
    return Incoming(client, msg_type, seq, False, fields, Ns(0))


def fill(queue: ClientQueue, *messages: Incoming) -> None:
    """Put messages in, in this order."""
    for message in messages:
        assert queue.put(message)


def taken(queue: ClientQueue, now_ns: Ns = LATE) -> list[tuple[str, str]]:
    """Type and name of everything, in the order in which it is handed out; refused with a !."""
    found: list[tuple[str, str]] = []
    while True:
        item: Taken | None = queue.take_urgent() or queue.take_refused() or queue.take(now_ns)
        if item is None:
            return found
        mark = "!" if item.refusal else ""
        found.append((item.incoming.msg_type + mark, item.incoming.fields[11]))


def test_cancels_come_before_replaces_before_questions_before_orders() -> None:
    """A client that wants out must not wait behind those that want in."""
    queue = ClientQueue()
    fill(
        queue,
        incoming("D", "new"),
        incoming("H", "old-1"),
        incoming("G", "more", "old-2"),
        incoming("F", "stop", "old-3"),
    )

    expected = [("F", "stop"), ("G", "more"), ("H", "old-1"), ("D", "new")]
    assert expected == taken(queue)
    assert (0, 0) == (queue.n_waiting, queue.n_orders)


def test_a_cancel_of_an_order_that_waits_has_the_order_refused_first() -> None:
    """Overtaking it would be answered "unknown order", and the order would then be worked."""
    queue = ClientQueue()
    fill(queue, incoming("D", "a"), incoming("D", "b"), incoming("F", "stop", "b"))
    first = queue.take_urgent()

    assert first is not None
    assert ("b", CANCELLED_WAITING) == (first.incoming.fields[11], first.refusal)
    assert [("F", "stop"), ("D", "a")] == taken(queue)
    assert 0 == queue.n_orders


def test_what_refers_to_an_order_that_waits_comes_right_after_it() -> None:
    """A status request that overtook its order would be answered "unknown": it is sent again."""
    queue = ClientQueue()
    fill(
        queue,
        incoming("D", "a"),
        incoming("D", "b"),
        incoming("G", "b-2", "b"),
        incoming("H", "b"),
        incoming("G", "b-3", "b-2"),
    )

    expected = [("D", "a"), ("D", "b"), ("G", "b-2"), ("H", "b"), ("G", "b-3")]
    assert expected == taken(queue)


def test_a_cancel_under_the_name_of_a_replace_that_waits_comes_after_it() -> None:
    """41 may name any request of the chain; the chain is dealt with in its order."""
    queue = ClientQueue()
    fill(
        queue,
        incoming("G", "x", "other"),
        incoming("G", "a-2", "a"),
        incoming("G", "a-3", "a-2"),
        incoming("F", "stop", "a-3"),
    )

    assert [("G", "a-2"), ("G", "a-3"), ("F", "stop"), ("G", "x")] == taken(queue)


def test_a_cancel_of_a_chain_whose_order_waits_refuses_the_order() -> None:
    """Its replaces then name no order, which is what the client is told."""
    queue = ClientQueue()
    fill(queue, incoming("D", "a"), incoming("G", "a-2", "a"), incoming("F", "stop", "a-2"))

    assert [("D!", "a"), ("G", "a-2"), ("F", "stop")] == taken(queue)


def test_a_repetition_of_an_order_that_waits_shares_its_fate() -> None:
    """Refused once and worked as a repetition would be an order that the client took back."""
    queue = ClientQueue()
    fill(queue, incoming("D", "a"), incoming("D", "a", _97="Y"), incoming("F", "stop", "a"))

    assert [("D!", "a"), ("D!", "a"), ("F", "stop")] == taken(queue)
    assert 0 == queue.n_orders


@pytest.mark.parametrize(
    ("scope", "refused"),
    [
        ({}, ["a", "b", "c"]),
        ({"_55": "TEST"}, ["a", "b", "c"]),
        ({"_55": "ELSE"}, []),
        ({"_54": "2"}, ["c"]),
    ],
)
def test_a_mass_cancel_refuses_the_orders_that_wait_and_that_it_means(
    scope: dict[str, str], refused: list[str]
) -> None:
    """They came before it, so it is about them too."""
    queue = ClientQueue()
    fill(queue, incoming("D", "a"), incoming("D", "b"), incoming("D", "c", _54="2"))
    fill(queue, incoming("D", "x", client="ELSE"))
    message = incoming("q", "stop")
    fields = {11: "stop", **{int(tag[1:]): text for tag, text in scope.items()}}
    fill(queue, message._replace(fields=fields))
    found = taken(queue)

    assert [*(("D!", name) for name in refused), ("q", "stop")] == found[: len(refused) + 1]
    assert ("D", "x") in found


def test_a_mass_status_request_waits_for_the_orders_that_came_before_it() -> None:
    """An order that it leaves out would be taken for lost."""
    queue = ClientQueue()
    fill(queue, incoming("D", "a"), incoming("AF", "all"), incoming("D", "b"))

    assert [("D", "a"), ("AF", "all"), ("D", "b")] == taken(queue)


def test_orders_beyond_the_bound_are_refused_and_cancels_never() -> None:
    """What may wait is bounded, of one client and of all."""
    queue = ClientQueue(Bounds(orders=3, orders_per_client=2))
    fill(queue, *(incoming("D", f"a{k}") for k in range(4)))
    fill(queue, *(incoming("D", f"b{k}", client="ELSE") for k in range(3)))
    fill(queue, *(incoming("F", f"stop{k}", "gone") for k in range(5)))
    texts = []
    while (refused := queue.take_refused()) is not None:
        texts.append(f"{refused.incoming.fields[11]} {refused.refusal}")

    assert [
        "a2 the router is overloaded: 2 orders wait, allowed 2; send again later",
        "b1 the router is overloaded: 3 orders wait, allowed 3; send again later",
        "a3 the router is overloaded: 2 orders wait, allowed 2; send again later",
        "b2 the router is overloaded: 3 orders wait, allowed 3; send again later",
    ] == texts
    assert ["F"] * 5 + ["D"] * 3 == [kind for kind, _ in taken(queue)]


def test_room_that_was_taken_is_given_back() -> None:
    """A burst is over when it is over."""
    queue = ClientQueue(Bounds(orders=2, orders_per_client=2, requests_per_client=1))
    for _ in range(3):
        fill(queue, incoming("D", "a"), incoming("D", "b"), incoming("H", "x"))
        fill(queue, incoming("F", "stop", "a"))
        assert [("D!", "a"), ("F", "stop"), ("H", "x"), ("D", "b")] == taken(queue)

    assert (0, 0) == (queue.n_waiting, queue.n_waiting_of("OMS"))


def test_an_order_that_waited_too_long_is_refused() -> None:
    """Worked then, it would be worked at a price that its client no longer means."""
    queue = ClientQueue(Bounds(wait_ns=Ns(1_000_000_000)))
    fill(queue, incoming("D", "a"), incoming("H", "a"))
    item = queue.take(Ns(2_500_000_000))

    assert item is not None
    assert "the order waited 2.5 s, allowed 1 s; send again later" in item.refusal
    assert [("H", "a")] == taken(queue)


def test_clients_take_turns() -> None:
    """One that sends a thousand orders delays another's by one."""
    queue = ClientQueue()
    fill(queue, *(incoming("D", f"a{k}") for k in range(4)), incoming("D", "b", client="ELSE"))

    assert ["a0", "b", "a1", "a2", "a3"] == [name for _, name in taken(queue)]


def test_a_flood_of_one_client_is_dropped_in_the_end_but_never_its_cancels() -> None:
    """Memory is bounded whatever a client's script does."""
    queue = ClientQueue(Bounds(orders=1, orders_per_client=1, requests_per_client=1))
    accepted = [queue.put(incoming("H", f"q{k}")) for k in range(100)]
    is_cancel_taken = queue.put(incoming("F", "stop", "a"))

    assert 20 == sum(accepted)
    assert is_cancel_taken
    assert 80 == queue.n_dropped


def test_orders_of_a_session_that_ended_can_be_refused() -> None:
    """For a client whose orders are to end with its session."""
    queue = ClientQueue()
    fill(queue, incoming("D", "a"), incoming("D", "b", client="ELSE"))
    queue.refuse_orders("OMS", "gone")

    assert [("D!", "a"), ("D", "b")] == taken(queue)
