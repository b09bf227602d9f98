"""Cancels, replaces and status requests of a client; possible duplicates; chains of ClOrdIDs."""

from collections.abc import Callable

import pytest

from penstock.domain import (
    CancelParent,
    Event,
    ParentState,
    ReplaceParent,
    ReportKind,
)
from penstock.wire.fix import DeskAnswer, OmsDesk
from tests.support.fix_messages import (
    NOW,
    fields_of,
    new_parent,
    oms_desk,
    one_event,
    order,
    report,
    said,
    stamped,
    tagged,
    text_of,
    working_desk,
)


def cancel(desk: OmsDesk, **changes: str | None) -> DeskAnswer:
    """A good cancel of "a1" with tags changed."""
    return desk.on_message(said("F", {11: "c1", 41: "a1", 55: "TEST0", 54: "1", **tagged(changes)}))


def replace(desk: OmsDesk, **changes: str | None) -> DeskAnswer:
    """A good replace of "a1" with tags changed."""
    fields = {11: "r1", 41: "a1", 55: "TEST0", 54: "1", 38: "1500", 40: "2", 44: "100.10"}
    return desk.on_message(said("G", {**fields, **tagged(changes)}))


def status(desk: OmsDesk, name: str | None, **changes: str | None) -> dict[int, str]:
    """The answer to a status request."""
    answer = desk.on_message(said("H", {11: name, **tagged(changes)}))
    assert () == answer.events
    (reply,) = answer.replies
    return fields_of(reply)


def test_a_cancel_becomes_an_event_with_its_name() -> None:
    """The name must survive a restart: the reports carry it."""
    event = one_event(cancel(working_desk()).events)

    assert isinstance(event, CancelParent)
    assert (1, "c1", NOW) == (event.parent_id, event.client_order_id, event.recv_ns)


def test_a_replace_becomes_an_event_with_the_new_total_and_limit() -> None:
    """38 is the new total, fills included, as FIX has it."""
    event = one_event(replace(working_desk()).events)

    assert isinstance(event, ReplaceParent)
    assert (1, "r1", 1_500, 1_001_000) == (
        event.parent_id,
        event.client_order_id,
        event.size_shares,
        event.limit_ticks,
    )


def test_a_replace_may_turn_a_limit_order_into_a_market_order() -> None:
    """40=1 without a price."""
    event = one_event(replace(working_desk(), t40="1", t44=None).events)

    assert isinstance(event, ReplaceParent)
    assert event.limit_ticks is None


def test_any_cl_ord_id_of_the_chain_names_the_order() -> None:
    """Some systems refer to the first, some to the latest, some to one that was refused."""
    desk = working_desk()
    event = one_event(replace(desk).events)
    desk.on_step(stamped(event, 2), [report(ReportKind.REPLACED, size=1_500)])

    named = [
        one_event(cancel(desk, t11=f"c{k}", t41=name).events) for k, name in enumerate(["a1", "r1"])
    ]

    assert [1, 1] == [event.parent_id for event in named if isinstance(event, CancelParent)]


def test_a_replace_may_repeat_horizon_and_style_of_the_order() -> None:
    """Many systems send all fields again."""
    desk = oms_desk()
    desk.on_message(order(t9001="5000", t9002="0.25", t9003="urgent"))

    same = replace(desk, t59="0", t9001="5000", t9002="0.250", t9003="urgent")
    expire = replace(desk, t11="r2", t59=None, t126="20260105-14:30:05.123456789")

    assert (1, 1) == (len(same.events), len(expire.events))


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"t55": "TEST1"}, "55 Symbol"),
        ({"t54": "2"}, "54 Side"),
        ({"t38": "0"}, "38 OrderQty"),
        ({"t38": None}, "38 OrderQty"),
        ({"t40": "1"}, "44 Price"),
        ({"t44": None}, "44 Price"),
        ({"t44": "100.0001"}, "44 Price"),
        ({"t59": "3"}, "59 TimeInForce"),
        ({"t126": "20260105-15:30:00"}, "126 ExpireTime"),
        ({"t9001": "60000"}, "9001 HorizonMs"),
        ({"t9002": "0.9"}, "9002 Urgency"),
        ({"t9003": "urgent"}, "9003 Objective"),
        ({"t110": "5"}, "110 MinQty"),
        ({"t41": None}, "41 OrigClOrdID"),
    ],
)
def test_a_bad_replace_is_refused_with_the_tag_and_changes_nothing(
    changes: dict[str, str | None], tag: str
) -> None:
    """35=9, 434=2; the order works on."""
    desk = working_desk()
    before = desk.state_hash()
    answer = replace(desk, **changes)
    (reply,) = answer.replies
    fields = fields_of(reply)

    assert () == answer.events
    assert ("9", "2", "r1") == (reply.message.msg_type, fields[434], fields[11])
    assert f"{tag}: expected" in fields[58]
    assert before == desk.state_hash()


@pytest.mark.parametrize(
    ("changes", "tag"), [({"t55": "TEST1"}, "55 Symbol"), ({"t54": "2"}, "54 Side")]
)
def test_a_cancel_that_contradicts_its_order_is_refused(
    changes: dict[str, str | None], tag: str
) -> None:
    """The wrong order may be meant: better to ask than to cancel."""
    (reply,) = cancel(working_desk(), **changes).replies
    fields = fields_of(reply)

    assert ("9", "1", "c1", "a1") == (
        reply.message.msg_type,
        fields[434],
        fields[11],
        fields[41],
    )
    assert ("k3f9-P1", "0") == (fields[37], fields[39])
    assert f"{tag}: expected nothing or" in fields[58]


@pytest.mark.parametrize("ask", [cancel, replace])
def test_a_change_of_an_unknown_order_says_so(ask: Callable[..., DeskAnswer]) -> None:
    """102=1."""
    (reply,) = ask(working_desk(), t41="a7").replies
    fields = fields_of(reply)

    assert ("9", "1", "NONE", "8") == (
        reply.message.msg_type,
        fields[102],
        fields[37],
        fields[39],
    )
    assert "41 OrigClOrdID: expected the ClOrdID of an order of yours; found 'a7'" in fields[58]


def test_one_client_cannot_touch_the_order_of_another() -> None:
    """The same ClOrdID at another session is another order."""
    desk = working_desk()
    answer = desk.on_message(said("F", {11: "c1", 41: "a1"}, by="OTHER"))

    assert () == answer.events
    assert "unknown order" in text_of(answer)


def test_two_clients_may_use_the_same_names() -> None:
    """ClOrdIDs are unique per client."""
    desk = working_desk()

    assert 1 == len(desk.on_message(said("D", order().fields, by="OTHER")).events)


@pytest.mark.parametrize("msg_type", ["F", "G"])
def test_a_change_without_a_name_is_a_business_reject(msg_type: str) -> None:
    """There is no ClOrdID that a cancel reject could carry."""
    (reply,) = working_desk().on_message(said(msg_type, {41: "a1"})).replies

    assert "j" == reply.message.msg_type
    assert "11 ClOrdID: expected" in fields_of(reply)[58]


def test_a_second_order_with_a_known_name_is_refused() -> None:
    """103=6, and the text says that the first order goes on."""
    desk = working_desk()
    answer = desk.on_message(order())
    (reply,) = answer.replies
    fields = fields_of(reply)

    assert () == answer.events
    assert ("8", "8", "6", "NONE") == (fields[150], fields[39], fields[103], fields[37])
    assert "found 'a1', which belongs to order k3f9-P1" in fields[58]


@pytest.mark.parametrize("ask", ["F", "G"])
def test_a_change_with_a_known_name_is_refused(ask: str) -> None:
    """102=6, also when the name is that of an order; 39 says how the order stands."""
    desk = working_desk()
    fields = fields_of(desk.on_message(said(ask, {11: "a1", 41: "a1"})).replies[0])

    assert ("6", "k3f9-P1", "0") == (fields[102], fields[37], fields[39])


@pytest.mark.parametrize("mark", ["session", "97"])
def test_a_possible_duplicate_of_a_known_order_is_answered_with_its_status(mark: str) -> None:
    """Never with a second order, and never with a reject that would look like the first's."""
    desk = working_desk()
    fields = dict(order().fields)
    if mark == "97":
        fields[97] = "Y"
    answer = desk.on_message(said("D", fields, is_possible_dup=mark == "session"))
    (reply,) = answer.replies

    assert () == answer.events
    assert ("I", "0", "k3f9-P1") == tuple(fields_of(reply)[tag] for tag in (150, 39, 37))


@pytest.mark.parametrize("mark", ["session", "97"])
def test_a_possible_duplicate_of_an_unknown_order_is_a_new_order(mark: str) -> None:
    """It was lost on the way the first time."""
    fields = dict(order().fields)
    if mark == "97":
        fields[97] = "Y"

    assert 1 == len(
        oms_desk().on_message(said("D", fields, is_possible_dup=mark == "session")).events
    )


def test_a_possible_duplicate_with_other_terms_is_refused() -> None:
    """It is no duplicate: the name has been used for two orders."""
    answer = working_desk().on_message(said("D", order(t38="900").fields, is_possible_dup=True))

    assert "6" == fields_of(answer.replies[0])[103]


def test_a_possible_duplicate_of_a_cancel_is_answered_with_the_status() -> None:
    """A second cancel would be refused as too late, and confuse."""
    desk = working_desk()
    event = one_event(cancel(desk).events)
    ended = report(ReportKind.ENDED, state=ParentState.CANCELLED)
    desk.on_step(stamped(event, 2), [ended])
    answer = desk.on_message(said("F", {11: "c1", 41: "a1", 97: "Y"}))

    assert () == answer.events
    assert ("I", "4") == tuple(fields_of(answer.replies[0])[tag] for tag in (150, 39))


def test_a_name_is_taken_even_before_the_engine_has_seen_the_order() -> None:
    """Two messages in one batch must not become two orders."""
    desk = oms_desk()
    first, second = desk.on_message(order()), desk.on_message(order())

    assert (1, 0) == (len(first.events), len(second.events))


def test_a_status_request_is_answered_from_the_last_report() -> None:
    """With the average price of what has filled."""
    desk = working_desk()
    filled = report(ReportKind.FILL, filled=300, paid=300 * 1_000_100)
    desk.on_step(new_parent("other", 2), [filled])
    fields = status(desk, "a1", t790="q1")

    assert ("I", "1", "a1", "300", "700", "100.01000000", "q1") == tuple(
        fields[tag] for tag in (150, 39, 11, 14, 151, 6, 790)
    )


def test_a_status_request_for_an_unknown_order_says_so() -> None:
    """150=I, 39=8, 103=5."""
    fields = status(working_desk(), "a7", t55="TEST0", t54="1")

    assert ("I", "8", "5", "NONE", "a7", "unknown order", "0", "0") == tuple(
        fields[tag] for tag in (150, 39, 103, 37, 11, 58, 14, 151)
    )


def test_a_status_request_without_a_name_is_a_business_reject() -> None:
    """380=5: the field that says which order is missing."""
    assert "5" == status(working_desk(), None)[380]


def test_the_status_of_an_order_that_the_engine_has_not_seen_is_pending() -> None:
    """39=A: nothing is filled, everything is open."""
    desk = oms_desk()
    desk.on_message(order())

    assert ("A", "0", "1000") == tuple(status(desk, "a1")[tag] for tag in (39, 14, 151))


def test_a_desk_rebuilt_from_events_refuses_the_same_names() -> None:
    """After a restart, the same ClOrdID is still a duplicate, for orders, cancels and replaces."""
    desk = working_desk()
    steps: list[Event] = [
        stamped(one_event(replace(desk).events), 2),
        stamped(one_event(cancel(desk).events), 3),
    ]
    again = working_desk()
    for event in steps:
        again.on_step(event, [])

    is_taken = [
        again.on_message(order(t11=name)).events == () for name in ("a1", "r1", "c1", "new")
    ]

    assert [True, True, True, False] == is_taken
