"""The efficient price: drift, noise, information that seeps in, and what trades do to it."""

from __future__ import annotations

import math

from penstock._kernels import inlined, kernel
from penstock.sim.codes import GRID
from penstock.sim.draws import next_bits, unit_of
from penstock.sim.layout import Int64s, Rows, Uint64s


@inlined
def reference_ticks(params: Rows, world: Rows) -> float:
    """
    M*: where the price is going as far as anybody could know now, ticks.

        M* = efficient price + drift · reach + unreleased information + others' parents

    `reach` is the sum over all future steps of what is left of the drift, in seconds, so that M*
    moves by news only: its expected change is zero. A parent order of somebody else is news when it
    arrives (see `others`). Transient impact is left out, because it goes
    away. In a replay M* is what the script says, NaN before it says anything.
    """
    reference: float = world[0].script_reference_ticks
    if params[0].is_generated:
        reference = (
            world[0].efficient_ticks
            + world[0].drift_ticks_per_s * params[0].drift_reach_s
            + world[0].unreleased_ticks
            + world[0].others_ticks
        )
    return reference


@inlined
def fair_ticks(world: Rows) -> float:
    """What market makers quote around: efficient price and transient impact, ticks."""
    fair: float = world[0].efficient_ticks + world[0].transient_ticks
    return fair


@inlined
def absorb_trade(params: Rows, world: Rows, side: int, shares: int, permanent_frac: float) -> None:
    """
    Move the price by an execution; `side` is the aggressor's.

    `permanent_frac` is the part of its volume that nobody expected: 1 for our orders, 1 − s·E[s]
    for a market order of sign s whose side the books foretold, 0 for a trade on information that
    is on its way already. Only surprise moves M*, so that M* stays a fair forecast.
    """
    signed_shares = float(side * shares)
    world[0].efficient_ticks += params[0].permanent_ticks_per_share * permanent_frac * signed_shares
    world[0].transient_ticks += params[0].transient_ticks_per_share * signed_shares


@kernel
def step_price(params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, now_ns: int) -> None:
    """
    One step of the grid; three draws.

        price   += drift · dt + noise · N₁ + release · unreleased
        drift    = keep · drift + shock · N₂
        unreleased = (1 − release) · unreleased, and now and then a new piece of either sign

    The price stays above ten increments, where a scenario with absurd volatility would end up.
    """
    radius = math.sqrt(-2.0 * math.log(unit_of(next_bits(streams, GRID))))
    angle = 2.0 * math.pi * unit_of(next_bits(streams, GRID))
    news = unit_of(next_bits(streams, GRID))
    released = params[0].release_frac * world[0].unreleased_ticks
    world[0].efficient_ticks = max(
        10.0 * params[0].increment_ticks,
        world[0].efficient_ticks
        + world[0].drift_ticks_per_s * params[0].grid_s
        + params[0].noise_ticks * radius * math.sin(angle)
        + released,
    )
    world[0].unreleased_ticks -= released
    world[0].drift_ticks_per_s = params[0].drift_keep_frac * world[0].drift_ticks_per_s + params[
        0
    ].drift_shock_ticks_per_s * radius * math.cos(angle)
    if news < params[0].jump_prob:
        # The draw that said yes is uniform again on (0, 1) after division: it gives sign and size.
        rest = 2.0 * news / params[0].jump_prob
        sign = 1.0
        if rest >= 1.0:
            sign = -1.0
            rest -= 1.0
        span = params[0].jump_max_ticks - params[0].jump_min_ticks
        world[0].unreleased_ticks += sign * (params[0].jump_min_ticks + rest * span)
    world[0].transient_ticks *= params[0].transient_keep_frac
    clocks[GRID] = now_ns + params[0].grid_ns
