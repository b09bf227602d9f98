"""What a routing decision works on and leaves behind: situation, candidate rows, record."""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.domain.units import Ns, Shares

N_TACTICS = 3


class Exclusion(IntEnum):
    """Why a row may not be used; USABLE is the only value that allows it."""

    USABLE = 0
    VENUE_DOWN = 1  # no session
    VENUE_OFF = 2  # an operator switched it off
    FEED_STALE = 3  # its market data is late, or broken by a gap
    OUTSIDE_LIMIT = 4  # the row's price is worse than the parent's limit
    WOULD_TRADE_THROUGH = 5  # a better protected quote stands elsewhere
    BELOW_MIN_SIZE = 6  # less than the venue accepts
    KILL = 7
    THROTTLE = 8  # too many messages to this venue
    RESTRICTED = 9
    HALTED = 10
    NO_QUOTE = 11  # nothing to take, or no touch to peg to or to join
    NOT_OFFERED = 12  # the venue has no such tactic
    IN_USE = 13  # this parent has a live child in this row
    COOLING_DOWN = 14  # tried a moment ago: what we see there is not yet the answer
    LIMIT_BREACH = 15  # a risk limit would be exceeded

    @property
    def label(self) -> str:
        """Name as shown in records and explanations."""
        return self.name.lower()


SITUATION_DTYPE = np.dtype(
    [
        ("now_ns", np.int64),
        ("arrival_ns", np.int64),
        ("deadline_ns", np.int64),
        ("parent_id", np.int64),
        ("parent_shares", np.int64),
        ("filled_shares", np.int64),
        ("leaves_shares", np.int64),  # parent size minus filled
        (
            "route_shares",
            np.int64,
        ),  # what this decision may place: leaves minus live children
        (
            "worst_ticks",
            np.int64,
        ),  # parent's limit or the risk collar, whichever is tighter
        ("increment_ticks", np.int64),
        ("adv_shares", np.int64),
        ("bid_ticks", np.int64),  # protected NBBO; valid only if has_nbbo
        ("ask_ticks", np.int64),
        ("bid_shares", np.int64),
        ("ask_shares", np.int64),
        ("mid_ticks_x2", np.int64),
        ("arrival_mid_ticks_x2", np.int64),
        ("n_decisions", np.int64),  # of this parent, before this one
        ("urgency_frac", np.float64),
        (
            "footprint_shares",
            np.float64,
        ),  # own recent executions, signed, decayed (tau 30 s)
        ("weight_slippage", np.float64),
        ("weight_speed", np.float64),
        ("weight_certainty", np.float64),
        ("weight_leakage", np.float64),
        ("instrument_idx", np.int16),
        ("side", np.int8),
        ("has_limit", np.uint8),
        ("has_nbbo", np.uint8),
        ("must_complete", np.uint8),  # the horizon is all but over: take what is there
    ],
    align=True,
)
"""One row: the parent and the market at the moment of decision. Always of shape (1,)."""

ROW_DTYPE = np.dtype(
    [
        # What the row is; written by `routing.build_rows`.
        ("venue_idx", np.int64),
        ("tactic", np.int64),  # Tactic
        ("excluded", np.int64),  # Exclusion; 0 is usable
        ("limit_ticks", np.int64),  # the price it would be sent with
        (
            "size_shares",
            np.int64,
        ),  # the most it would be sent with: min(route_shares, capacity)
        (
            "available_shares",
            np.int64,
        ),  # TAKE: displayed within limit; POST: queue ahead; MID: 0
        ("rest_ns", np.int64),  # how long it would be left alone
        (
            "fee_bps",
            np.float64,
        ),  # fee of a fill in bps of the midpoint; negative is a rebate
        # What this parent has already done there; written by the engine.
        ("n_sent", np.int64),
        ("sent_shares", np.int64),
        ("filled_shares", np.int64),
        ("last_sent_ns", np.int64),  # 0 if never
        # What the model expects, bps of the decision midpoint, positive is cost.
        ("slippage_bps", np.float64),  # of what fills, fee included
        ("fill_frac", np.float64),
        ("time_to_fill_s", np.float64),
        ("leakage_bps", np.float64),  # per share sent
        ("slippage_bps_sd", np.float64),
        ("fill_frac_sd", np.float64),
        ("time_to_fill_s_sd", np.float64),
        ("leakage_bps_sd", np.float64),
        # What the policy makes of it.
        ("wait_bps", np.float64),  # what waiting out the row costs the unfilled part
        ("cost_bps", np.float64),  # expected cost of the plan that starts with this row
        (
            "score",
            np.float64,
        ),  # the one number; lower is better; NaN if the policy gives none
        ("rank", np.int64),  # position in the ranked plan; -1 is not in it
        ("stage", np.int64),  # 0 is sent now; -1 is not in the plan
        ("alloc_shares", np.int64),  # shares of that stage for this row
        ("propensity", np.float64),  # chance of this choice if randomised, else 1
    ],
    align=True,
)
"""One candidate: a (venue, tactic) pair. Row i of a frame is venue i // 3, tactic i % 3."""

SituationArray = NDArray[Any]
"""Shape (1,), SITUATION_DTYPE."""

RowArray = NDArray[Any]
"""Shape (n_venues * N_TACTICS,), ROW_DTYPE."""


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything whose change could change a decision."""

    code: str
    features: str
    inference: str  # format of model arithmetic
    model_sha256: str  # empty for a policy without a model
    config_sha256: str


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """
    A decision with all that it knew: enough to compute it again without any history.

    `situation`, `rows` and `features` are the raw bytes of SITUATION_DTYPE, ROW_DTYPE and float64
    of shape (n_rows, n_features); features are empty for a policy that reads none.
    `fallback` says why a simpler policy stood in for the configured one; empty if none did.
    """

    decision_id: int
    parent_id: int
    at_ns: Ns
    policy: str
    fallback: str
    route_shares: Shares
    situation: bytes
    rows: bytes
    features: bytes
    versions: Versions

    def situation_array(self) -> SituationArray:
        """The situation, read-only, shape (1,)."""
        return np.frombuffer(self.situation, dtype=SITUATION_DTYPE)

    def row_array(self) -> RowArray:
        """The rows with parts, scores and plan, read-only."""
        return np.frombuffer(self.rows, dtype=ROW_DTYPE)

    def feature_matrix(self, n_features: int) -> NDArray[np.float64]:
        """The feature matrix, read-only, shape (n_rows, n_features)."""
        return np.frombuffer(self.features, dtype=np.float64).reshape(-1, n_features)

    def sha256(self) -> str:
        """Content hash; two runs, or a run and its replay, are compared by it."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()
