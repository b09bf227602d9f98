"""What `penstock tune` may change of a policy's settings, and to what."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from penstock.domain import NS_PER_S
from penstock.routing import (
    TACTIC_ORDER,
    Regime,
    RoutingConfig,
    Step,
    default_waterfall,
)
from penstock.trials.markets import Market

_LISTS_OF: Final = {
    "best_static": ("waterfall",),
    "kaplan_meier": ("waterfall",),
    "regime_static": ("baseline.regimes.1.waterfall", "baseline.regimes.0.waterfall"),
}
"""Keys of the lists of steps that a policy walks down; the search may choose any steps."""

_TACTIC_LISTS_FRAC: Final = 0.5  # of drawn starts that have a list of tactics instead of steps

_MOST_CHANGES: Final = 3  # coordinates that a mutation changes
_LIST_WEIGHT: Final = 4  # how often it changes the list, relative to any other coordinate

_LISTS: Final = tuple(
    tactics for n in (3, 2, 1) for tactics in permutations(TACTIC_ORDER, n) if tactics != ("mid",)
)
_PATIENCE: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("patience_s", (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)),
    ("patient_bps", (-3.0, -1.5, -0.8, -0.4, -0.2, 0.0, 0.2, 0.4, 0.8, 1.5, 3.0)),
)
_PACE: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("take_share_frac", (0.05, 0.1, 0.2, 0.4, 1.0)),
    ("take_gap_ns", tuple(int(s * NS_PER_S) for s in (0, 0.5, 2, 5))),
    ("take_after_frac", (0.0, 0.2, 0.5, 0.8)),
    *_PATIENCE,
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
    *_PATIENCE,
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
        # Its patience prices forecasts: once is enough.
        "scorecard": (*_RESTS, *_PRICES, *(own for own in pace if "patien" not in own[0])),
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


def start_of(policy: str, tuned: Mapping[str, RoutingConfig] | None = None) -> RoutingConfig:
    """
    Where a search starts: the defaults.

    `regime_static` starts with two regimes that are alike: both have the plan of `best_static`
    where `tuned` has one, so that what it gains is what regimes are worth.
    """
    if policy != "regime_static":
        return RoutingConfig()
    plan = (tuned or {}).get("best_static", RoutingConfig())
    always = Regime(
        pace=plan.baseline.pace, tactics=plan.baseline.tactics, waterfall=plan.waterfall
    )
    calm = msgspec.structs.replace(always, below_rv_bps=3.0)
    baseline = msgspec.structs.replace(plan.baseline, regimes=(calm, always))
    return msgspec.structs.replace(plan, waterfall=(), baseline=baseline)


def known_of(policy: str, tuned: Mapping[str, RoutingConfig]) -> tuple[RoutingConfig, ...]:
    """
    What was found before and may be good: its own settings, and what it reads of `best_static`'s.

    `regime_static` starts from that plan anyway (`start_of`).
    """
    names = (policy,) if policy == "regime_static" else dict.fromkeys((policy, "best_static"))
    return tuple(_searched_part(policy, tuned[name]) for name in names if name in tuned)


def _searched_part(policy: str, config: RoutingConfig) -> RoutingConfig:
    """The settings with everything at its default that the search could not change back."""
    if policy == "regime_static":
        return config
    part = RoutingConfig()
    for key in (*(coordinate.key for coordinate in coordinates_of(policy)), *lists_of(policy)):
        part = changed(part, key, value_at(config, key))
    return part


def lists_of(policy: str) -> tuple[str, ...]:
    """Keys of the lists of steps that are searched for a policy."""
    return _LISTS_OF.get(policy, ())


def value_at(settings: Any, key: str) -> Any:
    """What stands at a dotted key."""
    for name in key.split("."):
        settings = settings[int(name)] if isinstance(settings, tuple) else getattr(settings, name)
    return settings


def is_overridden(config: RoutingConfig, key: str) -> bool:
    """True for the tactics of a plan that has a list of steps."""
    lists = {_tactics_key(list_key): list_key for keys in _LISTS_OF.values() for list_key in keys}
    return key in lists and bool(value_at(config, lists[key]))


def _tactics_key(list_key: str) -> str:
    """Where the tactics stand that an empty list of steps leaves to the default."""
    return (
        "baseline.tactics" if list_key == "waterfall" else list_key.replace("waterfall", "tactics")
    )


def _steps_at(config: RoutingConfig, key: str, market: Market) -> tuple[Step, ...]:
    steps: tuple[Step, ...] = value_at(config, key)
    tactics = value_at(config, _tactics_key(key))
    return steps or default_waterfall(market.scenario.universe(), tactics)


def changed(settings: Any, key: str, value: Any) -> Any:
    """The settings with the value at a dotted key, the rest as it was."""
    name, _, rest = key.partition(".")
    if isinstance(settings, tuple):
        items = list(settings)
        items[int(name)] = changed(items[int(name)], rest, value) if rest else value
        return tuple(items)
    inner = changed(getattr(settings, name), rest, value) if rest else value
    return msgspec.structs.replace(settings, **{name: inner})


def shorter_lists(config: RoutingConfig, market: Market, key: str) -> tuple[Any, ...]:
    """Lists to try instead of the one at a key: each step left out, each moved to the top."""
    steps = _steps_at(config, key, market)
    without = [steps[:i] + steps[i + 1 :] for i in range(len(steps)) if len(steps) > 1]
    first = [(steps[i], *steps[:i], *steps[i + 1 :]) for i in range(1, len(steps))]
    return (*without, *first)


def longer_lists(config: RoutingConfig, market: Market, key: str) -> tuple[Any, ...]:
    """Lists to try instead of the one at a key: each missing step at the end, or at the top."""
    steps = _steps_at(config, key, market)
    missing = [step for step in default_waterfall(market.scenario.universe()) if step not in steps]
    return tuple(longer for step in missing for longer in ((*steps, step), (step, *steps)))


def drawn_start(
    policy: str, start: RoutingConfig, market: Market, generator: np.random.Generator
) -> RoutingConfig:
    """Settings by chance: every coordinate at one of its values, lists of steps included."""
    config = start
    for coordinate in coordinates_of(policy):
        config = changed(config, coordinate.key, _one_of(coordinate.values, generator))
    steps = default_waterfall(market.scenario.universe())
    for key in lists_of(policy):
        if generator.random() < _TACTIC_LISTS_FRAC:
            config = changed(config, key, ())
            continue
        n_kept = int(generator.integers(1, len(steps) + 1))
        order = generator.permutation(len(steps))[:n_kept]
        config = changed(config, key, tuple(steps[int(i)] for i in order))
    return config


def mutated(
    policy: str, config: RoutingConfig, market: Market, generator: np.random.Generator
) -> RoutingConfig:
    """Settings near these: up to `_MOST_CHANGES` coordinates at another of their values."""
    coordinates = list(coordinates_of(policy))
    lists = lists_of(policy)
    coordinates += [Coordinate(key, ()) for key in lists for _ in range(_LIST_WEIGHT)]
    for _ in range(int(generator.integers(1, _MOST_CHANGES + 1))):
        coordinate = coordinates[int(generator.integers(len(coordinates)))]
        key, values = coordinate
        if key in lists:
            values = (*shorter_lists(config, market, key), *longer_lists(config, market, key))
        config = changed(config, key, _one_of(values, generator))
    return config


def _one_of(values: tuple[Any, ...], generator: np.random.Generator) -> Any:
    return values[int(generator.integers(len(values)))]
