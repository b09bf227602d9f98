"""Putting an engine together: the one place that knows which parts it has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from penstock.domain import Universe, Versions
from penstock.engine.config import EngineConfig
from penstock.engine.core import Core
from penstock.engine.deciding import Decider
from penstock.engine.engine import Engine
from penstock.engine.ledger import Ledger
from penstock.features import (
    FEATURES_VERSION,
    Footprint,
    MarketView,
    ScorecardConfig,
    Scorecards,
)
from penstock.models import INFERENCE_FORMAT
from penstock.risk import RiskGate, RiskLimits
from penstock.routing import PRESETS, Policy, RoutingConfig, RowBuilder, Weights


class EngineParts(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that makes one engine differ from another.

    `policy` None means that the configured model is missing: the fall-back decides, and says so.
    `models` are the policies that a ModelSwap may name, by the hash of their model.
    """

    universe: Universe
    policy: Policy | None
    fallback: Policy
    code_version: str
    engine: EngineConfig = EngineConfig()
    routing: RoutingConfig = RoutingConfig()
    limits: RiskLimits = RiskLimits()
    scorecards: ScorecardConfig = ScorecardConfig()
    weights: Mapping[str, Weights] = msgspec.field(default_factory=lambda: dict(PRESETS))
    models: Mapping[str, Policy] = msgspec.field(default_factory=dict)

    @property
    def config_sha256(self) -> str:
        """Hash of every setting that can change a decision."""
        settings = (self.universe, self.engine, self.routing, self.limits, self.scorecards)
        weights = sorted(self.weights.items())
        return hashlib.sha256(msgspec.json.encode((*settings, weights))).hexdigest()


def build_engine(parts: EngineParts) -> Engine:
    """An engine at the start of its day: no orders, empty books, every venue down."""
    universe = parts.universe
    view = MarketView(universe)
    scorecards = Scorecards(len(universe.venues), parts.scorecards)
    footprint = Footprint(len(universe.instruments))
    risk = RiskGate(parts.limits, universe)
    decider = Decider(
        universe=universe,
        view=view,
        scorecards=scorecards,
        footprint=footprint,
        risk=risk,
        rows=RowBuilder(universe, parts.routing),
        weights=parts.weights,
        policy=parts.policy,
        fallback=parts.fallback,
        versions=Versions(
            code=parts.code_version,
            features=FEATURES_VERSION,
            inference=str(INFERENCE_FORMAT),
            model_sha256="",
            config_sha256=parts.config_sha256,
        ),
    )
    core = Core(
        config=parts.engine,
        universe=universe,
        view=view,
        scorecards=scorecards,
        footprint=footprint,
        risk=risk,
        decider=decider,
        ledger=Ledger(len(decider.frame.rows)),
        models=parts.models,
    )
    return Engine(core)
