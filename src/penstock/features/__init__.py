"""Features: the registry, the market view with its rolling windows, scorecards, the one kernel."""

from penstock.features.document import features_fingerprint, features_page
from penstock.features.feature import Family, Feature
from penstock.features.fill import fill_features
from penstock.features.footprint import FOOTPRINT_TAU_NS, Footprint
from penstock.features.registry import FEATURE_NAMES, FEATURES, FEATURES_VERSION, N_FEATURES
from penstock.features.scorecards import Estimate, ScorecardConfig, Scorecards, TacticPrior
from penstock.features.tails import (
    TAIL_DTYPE,
    TAIL_EDGES_SHARES,
    TailArray,
    record_tail,
    tail_prob,
)
from penstock.features.view import MarketView, Touch

__all__ = [
    "FEATURES",
    "FEATURES_VERSION",
    "FEATURE_NAMES",
    "FOOTPRINT_TAU_NS",
    "N_FEATURES",
    "TAIL_DTYPE",
    "TAIL_EDGES_SHARES",
    "Estimate",
    "Family",
    "Feature",
    "Footprint",
    "MarketView",
    "ScorecardConfig",
    "Scorecards",
    "TacticPrior",
    "TailArray",
    "Touch",
    "features_fingerprint",
    "features_page",
    "fill_features",
    "record_tail",
    "tail_prob",
]
