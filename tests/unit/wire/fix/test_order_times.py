"""How old an order may be, how long it is good, and what its reports say of that."""

import pytest

from penstock.domain import (
    ChildCancelled,
    NewParent,
    Ns,
    ParentState,
    ParentTif,
    ReportKind,
    Timer,
)
from penstock.wire.fix import ClientRules, OmsDesk
from tests.support.fix_messages import (
    ORDER,
    fields_of,
    oms_desk,
    order,
    report,
    said,
    stamped,
    step,
    text_of,
    working_desk,
)

SECOND = 1_000_000_000
HOUR_AGO = "20260105-13:30:00"


@pytest.mark.parametrize("tag", [52, 60, 122])
@pytest.mark.parametrize("is_resent", [False, True])
def test_an_order_of_an_hour_ago_is_not_traded_today(tag: int, is_resent: bool) -> None:
    """By any of its stamps, whether or not it says that it is a repetition."""
    header = {122: HOUR_AGO} if tag == 122 else {}
    fields = {**ORDER} if tag == 122 else {**ORDER, tag: HOUR_AGO}
    incoming = said("D", fields, header=header, is_possible_dup=is_resent)
    answer = oms_desk().on_message(incoming)

    assert () == answer.events
    assert f"{tag} " in text_of(answer)
    assert "too old to be traded at today's price" in text_of(answer)


@pytest.mark.parametrize(
    ("stamp", "is_taken"),
    [
        ("20260105-14:29:00.200000", True),
        ("20260105-14:29:00.100000", False),
        ("20260105-14:30:10.100000", True),
        ("20260105-14:30:10.200000", False),
    ],
)
def test_the_ages_are_as_agreed_to_the_microsecond(stamp: str, is_taken: bool) -> None:
    """A minute old, ten seconds ahead, unless the client's table says otherwise."""
    assert is_taken == (1 == len(oms_desk().on_message(order(t60=stamp)).events))


def test_a_client_may_agree_to_another_age() -> None:
    """A day, say."""
    rules = ClientRules(max_age_ns=Ns(86_400 * SECOND))

    assert 1 == len(oms_desk(rules).on_message(order(t60=HOUR_AGO)).events)


def test_an_old_replace_is_refused_and_an_old_cancel_is_not() -> None:
    """To trade late is dangerous; to stop late is not."""
    desk = working_desk()
    terms = {11: "r1", 41: "a1", 38: "500", 40: "2", 44: "100.00", 60: HOUR_AGO}
    replaced = desk.on_message(said("G", terms))
    cancelled = desk.on_message(said("F", {11: "c1", 41: "a1", 60: HOUR_AGO}))

    assert "60 TransactTime" in fields_of(replaced.replies[0])[58]
    assert 1 == len(cancelled.events)


def test_an_old_repetition_of_a_known_order_is_answered_with_its_status() -> None:
    """It asks for nothing new."""
    desk = working_desk()
    answer = desk.on_message(said("D", {**ORDER, 60: HOUR_AGO}, is_possible_dup=True))

    assert "I" == fields_of(answer.replies[0])[150]


@pytest.mark.parametrize(
    ("changes", "tif", "horizon_s"),
    [
        ({"t59": None}, ParentTif.DAY, 120),
        ({"t59": "0"}, ParentTif.DAY, 120),
        ({"t59": "0", "t126": "20260105-14:31:00.123456789"}, ParentTif.DAY, 60),
        ({"t59": "6", "t126": "20260105-14:31:00.123456789"}, ParentTif.GTD, 60),
        ({"t59": "3"}, ParentTif.IOC, 5),
        ({"t59": "3", "t9001": "1000"}, ParentTif.IOC, 1),
    ],
)
def test_an_order_is_good_for_as_long_as_it_says(
    changes: dict[str, str | None], tif: ParentTif, horizon_s: int
) -> None:
    """59, 126 and 9001."""
    (event,) = oms_desk().on_message(order(**changes)).events

    assert isinstance(event, NewParent)
    assert (tif, horizon_s * SECOND) == (event.order.tif, event.order.horizon_ns)


@pytest.mark.parametrize(
    ("code", "why"),
    [("1", "tomorrow"), ("2", "auctions"), ("4", "all at once"), ("5", "sessions"), ("7", "auc")],
)
def test_a_time_in_force_that_cannot_be_honoured_says_why(code: str, why: str) -> None:
    """And what can."""
    text = text_of(oms_desk().on_message(order(t59=code)))

    assert "59 TimeInForce: expected 0 (day), 3 (immediate or cancel) or 6" in text
    assert why in text


def desk_with_order(**changes: str | None) -> tuple[OmsDesk, list[str | None]]:
    """A desk that has accepted an order, and 59 and 126 of that report."""
    desk = oms_desk()
    (event,) = desk.on_message(order(**changes)).events
    (outgoing,) = desk.on_step(stamped(event, 1), [report(ReportKind.ACCEPTED)])
    fields = fields_of(outgoing)
    return desk, [fields.get(59), fields.get(126)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"t59": None}, ["0", None]),
        ({"t59": "3"}, ["3", None]),
        ({"t59": "6", "t126": "20260105-14:31:00"}, ["6", "20260105-14:31:00.000000"]),
    ],
)
def test_reports_repeat_the_time_in_force_as_it_was_asked(
    changes: dict[str, str | None], told: list[str | None]
) -> None:
    """A client that sent 59=6 does not read 59=0."""
    desk, fields = desk_with_order(**changes)
    status = fields_of(desk.on_message(said("H", {11: "a1"})).replies[0])

    assert told == fields
    assert told == [status.get(59), status.get(126)]


def end(desk: OmsDesk, *, is_horizon: bool, was_live: bool) -> list[tuple[str, str]]:
    """150 and 39 of the reports of an order's end."""
    over = step(Timer, timer_id=3)
    gone = step(ChildCancelled, seq=10, child_id=5, venue_idx=1)
    ended = report(ReportKind.ENDED, state=ParentState.CANCELLED)
    first = over if is_horizon else gone
    if was_live:
        stopping = report(ReportKind.STOPPING, state=ParentState.CANCELLING)
        outgoing = [*desk.on_step(first, [stopping]), *desk.on_step(gone, [ended])]
    else:
        outgoing = desk.on_step(first, [ended])
    outgoing += desk.on_message(said("H", {11: "a1"})).replies
    return [(fields_of(o)[150], fields_of(o)[39]) for o in outgoing]


@pytest.mark.parametrize("changes", [{}, {"t59": "6", "t126": "20260105-14:31:00"}])
def test_an_order_whose_horizon_is_over_has_expired(changes: dict[str, str | None]) -> None:
    """150=C and 39=C, now and whenever it is asked for."""
    assert [("C", "C"), ("I", "C")] == end(
        desk_with_order(**changes)[0], is_horizon=True, was_live=False
    )
    assert [("6", "6"), ("C", "C"), ("I", "C")] == end(
        desk_with_order(**changes)[0], is_horizon=True, was_live=True
    )


def test_the_rest_of_an_immediate_order_is_cancelled() -> None:
    """150=4: nothing has expired."""
    assert [("4", "4"), ("I", "4")] == end(
        desk_with_order(t59="3")[0], is_horizon=False, was_live=False
    )
    assert [("6", "6"), ("4", "4"), ("I", "4")] == end(
        desk_with_order(t59="3")[0], is_horizon=True, was_live=True
    )


def test_an_order_that_a_person_stops_is_cancelled() -> None:
    """Whatever event its end comes with."""
    assert [("4", "4"), ("I", "4")] == end(desk_with_order()[0], is_horizon=False, was_live=False)


def test_a_time_is_read_to_the_nanosecond_and_bad_ones_are_named() -> None:
    """A stamp that is none is no proof of youth."""
    desk = oms_desk()

    assert 1 == len(desk.on_message(order(t60="20260105-14:30:00.123456789")).events)
    assert "52 SendingTime" in text_of(desk.on_message(order(t11="a2", t52="now")))
