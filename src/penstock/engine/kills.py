"""Kills by scope: which actions of an operator end orders, and whose."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from penstock.domain import Control, ControlAction, ParentOrder

KILLS: Final[Mapping[ControlAction, str]] = MappingProxyType(
    {
        ControlAction.KILL: "kill switch",
        ControlAction.DRAIN: "the router is closing",
        ControlAction.KILL_CLIENT: "kill switch for this client",
        ControlAction.KILL_SYMBOL: "kill switch for this symbol",
    }
)
"""Actions that end orders, with the reason that their clients get."""


def is_meant(kill: Control, order: ParentOrder) -> bool:
    """True for the orders that a kill names: of a client, in an instrument, or all."""
    if kill.action is ControlAction.KILL_CLIENT:
        return order.client == kill.client
    if kill.action is ControlAction.KILL_SYMBOL:
        return order.instrument_idx == kill.target_idx
    return True
