"""Policies by name: what a command line or a configuration may ask for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from penstock.domain import ConfigError, Problem, Universe
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import load_model
from penstock.routing.config import RoutingConfig
from penstock.routing.cont_kukanov import ContKukanovPolicy
from penstock.routing.fee_sweep import FeeSweepPolicy
from penstock.routing.kaplan_meier import KaplanMeierPolicy
from penstock.routing.paced import BestStaticPolicy, RegimeStaticPolicy
from penstock.routing.policy import Policy
from penstock.routing.proportional import ProportionalPolicy
from penstock.routing.scorecard import ScorecardPolicy
from penstock.routing.static import StaticPolicy
from penstock.routing.steps import Regime
from penstock.routing.supervised import SupervisedPolicy
from penstock.routing.sweep import SweepPolicy
from penstock.routing.waterfall import WaterfallArray, default_waterfall, resolve_waterfall

SIMPLE: Final = ("static", "sweep", "proportional")
SEARCHED: Final = (
    "best_static",
    "regime_static",
    "fee_sweep",
    "scorecard",
    "cont_kukanov",
    "kaplan_meier",
)
BASELINES: Final = SIMPLE + SEARCHED
LEARNED: Final = ("supervised",)
POLICIES: Final = BASELINES + LEARNED


def check_policy_names(names: tuple[str, ...], where: str, *, also: tuple[str, ...] = ()) -> None:
    """
    Refuse names that mean nothing, and the same name twice.

    Args:
        also: names that mean something besides POLICIES, because they are made elsewhere.

    Raises:
        ConfigError: all wrong names at once.
    """
    known = (*POLICIES, *also)
    problems = [
        Problem(
            where=f"{where}: {name!r}",
            expected=f"one of {', '.join(known)}",
            found=repr(name),
            fix=f"did you mean {meant[0]}?"
            if (meant := get_close_matches(name, known, n=1))
            else "name the policies with commas between them, no spaces",
        )
        for name in names
        if name not in known
    ]
    if len(set(names)) < len(names) or not names:
        problems.append(
            Problem(
                where=where,
                expected="each policy once, at least one",
                found=",".join(names) or "nothing",
                fix="name each policy once",
            )
        )
    if problems:
        raise ConfigError(problems)


def static_policy(universe: Universe, config: RoutingConfig) -> Policy:
    """The configured waterfall: baseline, and fall-back of everything."""
    return StaticPolicy(configured_list(config, universe), config.baseline.pace)


def configured_list(config: RoutingConfig, universe: Universe) -> WaterfallArray:
    """The configured list of steps, or else of tactics."""
    steps = config.waterfall or default_waterfall(universe, config.baseline.tactics)
    return resolve_waterfall(steps, universe)


def make_policy(
    name: str, universe: Universe, config: RoutingConfig, model: bytes | None
) -> Policy:
    """
    A policy by name.

    Args:
        model: bytes of a model file; only learned policies read it.
    Raises:
        ModelFileError: the model is damaged, or was made for other features.
    """
    if name == "static":
        return static_policy(universe, config)
    if name == "sweep":
        return SweepPolicy()
    if name == "proportional":
        return ProportionalPolicy()
    if name in SEARCHED:
        return _searched_policy(name, universe, config)
    assert name == "supervised", f"no such policy: {name}"
    assert model is not None, "the supervised policy needs a model"
    loaded = load_model(model, feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION)
    return SupervisedPolicy(loaded, configured_list(config, universe), config)


def _searched_policy(name: str, universe: Universe, config: RoutingConfig) -> Policy:
    own, pace = config.baseline, config.baseline.pace
    if name == "best_static":
        return BestStaticPolicy(configured_list(config, universe), pace)
    if name == "regime_static":
        one = Regime(pace=pace, tactics=own.tactics, waterfall=config.waterfall)
        regimes = own.regimes or (one,)
        return RegimeStaticPolicy(
            [_waterfall_of(regime, i, universe) for i, regime in enumerate(regimes)],
            [regime.pace for regime in regimes],
            [regime.below_rv_bps for regime in regimes],
        )
    if name == "fee_sweep":
        return FeeSweepPolicy(pace)
    if name == "scorecard":
        return ScorecardPolicy(config)
    if name == "cont_kukanov":
        return ContKukanovPolicy(config)
    assert name == "kaplan_meier", f"no such policy: {name}"
    return KaplanMeierPolicy(configured_list(config, universe), pace)


def _waterfall_of(regime: Regime, i: int, universe: Universe) -> WaterfallArray:
    steps = regime.waterfall or default_waterfall(universe, regime.tactics)
    return resolve_waterfall(steps, universe, where=f"routing.baseline.regimes[{i}].waterfall")
