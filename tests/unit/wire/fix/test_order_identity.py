"""On whose behalf an order is: taken as agreed with the client, given back, or refused by name."""

import pytest

from penstock.domain import Identity, NewParent, Party, ReportKind
from penstock.wire.fix import ClientRules, IdentityPart, Incoming, body_of
from tests.support.fix_messages import (
    ORDER,
    RUN,
    fields_of,
    heard,
    oms_desk,
    report,
    said,
    stamped,
    text_of,
)

ALL = ClientRules(identity=frozenset(IdentityPart))
HEADER = {115: "FUND", 116: "desk 3", 50: "ann", 57: "PT"}
BODY = {1: "ACC-1", 528: "A", 581: "1", 582: "4"}
PARTIES = ({448: "BRKR", 447: "D", 452: "1"}, {448: "TRDR", 447: "D", 452: "12"})
WHOLE = Identity(
    account="ACC-1",
    capacity="A",
    on_behalf_of="FUND",
    on_behalf_of_sub="desk 3",
    sender_sub="ann",
    target_sub="PT",
    account_type="1",
    customer_capacity="4",
    parties=(
        Party(party_id="BRKR", source="D", role="1"),
        Party(party_id="TRDR", source="D", role="12"),
    ),
)


def whole_order(**changes: str) -> Incoming:
    """An order with every part of an identity."""
    fields = {**ORDER, **BODY, 453: "2", **{int(name[1:]): text for name, text in changes.items()}}
    return said("D", fields, header=HEADER, groups={453: PARTIES})


def test_all_of_it_travels_with_the_order() -> None:
    """And so it is in the journal."""
    (event,) = oms_desk(ALL).on_message(whole_order()).events

    assert isinstance(event, NewParent)
    assert WHOLE == event.order.identity


def test_reports_give_it_back_turned_round() -> None:
    """What came as 115 goes back as 128, 50 as 57; the rest as it came."""
    desk = oms_desk(ALL)
    (event,) = desk.on_message(whole_order()).events
    (outgoing,) = desk.on_step(stamped(event, 1), [report(ReportKind.ACCEPTED)])
    fields = fields_of(outgoing)

    assert ("FUND", "desk 3", "ann", "PT") == tuple(fields[tag] for tag in (128, 129, 57, 50))
    assert ("ACC-1", "A", "1", "4", "2") == tuple(fields[tag] for tag in (1, 528, 581, 582, 453))
    assert PARTIES == heard(outgoing.message, RUN).groups[453]
    assert [448, 447, 452] * 2 == [tag for tag, _ in outgoing.message.fields[-6:]]


def test_account_and_capacity_are_usual_and_the_rest_is_refused_by_name() -> None:
    """Nothing is dropped on the way without a word."""
    text = text_of(oms_desk().on_message(whole_order()))

    named = ["115 OnBehalfOfCompID", "116 ", "50 SenderSubID", "57 ", "581 ", "582 ", "453 "]
    assert [True] * 7 == [f"{name}" in text for name in named]
    assert [False, False] == [f"{name}: expected" in text for name in ("1 Account", "528 O")]
    assert "carries = ['parties'] would" in text


def test_a_client_may_be_allowed_no_identity_at_all() -> None:
    """Then even an account is refused."""
    desk = oms_desk(ClientRules(identity=frozenset()))

    assert "1 Account: expected nothing" in text_of(desk.on_message(said("D", {**ORDER, 1: "A"})))


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"t528": "X"}, "528 OrderCapacity: expected one of A, G, I, P, R, W"),
        ({"t581": "5"}, "581 AccountType"),
        ({"t582": "9"}, "582 CustOrderCapacity"),
        ({"t1": "a\x07"}, "1 Account: expected 1 to 64 printable"),
        ({"t1": "x" * 65}, "1 Account"),
        ({"t453": "3"}, "453 NoPartyIDs: expected the number of parties that follow"),
    ],
)
def test_a_part_that_cannot_be_meant_is_refused(changes: dict[str, str], tag: str) -> None:
    """It would be the venue that rejects it, order by order."""
    assert tag in text_of(oms_desk(ALL).on_message(whole_order(**changes)))


@pytest.mark.parametrize(
    ("entries", "tag"),
    [
        ((), "453 NoPartyIDs"),
        (({447: "D"},), "448 PartyID"),
        (({448: "A", 802: "1"},), "802 NoPartySubIDs"),
        (tuple({448: f"P{k}"} for k in range(21)), "453 NoPartyIDs"),
    ],
)
def test_a_group_of_parties_is_read_whole_or_refused(
    entries: tuple[dict[int, str], ...], tag: str
) -> None:
    """Sub-parties are not carried, so they are not taken."""
    fields = {**ORDER, 453: str(len(entries) or 1)}
    incoming = said("D", fields, groups={453: entries})

    assert tag in text_of(oms_desk(ALL).on_message(incoming))


def test_a_replace_may_repeat_the_identity_and_not_change_it() -> None:
    """An order does not move to another account by a replace."""
    desk = oms_desk(ALL)
    desk.on_message(whole_order())
    terms = {11: "r1", 41: "a1", 38: "500", 40: "1"}
    same = desk.on_message(said("G", {**terms, **BODY}, header={50: "ann"}))
    other = desk.on_message(said("G", {**terms, 11: "r2", 1: "ACC-2"}))
    parties = desk.on_message(said("G", {**terms, 11: "r3", 453: "1"}, groups={453: PARTIES[:1]}))

    assert 1 == len(same.events)
    assert "1 Account: expected nothing, or 'ACC-1' as on the order" in text_of(other)
    assert "453 NoPartyIDs: expected nothing, or the parties of the order" in text_of(parties)


def test_an_order_without_an_identity_has_none_in_its_reports() -> None:
    """FIX has no empty fields."""
    assert () == body_of(Identity())
