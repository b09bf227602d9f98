"""Mass cancel and mass status: many orders in one request, each then answered for itself."""

import pytest

from penstock.domain import CancelParent, ParentState, ReportKind
from penstock.wire.fix import DeskAnswer, OmsDesk
from tests.support.fix_messages import (
    fields_of,
    heard,
    oms_desk,
    order,
    report,
    said,
    stamped,
    tagged,
)


def desk_with_four() -> OmsDesk:
    """Orders 1 to 4: TEST0 buy, TEST0 sell of account A, TEST1 buy, TEST1 buy that has ended."""
    desk = oms_desk()
    for idx, changes in enumerate(
        ({}, {"t54": "2", "t1": "A"}, {"t55": "TEST1"}, {"t55": "TEST1"}), start=1
    ):
        (event,) = desk.on_message(order(t11=f"a{idx}", **changes)).events
        desk.on_step(stamped(event, idx), [report(ReportKind.ACCEPTED, parent_id=idx)])
    ended = report(ReportKind.ENDED, parent_id=4, state=ParentState.CANCELLED)
    desk.on_step(stamped(event, 5), [ended])
    return desk


def ask(desk: OmsDesk, msg_type: str, **changes: str | None) -> DeskAnswer:
    """A request about all orders, with tags changed."""
    usual = {"q": {11: "m1", 530: "7"}, "AF": {584: "s1", 585: "7"}}
    return desk.on_message(said(msg_type, {**usual[msg_type], **tagged(changes)}))


@pytest.mark.parametrize(
    ("changes", "parents"),
    [
        ({}, [1, 2, 3]),
        ({"t530": "1", "t55": "TEST1"}, [3]),
        ({"t530": "1", "t55": "TEST0"}, [1, 2]),
        ({"t55": "[N/A]"}, [1, 2, 3]),
        ({"t54": "2"}, [2]),
        ({"t530": "1", "t55": "TEST0", "t54": "1"}, [1]),
        ({"t1": "A"}, [2]),
        ({"t1": "B"}, []),
    ],
)
def test_a_mass_cancel_stops_the_orders_that_it_means(
    changes: dict[str, str | None], parents: list[int]
) -> None:
    """One event each, and one answer with their number."""
    answer = ask(desk_with_four(), "q", **changes)
    (reply,) = answer.replies
    fields = fields_of(reply)

    assert parents == [e.parent_id for e in answer.events if isinstance(e, CancelParent)]
    assert len(parents) == len(answer.events)
    assert ("r", "m1", str(len(parents))) == (reply.message.msg_type, fields[11], fields[533])
    assert (fields[530], fields[530]) == (changes.get("t530") or "7", fields[531])


def test_the_cancels_say_that_they_belong_to_a_mass_cancel() -> None:
    """Each order's reports carry its own name, and the reason."""
    (first, *_) = ask(desk_with_four(), "q").events

    assert isinstance(first, CancelParent)
    assert ("", "mass cancel m1") == (first.client_order_id, first.reason)


def test_an_order_that_is_stopping_is_not_stopped_twice() -> None:
    """Its cancel would be refused as too late."""
    desk = desk_with_four()
    (first, *rest) = ask(desk, "q").events
    stopping = report(ReportKind.STOPPING, state=ParentState.CANCELLING)
    desk.on_step(stamped(first, 9), [stopping])

    assert 2 == len(rest)
    assert "2" == fields_of(ask(desk, "q", t11="m2").replies[0])[533]


@pytest.mark.parametrize(
    ("changes", "reason", "tag"),
    [
        ({"t530": "2"}, "0", "530 MassCancelRequestType"),
        ({"t530": None}, "0", "530 MassCancelRequestType"),
        ({"t530": "1"}, "1", "55 Symbol"),
        ({"t530": "1", "t55": "NOPE"}, "1", "55 Symbol"),
        ({"t55": "NOPE"}, "1", "55 Symbol"),
        ({"t54": "9"}, "99", "54 Side"),
    ],
)
def test_a_mass_cancel_that_cannot_be_meant_stops_nothing(
    changes: dict[str, str | None], reason: str, tag: str
) -> None:
    """531=0, 532, and what is wrong."""
    answer = ask(desk_with_four(), "q", **changes)
    fields = fields_of(answer.replies[0])

    assert () == answer.events
    assert ("0", reason, "0") == (fields[531], fields[532], fields[533])
    assert tag in fields[58]


def test_a_mass_request_without_a_name_is_a_business_reject() -> None:
    """There is nothing that the answer could be to."""
    desk = desk_with_four()

    assert "j" == ask(desk, "q", t11=None).replies[0].message.msg_type
    assert "j" == ask(desk, "AF", t584=None).replies[0].message.msg_type


def test_a_mass_status_tells_of_each_open_order() -> None:
    """Numbered, the last one marked, each with an ExecID of its own."""
    answer = ask(desk_with_four(), "AF")
    told = [fields_of(reply) for reply in answer.replies]

    assert () == answer.events
    assert ["a1", "a2", "a3"] == [fields[11] for fields in told]
    assert [("I", "0", "s1", "3")] * 3 == [
        tuple(fields[tag] for tag in (150, 39, 584, 911)) for fields in told
    ]
    assert [False] * 3 == [585 in fields for fields in told], "FIX 4.4 has no 585 in a report"
    assert ["N", "N", "Y"] == [fields[912] for fields in told]
    assert 3 == len({fields[17] for fields in told})
    assert "8" == heard(answer.replies[0].message, "PENSTOCK").msg_type


def test_a_mass_status_is_narrowed_like_a_mass_cancel() -> None:
    """By symbol, side and account."""
    desk = desk_with_four()

    assert ["a3"] == [
        fields_of(reply)[11] for reply in ask(desk, "AF", t585="1", t55="TEST1").replies
    ]
    assert ["a2"] == [fields_of(reply)[11] for reply in ask(desk, "AF", t1="A").replies]


@pytest.mark.parametrize(("changes", "text"), [({"t1": "B"}, "no open"), ({"t585": "4"}, "585 ")])
def test_a_mass_status_about_nothing_says_so(changes: dict[str, str | None], text: str) -> None:
    """One report about no order: the client need not wait for more."""
    (reply,) = ask(desk_with_four(), "AF", **changes).replies
    fields = fields_of(reply)

    assert ("NONE", "I", "8", "0", "Y", "s1") == tuple(
        fields[tag] for tag in (37, 150, 39, 911, 912, 584)
    )
    assert text in fields[58]


def test_other_clients_orders_are_not_meant() -> None:
    """A client sees and stops its own."""
    desk = desk_with_four()
    answer = desk.on_message(said("q", {11: "m1", 530: "7"}, by="OTHER"))

    assert ((), "0") == (answer.events, fields_of(answer.replies[0])[533])
