"""What the registry says about one column of the feature matrix."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Family(StrEnum):
    """What a feature is about; the matrix has its columns in this order."""

    MARKET = "market"  # the instrument's market as a whole: one value for all rows
    VENUE = "venue"  # the row's venue and tactic, and how they have served us
    ORDER = "order"  # the parent, and what is left of it
    DERIVED = "derived"  # the order against the book


class Feature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One column: enough to compute it again from the tape and the decision's situation.

    In `formula`, s is our side (+1 buys, -1 sells), m the last valid midpoint of the NBBO, `far`
    the side of the book that we would take from, `near` the side that we would join. A signed
    feature is positive when the market leans with a buyer who buys or a seller who sells: prices
    moving that way cost us. Mirroring the market and our side leaves every feature as it was.
    """

    name: str
    unit: str
    lookback: str
    formula: str
    source: str
    imputed: str  # the value where the formula has none; "always defined" if it always has one
    family: Family
