"""The same message once more is the same only if every term is: size, price, time, account, all."""

import pytest

from penstock.wire.fix import ClientRules, IdentityPart, OmsDesk
from tests.support.fix_messages import ORDER, fields_of, oms_desk, order, said, tagged

TERMS: dict[int, str | None] = {
    **ORDER,
    1: "ACC-1",
    528: "A",
    59: "6",
    126: "20260105-14:31:00",
    9_002: "0.25",
    9_003: "urgent",
}
REPLACE: dict[int, str | None] = {11: "r1", 41: "a1", 38: "1500", 40: "2", 44: "100.10"}


def again(desk: OmsDesk, msg_type: str, fields: dict[int, str | None]) -> dict[int, str]:
    """The only reply to a message that says it may be a repetition."""
    answer = desk.on_message(said(msg_type, fields, is_possible_dup=True))
    assert () == answer.events
    (reply,) = answer.replies
    return fields_of(reply)


def sent() -> OmsDesk:
    """A desk that has an order with many terms, and a replace of it."""
    desk = oms_desk()
    assert 1 == len(desk.on_message(said("D", TERMS)).events)
    assert 1 == len(desk.on_message(said("G", REPLACE)).events)
    return desk


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"t55": "TEST1"}, "symbol"),
        ({"t54": "2"}, "side"),
        ({"t38": "900"}, "quantity"),
        ({"t44": "100.06"}, "type or limit"),
        ({"t40": "1", "t44": None}, "type or limit"),
        ({"t59": None}, "time in force"),
        ({"t59": "3", "t126": None}, "time in force, horizon"),
        ({"t126": "20260105-14:32:00"}, "horizon"),
        ({"t9001": "5000"}, "horizon"),
        ({"t9002": "0.26"}, "urgency"),
        ({"t9003": "cost"}, "objective"),
        ({"t1": "ACC-2"}, "account"),
        ({"t1": None}, "account"),
        ({"t528": "P"}, "capacity"),
        ({"t110": "100"}, "110 MinQty"),
    ],
)
def test_an_order_with_another_term_is_no_repetition(
    changes: dict[str, str | None], word: str
) -> None:
    """103=6, and which term it is; the first order goes on."""
    fields = again(sent(), "D", {**TERMS, **tagged(changes)})

    assert ("8", "6", "NONE") == (fields[150], fields[103], fields[37])
    assert word in fields[58].partition("it differs in: ")[2]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"t38": "1000.0"},
        {"t44": "100.05"},
        {"t9002": "0.250"},
        {"t60": "20260105-14:30:01"},
        {"t58": "sent once more"},
    ],
)
def test_another_spelling_of_the_same_terms_is_the_same_order(
    changes: dict[str, str | None],
) -> None:
    """What a term means counts, not how it is written."""
    assert "I" == again(sent(), "D", {**TERMS, **tagged(changes)})[150]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"t38": "1600"}, "quantity"),
        ({"t44": "100.20"}, "type or limit"),
        ({"t40": "1", "t44": None}, "type or limit"),
        ({"t41": "zz"}, "order"),
        ({"t54": "2"}, "54 Side"),
        ({"t59": "0"}, "59 TimeInForce"),
        ({"t1": "ACC-2"}, "1 Account"),
    ],
)
def test_a_replace_with_another_term_is_no_repetition(
    changes: dict[str, str | None], word: str
) -> None:
    """102=6."""
    fields = again(sent(), "G", {**REPLACE, **tagged(changes)})

    assert ("2", "6") == (fields[434], fields[102])
    assert word in fields[58].partition("it differs in: ")[2]


def test_the_same_replace_once_more_is_answered_with_the_status() -> None:
    """By any name of the order's chain."""
    desk = sent()

    assert "I" == again(desk, "G", REPLACE)[150]
    assert "I" == again(desk, "G", {**REPLACE, 38: "1500.0", 41: "r1"})[150]


def test_a_cancel_of_another_order_is_no_repetition() -> None:
    """The same ClOrdID cannot mean two orders."""
    desk = sent()
    desk.on_message(order(t11="b1"))
    desk.on_message(said("F", {11: "c1", 41: "a1"}))

    assert "I" == again(desk, "F", {11: "c1", 41: "a1"})[150]
    assert "order" in again(desk, "F", {11: "c1", 41: "b1"})[58].partition("differs in: ")[2]
    assert "54 Side" in again(desk, "F", {11: "c1", 41: "a1", 54: "2"})[58]


def test_a_name_of_another_kind_of_message_is_no_repetition() -> None:
    """A cancel named like the order."""
    fields = again(sent(), "F", {11: "a1", 41: "a1"})

    assert "6" == fields[102]
    assert "it differs in: type of message" in fields[58]


def test_parties_are_terms_too() -> None:
    """Someone else's order is another order."""
    rules = ClientRules(identity=frozenset(IdentityPart))
    desk = oms_desk(rules)
    fields = {**ORDER, 453: "1"}
    desk.on_message(said("D", fields, groups={453: ({448: "A"},)}))
    same = said("D", fields, groups={453: ({448: "A"},)}, is_possible_dup=True)
    other = said("D", fields, groups={453: ({448: "B"},)}, is_possible_dup=True)

    assert "I" == fields_of(desk.on_message(same).replies[0])[150]
    assert "6" == fields_of(desk.on_message(other).replies[0])[103]
