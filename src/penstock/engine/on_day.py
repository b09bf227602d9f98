"""Handlers for what the day has brought before this journal: orders that are over, limits used."""

from __future__ import annotations

from penstock.domain import DayCarried, OrderCarried
from penstock.engine.core import Core


def order_carried(core: Core, event: OrderCarried) -> None:
    """Keep an order of an earlier journal: as forgotten, or open where it still is."""
    core.past.enter(core, event.order)


def day_carried(core: Core, event: DayCarried) -> None:
    """Count what clients have traded earlier today, and keep latched throttles latched."""
    core.risk.carry(event.traded)
    for venue_idx in event.throttled:
        core.risk.throttle(venue_idx)
