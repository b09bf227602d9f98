"""What the agent in the router is shown at a decision."""

from __future__ import annotations

import math
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from penstock.domain import BPS_PER_UNIT, N_TACTICS
from penstock.features import N_FEATURES
from penstock.routing import Frame
from penstock.trials.environments.extra import gymnasium

SITUATION_NAMES: Final = (
    "side",
    "left_frac",
    "route_frac",
    "time_left_frac",
    "urgency_frac",
    "size_adv_pct",
    "arrival_move_bps",
    "footprint_frac",
    "n_decisions_log",
)
"""The numbers of `situation`, in order; docs/environments.md says what each is."""

_MOST: Final = 1e9  # features count shares; none is beyond this

Observation = dict[str, NDArray[Any]]


def observation_space(n_venues: int) -> gymnasium.Space[Observation]:
    """The space of what `observation_of` returns."""
    n_rows = n_venues * N_TACTICS
    space = gymnasium.spaces.Dict(
        {
            "features": gymnasium.spaces.Box(-_MOST, _MOST, (n_rows, N_FEATURES), np.float32),
            "situation": gymnasium.spaces.Box(-_MOST, _MOST, (len(SITUATION_NAMES),), np.float32),
            "action_mask": gymnasium.spaces.MultiBinary(n_rows),
        }
    )
    return cast("gymnasium.Space[Observation]", space)  # its type forgets what it holds


def observation_of(frame: Frame) -> Observation:
    """The feature matrix of a decision, the situation, and which rows may be used; all copies."""
    return {
        "features": np.clip(frame.features, -_MOST, _MOST).astype(np.float32),
        "situation": _situation(frame.situation[0]),
        "action_mask": (frame.rows["excluded"] == 0).astype(np.int8),
    }


def nothing_to_decide(n_venues: int) -> Observation:
    """What is shown when the day is over: zeros."""
    n_rows = n_venues * N_TACTICS
    return {
        "features": np.zeros((n_rows, N_FEATURES), np.float32),
        "situation": np.zeros(len(SITUATION_NAMES), np.float32),
        "action_mask": np.zeros(n_rows, np.int8),
    }


def _situation(row: np.void) -> NDArray[np.float32]:
    size_shares = float(row["parent_shares"])
    horizon_ns = float(row["deadline_ns"] - row["arrival_ns"])
    arrival_x2, mid_x2 = float(row["arrival_mid_ticks_x2"]), float(row["mid_ticks_x2"])
    is_known = arrival_x2 > 0 and mid_x2 > 0
    move_bps = BPS_PER_UNIT * (mid_x2 / arrival_x2 - 1.0) if is_known else 0.0
    side = float(row["side"])
    numbers = (
        side,
        row["leaves_shares"] / size_shares,
        row["route_shares"] / size_shares,
        max(0.0, float(row["deadline_ns"] - row["now_ns"])) / horizon_ns,
        row["urgency_frac"],
        100.0 * size_shares / max(1.0, float(row["adv_shares"])),
        side * move_bps,
        side * row["footprint_shares"] / size_shares,
        math.log1p(float(row["n_decisions"])),
    )
    return np.array(numbers, np.float32)
