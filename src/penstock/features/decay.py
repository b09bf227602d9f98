"""Exponential forgetting: what is left of a weight after a while."""

from __future__ import annotations

import math

from penstock._kernels import inlined


@inlined
def remaining_frac(elapsed_ns: int, tau_ns: float) -> float:
    """
    exp(-elapsed / tau): in (0, 1], and 1 at once.

    Args:
        elapsed_ns: time since the weight was 1, never negative.
        tau_ns: time constant; a half-life is tau * ln 2.
    """
    return math.exp(-elapsed_ns / tau_ns)
