"""What `penstock tune` may change of a policy's settings, and to what."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from penstock.domain import NS_PER_S
from penstock.routing import (
    TACTIC_ORDER,
    BaselineConfig,
    Regime,
    RoutingConfig,
    default_waterfall,
)
from penstock.trials.markets import Market

# Policies that walk down a list of steps, of which the search may choose any.
WITH_A_LIST: Final = ("best_static", "kaplan_meier")
_TACTIC_LISTS_FRAC: Final = 0.5  # of drawn starts that have a list of tactics instead of steps

_MOST_CHANGES: Final = 3  # coordinates that a mutation changes
_LIST_WEIGHT: Final = 4  # how often it changes the list, relative to any other coordinate

_LISTS: Final = tuple(
    tactics for n in (3, 2, 1) for tactics in permutations(TACTIC_ORDER, n) if tactics != ("mid",)
)
_PACE: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("take_share_frac", (0.05, 0.1, 0.2, 0.4, 1.0)),
    ("take_gap_ns", tuple(int(s * NS_PER_S) for s in (0, 0.5, 2, 5))),
    ("take_after_frac", (0.0, 0.2, 0.5, 0.8)),
)
_RESTS: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("post_rest_ns", tuple(s * NS_PER_S for s in (2, 5, 10, 15, 20, 30, 40))),
    ("post_share_frac", (0.1, 0.25, 0.5, 1.0)),
    ("mid_rest_ns", tuple(s * NS_PER_S for s in (0, 2, 5, 10, 15, 20, 30, 40))),
    ("mid_share_frac", (0.25, 0.5, 1.0)),
    ("post_improves", (False, True)),
)
_PRICES: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("clean_up_bps", (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)),
    ("wait_bps_per_s", (0.0, 0.003, 0.01, 0.03)),
    ("patience_s", (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)),
    ("patient_bps", (-0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.8)),
)
_MARGIN: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("margin_bps", (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)),
)


class Coordinate(NamedTuple):
    """One key of the settings, dotted, list positions included, and the values to try."""

    key: str
    values: tuple[Any, ...]


def coordinates_of(policy: str) -> tuple[Coordinate, ...]:
    """What is searched for a policy, in this order: what it reads of the settings, no more."""
    pace = [(f"baseline.pace.{key}", values) for key, values in _PACE]
    lists: list[tuple[str, tuple[Any, ...]]] = [("baseline.tactics", _LISTS)]
    chosen = {
        "best_static": (*lists, *_RESTS, *pace),
        "kaplan_meier": (*lists, *_RESTS, *pace),
        "regime_static": (*_regimes(), *_RESTS),
        "fee_sweep": (*pace,),
        "scorecard": (*_RESTS, *_PRICES, *pace),
        "cont_kukanov": (*_RESTS[:2], *_PRICES[:1], *pace),
        # Not its rests: the model forecasts rows as they were when it was trained.
        "supervised": (*_PRICES, *_MARGIN),
    }[policy]
    return tuple(Coordinate(key, values) for key, values in chosen)


def _regimes() -> tuple[tuple[str, tuple[Any, ...]], ...]:
    first: list[tuple[str, tuple[Any, ...]]] = []
    for i in (1, 0):
        first.append((f"baseline.regimes.{i}.tactics", _LISTS))
        first += [(f"baseline.regimes.{i}.pace.{key}", values) for key, values in _PACE]
    return (*first, ("baseline.regimes.0.below_rv_bps", (1.0, 2.0, 3.0, 5.0, 8.0)))


def start_of(policy: str) -> RoutingConfig:
    """Where a search starts: the defaults; two regimes that are alike for `regime_static`."""
    if policy != "regime_static":
        return RoutingConfig()
    return RoutingConfig(baseline=BaselineConfig(regimes=(Regime(below_rv_bps=3.0), Regime())))


def changed(settings: Any, key: str, value: Any) -> Any:
    """The settings with the value at a dotted key, the rest as it was."""
    name, _, rest = key.partition(".")
    if isinstance(settings, tuple):
        items = list(settings)
        items[int(name)] = changed(items[int(name)], rest, value) if rest else value
        return tuple(items)
    inner = changed(getattr(settings, name), rest, value) if rest else value
    return msgspec.structs.replace(settings, **{name: inner})


def shorter_lists(config: RoutingConfig, market: Market) -> tuple[Any, ...]:
    """Lists to try instead of the present one: each step left out, each moved to the top."""
    universe = market.scenario.universe()
    steps = config.waterfall or default_waterfall(universe, config.baseline.tactics)
    without = [steps[:i] + steps[i + 1 :] for i in range(len(steps)) if len(steps) > 1]
    first = [(steps[i], *steps[:i], *steps[i + 1 :]) for i in range(1, len(steps))]
    return (*without, *first)


def longer_lists(config: RoutingConfig, market: Market) -> tuple[Any, ...]:
    """Lists to try instead of the present one: each missing step put at the end, or at the top."""
    universe = market.scenario.universe()
    steps = config.waterfall or default_waterfall(universe, config.baseline.tactics)
    missing = [step for step in default_waterfall(universe) if step not in steps]
    return tuple(longer for step in missing for longer in ((*steps, step), (step, *steps)))


def drawn_start(
    policy: str, start: RoutingConfig, market: Market, generator: np.random.Generator
) -> RoutingConfig:
    """Settings by chance: every coordinate at one of its values, lists of steps included."""
    config = start
    for coordinate in coordinates_of(policy):
        config = changed(config, coordinate.key, _one_of(coordinate.values, generator))
    if policy not in WITH_A_LIST or generator.random() < _TACTIC_LISTS_FRAC:
        return config
    steps = default_waterfall(market.scenario.universe())
    n_kept = int(generator.integers(1, len(steps) + 1))
    order = generator.permutation(len(steps))[:n_kept]
    return msgspec.structs.replace(config, waterfall=tuple(steps[int(i)] for i in order))


def mutated(
    policy: str, config: RoutingConfig, market: Market, generator: np.random.Generator
) -> RoutingConfig:
    """Settings near these: up to `_MOST_CHANGES` coordinates at another of their values."""
    coordinates = list(coordinates_of(policy))
    if policy in WITH_A_LIST:
        coordinates += [Coordinate("waterfall", ())] * _LIST_WEIGHT
    for _ in range(int(generator.integers(1, _MOST_CHANGES + 1))):
        coordinate = coordinates[int(generator.integers(len(coordinates)))]
        values = coordinate.values
        if coordinate.key == "waterfall":
            values = (*shorter_lists(config, market), *longer_lists(config, market))
        config = changed(config, coordinate.key, _one_of(values, generator))
    return config


def _one_of(values: tuple[Any, ...], generator: np.random.Generator) -> Any:
    return values[int(generator.integers(len(values)))]
