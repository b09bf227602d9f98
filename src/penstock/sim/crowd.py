"""Market orders that follow market orders: a flow that excites itself, over all lit venues."""

from __future__ import annotations

import math

import numpy as np

from penstock._kernels import inlined, kernel
from penstock.sim.codes import FAR, MARKET_SHARES, N_TABLES
from penstock.sim.draws import exponential_of, high_10, low_16, next_16, next_bits
from penstock.sim.layout import Int64s, Rows, Tables, Uint64s
from penstock.sim.taking import intend_to_take


@kernel
def calm_down(params: Rows, world: Rows, now_ns: int) -> None:
    """Let excitement wear off up to `now_ns`."""
    keep = math.exp((world[0].excited_ns - now_ns) / params[0].excitation_tau_ns)
    world[0].excitement *= keep
    world[0].excited_sign *= keep
    world[0].excited_ns = now_ns


@kernel
def excite(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, side: int, now_ns: int
) -> None:
    """
    A market order of noise traders has come: some more will follow; one draw.

    The rate of those to follow is a Hawkes process with an exponential kernel,

        rate(t) = sum over earlier market orders of n / tau · exp(-(t - t_i) / tau)

    so that each brings n more on average, and those bring others: 1 / (1 - n) in all. Kept as
    `excitement`, the number still to follow x: while nothing comes, x e^(-s / tau) is left after s,
    so the next one is at the s where x (1 - e^(-s / tau)) reaches an exponential number of mean 1,
    and never if x is less. Times depend on nothing but the background's own draws: no order of
    ours, and no book, moves them.

    Source: Hawkes (1971), "Spectra of Some Self-Exciting and Mutually Exciting Point Processes",
        Biometrika 58(1); as a crowd of families: Hawkes & Oakes (1974), "A Cluster Process
        Representation of a Self-Exciting Process", Journal of Applied Probability 11(3); in
        finance: Bacry, Mastromatteo & Muzy (2015), "Hawkes Processes in Finance", Market
        Microstructure and Liquidity 1(1). Exact next time: Dassios & Zhao (2013), "Exact Simulation
        of Hawkes Process with Exponentially Decaying Intensity", Electronic Communications in
        Probability 18(62).
    """
    calm_down(params, world, now_ns)
    world[0].excitement += params[0].excitation_frac
    world[0].excited_sign += params[0].excitation_frac * side
    source = params[0].first_crowd_source
    needed = exponential_of(next_bits(streams, source)) / world[0].excitement
    clocks[source] = FAR
    if needed < 1.0:
        clocks[source] = now_ns + 1 + int(-params[0].excitation_tau_ns * math.log1p(-needed))


@kernel
def follow_crowd(
    params: Rows, world: Rows, clocks: Int64s, streams: Uint64s, venues: Rows, tables: Tables,
    touches: Rows, nbbo: Rows, intents: Rows, now_ns: int,
) -> None:  # fmt: skip
    """
    A market order because of earlier ones; two draws, the second for who follows it.

    Its sign s is theirs with the expectation e = w · (their signs, weighted by what is left of
    their excitement), so only 1 − s e of its volume is news. Its venue is drawn by the venues'
    rates.
    """
    what = next_bits(streams, params[0].first_crowd_source)
    calm_down(params, world, now_ns)
    expected_sign = params[0].excitation_same_frac * world[0].excited_sign / world[0].excitement
    side = 1 if next_16(what) < 0x8000 * (1.0 + expected_sign) else -1
    excite(params, world, clocks, streams, side, now_ns)
    venue_idx = venue_drawn(venues, low_16(what))
    shares = int(np.int64(tables[venue_idx * N_TABLES + MARKET_SHARES, high_10(what)]))
    intend_to_take(
        params, world, venues, touches, nbbo, intents, venue_idx, side, shares,
        1.0 - side * expected_sign, now_ns,
    )  # fmt: skip


@inlined
def venue_drawn(venues: Rows, draw: int) -> int:
    """A lit venue by its part of market orders; `draw` is in 0..65,535."""
    venue_idx = 0
    while venue_idx + 1 < len(venues) and draw >= venues[venue_idx].crowd_cut:
        venue_idx += 1
    return venue_idx
