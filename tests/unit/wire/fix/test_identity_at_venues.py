"""As much of an order's identity reaches a venue as the venue carries, with every order."""

import msgspec
import pytest

from penstock.domain import CancelChild, Identity, NewParent, Party, ReplaceChild, Shares, Ticks
from penstock.wire.fix import FixMessage, IdentityPart, VenueDesk
from tests.support.fix_messages import NOW, RUN, UNIVERSE, child, heard, new_parent, send

WHOLE = Identity(
    account="ACC-1",
    capacity="A",
    on_behalf_of="FUND",
    on_behalf_of_sub="desk 3",
    sender_sub="ann",
    target_sub="PT",
    account_type="1",
    customer_capacity="4",
    parties=(Party(party_id="BRKR", source="D", role="1"), Party(party_id="TRDR")),
)
BODY = {1: "ACC-1", 528: "A", 581: "1", 582: "4", 453: "2"}
HEADER = {50: "ann", 115: "FUND", 116: "desk 3"}


def desk_that_carries(*parts: str) -> VenueDesk:
    """A desk with one parent, whose venues carry these parts."""
    venues = tuple(msgspec.structs.replace(venue, carries=parts) for venue in UNIVERSE.venues)
    desk = VenueDesk(msgspec.structs.replace(UNIVERSE, venues=venues), RUN)
    event = new_parent()
    order = msgspec.structs.replace(event.order, identity=WHOLE)
    parent: NewParent = msgspec.structs.replace(event, order=order)
    desk.note(parent, [send(child())])
    return desk


def sent(desk: VenueDesk) -> FixMessage:
    """The child's order, as it leaves."""
    return desk.on_command(send(child()), NOW).message


@pytest.mark.parametrize(
    ("parts", "tags"),
    [
        ((), set()),
        (("account",), {1}),
        (("account", "capacity"), {1, 528}),
        (("account_type", "customer_capacity"), {581, 582}),
        (("sub_ids",), {50}),
        (("on_behalf_of",), {115, 116}),
        (("parties",), {453}),
    ],
)
def test_a_venue_gets_the_parts_that_it_carries(parts: tuple[str, ...], tags: set[int]) -> None:
    """And no other: what a gateway does not know it rejects."""
    names = {tag for tag, _ in sent(desk_that_carries(*parts)).fields}

    assert tags == names & {*BODY, *HEADER, 57}


def test_all_of_it_arrives_as_the_client_wrote_it() -> None:
    """But for 57: it named a desk of ours."""
    message = sent(desk_that_carries(*IdentityPart))
    fields = dict(message.fields)
    parties = heard(message, "PENSTOCK").groups[453]

    assert {**BODY, **HEADER} == {tag: fields[tag] for tag in (*BODY, *HEADER)}
    assert ({448: "BRKR", 447: "D", 452: "1"}, {448: "TRDR"}) == parties
    assert 57 not in fields


def test_a_replace_carries_it_too_and_a_cancel_needs_none() -> None:
    """A replaced order would lose its account otherwise."""
    desk = desk_that_carries("account")
    replace = ReplaceChild(
        at_ns=NOW, child_id=5, venue_idx=1, size_shares=Shares(200), limit_ticks=Ticks(1_000_000)
    )
    cancel = CancelChild(at_ns=NOW, child_id=5, venue_idx=1)
    desk.note(new_parent(), [replace])
    replaced = dict(desk.on_command(replace, NOW).message.fields)
    desk.note(new_parent(), [cancel])
    cancelled = dict(desk.on_command(cancel, NOW).message.fields)

    assert ("ACC-1", None) == (replaced[1], cancelled.get(1))


def test_an_order_without_an_identity_leaves_as_before() -> None:
    """Nothing is made up."""
    desk = desk_that_carries("account")
    desk.note(new_parent("a2", 2), [send(child(6, parent_id=2))])
    fields = dict(desk.on_command(send(child(6, parent_id=2)), NOW).message.fields)

    assert 1 not in fields


def test_a_desk_rebuilt_from_steps_knows_whose_a_child_is() -> None:
    """A replace after a restart carries the same account."""
    assert desk_that_carries("account").state_hash() == desk_that_carries("account").state_hash()
    assert "ACC-1" == dict(sent(desk_that_carries("account")).fields)[1]
