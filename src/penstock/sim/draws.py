"""Random numbers inside kernels: a counter per component, a fixed number of draws per event."""

from __future__ import annotations

import math

import numpy as np

from penstock._kernels import kernel
from penstock.sim.layout import Uint64s

# splitmix64. Source: Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators",
# OOPSLA; constants of its variant 13 mixer.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1 = np.uint64(30)
_SHIFT_2 = np.uint64(27)
_SHIFT_3 = np.uint64(31)
_UNUSED_BITS = np.uint64(11)  # a float has 53 bits
_UNIT = 2.0**-53

# Where the pieces of one draw lie: 16 bits, 16 bits, 10 bits, 10 bits, two unused, 10 bits.
_LOW_16 = np.uint64(0xFFFF)
_LOW_32 = np.uint64(0xFFFFFFFF)
_LOW_10 = np.uint64(0x3FF)
_QUARTER = np.uint64(16)
_HALF = np.uint64(32)
_HALF_AND_10 = np.uint64(42)
_ALL_BUT_10 = np.uint64(54)


@kernel
def mixed(bits: np.uint64) -> np.uint64:
    """Spread the bits of a counter: a one-to-one map of 64-bit words that looks random."""
    bits = (bits ^ (bits >> _SHIFT_1)) * _MULTIPLY_1
    bits = (bits ^ (bits >> _SHIFT_2)) * _MULTIPLY_2
    return bits ^ (bits >> _SHIFT_3)


@kernel
def next_bits(streams: Uint64s, source: int) -> np.uint64:
    """The next 64 random bits of a component."""
    streams[source] += _STEP
    return mixed(streams[source])


@kernel
def luck_at(luck: np.uint64, time_ns: int) -> np.uint64:
    """
    Random bits that belong to a moment rather than to a sequence.

    For what our own orders can cause: it draws from no stream, so worlds that differ by our orders
    go on sharing the rest of their luck.
    """
    return mixed(luck + np.uint64(time_ns) * _STEP)


@kernel
def unit_of(bits: np.uint64) -> float:
    """A number in (0, 1) from 64 bits."""
    return (np.int64(bits >> _UNUSED_BITS) + 0.5) * _UNIT


@kernel
def exponential_of(bits: np.uint64) -> float:
    """An exponential number of mean 1."""
    return -math.log(unit_of(bits))


@kernel
def low_16(bits: np.uint64) -> int:
    """An integer in 0..65,535 from the lowest quarter of the bits."""
    return int(np.int64(bits & _LOW_16))


@kernel
def low_32(bits: np.uint64) -> int:
    """An integer in 0..4,294,967,295 from the lower half of the bits."""
    return int(np.int64(bits & _LOW_32))


@kernel
def next_16(bits: np.uint64) -> int:
    """The same from the second quarter."""
    return int(np.int64((bits >> _QUARTER) & _LOW_16))


@kernel
def high_10(bits: np.uint64) -> int:
    """An integer in 0..1,023, a row of a quantile table, from the highest bits."""
    return int(np.int64(bits >> _ALL_BUT_10))


@kernel
def third_10(bits: np.uint64) -> int:
    """The same from the bits that `low_16`, `next_16`, `high_10` and `fourth_10` leave free."""
    return int(np.int64((bits >> _HALF) & _LOW_10))


@kernel
def fourth_10(bits: np.uint64) -> int:
    """The same from the next ten bits."""
    return int(np.int64((bits >> _HALF_AND_10) & _LOW_10))
