"""A scenario in the making: its values, and where each of them comes from."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from penstock.sim import Scenario
from penstock.sim.scenario.traders import (
    LitFlow,
    PoolFlow,
)

ASSUMED: Final = "assumed: not in the data"


class Note(NamedTuple):
    """One value and its origin."""

    value: Any
    origin: str


class Draft(NamedTuple):
    """A scenario with the origin of its values, by their key, such as `price.grid_ms`."""

    scenario: Scenario
    origins: dict[str, str]


def with_lit(scenario: Scenario, venue_idx: int, **changes: float) -> Scenario:
    """The scenario with other values of one lit venue's traders."""
    venue = scenario.venues[venue_idx]
    assert venue.lit is not None, "a lit venue of a generated market has traders"
    lit: LitFlow = msgspec.structs.replace(venue.lit, **changes)
    return _with_venue(scenario, venue_idx, lit=lit)


def with_pool(scenario: Scenario, venue_idx: int, **changes: float) -> Scenario:
    """The scenario with other values of one pool's traders."""
    venue = scenario.venues[venue_idx]
    assert venue.pool is not None, "a pool of a generated market has traders"
    pool: PoolFlow = msgspec.structs.replace(venue.pool, **changes)
    return _with_venue(scenario, venue_idx, pool=pool)


def _with_venue(scenario: Scenario, venue_idx: int, **changes: Any) -> Scenario:
    venues = list(scenario.venues)
    venues[venue_idx] = msgspec.structs.replace(venues[venue_idx], **changes)
    return msgspec.structs.replace(scenario, venues=tuple(venues))


def with_table(scenario: Scenario, table: str, **changes: Any) -> Scenario:
    """The scenario with other values in one of its tables, such as `price`."""
    changed = msgspec.structs.replace(getattr(scenario, table), **changes)
    return msgspec.structs.replace(scenario, **{table: changed})
