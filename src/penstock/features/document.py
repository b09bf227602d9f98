"""The registry as a table for people: docs/features.md is rendered from here."""

from __future__ import annotations

import hashlib

import msgspec

from penstock.features.feature import Family
from penstock.features.registry import FEATURES, FEATURES_VERSION, N_FEATURES

_ABOUT: dict[Family, str] = {
    Family.MARKET: "The instrument's market as a whole: one value for all rows of a decision.",
    Family.VENUE: "The row's venue and tactic, and how they have served us.",
    Family.ORDER: "The parent, what is left of it, and what it has already done to the market.",
    Family.DERIVED: "The order against the book, and where the book leans.",
}

_PREAMBLE = f"""# Features

The {N_FEATURES} columns of the feature matrix, version {FEATURES_VERSION}, in order. One compiled
kernel (`penstock.features.fill_features`) makes the live row and the training row. This page is
rendered from the registry by `penstock.features.features_page`; a test holds the two together.

- Nothing later than the decision's `now_ns` is read. Rolling windows live on a 100 ms grid: a
  window of 10 s is the last 100 whole slots and the part of the current one.
- Signs: s is our side, +1 for buys. A signed feature is positive when the market leans our way
  and so costs us; mirroring market and side changes nothing. `far` is the side of the book that
  we would take from, `near` the side that we would join.
- m is the last valid midpoint of the protected NBBO; qb, qa, bid and ask are its sizes and prices.
- Every value is finite. The last column says what stands where the formula has no value.

`book_ratio`, shares on the near over the far side within five prices, is not a column: it is
(1 + i) / (1 - i) of `imbalance_5_frac` i, and a tree splits on both alike.
Nor is a flag for "at the NBBO": `venue_far_shares` above 0 says it.
"""


def features_page() -> str:
    """The whole of docs/features.md, Markdown, ending in one newline."""
    return _PREAMBLE + "".join(_section(family) for family in Family)


def features_fingerprint() -> str:
    """Hash of the registry's text: it changes with anything that the registry says."""
    return hashlib.sha256(msgspec.json.encode(FEATURES)).hexdigest()[:16]


def _section(family: Family) -> str:
    lines = [
        f"\n## {family.capitalize()}\n\n{_ABOUT[family]}\n",
        "| # | name | unit | look-back | formula | source | where the formula has no value |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, feature in enumerate(FEATURES):
        if feature.family is family:
            cells = (
                str(number),
                f"`{feature.name}`",
                feature.unit,
                feature.lookback,
                feature.formula,
                feature.source,
                feature.imputed,
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
