"""The base of every table of a scenario file, and the limits of single values."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

# Limits of single values. They keep arithmetic in 64 bits and catch a wrong unit; what values must
# agree on is in `checks`.
Amount = Annotated[float, Meta(ge=0.0, le=1e9)]
PositiveAmount = Annotated[float, Meta(gt=0.0, le=1e9)]
Frac = Annotated[float, Meta(ge=0.0, le=1.0)]
PositiveFrac = Annotated[float, Meta(gt=0.0, le=1.0)]
OpenFrac = Annotated[float, Meta(gt=0.0, lt=1.0)]
Rate = Annotated[float, Meta(ge=0.0, le=100_000.0)]  # events per second
MeanShares = Annotated[float, Meta(ge=1.0, le=1e6)]
Tail = Annotated[float, Meta(ge=1.1, le=100.0)]  # below 1 a size has no mean
Micros = Annotated[float, Meta(ge=0.0, le=250_000.0)]  # a quarter of a second: delays fit 32 bits
UsdPerShare = Annotated[float, Meta(ge=-0.1, le=0.1)]  # more is a price, not a fee
Increments = Annotated[float, Meta(ge=0.0, le=1_000.0)]
LifeS = Annotated[float, Meta(ge=0.001, le=1e9)]  # shorter lives are millions of events a second
Millis = Annotated[float, Meta(ge=0.1, le=1e6)]
Moves = Annotated[float, Meta(ge=0.0, le=1_000.0)]  # bps
Multiplier = Annotated[float, Meta(ge=0.01, le=1_000.0)]
Steps = Annotated[int, Meta(ge=0, le=10_000)]
Count = Annotated[int, Meta(ge=1, le=100_000_000)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of a scenario file: an unknown key is an error, not a wish."""
