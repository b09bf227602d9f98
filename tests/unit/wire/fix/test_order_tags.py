"""Every tag of an order is honoured, harmless or refused by name: none is passed over."""

import pytest

from penstock.domain import NewParent
from penstock.wire.fix import ClientRules, DeskAnswer, may_be_ignored
from tests.support.fix_messages import ORDER, fields_of, oms_desk, order, said, text_of

# What FIX 4.4 lets a NewOrderSingle hold, and the house neither does nor checks.
REFUSED = [
    12, 13, 23, 64, 65, 66, 70, 76, 77, 78, 99, 100, 109, 110, 111, 114, 117, 140, 152, 168, 192,
    193, 200, 201, 202, 203, 204, 205, 206, 207, 210, 211, 218, 220, 221, 222, 223, 224, 225, 226,
    227, 228, 229, 231, 232, 235, 236, 239, 240, 255, 336, 386, 388, 389, 427, 432, 454, 467, 468,
    469, 470, 471, 472, 479, 480, 481, 494, 497, 513, 516, 529, 541, 543, 583, 589, 590, 591, 625,
    635, 640, 660, 662, 663, 667, 691, 696, 697, 698, 699, 701, 711, 761, 762, 788, 835, 836, 837,
    838, 840, 841, 842, 843, 844, 846, 847, 848, 849, 864, 873, 874, 875, 876, 898, 913, 914, 915,
    916, 917, 918, 919, 947,
]  # fmt: skip
HARMLESS = [58, 106, 107, 348, 349, 350, 351, 354, 355, 376, 377, 526]


def answer(tag: int, value: str, rules: ClientRules | None = None) -> DeskAnswer:
    """What a good order with one more tag leads to."""
    return oms_desk(rules).on_message(said("D", {**ORDER, tag: value}))


@pytest.mark.parametrize("tag", REFUSED)
def test_what_would_change_an_order_is_refused_by_name(tag: int) -> None:
    """A client that believes it was heard has money in the misunderstanding."""
    result = answer(tag, "1")

    assert () == result.events
    assert text_of(result).startswith(f"order not accepted: {tag} ")
    assert f"{tag} field" not in text_of(result)


@pytest.mark.parametrize("tag", HARMLESS)
def test_words_and_references_of_the_client_do_no_harm(tag: int) -> None:
    """Nothing depends on them."""
    assert 1 == len(answer(tag, "words").events)


@pytest.mark.parametrize(
    ("tag", "good", "bad"),
    [
        (15, "USD", "EUR"),
        (18, "1", "G"),
        (21, "2", "3"),
        (63, "0", "1"),
        (75, "20260105", "20260106"),
        (81, "0", "1"),
        (120, "USD", "GBP"),
        (121, "N", "Y"),
        (167, "CS", "OPT"),
        (423, "2", "1"),
        (460, "5", "4"),
        (461, "ESVUFR", "OCASPS"),
        (544, "1", "2"),
        (775, "0", "1"),
        (854, "0", "1"),
    ],
)
def test_a_tag_may_repeat_what_the_router_does_anyway(tag: int, good: str, bad: str) -> None:
    """And nothing else."""
    assert 1 == len(answer(tag, good).events)
    assert f"{tag} " in text_of(answer(tag, bad))


def test_a_security_id_may_be_the_symbol_once_more() -> None:
    """Another identifier cannot be checked, and may mean another security."""
    desk = oms_desk()

    assert 1 == len(desk.on_message(order(t22="8", t48="TEST0")).events)
    assert "48 SecurityID" in text_of(desk.on_message(order(t11="a2", t22="8", t48="TEST1")))
    assert "22 SecurityIDSource" in text_of(
        desk.on_message(order(t11="a3", t22="4", t48="US0000000001"))
    )
    assert "48 SecurityID" in text_of(desk.on_message(order(t11="a4", t48="TEST1")))


@pytest.mark.parametrize("tag", [2, 1_091, 4_999])
def test_a_tag_that_nobody_knows_is_refused_unless_agreed(tag: int) -> None:
    """By its number, because it has no name here."""
    assert f"{tag} field" in text_of(answer(tag, "x"))
    assert 1 == len(answer(tag, "x", ClientRules(unknown_tags="ignore")).events)
    assert 1 == len(answer(tag, "x", ClientRules(ignored_tags=frozenset({tag}))).events)


def test_a_clients_own_tags_are_ignored_and_a_person_is_told_once() -> None:
    """They mean what two sides have agreed; nothing has been agreed."""
    desk = oms_desk()
    first = desk.on_message(said("D", {**ORDER, 5_001: "x", 9_001: "5000"}))
    second = desk.on_message(said("D", {**ORDER, 11: "a2", 5_001: "x"}))

    assert (1, 1) == (len(first.events), len(second.events))
    assert first.notes[0].startswith("OMS sends tags of its own that the router ignores: 5001; ")
    assert () == second.notes
    assert () == answer(5_001, "x", ClientRules(ignored_tags=frozenset({5_001}))).notes


def test_some_tags_can_never_be_agreed_away() -> None:
    """A stop price that is ignored is another order."""
    agreed = ClientRules(unknown_tags="ignore", ignored_tags=frozenset({99, 207}))

    assert "99 StopPx" in text_of(answer(99, "90.00", agreed))
    assert 1 == len(answer(207, "N", agreed).events)
    assert (False, False, False, True, True) == tuple(
        may_be_ignored(tag) for tag in (99, 38, 167, 207, 1_091)
    )


def test_groups_of_a_message_are_tags_too() -> None:
    """What stands inside them goes with the tag that counts them."""
    incoming = said("D", ORDER, groups={78: ({79: "ACC", 80: "100"},)})

    assert "78 NoAllocs: expected nothing" in text_of(oms_desk().on_message(incoming))


def test_delivery_to_others_is_refused() -> None:
    """The header can change who is meant."""
    incoming = said("D", ORDER, header={128: "BROKER2"})

    assert "128 DeliverToCompID" in text_of(oms_desk().on_message(incoming))


def test_a_replace_is_held_to_the_same() -> None:
    """And a cancel is not: it must always get through."""
    desk = oms_desk()
    (event,) = desk.on_message(order()).events
    assert isinstance(event, NewParent)
    terms: dict[int, str | None] = {11: "r1", 41: "a1", 38: "500", 40: "1", 99: "1"}
    replaced = desk.on_message(said("G", terms))
    cancelled = desk.on_message(said("F", {11: "c1", 41: "a1", 99: "1", 2: "x", 38: "1000"}))

    assert "99 StopPx" in fields_of(replaced.replies[0])[58]
    assert 1 == len(cancelled.events)


def test_an_order_id_that_is_not_of_the_order_is_refused() -> None:
    """37 and 41 name two orders: neither is touched."""
    desk = oms_desk()
    desk.on_message(order())
    wrong = desk.on_message(said("F", {11: "c1", 41: "a1", 37: "k3f9-P2"}))
    right = desk.on_message(said("F", {11: "c2", 41: "a1", 37: "k3f9-P1"}))
    none = desk.on_message(said("F", {11: "c3", 41: "a1", 37: "NONE"}))

    assert "37 OrderID: expected nothing, or k3f9-P1" in fields_of(wrong.replies[0])[58]
    assert (1, 1) == (len(right.events), len(none.events))
