"""Routing: candidate rows, scores, the cost of a sequence, allocation, the waterfall, policies."""

from penstock.routing.config import RoutingConfig, Step, check_routing
from penstock.routing.frame import WORK_DTYPE, Frame
from penstock.routing.objective import PRESETS, Weights
from penstock.routing.policies import (
    BASELINES,
    LEARNED,
    POLICIES,
    check_policy_names,
    make_policy,
    static_policy,
)
from penstock.routing.policy import Policy
from penstock.routing.proportional import ProportionalPolicy
from penstock.routing.rows import RowBuilder, build_rows
from penstock.routing.sequence import order_by_index, row_index, sequence_cost
from penstock.routing.static import StaticPolicy
from penstock.routing.supervised import SupervisedPolicy
from penstock.routing.sweep import SweepPolicy
from penstock.routing.waterfall import (
    WaterfallArray,
    default_waterfall,
    offers,
    resolve_waterfall,
)

__all__ = [
    "BASELINES",
    "LEARNED",
    "POLICIES",
    "PRESETS",
    "WORK_DTYPE",
    "Frame",
    "Policy",
    "ProportionalPolicy",
    "RoutingConfig",
    "RowBuilder",
    "StaticPolicy",
    "Step",
    "SupervisedPolicy",
    "SweepPolicy",
    "WaterfallArray",
    "Weights",
    "build_rows",
    "check_policy_names",
    "check_routing",
    "default_waterfall",
    "make_policy",
    "offers",
    "order_by_index",
    "resolve_waterfall",
    "row_index",
    "sequence_cost",
    "static_policy",
]
