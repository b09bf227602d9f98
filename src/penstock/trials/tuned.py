"""Tuned settings of policies as files: which policy, which settings, and how they were found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock.domain import ConfigError, Problem, Universe, parse_toml, reason_of
from penstock.routing import (
    BASELINES,
    LEARNED,
    SEARCHED,
    RoutingConfig,
    check_routing,
    resolve_waterfall,
)
from penstock.sim import Scenario

UNTUNED_NOTE: Final = "Searched baselines are untuned; `penstock tune` tunes them."
GENERIC: Final = "generic"  # the file for scenarios that have none
TUNABLE: Final = (*SEARCHED, *LEARNED)


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How parameters were found; costs against the reference price where it is known, else raw."""

    scenario: str
    scenario_sha256: str
    command: str
    seeds: tuple[int, ...]
    cost_bps: float
    ci95_bps: tuple[float, ...]  # of the cost; empty for a single day
    untuned_cost_bps: float
    gain_ci95_bps: tuple[float, ...]  # of cost minus untuned cost, paired by day
    n_candidates: int
    searched: tuple[str, ...]  # keys, in the order of the search
    n_known: int = 0  # settings of earlier searches that joined it: without them it finds others


class TunedBaselines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `penstock tune` writes: settings and provenance by policy."""

    policies: dict[str, RoutingConfig] = {}
    provenance: dict[str, Provenance] = {}


def scenario_sha256(scenario: Scenario) -> str:
    """
    Hash of what a scenario says beyond defaults: a key that is new and off changes nothing.

    Nor does the order in which our structs name their keys.
    """
    said = msgspec.json.encode(_stated(scenario), order="sorted")
    return hashlib.sha256(said).hexdigest()


def _stated(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        stated = {field.name: getattr(value, field.name) for field in fields}
        defaults = {field.name: field.default for field in fields}
        return {key: _stated(item) for key, item in stated.items() if item != defaults[key]}
    if isinstance(value, tuple):
        return [_stated(item) for item in value]
    return value


def read_tuned(path: Path, universe: Universe) -> TunedBaselines:
    """
    A file of tuned parameters, checked.

    Args:
        universe: whose venues the lists must name.
    Raises:
        ConfigError: the file cannot be read, names another kind of policy, or a venue that is not
            there.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(
            where=str(path),
            expected="a file of tuned parameters",
            found=reason_of(error),
            fix="make it with `penstock tune SCENARIO`",
        ) from None
    tuned = parse_toml(text, TunedBaselines, file=str(path))
    problems = list(_problems(tuned, str(path)))
    if problems:
        raise ConfigError(problems)
    for policy, config in tuned.policies.items():
        where = f"{path}: policies.{policy}"
        check_routing(config, where=where)
        resolve_waterfall(config.waterfall, universe, where=f"{where}.waterfall")
    return tuned


def _problems(tuned: TunedBaselines, file: str) -> Iterator[Problem]:
    for policy in tuned.policies:
        if policy not in TUNABLE:
            yield Problem(
                where=f"{file}: policies.{policy}",
                expected=f"one of {', '.join(TUNABLE)}",
                found=repr(policy),
                fix="the other policies are not tuned: remove the section",
            )


def settings_of(
    policy: str, tuned: Mapping[str, RoutingConfig], otherwise: RoutingConfig
) -> RoutingConfig:
    """
    The settings of a policy: its own, or those of all.

    What learns improves on a plan, and the better the plan, the better: without settings of its own
    it has those of `best_static`. Insiders have those of the policy that they are the measure of.
    """
    source = _source_of(policy, tuned)
    return otherwise if source is None else tuned[source]


def tuned_for(
    name: str, scenario: Scenario, folder: Path, *, compared: Sequence[str] = TUNABLE
) -> tuple[dict[str, RoutingConfig], tuple[str, ...]]:
    """
    Tuned settings by policy for a scenario, and what to say about them.

    The scenario's own file if there is one, else the generic one, else none.

    Args:
        compared: the policies that something is to be said about.
    """
    own, generic = folder / f"{name}.toml", folder / f"{GENERIC}.toml"
    if own.is_file():
        tuned = read_tuned(own, scenario.universe())
        known = scenario_sha256(scenario)
        is_old = any(found.scenario_sha256 != known for found in tuned.provenance.values())
        note = f"Settings tuned on this scenario: {_names(tuned, compared)}."
        if is_old:
            note += " The scenario has changed since; `penstock tune` tunes them again."
    elif generic.is_file():
        tuned = read_tuned(generic, scenario.universe())
        note = (
            f"Settings of {_names(tuned, compared)} are generic, of another scenario; "
            f"`penstock tune` finds this scenario's own."
        )
    else:
        return {}, (UNTUNED_NOTE,)
    untuned = [name for name in SEARCHED if name in compared and name not in tuned.policies]
    if untuned:
        note += f" Not tuned, so as configured: {', '.join(untuned)}."
    return dict(tuned.policies), (note,)


def _source_of(policy: str, tuned: Mapping[str, RoutingConfig]) -> str | None:
    """For which policy the settings were found that this one gets; None if there are none."""
    sources = (policy,) if policy in BASELINES else (LEARNED[0], "best_static")
    return next((name for name in sources if name in tuned), None)


def _names(tuned: TunedBaselines, compared: Sequence[str]) -> str:
    """Who of them has tuned settings; and whose, if they were found for another."""
    said = []
    for policy in compared:
        source = _source_of(policy, tuned.policies)
        if source is not None:
            said.append(policy if source == policy else f"{policy} (those of {source})")
    return ", ".join(said) or "nobody compared here"


def tuned_text(tuned: TunedBaselines) -> str:
    """The file as TOML; `read_tuned` gives the same back."""
    lines = ["# Tuned parameters of baselines, written by `penstock tune`. Keys: docs/routing.md."]
    for section, table in (("policies", tuned.policies), ("provenance", tuned.provenance)):
        for policy in sorted(table):
            lines += ["", f"[{section}.{policy}]"]
            fields: Mapping[str, Any] = msgspec.to_builtins(table[policy])
            lines += [f"{key} = {_toml(value)}" for key, value in fields.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A value on one line: what JSON says, but for tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)
