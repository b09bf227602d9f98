"""Scorecards: how each (venue, tactic) has served us lately."""

from __future__ import annotations

import hashlib
import math
from typing import Annotated

import msgspec
import numpy as np

from penstock.domain import N_TACTICS, Ns, Shares, Tactic, seconds
from penstock.features.cards import (
    ACK_DTYPE,
    CARD_DTYPE,
    estimate,
    record_done,
    record_reject,
)
from penstock.features.tails import TAIL_DTYPE, record_tail

Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Frac = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class TacticPrior(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is believed of a tactic at a venue where it has not been tried."""

    fill_frac: Frac
    time_to_fill_s: NotNegative
    partial_frac: Frac = 0.2
    reject_frac: Frac = 0.01
    markout_bps: float = 0.0


class ScorecardConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How fast experience fades, and what stands in for it.

    The priors only order the tactics (taking fills most and at once, dark midpoints least); ten
    children outweigh them.
    """

    half_life_s: Positive = 1_800.0
    prior_children: Positive = 8.0  # a prior counts as so many children
    prior_shares: Positive = 1_000.0  # and, for markouts, as so many shares
    take: TacticPrior = TacticPrior(fill_frac=0.8, time_to_fill_s=0.001)
    mid: TacticPrior = TacticPrior(fill_frac=0.2, time_to_fill_s=1.0)
    post: TacticPrior = TacticPrior(fill_frac=0.4, time_to_fill_s=5.0)
    ack_latency_ms: NotNegative = 1.0
    ack_memory: Annotated[float, msgspec.Meta(ge=1)] = 50.0  # acknowledgements in the average


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a scorecard expects of the next child in its row."""

    fill_frac: float
    time_to_fill_s: float  # to the first fill, of children that filled at all
    partial_frac: float
    reject_frac: float
    markout_bps: float  # positive: adverse to what is left of our order, the venue leaks


class Scorecards:
    """
    Exponentially forgotten experience per (venue, tactic), shrunk to a prior.

    Each mean is (Σ w·x + k·prior) / (Σ w + k), with w = 2^(-age / half-life) per child of ours and
    k the weight of the prior: an untried row shows its prior, and an old experience fades into it.
    Acknowledgement latency is per venue and forgets by count, not by time.

    Fed by our own reports only, in the order in which they came; the same reports give the same
    bits. `table` and `acks` are read by the feature kernels, `tails` (midpoint orders only, one row
    a venue: `penstock.features.tails`) by the policy that divides orders over pools.

    Source: shrinkage of a mean to a prior mean, with a fixed prior weight: definition.
    """

    def __init__(self, n_venues: int, config: ScorecardConfig | None = None) -> None:
        config = config or ScorecardConfig()
        self._ack_memory = config.ack_memory
        self.table = np.zeros(n_venues * N_TACTICS, CARD_DTYPE)
        self.acks = np.zeros(n_venues, ACK_DTYPE)
        self.tails = np.zeros(n_venues, TAIL_DTYPE)
        self.table["tau_ns"] = config.half_life_s * 1e9 / math.log(2.0)
        self.table["prior_children"] = config.prior_children
        self.table["prior_shares"] = config.prior_shares
        for tactic, prior in zip(Tactic, (config.take, config.mid, config.post), strict=True):
            for name, value in msgspec.structs.asdict(prior).items():
                self.table[name][int(tactic) :: N_TACTICS] = value
        self.acks["latency_ms"] = config.ack_latency_ms
        self.acks["n_acks"] = 1.0

    def on_done(
        self,
        venue_idx: int,
        tactic: int,
        sent_shares: Shares,
        filled_shares: Shares,
        time_to_fill_ns: Ns | None,
        now_ns: Ns,
    ) -> None:
        """
        Count a child that ended, filled or not; not one that was rejected.

        Args:
            time_to_fill_ns: from our sending to the first fill's report, None if nothing filled.
        """
        assert sent_shares > 0, "a child has at least one share"
        row = self._row(venue_idx, tactic, now_ns)
        fill_frac = min(filled_shares / sent_shares, 1.0)
        time_s = math.nan if time_to_fill_ns is None else seconds(time_to_fill_ns)
        record_done(self.table, row, fill_frac, time_s, now_ns)
        if tactic == Tactic.MID:
            record_tail(self.tails, venue_idx, sent_shares, filled_shares)

    def on_reject(self, venue_idx: int, tactic: int, now_ns: Ns) -> None:
        """Count a child that the venue refused."""
        record_reject(self.table, self._row(venue_idx, tactic, now_ns), now_ns)

    def on_ack(self, venue_idx: int, latency_ns: Ns) -> None:
        """Count an acknowledgement: a mean at first, then a moving average over `ack_memory`."""
        ack = self.acks[venue_idx]
        ack["n_acks"] = min(ack["n_acks"] + 1.0, self._ack_memory)
        ack["latency_ms"] += (latency_ns / 1e6 - ack["latency_ms"]) / ack["n_acks"]

    def on_markout(self, venue_idx: int, tactic: int, markout_bps: float, shares: Shares) -> None:
        """
        Count how the midpoint moved after a child of ours had traded.

        The card's clock stands still: the weight is that of the card's latest child, to which the
        markout follows within seconds.

        Args:
            markout_bps: signed by our side: positive is adverse to what is left of the order.
            shares: what the child traded, the weight of the observation.
        """
        assert math.isfinite(markout_bps), "a markout needs both midpoints"
        card = self.table[venue_idx * N_TACTICS + tactic]
        card["markout_shares"] += shares
        card["markout_bps_shares"] += markout_bps * shares

    def estimate(self, venue_idx: int, tactic: int, now_ns: Ns) -> Estimate:
        """What the card expects of the next child, as of now."""
        row = self._row(venue_idx, tactic, now_ns)
        return Estimate(
            **dict(zip(Estimate.__struct_fields__, estimate(self.table, row, now_ns), strict=True))
        )

    def ack_latency_ms(self, venue_idx: int) -> float:
        """How long the venue takes to acknowledge, moving average."""
        return float(self.acks[venue_idx]["latency_ms"])

    def state_hash(self) -> str:
        """Hash of everything that an estimate depends on."""
        digest = hashlib.sha256(repr(self._ack_memory).encode())
        digest.update(self.table.tobytes())
        digest.update(self.acks.tobytes())
        digest.update(self.tails.tobytes())
        return digest.hexdigest()

    def _row(self, venue_idx: int, tactic: int, now_ns: Ns) -> int:
        row = venue_idx * N_TACTICS + tactic
        assert now_ns >= self.table[row]["last_ns"], "reports come in the order of receipt"
        return row
