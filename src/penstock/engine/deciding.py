"""One routing decision: situation and rows in, plan and record out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from penstock.domain import (
    N_TACTICS,
    DecisionRecord,
    Exclusion,
    Instrument,
    Ns,
    Shares,
    Universe,
    Versions,
)
from penstock.engine.ledger import Ledger
from penstock.engine.obstacles import of_decision
from penstock.engine.parent import ATTEMPT_DTYPE, Parent
from penstock.features import Footprint, MarketView, Scorecards, fill_features
from penstock.risk import RiskGate
from penstock.routing import Frame, Policy, RowBuilder, Weights

DEFAULT_OBJECTIVE: Final = "cost"


def row_of(venue_idx: int, tactic: int) -> int:
    """Row of a (venue, tactic) pair in every frame."""
    return venue_idx * N_TACTICS + tactic


@dataclass(slots=True)
class Reachability:
    """Which venues can be sent to, and whose market data can be believed."""

    is_up: list[bool]
    is_fed: list[bool]

    @classmethod
    def at_start(cls, n_venues: int) -> Reachability:
        """Nothing is up before a VenueUp says so."""
        return cls(is_up=[False] * n_venues, is_fed=[True] * n_venues)

    def exclusion(self, venue_idx: int) -> Exclusion:
        """Why the venue may not be used now."""
        if not self.is_up[venue_idx]:
            return Exclusion.VENUE_DOWN
        if not self.is_fed[venue_idx]:
            return Exclusion.FEED_STALE
        return Exclusion.USABLE


class Decider:
    """
    Fills one preallocated frame per decision and lets the policy plan it.

    The policy in charge is the configured one, or the fall-back with a reason: `no_model`,
    `no_nbbo`, `feed_stale` or `latency`. A fall-back plan is recorded like any other.
    """

    def __init__(
        self,
        *,
        universe: Universe,
        view: MarketView,
        scorecards: Scorecards,
        footprint: Footprint,
        risk: RiskGate,
        rows: RowBuilder,
        weights: Mapping[str, Weights],
        policy: Policy | None,
        fallback: Policy,
        versions: Versions,
    ) -> None:
        self._universe = universe
        self._view = view
        self._scorecards = scorecards
        self._footprint = footprint
        self._risk = risk
        self._rows = rows
        self._weights = weights
        self.policy = policy
        self.fallback = fallback
        self._versions = versions
        self.frame = Frame(len(universe.venues))
        self.frame.tails = scorecards.tails
        self.reach = Reachability.at_start(len(universe.venues))
        self.too_slow = False
        self._n_decisions = 0

    def use(self, policy: Policy) -> None:
        """Decide with another policy from now on."""
        self.policy = policy

    def obstacle(self) -> str:
        """Why the last decision could send nothing, in words."""
        mics = [venue.mic for venue in self._universe.venues]
        frame, is_any_up = self.frame, any(self.reach.is_up)
        return of_decision(frame.situation, frame.rows, mics, is_any_up=is_any_up)

    def refusal(self, objective: str | None) -> str | None:
        """Why an order with this objective cannot be worked; None if it can."""
        if objective is None or objective in self._weights:
            return None
        return f"unknown objective {objective!r}; known: {', '.join(sorted(self._weights))}"

    def decide(
        self, parent: Parent, ledger: Ledger, route_shares: Shares, now_ns: Ns
    ) -> DecisionRecord:
        """Plan `route_shares` of the parent; the plan is in `frame.rows` and in the record."""
        frame = self.frame
        self._describe(parent, route_shares, now_ns)
        self._mask(parent, ledger)
        self._risk.mask(frame.rows, frame.situation, now_ns)
        self._rows.build(self._view, frame)
        policy, reason = self._in_charge()
        if policy.needs_features:
            fill_features(self._view, self._scorecards, frame.situation, frame.rows, frame.features)
        policy.plan(frame)
        planned_shares = frame.planned_shares()
        assert planned_shares <= route_shares, f"{policy.name} planned {planned_shares}"
        return self._record(parent, policy, reason, route_shares, now_ns)

    def _in_charge(self) -> tuple[Policy, str]:
        if self.policy is None:
            return self.fallback, "no_model"
        if not self.policy.needs_features:
            return self.policy, ""
        if self.too_slow:
            return self.fallback, "latency"
        if not all(self.reach.is_fed):
            return self.fallback, "feed_stale"
        if not self.frame.situation["has_nbbo"][0]:
            return self.fallback, "no_nbbo"
        return self.policy, ""

    def _describe(self, parent: Parent, route_shares: Shares, now_ns: Ns) -> None:
        order = parent.order
        instrument: Instrument = self._universe.instruments[order.instrument_idx]
        touch = self._view.touch(order.instrument_idx)
        weights = self._weights[DEFAULT_OBJECTIVE if order.objective is None else order.objective]
        # One assignment of a whole record costs 1 us; field by field it would cost 4.
        self.frame.situation[0] = (
            now_ns,
            order.arrival_ns,
            order.deadline_ns,
            order.parent_id,
            parent.size_shares,
            parent.filled_shares,
            parent.leaves_shares,
            route_shares,
            self._risk.worst_ticks(order.side, parent.limit_ticks, touch),
            instrument.increment_ticks,
            instrument.adv_shares,
            touch.bid_ticks,
            touch.ask_ticks,
            touch.bid_shares,
            touch.ask_shares,
            touch.mid_ticks_x2,
            parent.arrival_mid_ticks_x2,
            parent.n_decisions,
            order.urgency_frac,
            self._footprint.value(order.instrument_idx, now_ns),
            weights.slippage,
            weights.speed,
            weights.certainty,
            weights.leakage,
            order.instrument_idx,
            int(order.side),
            parent.limit_ticks is not None,
            touch.is_valid,
            parent.must_complete,
        )

    def _mask(self, parent: Parent, ledger: Ledger) -> None:
        rows = self.frame.rows
        for name in ATTEMPT_DTYPE.names or ():
            rows[name] = parent.attempts[name]
        excluded = rows["excluded"]
        for venue_idx in range(len(self._universe.venues)):
            reason = self.reach.exclusion(venue_idx)
            excluded[venue_idx * N_TACTICS : (venue_idx + 1) * N_TACTICS] = int(reason)
        if parent.is_immediate:  # what has not given all that was asked of it is not asked again
            is_tried = rows["filled_shares"] < rows["sent_shares"]
            excluded[is_tried & (excluded == 0)] = int(Exclusion.COOLING_DOWN)
        for child_id in parent.live_children:
            order = ledger.children[child_id].order
            excluded[row_of(order.venue_idx, order.tactic)] = int(Exclusion.IN_USE)

    def _record(
        self, parent: Parent, policy: Policy, reason: str, route_shares: Shares, now_ns: Ns
    ) -> DecisionRecord:
        self._n_decisions += 1
        frame = self.frame
        return DecisionRecord(
            decision_id=self._n_decisions,
            parent_id=parent.order.parent_id,
            at_ns=now_ns,
            policy=policy.name,
            fallback=reason,
            route_shares=route_shares,
            situation=frame.situation.tobytes(),
            rows=frame.rows.tobytes(),
            features=frame.features.tobytes() if policy.needs_features else b"",
            versions=msgspec.structs.replace(self._versions, model_sha256=policy.model_sha256),
        )
