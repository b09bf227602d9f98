"""Groups, data, codes and tags that nobody told us about: a well-formed message is delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.wire.fix import FixMessage, Incoming, Outgoing
from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    SOH,
    Notebook,
    Peer,
    acceptor,
    initiator,
    running,
    wait_until,
)

Body = tuple[tuple[int, str], ...]


@contextmanager
def client_of_a_router(folder: Path) -> Iterator[tuple[Peer, Notebook]]:
    """A scripted client that is logged on."""
    sink = Notebook()
    router = acceptor(folder, sink)
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        wait_until(lambda: sink.logons)
        yield peer, sink
        # The session goes on, and both sides count alike.
        peer.say("1", (112, "well?"))
        while peer.hear("0").get(112) != "well?":
            pass  # a heartbeat that took the number of a reject
        peer.say("D", (11, "after"), (58, "after"))
        wait_until(lambda: sink.has_heard("after"))
        assert [] == sink.rejects
        assert [] == sink.fatals


def delivered(folder: Path, msg_type: str, *body: tuple[int, str]) -> Incoming:
    """What arrives of one message."""
    with client_of_a_router(folder) as (peer, sink):
        peer.say(msg_type, *body, (58, "this"))
        wait_until(lambda: sink.has_heard("this"))
    return sink.incoming[0]


PARTIES: Body = ((453, "2"), (448, "A"), (447, "D"), (452, "1"), (448, "B"), (447, "D"), (452, "4"))


def test_two_parties_arrive_as_a_group_and_not_as_fields(tmp_path: Path) -> None:
    """Of a tag that appears twice, QuickFIX alone makes a reject."""
    incoming = delivered(tmp_path, "8", (37, "1"), *PARTIES, (31, "10.5"))

    assert ({448: "A", 447: "D", 452: "1"}, {448: "B", 447: "D", 452: "4"}) == incoming.groups[453]
    assert {37: "1", 453: "2", 31: "10.5", 58: "this"}.items() <= incoming.fields.items()
    assert not {448, 447, 452} & incoming.fields.keys()


def test_a_group_inside_a_group_arrives_under_its_own_count(tmp_path: Path) -> None:
    """Sub-identifiers of a party."""
    subs: Body = ((802, "2"), (523, "x"), (803, "1"), (523, "y"), (803, "2"))
    body = (*PARTIES[:4], *subs, *PARTIES[4:])
    incoming = delivered(tmp_path, "8", *body)

    assert ["2", None] == [entry.get(802) for entry in incoming.groups[453]]
    assert ({523: "x", 803: "1"}, {523: "y", 803: "2"}) == incoming.groups[802]


def test_entries_in_an_order_of_their_own_are_told_apart(tmp_path: Path) -> None:
    """The standard says which tag comes first; not everybody has read it."""
    body: Body = ((453, "2"), (452, "1"), (448, "A"), (452, "4"), (448, "B"))
    incoming = delivered(tmp_path, "8", *body)

    assert ({452: "1", 448: "A"}, {452: "4", 448: "B"}) == incoming.groups[453]


DATA = f"AB{SOH}31=9.99{SOH}10=000{SOH}"


def test_data_is_read_by_its_length(tmp_path: Path) -> None:
    """What looks like a price inside a text is none."""
    incoming = delivered(tmp_path, "8", (31, "10.5"), (354, str(len(DATA))), (355, DATA))

    assert DATA == incoming.fields[355]
    assert "10.5" == incoming.fields[31]


ARRIVES: list[tuple[str, str, Body]] = [
    ("a code that no list has", "8", ((39, "z"), (150, "?"))),
    ("a tag below 5000 that no standard has", "8", ((4_321, "x"),)),
    ("a tag above 5000", "8", ((9_876, "x"), (20_001, "y"))),
    ("a tag of another message", "D", ((372, "x"),)),
    ("a tag without a value", "D", ((1, ""),)),
    ("a group of no entries", "8", ((453, "0"),)),
    ("a group with a wrong count", "8", ((453, "3"), (448, "A"), (448, "B"))),
    ("a count that is no number", "8", ((453, "two"), (448, "A"))),
    ("a member outside its group", "8", ((448, "A"),)),
    ("a group of a venue's own", "8", ((9_801, "2"), (9_802, "a"), (9_802, "b"))),
    ("a type of FIX 5.0", "CX", ()),
    ("a type of a venue's own", "UX1", ()),
    ("groups in a type that we know nothing of", "AE", (*PARTIES,)),
    ("a quantity that is none", "D", ((38, "many"),)),
    ("a time that is none", "D", ((60, "yesterday"),)),
    ("a header field in the body", "D", ((55, "TEST"), (50, "desk"))),
    ("data of no length", "D", ((354, "0"), (355, ""))),
    ("text that no encoding has", "D", ((1, "\xff"),)),
]


@pytest.mark.parametrize(
    ("msg_type", "body"),
    [(case[1], case[2]) for case in ARRIVES],
    ids=[case[0].replace(" ", "-") for case in ARRIVES],
)
def test_it_arrives(tmp_path: Path, msg_type: str, body: Body) -> None:
    """Whether it makes sense is for the desks to say: they name every problem at once."""
    incoming = delivered(tmp_path, msg_type, *body)

    assert msg_type == incoming.msg_type


@pytest.mark.parametrize("at", ["%Y%m%d-%H:%M:60", "yesterday", "%Y%m%d-%H:%M"])
def test_a_header_with_a_time_that_is_none_arrives(tmp_path: Path, at: str) -> None:
    """QuickFIX alone hangs up on it, and again each time that it is sent again."""
    at = datetime.now(UTC).strftime(at)
    with client_of_a_router(tmp_path) as (peer, sink):
        whole = peer.made("8", (37, "1"), (58, "this"))
        body = re.sub(rb"\x0152=[^\x01]*", b"\x0152=" + at.encode(), whole)
        body = body.split(SOH.encode(), 2)[2].rsplit(b"10=", 1)[0]
        data = f"8=FIX.4.4{SOH}9={len(body)}{SOH}".encode() + body
        peer.write(data + f"10={sum(data) % 256:03d}{SOH}".encode())
        wait_until(lambda: sink.has_heard("this"))

    assert at == sink.incoming[0].fields[52]


def test_a_repeated_tag_that_no_standard_knows_has_an_entry_for_each_value(tmp_path: Path) -> None:
    """None of them may pass for the only one."""
    incoming = delivered(tmp_path, "8", (9_801, "2"), (9_802, "a"), (9_802, "b"))

    assert ({9_802: "a"}, {9_802: "b"}) == incoming.groups[9_802]
    assert 9_802 not in incoming.fields


def test_numbers_arrive_in_order_though_one_needs_help(tmp_path: Path) -> None:
    """What QuickFIX cannot read is delivered in its turn, also when it is asked for again."""
    with client_of_a_router(tmp_path) as (peer, sink):
        peer.say("D", (11, "1"), (58, "2"))
        peer.next_num = 4
        peer.say("D", (58, "4"))
        assert "3" == peer.hear("2")[7]
        odd: Body = ((43, "Y"), (122, "20260101-00:00:00"), (354, "2"), (355, f"{SOH}="))
        peer.say("D", *odd, (58, "3"), num="3")
        peer.say("1", (112, "go on"))
        wait_until(lambda: sink.texts == ["2", "3", "4"])


def test_our_own_groups_leave_in_the_standards_order(tmp_path: Path) -> None:
    """QuickFIX sorts fields by number, and would sort two fees into one heap."""
    fees = ((136, "2"), (137, "0.3"), (138, "USD"), (139, "4"), (137, "0.1"), (138, "USD"))
    at_router, at_client = Notebook(), Notebook()
    router = acceptor(tmp_path / "router", at_router)
    with running(router):
        client = initiator(tmp_path / "client", at_client, router.port)
        router.send(Outgoing(CLIENT, FixMessage("8", ((37, "1"), *fees, (151, "0"), (58, "sent")))))
        with running(client):
            wait_until(at_client.has("sent"))
            client.send(Outgoing(ROUTER, FixMessage("D", ((11, "1"), *PARTIES, (58, "back")))))
            wait_until(at_router.has("back"))

    assert ({137: "0.3", 138: "USD", 139: "4"}, {137: "0.1", 138: "USD"}) == (
        at_client.incoming[0].groups[136]
    )
    assert "0" == at_client.incoming[0].fields[151]
    assert ("A", "B") == tuple(entry[448] for entry in at_router.incoming[0].groups[453])
