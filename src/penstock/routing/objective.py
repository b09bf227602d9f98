"""What a desk wants of an execution: weights on the parts of a row's expected outcome."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Weights of one objective; all at least 0. With s, w, l and f as in `sequence_cost`:

        slippage   multiplies s, and the cost of cleaning up
        speed      multiplies the price of a second, and so w
        certainty  adds `miss_bps` to each share that is sent and not filled
        leakage    multiplies l

    Slippage 1, speed 1, certainty 0, leakage 1 is the expected cost itself.
    """

    slippage: float
    speed: float
    certainty: float
    leakage: float


PRESETS: Final[Mapping[str, Weights]] = MappingProxyType(
    {
        "cost": Weights(slippage=1.0, speed=1.0, certainty=0.0, leakage=1.0),
        "urgent": Weights(slippage=1.0, speed=5.0, certainty=1.0, leakage=0.5),
        "stealth": Weights(slippage=1.0, speed=0.5, certainty=0.0, leakage=3.0),
    }
)
"""The objectives that a client can name; "cost" serves where none is named."""
