"""On whose behalf an order is: read from a client's message, and given back in its reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from penstock.domain import Identity, Party
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Groups
from penstock.wire.fix.oms_rules import TAGS_OF_PART, ClientRules, IdentityPart
from penstock.wire.fix.reading import FieldReader
from penstock.wire.fix.reports import Fields

MAX_PARTIES: Final = 20
_FIELD_OF_TAG: Final[Mapping[int, str]] = MappingProxyType(
    {
        tags.ACCOUNT: "account",
        tags.ORDER_CAPACITY: "capacity",
        tags.ON_BEHALF_OF_COMP_ID: "on_behalf_of",
        tags.ON_BEHALF_OF_SUB_ID: "on_behalf_of_sub",
        tags.SENDER_SUB_ID: "sender_sub",
        tags.TARGET_SUB_ID: "target_sub",
        tags.ACCOUNT_TYPE: "account_type",
        tags.CUST_ORDER_CAPACITY: "customer_capacity",
    }
)
_TAGS: Final = (*_FIELD_OF_TAG, tags.NO_PARTY_IDS)
_NOBODY: Final = Identity()
_CODES: Final[Mapping[int, str]] = MappingProxyType(
    {tags.ORDER_CAPACITY: "AGIPRW", tags.ACCOUNT_TYPE: "1234678", tags.CUST_ORDER_CAPACITY: "1234"}
)
_SUB_GROUPS: Final = (802, 523)


def read_identity(reader: FieldReader, groups: Groups, rules: ClientRules) -> Identity:
    """The parts that are agreed with the client; every other that it gives is a flaw."""
    if all(reader.raw(tag) is None for tag in _TAGS):
        return _NOBODY
    found: dict[str, str] = {}
    parties: tuple[Party, ...] = ()
    for part, its_tags in TAGS_OF_PART.items():
        for tag in its_tags:
            if reader.raw(tag) is None:
                continue
            if part not in rules.identity:
                fix = f"the router does not carry it for this client; carries = ['{part}'] would"
                reader.complain(tag, "nothing", fix)
            elif part is IdentityPart.PARTIES:
                parties = _parties(reader, groups.get(tags.NO_PARTY_IDS, ()))
            else:
                value = _value(reader, tag)
                if value is not None:
                    found[_FIELD_OF_TAG[tag]] = value
    return Identity(**found, parties=parties)


def check_same_identity(
    reader: FieldReader, groups: Groups, rules: ClientRules, identity: Identity
) -> None:
    """A replace may repeat the identity of its order, or parts of it, and not change it."""
    n_flaws = len(reader.flaws)
    again = read_identity(reader, groups, rules)
    if len(reader.flaws) > n_flaws:
        return
    fix = "only quantity and price can be replaced; for more, cancel and send a new order"
    for tag, name in _FIELD_OF_TAG.items():
        old, new = getattr(identity, name), getattr(again, name)
        if new is not None and new != old:
            expected = "nothing" if old is None else f"nothing, or '{old}' as on the order"
            reader.complain(tag, expected, fix)
    if again.parties and again.parties != identity.parties:
        reader.complain(tags.NO_PARTY_IDS, "nothing, or the parties of the order", fix)


def carried(identity: Identity, parts: Collection[str]) -> Identity:
    """What of an identity goes on to a venue that carries these parts."""
    names = {
        _FIELD_OF_TAG[tag]
        for part, its_tags in TAGS_OF_PART.items()
        for tag in its_tags
        if part in parts and tag in _FIELD_OF_TAG
    }
    kept = {name: getattr(identity, name) for name in names}
    has_parties = IdentityPart.PARTIES in parts
    return Identity(**kept, parties=identity.parties if has_parties else ())


def onward_header_of(identity: Identity) -> Fields:
    """
    Header fields of an order that goes on to a venue.

    57 TargetSubID is not among them: the client addressed a desk of ours.
    """
    return _present(
        (tags.SENDER_SUB_ID, identity.sender_sub),
        (tags.ON_BEHALF_OF_COMP_ID, identity.on_behalf_of),
        (tags.ON_BEHALF_OF_SUB_ID, identity.on_behalf_of_sub),
    )


def header_of(identity: Identity) -> Fields:
    """Header fields of a report: what the client put there, turned round as FIX has it."""
    return _present(
        (tags.SENDER_SUB_ID, identity.target_sub),
        (tags.TARGET_SUB_ID, identity.sender_sub),
        (tags.DELIVER_TO_COMP_ID, identity.on_behalf_of),
        (tags.DELIVER_TO_SUB_ID, identity.on_behalf_of_sub),
    )


def body_of(identity: Identity) -> Fields:
    """Body fields of an order or a report; the parties, a group, are the last of them."""
    fields = _present(
        (tags.ACCOUNT, identity.account),
        (tags.ORDER_CAPACITY, identity.capacity),
        (tags.ACCOUNT_TYPE, identity.account_type),
        (tags.CUST_ORDER_CAPACITY, identity.customer_capacity),
    )
    if not identity.parties:
        return fields
    entries = [
        field
        for party in identity.parties
        for field in _present(
            (tags.PARTY_ID, party.party_id),
            (tags.PARTY_ID_SOURCE, party.source),
            (tags.PARTY_ROLE, party.role),
        )
    ]
    return (*fields, (tags.NO_PARTY_IDS, str(len(identity.parties))), *entries)


def _value(reader: FieldReader, tag: int) -> str | None:
    codes = _CODES.get(tag)
    if codes is None:
        return reader.identifier(tag, "correct it, or leave it out")
    expected = f"one of {', '.join(codes)}"
    return reader.choice(tag, tuple(codes), expected, "correct it, or leave it out")


def _parties(reader: FieldReader, entries: Sequence[Mapping[int, str]]) -> tuple[Party, ...]:
    fix = "send each party with 448, 447 and 452, and no sub-parties"
    expected = f"the number of parties that follow, 1 to {MAX_PARTIES}"
    if reader.raw(tags.NO_PARTY_IDS) != str(len(entries)) or not 0 < len(entries) <= MAX_PARTIES:
        reader.complain(tags.NO_PARTY_IDS, expected, fix)
        return ()
    parties = []
    for entry in entries:
        one = FieldReader(entry)
        party_id = one.identifier(tags.PARTY_ID, fix)
        source = one.identifier(tags.PARTY_ID_SOURCE, fix) if entry.get(447) else None
        role = one.identifier(tags.PARTY_ROLE, fix) if entry.get(452) else None
        for tag in _SUB_GROUPS:
            if one.raw(tag) is not None:
                one.complain(tag, "nothing", fix)
        reader.flaws.extend(one.flaws)
        if party_id is not None:
            parties.append(Party(party_id=party_id, source=source, role=role))
    return tuple(parties)


def _present(*fields: tuple[int, str | None]) -> Fields:
    return tuple((tag, text) for tag, text in fields if text is not None)
