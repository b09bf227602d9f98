"""Routing: candidate rows, scores, the cost of a sequence, allocation, the waterfall, policies."""

from penstock.routing.config import RoutingConfig, check_routing, without_patience
from penstock.routing.cont_kukanov import ContKukanovPolicy, limit_shares
from penstock.routing.fee_sweep import FeeSweepPolicy
from penstock.routing.frame import WORK_DTYPE, Frame
from penstock.routing.kaplan_meier import KaplanMeierPolicy, divide_pools
from penstock.routing.objective import PRESETS, Weights
from penstock.routing.paced import BestStaticPolicy, RegimeStaticPolicy
from penstock.routing.pacing import PACE_DTYPE, pace_array, shares_to_take
from penstock.routing.policies import (
    BASELINES,
    LEARNED,
    POLICIES,
    SEARCHED,
    SIMPLE,
    check_policy_names,
    configured_list,
    make_policy,
    static_policy,
)
from penstock.routing.policy import Policy
from penstock.routing.proportional import ProportionalPolicy
from penstock.routing.rows import RowBuilder, build_rows
from penstock.routing.scorecard import ScorecardPolicy
from penstock.routing.sequence import order_by_index, row_index, sequence_cost
from penstock.routing.static import StaticPolicy
from penstock.routing.steps import TACTIC_ORDER, BaselineConfig, Pace, Regime, Step, TacticName
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
    "PACE_DTYPE",
    "POLICIES",
    "PRESETS",
    "SEARCHED",
    "SIMPLE",
    "TACTIC_ORDER",
    "WORK_DTYPE",
    "BaselineConfig",
    "BestStaticPolicy",
    "ContKukanovPolicy",
    "FeeSweepPolicy",
    "Frame",
    "KaplanMeierPolicy",
    "Pace",
    "Policy",
    "ProportionalPolicy",
    "Regime",
    "RegimeStaticPolicy",
    "RoutingConfig",
    "RowBuilder",
    "ScorecardPolicy",
    "StaticPolicy",
    "Step",
    "SupervisedPolicy",
    "SweepPolicy",
    "TacticName",
    "WaterfallArray",
    "Weights",
    "build_rows",
    "check_policy_names",
    "check_routing",
    "configured_list",
    "default_waterfall",
    "divide_pools",
    "limit_shares",
    "make_policy",
    "offers",
    "order_by_index",
    "pace_array",
    "resolve_waterfall",
    "row_index",
    "sequence_cost",
    "shares_to_take",
    "static_policy",
    "without_patience",
]
