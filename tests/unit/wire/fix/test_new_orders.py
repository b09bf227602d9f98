"""NewOrderSingle from a client: taken whole, or refused with everything that is wrong."""

import pytest

from penstock.domain import NewParent, Ns, Side
from tests.support.fix_messages import (
    CLIENT,
    NOW,
    RUN,
    fields_of,
    oms_desk,
    order,
    said,
    text_of,
)

SECOND = 1_000_000_000


def parent_of(**changes: str | None) -> NewParent:
    """The event of a good order."""
    (event,) = oms_desk().on_message(order(**changes)).events
    assert isinstance(event, NewParent)
    return event


def refusal(**changes: str | None) -> str:
    """The text of a bad order's only answer."""
    answer = oms_desk().on_message(order(**changes))
    assert () == answer.events
    return text_of(answer)


def test_a_limit_order_becomes_a_parent() -> None:
    """Every term arrives, in the units of the house."""
    event = parent_of()
    parent = event.order

    assert (0, NOW) == (event.seq, event.recv_ns)
    assert 1_767_623_400_100_000_000 == event.event_ns
    assert ("a1", CLIENT, 0, Side.BUY) == (
        parent.client_order_id,
        parent.client,
        parent.instrument_idx,
        parent.side,
    )
    assert (1_000, 1_000_500, NOW) == (parent.size_shares, parent.limit_ticks, parent.arrival_ns)
    assert (120 * SECOND, 0.5, None) == (
        parent.horizon_ns,
        parent.urgency_frac,
        parent.objective,
    )


def test_a_market_order_has_no_limit() -> None:
    """40=1 without 44."""
    assert parent_of(t40="1", t44=None, t54="2").order.limit_ticks is None


def test_horizon_urgency_and_objective_come_from_our_own_tags() -> None:
    """9001 is in milliseconds."""
    parent = parent_of(t9001="2500", t9002="0.75", t9003="stealth").order

    assert (2_500_000_000, 0.75, "stealth") == (
        parent.horizon_ns,
        parent.urgency_frac,
        parent.objective,
    )


def test_expire_time_sets_the_horizon_and_horizon_ms_wins_over_it() -> None:
    """The horizon counts from when we received the order."""
    expire = "20260105-14:31:00.123456789"

    assert 60 * SECOND == parent_of(t126=expire).order.horizon_ns
    assert 60 * SECOND == parent_of(t126=expire, t59="6").order.horizon_ns
    assert 5 * SECOND == parent_of(t126=expire, t9001="5000").order.horizon_ns


def test_a_missing_transact_time_is_no_reason_to_refuse() -> None:
    """SendingTime, or our own stamp, stands in for it."""
    assert NOW == parent_of(t60=None).event_ns
    assert NOW - 123_456_789 == parent_of(t60=None, t52="20260105-14:30:00").event_ns


def test_parents_are_numbered_one_two_three() -> None:
    """Also before the engine has seen the first."""
    desk = oms_desk()
    numbers = []
    for name in ("a1", "a2", "a3"):
        (event,) = desk.on_message(order(t11=name)).events
        assert isinstance(event, NewParent)
        numbers.append(event.order.parent_id)

    assert [1, 2, 3] == numbers


def test_what_only_repeats_what_we_do_is_taken() -> None:
    """HandlInst, not held, dollars: most systems send them."""
    assert 1_000 == parent_of(t21="1", t18="1", t15="USD", t1="ACCT").order.size_shares


@pytest.mark.parametrize(
    ("changes", "tag", "found"),
    [
        ({"t55": "NOPE"}, "55 Symbol", "'NOPE'"),
        ({"t55": None}, "55 Symbol", "nothing"),
        ({"t54": "5"}, "54 Side", "'5'"),
        ({"t54": "B"}, "54 Side", "'B'"),
        ({"t54": None}, "54 Side", "nothing"),
        ({"t38": "0"}, "38 OrderQty", "'0'"),
        ({"t38": "-100"}, "38 OrderQty", "'-100'"),
        ({"t38": "10.5"}, "38 OrderQty", "'10.5'"),
        ({"t38": "100000001"}, "38 OrderQty", "'100000001'"),
        ({"t38": "many"}, "38 OrderQty", "'many'"),
        ({"t38": None}, "38 OrderQty", "nothing"),
        ({"t40": "3"}, "40 OrdType", "'3'"),
        ({"t40": None, "t44": None}, "40 OrdType", "nothing"),
        ({"t40": "1"}, "44 Price", "'100.0500'"),
        ({"t44": None}, "44 Price", "nothing"),
        ({"t44": "0"}, "44 Price", "'0'"),
        ({"t44": "-1"}, "44 Price", "'-1'"),
        ({"t44": "100.00005"}, "44 Price", "'100.00005'"),
        ({"t44": "100.0001"}, "44 Price", "'100.0001'"),
        ({"t59": "4"}, "59 TimeInForce", "'4'"),
        ({"t59": "3", "t126": "20260105-15:00:00"}, "126 ExpireTime", "'20260105-15:00:00'"),
        ({"t59": "6"}, "126 ExpireTime", "nothing"),
        ({"t126": "20260105-14:29:59"}, "126 ExpireTime", "'20260105-14:29:59'"),
        ({"t126": "20260107-14:30:00"}, "126 ExpireTime", "'20260107-14:30:00'"),
        ({"t126": "soon"}, "126 ExpireTime", "'soon'"),
        ({"t9001": "0"}, "9001 HorizonMs", "'0'"),
        ({"t9001": "86400001"}, "9001 HorizonMs", "'86400001'"),
        ({"t9002": "1.5"}, "9002 Urgency", "'1.5'"),
        ({"t9002": "nan"}, "9002 Urgency", "'nan'"),
        ({"t9003": "greedy"}, "9003 Objective", "'greedy'"),
        ({"t15": "EUR"}, "15 Currency", "'EUR'"),
        ({"t21": "3"}, "21 HandlInst", "'3'"),
        ({"t18": "G"}, "18 ExecInst", "'G'"),
        ({"t110": "100"}, "110 MinQty", "'100'"),
        ({"t100": "LIT1"}, "100 ExDestination", "'LIT1'"),
        ({"t99": "99.00"}, "99 StopPx", "'99.00'"),
        ({"t60": "yesterday"}, "60 TransactTime", "'yesterday'"),
    ],
)  # fmt: skip
def test_a_refusal_names_tag_expected_and_found(
    changes: dict[str, str | None], tag: str, found: str
) -> None:
    """One bad tag, one sentence; the trader need not know our code."""
    text = refusal(**changes)

    assert text.startswith(f"order not accepted: {tag}: expected ")
    assert f"; found {found} (" in text
    assert 1 == text.count("expected")


def test_all_problems_come_in_one_text() -> None:
    """Nobody wants to learn of them one reject at a time."""
    text = refusal(t55="NOPE", t54="9", t38="-5", t40="1", t59="4", t9002="2")

    tags = ["55 Symbol", "54 Side", "38 OrderQty", "44 Price", "59 TimeInForce", "9002 Urgency"]
    assert [True] * 6 == [f"{tag}: expected" in text for tag in tags]


def test_a_reject_is_an_execution_report_that_touches_no_order() -> None:
    """37=NONE, nothing filled, nothing open."""
    (reply,) = oms_desk().on_message(order(t38="0")).replies
    fields = fields_of(reply)

    assert (CLIENT, "8") == (reply.counterparty, reply.message.msg_type)
    assert ("8", "8", "13", "NONE", "a1") == tuple(fields[tag] for tag in (150, 39, 103, 37, 11))
    assert ("0", "0", "0") == tuple(fields[tag] for tag in (14, 151, 6))
    assert fields[17].startswith(f"{RUN}-A")


@pytest.mark.parametrize("side", [None, "b", "x" * 9, "\ud800"])
def test_a_reject_has_a_side_that_fix_knows(side: str | None) -> None:
    """A client with the standard's dictionary would reject the reject: 54 is required."""
    (reply,) = oms_desk().on_message(order(t54=side)).replies

    assert "7" == fields_of(reply)[54]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"t55": "NOPE"}, "1"),
        ({"t38": "0"}, "13"),
        ({"t40": "3"}, "11"),
        ({"t44": "-1"}, "99"),
        ({"t55": "NOPE", "t38": "0"}, "99"),
    ],
)
def test_the_reject_code_fits_the_problem(changes: dict[str, str | None], code: str) -> None:
    """103 for machines; several different problems are "other"."""
    (reply,) = oms_desk().on_message(order(**changes)).replies

    assert code == fields_of(reply)[103]


@pytest.mark.parametrize("name", [None, "", "x" * 65, "caf\u00e9", "a\x07", "\ud800"])
def test_without_a_usable_cl_ord_id_there_is_a_business_reject(name: str | None) -> None:
    """No report could be about it. The rest of what is wrong is said all the same."""
    answer = oms_desk().on_message(order(t11=name, t38="0"))
    (reply,) = answer.replies
    fields = fields_of(reply)

    assert () == answer.events
    assert "j" == reply.message.msg_type
    assert ("7", "D", "5") == (fields[45], fields[372], fields[380])
    assert "11 ClOrdID: expected" in fields[58]
    assert "38 OrderQty: expected" in fields[58]


@pytest.mark.parametrize("msg_type", ["E", "AB", "8", "9", "B", "?", ""])
def test_other_message_types_are_refused_with_those_that_work(msg_type: str) -> None:
    """380=3: unsupported message type."""
    (reply,) = oms_desk().on_message(said(msg_type, {11: "a1"})).replies
    fields = fields_of(reply)

    assert ("j", "3") == (reply.message.msg_type, fields[380])
    assert (
        "expected D (order), G (replace), F (cancel), H (status), q (mass cancel) or AF (mass "
        f"status); found '{msg_type}'" in fields[58]
    )


@pytest.mark.parametrize("msg_type", ["3", "j", "Q"])
def test_a_reject_from_a_client_is_a_note_and_never_answered(msg_type: str) -> None:
    """Two engines that reject each other's rejects would do so all day."""
    answer = oms_desk().on_message(said(msg_type, {45: "12", 17: "LIT1/x1", 58: "who are you?"}))

    assert ((), ()) == (answer.events, answer.replies)
    assert 1 == len(answer.notes)
    assert "who are you?" in answer.notes[0]


def test_a_refused_name_is_free_again() -> None:
    """The corrected order may come with the same ClOrdID: the first never was an order."""
    desk = oms_desk()
    desk.on_message(order(t38="0"))

    assert 1 == len(desk.on_message(order()).events)


def test_the_horizon_may_be_a_whole_day() -> None:
    """And not a millisecond more."""
    assert Ns(86_400 * SECOND) == parent_of(t9001="86400000").order.horizon_ns
