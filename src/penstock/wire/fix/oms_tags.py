"""
Every tag of a client's order: honoured, checked, harmless, or refused by name.

A tag that would change what an order means and that the router does not honour is refused: to be
silent about it would be a misunderstanding with money in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.oms_rules import TAGS_OF_PART, ClientRules
from penstock.wire.fix.reading import FieldReader
from penstock.wire.fix.values import shown

FIRST_USER_TAG: Final = 5_000  # from here on tags mean what two sides have agreed

HONOURED: Final = frozenset(
    {11, 22, 37, 38, 40, 41, 43, 44, 48, 52, 54, 55, 59, 60, 75, 97, 122, 126, 432}
    | {461, 9001, 9002, 9003}
    | {tag for part in TAGS_OF_PART.values() for tag in part}
)
"""Read by the desk, each with its own checks."""

HARMLESS: Final = frozenset({58, 106, 107, 348, 349, 350, 351, 354, 355, 376, 377, 526, 586, 790})
"""Words and references of the client's own: nothing depends on them, and they go no further."""

_FINE: Final = HONOURED | HARMLESS

ONLY: Final[Mapping[int, tuple[tuple[str, ...], str]]] = MappingProxyType(
    {
        15: (("USD",), "only US dollars are traded here"),
        18: ((tags.NOT_HELD,), "other instructions are not supported"),
        21: (("1", "2"), "nobody works orders by hand here"),
        63: (("0",), "only regular settlement is supported"),
        81: (("0",), "only regular processing is supported"),
        120: (("USD",), "only US dollars are settled here"),
        121: (("N",), "no currency is exchanged here"),
        167: (("CS",), "only common stock is traded here"),
        423: (("2",), "prices are in dollars a share"),
        460: (("5",), "only equities are traded here"),
        544: (("1",), "margin is not arranged here"),
        775: (("0",), "only regular booking is supported"),
        854: (("0",), "send 38 OrderQty in shares"),
    }
)
"""Tags that may only repeat what the router does anyway."""

_ORDER_KIND: Final[Mapping[int, str]] = MappingProxyType(
    {
        65: "write the symbol and its suffix in 55",
        66: "lists of orders are not supported",
        77: "only stock is traded here: it has no open and close",
        99: "stop orders are not supported",
        100: "the router chooses the venues",
        110: "no minimum can be promised over several venues: leave it out",
        111: "the router decides what is displayed",
        114: "short sales are not supported",
        117: "the router gives no quotes",
        128: "the router delivers to nobody else",
        129: "the router delivers to nobody else",
        152: "send 38 OrderQty in shares",
        168: "send the order when it is to start",
        192: "the order has one leg",
        193: "the order has one leg",
        203: "only stock is traded here",
        204: "send 528 OrderCapacity",
        210: "the router decides what is displayed",
        211: "pegged orders are not supported",
        218: "orders at a spread are not supported",
        336: "the router works an order from its arrival on",
        386: "the router works an order from its arrival on",
        388: "discretionary orders are not supported",
        389: "discretionary orders are not supported",
        516: "send 38 OrderQty in shares",
        529: "restrictions on the order are not supported",
        625: "the router works an order from its arrival on",
        640: "the order has one price, 44",
        711: "only stock is traded here",
        847: "send 9001 to 9003 to say how to work the order",
        848: "send 9001 to 9003 to say how to work the order",
        849: "send 9001 to 9003 to say how to work the order",
    }
    | dict.fromkeys(range(835, 839), "pegged orders are not supported")
    | dict.fromkeys((840,), "pegged orders are not supported")
    | dict.fromkeys((841, 842, 843, 844, 846), "discretionary orders are not supported")
    | dict.fromkeys((200, 201, 202, 205, 206, 231, 541, 667, 947), "only stock is traded here")
    | dict.fromkeys(
        (220, 221, 222, 235, 236, 662, 663, 696, 697, 698, 699, 701, 761),
        "orders by yield or benchmark are not supported",
    )
    | dict.fromkeys(
        (223, 224, 225, 226, 227, 228, 239, 240, 255, 762, 788, 864, 873, 874, 875, 876),
        "only stock is traded here",
    )
    | dict.fromkeys((898, *range(913, 920)), "financing is not supported")
    | dict.fromkeys((468, 469), "quantities are not rounded")
)
"""What would make it another order. No agreement with a client can make these ignored."""

_AFTER_TRADE: Final[Mapping[int, str]] = MappingProxyType(
    dict.fromkeys(
        (12, 13, 64, 70, 78, 467, 479, 480, 481, 494, 497, 513, 583, 589, 590, 591, 635, 660),
        "the router neither books nor allocates; list the tag in ignored_tags to leave it to "
        "others",
    )
    | dict.fromkeys(
        (23, 76, 109, 140, 142, 143, 144, 145, 207, 229, 232, 427, 454, 470, 471, 472, 543, 691),
        "the router has no use for it; list the tag in ignored_tags if it may be ignored",
    )
)
"""What changes no execution: refused by name unless it is agreed that the router ignores it."""

_UNKNOWN_FIX: Final = (
    "the router does not know this tag; list it in ignored_tags if it may be ignored"
)
_GROUP_OF: Final[Mapping[int, int]] = MappingProxyType(
    dict.fromkeys((447, 448, 452, 523, 802, 803), tags.NO_PARTY_IDS)
    | dict.fromkeys((79, 80, 736), 78)
    | dict.fromkeys((233, 234), 232)
    | dict.fromkeys((455, 456), 454)
)
"""Tags that stand inside a group, and the tag that counts its entries."""


def may_be_ignored(tag: int) -> bool:
    """True if a client and the router may agree that the router ignores a tag."""
    is_read = tag in HONOURED or tag in ONLY or tag in _ORDER_KIND
    return tag > 0 and not is_read and tag not in _GROUP_OF


def fields_of(incoming: Incoming) -> Mapping[int, str]:
    """Body, header and the counts of groups: every tag that a message has, once."""
    if not incoming.groups and not incoming.header:
        return incoming.fields
    counts = {tag: str(len(entries)) for tag, entries in incoming.groups.items()}
    return {**counts, **incoming.header, **incoming.fields}


def check_tags(reader: FieldReader, fields: Mapping[int, str], rules: ClientRules) -> None:
    """Complain of every tag that an order or a replace may not have."""
    for tag in sorted(fields.keys() - _FINE):
        if reader.raw(tag) is None:
            continue
        if tag in ONLY:
            check_equal(reader, tag, *ONLY[tag])
        elif tag in _ORDER_KIND:
            reader.complain(tag, "nothing", _ORDER_KIND[tag])
        elif tag in rules.ignored_tags or _GROUP_OF.get(tag) in fields:
            continue
        elif tag in _AFTER_TRADE:
            reader.complain(tag, "nothing", _AFTER_TRADE[tag])
        elif 0 < tag < FIRST_USER_TAG and rules.unknown_tags == "refuse":
            reader.complain(tag, "nothing", _UNKNOWN_FIX)
    _check_cfi(reader)


def user_tags(fields: Mapping[int, str], rules: ClientRules) -> list[int]:
    """Tags of the client's own that are ignored, though nobody has agreed that they may be."""
    own = (tags.HORIZON_MS, tags.URGENCY, tags.OBJECTIVE)
    return [
        tag
        for tag in fields
        if tag >= FIRST_USER_TAG and tag not in own and tag not in rules.ignored_tags
    ]


def check_security(reader: FieldReader, symbol: str) -> None:
    """48 SecurityID with 22 SecurityIDSource: the symbol once more, or nothing."""
    source, security = reader.raw(tags.SECURITY_ID_SOURCE), reader.raw(tags.SECURITY_ID)
    if (source, security) in ((None, None), ("8", symbol)):
        return
    tag = tags.SECURITY_ID_SOURCE if security is None else tags.SECURITY_ID
    if source not in (None, "8"):
        tag = tags.SECURITY_ID_SOURCE
    expected = f"nothing, or 22=8 with 48={symbol}"
    reader.complain(tag, expected, "the router identifies a security by 55 Symbol alone")


def check_equal(reader: FieldReader, tag: int, allowed: tuple[str, ...], fix: str) -> None:
    """A tag that may be missing, and otherwise must say one of these."""
    text = reader.raw(tag)
    if text is not None and text not in allowed:
        words = " or ".join(shown(code) for code in allowed if code)
        reader.complain(tag, f"nothing or {words}" if words else "nothing", fix)


def _check_cfi(reader: FieldReader) -> None:
    """461 CFICode, which may say that it is a share: ES and four more letters."""
    text = reader.raw(tags.CFI_CODE)
    if text is not None and not (text.startswith("ES") and len(text) <= 6):
        reader.complain(tags.CFI_CODE, "nothing, or a code for shares (ES....)", "check 55 Symbol")
