"""What an execution cost: arrival slippage, shortfall, fees, markouts, as plain formulas."""

from __future__ import annotations

import msgspec

from penstock.domain import (
    BPS_PER_UNIT,
    USD_MICROS_PER_TICK,
    Bps,
    Ns,
    Shares,
    Side,
    UsdMicros,
)


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """
    One finished parent, as far as its cost is concerned.

    `clean_up_ticks` is the price at which the unfilled rest could have been had at the end: the far
    touch and the fee of taking it.
    """

    parent_id: int
    side: Side
    size_shares: Shares
    filled_shares: Shares
    paid_ticks_shares: int
    fees_usd_micros: UsdMicros
    arrival_mid_ticks_x2: int
    clean_up_ticks: float
    arrival_ns: Ns
    end_ns: Ns
    n_children: int
    n_decisions: int


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """Implementation shortfall in bps of the whole order at the arrival midpoint, and its parts."""

    execution_bps: Bps  # filled shares: price paid against the arrival midpoint
    fees_bps: Bps
    opportunity_bps: Bps  # unfilled shares: what they would have cost at the end

    @property
    def total_bps(self) -> Bps:
        """The whole of it; positive means that we paid."""
        return Bps(self.execution_bps + self.fees_bps + self.opportunity_bps)


def shortfall(execution: Execution) -> Shortfall:
    """
    Implementation shortfall against the arrival midpoint.

        execution   = side * (sum(price * shares) - filled * mid) / (size * mid)
        fees        = fees / (size * mid)
        opportunity = side * unfilled * (clean_up - mid) / (size * mid)

    Source: Perold (1988), "The Implementation Shortfall: Paper versus Reality",
        Journal of Portfolio Management 14(3); the unfilled rest is charged as in its section on
        opportunity cost.
    """
    mid_ticks = execution.arrival_mid_ticks_x2 / 2
    value_ticks = execution.size_shares * mid_ticks
    side = int(execution.side)
    unfilled_shares = max(0, execution.size_shares - execution.filled_shares)
    paid_over_mid = execution.paid_ticks_shares - execution.filled_shares * mid_ticks
    fees_ticks = execution.fees_usd_micros / USD_MICROS_PER_TICK
    missed_ticks = unfilled_shares * (execution.clean_up_ticks - mid_ticks)
    return Shortfall(
        execution_bps=Bps(BPS_PER_UNIT * side * paid_over_mid / value_ticks),
        fees_bps=Bps(BPS_PER_UNIT * fees_ticks / value_ticks),
        opportunity_bps=Bps(BPS_PER_UNIT * side * missed_ticks / value_ticks),
    )


def markout_bps(side: Side, mid_then_ticks_x2: int, mid_later_ticks_x2: int) -> Bps:
    """Move of the midpoint after an event, with our sign: positive went against us."""
    move = int(side) * (mid_later_ticks_x2 - mid_then_ticks_x2)
    return Bps(BPS_PER_UNIT * move / mid_then_ticks_x2)
