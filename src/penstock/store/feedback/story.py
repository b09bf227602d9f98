"""What a reader of the log gets: one child, from the client's order to its last report."""

from __future__ import annotations

import msgspec


class ParentStory(msgspec.Struct, frozen=True, kw_only=True):
    """The client's order; `filled_shares` and `state` are as last reported to the client."""

    parent_id: int
    client: str
    client_order_id: str
    symbol: str
    side: str  # "buy", "sell"
    size_shares: int
    limit_ticks: int | None
    arrival_ns: int
    horizon_ns: int
    urgency_frac: float
    objective: str | None
    state: str
    filled_shares: int


class SituationStory(msgspec.Struct, frozen=True, kw_only=True):
    """Order and market at the moment of decision; quotes are None without an NBBO."""

    arrival_mid_ticks: float | None
    parent_shares: int
    filled_shares: int
    leaves_shares: int
    route_shares: int  # what this decision may place: the rest is at venues already
    worst_ticks: int
    bid_ticks: int | None
    ask_ticks: int | None
    bid_shares: int | None
    ask_shares: int | None
    mid_ticks: float | None
    spread_bps: float | None
    n_decisions: int  # of this order, before
    time_left_s: float
    must_complete: bool


class RowStory(msgspec.Struct, frozen=True, kw_only=True):
    """
    One candidate of the decision. Costs in bps of the midpoint, positive is what we pay.

    `excluded` is empty for a row that could be used. `rank` counts from 0; None is not in the plan.
    """

    row_idx: int
    venue: str
    tactic: str
    excluded: str
    limit_ticks: int
    size_shares: int
    available_shares: int
    rest_s: float
    fee_bps: float | None
    n_sent: int  # by this order, before
    slippage_bps: float | None
    slippage_bps_sd: float | None
    fill_frac: float | None
    fill_frac_sd: float | None
    time_to_fill_s: float | None
    leakage_bps: float | None
    wait_bps: float | None
    cost_bps: float | None
    score: float | None
    rank: int | None
    stage: int | None  # 0 was sent at once
    alloc_shares: int


class DecisionStory(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with all it knew. `rows` by rank, then the usable rest, then the excluded."""

    decision_id: int
    at_ns: int
    policy: str
    fallback: str  # why a simpler policy stood in; empty if none did
    configured_policy: str  # of the run; empty if its journal does not say
    situation: SituationStory
    rows: list[RowStory]
    features: dict[str, float]  # of the child's row; empty if the policy read none
    child_ids: list[int]  # sent by this decision
    versions: dict[str, str]
    sha256: str
    is_intact: bool  # the stored bytes still give `sha256`


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that happened to the child.

    `kind`: sent, ack, reject, fill, late_fill, repeated_fill, bust, correction, repeated_bust,
    cancel_asked, replace_asked, cancelled, cancel_reject, replaced, status.
    """

    at_ns: int  # ours
    venue_ns: int | None  # the venue's stamp
    kind: str
    text: str = ""
    exec_id: str | None = None
    shares: int | None = None
    price_ticks: int | None = None
    liquidity: str | None = None
    fee_usd_micros: int | None = None
    slippage_bps: float | None = None  # against the decision's midpoint, fee included


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What it came to, busts and corrections included."""

    state: str  # "open", "filled", "cancelled", "rejected"
    filled_shares: int
    n_fills: int
    average_ticks: float | None
    fees_usd_micros: int
    slippage_bps: float | None  # against the decision's midpoint, fees included
    time_to_fill_s: float | None
    ended_ns: int | None


class ChildStory(msgspec.Struct, frozen=True, kw_only=True):
    """One child from beginning to end."""

    run_id: str
    other_run_ids: list[str]  # that have a child of this number too
    child_id: int
    venue: str
    venue_name: str
    tactic: str
    tif: str
    peg: str
    size_shares: int
    limit_ticks: int
    sent_ns: int
    parent: ParentStory
    decision: DecisionStory
    row_idx: int
    moments: list[Moment]
    outcome: Outcome

    @property
    def row(self) -> RowStory:
        """The row that this child carried out."""
        return next(row for row in self.decision.rows if row.row_idx == self.row_idx)
