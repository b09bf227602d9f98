"""Compiling what a comparison needs before the first day is counted."""

from __future__ import annotations

import msgspec

from penstock.domain import NS_PER_S
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.routing import POLICIES, RoutingConfig, make_policy, static_policy
from penstock.trials.day import Setting, run_day
from penstock.trials.markets import Market

_WARM_S = 240.0  # long enough for a parent to come and go


def warm_up(market: Market) -> None:
    """
    Run a few minutes under every policy, so that all kernels are compiled and cached.

    The machine code is kept on disk: the first run after a change pays some forty seconds, every
    later one and every worker process finds it there.
    """
    scenario = market.scenario
    about = msgspec.structs.replace(scenario.scenario, duration_s=_WARM_S)
    parents = msgspec.structs.replace(
        scenario.parents, n_per_day=2, horizon_s=(30.0,), lead_in_s=10.0
    )
    short = msgspec.structs.replace(scenario, scenario=about, parents=parents)
    script = market.script
    if script is not None:
        script = script[script["time_ns"] <= scenario.start_ns + int(_WARM_S) * NS_PER_S]
    universe, routing = short.universe(), RoutingConfig()
    model = dump_model(
        synthetic_model(feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION)
    )
    for name in POLICIES:
        policy = make_policy(name, universe, routing, model)
        run_day(Setting(short, script), 0, policy, static_policy(universe, routing))
