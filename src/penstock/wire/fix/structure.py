"""
The structure of FIX 4.4 messages: which tags repeat in groups, and which hold data of any bytes.

Facts of the standard, without lists of codes and without what a message must have: the desks check
what they read. A few groups that venues add from FIX 5.0 are here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _tags(text: str) -> tuple[int, ...]:
    return tuple(int(tag) for tag in text.split())


GROUPS: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {
        count: _tags(members)
        for count, members in {
            # Orders and reports.
            78: "79 661 736 467 539 80",
            136: "137 138 139 891",
            232: "233 234",
            382: "375 337 437 438 655",
            386: "336 625",
            453: "448 447 452 802",
            802: "523 803",
            454: "455 456",
            518: "519 520 521",
            534: "41 535 536",
            539: "524 525 538 804",
            804: "545 805",
            864: "865 866 867 868",
            # The underlying.
            711: "311 312 309 305 457 462 463 310 763 313 542 315 241 242 243 244 245 246 256 595 "
            "592 593 594 247 316 941 317 436 435 308 306 362 363 307 364 365 877 878 318 879 810 "
            "882 883 884 885 886 887",
            457: "458 459",
            887: "888 889",
            # Legs.
            555: "600 601 602 603 604 607 608 609 764 610 611 248 249 250 251 252 253 257 599 596 "
            "597 598 254 612 942 613 614 615 616 617 618 619 620 621 622 623 624 556 740 739 955 "
            "956 687 690 683 564 565 539 654 566 587 588 637",
            604: "605 606",
            683: "688 689",
            # Header and logon.
            627: "628 629 630",
            384: "372 385",
            # Of FIX 5.0.
            768: "769 770 771",
            957: "958 959 960",
            1018: "1019 1050 1051 1052",
            1052: "1053 1054",
            1116: "1117 1118 1119 1120",
            1120: "1121 1122",
            1362: "1363 1364 1365 1443 1414",
            1414: "1415 1416 1417",
        }.items()
    }
)
"""Count tag → tags of an entry, in the standard's order; count tags are groups inside."""

DATA: Final[Mapping[int, int]] = MappingProxyType(
    {
        89: 93,
        **{
            tag: tag - 1
            for tag in (91, 96, 213, 349, 351, 353, 355, 357, 359, 361, 363, 365, 446, 619, 622)
        },
    }
)
"""Data tag → the tag before it, which counts its bytes: SOH and "=" among them mean nothing."""

HEADER: Final = frozenset(
    _tags("8 9 34 35 43 49 50 52 56 57 90 91 97 115 116 122 128 129 142 143 144 145")
    + _tags("212 213 347 369 627")
)
TRAILER: Final = frozenset({89, 93, 10})

ADMIN_TYPES: Final = frozenset("0A12345")
"""MsgTypes of the session itself, from heartbeat to logout."""

LAST_STANDARD_TAG: Final = 956

# Tags that stand in an entry of a group and nowhere else, and the group that they are of.
_ALSO_FIELDS: Final = frozenset(_tags("41 336 372 625")) | GROUPS.keys()
ONLY_IN_GROUP: Final[Mapping[int, int]] = MappingProxyType(
    {
        tag: count
        for count, members in GROUPS.items()
        for tag in members
        if tag not in _ALSO_FIELDS and count not in {711, 555, 457, 887}
    }
)
"""Member → count tag, of members that are a body field in no message about orders."""
