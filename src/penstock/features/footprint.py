"""What our own recent executions have left in the market, as far as we can know it."""

from __future__ import annotations

import hashlib
import math
from typing import Final

from penstock.domain import NS_PER_S, Ns

FOOTPRINT_TAU_NS: Final = Ns(30 * NS_PER_S)


class Footprint:
    """
    Own executions per instrument, signed and forgotten exponentially:

        value(t) = Σ signed_shares_k · exp(-(t - t_k) / tau)   over executions k up to t

    Transient impact of a trade fades over about half a minute. Without this feature a model sees
    the price come back after our own trades and learns that waiting is always good.

    Source: exponential resilience as in Obizhaeva & Wang (2013), "Optimal Trading Strategy and
        Supply/Demand Dynamics", Journal of Financial Markets 16(1).
    """

    def __init__(self, n_instruments: int, *, tau_ns: Ns = FOOTPRINT_TAU_NS) -> None:
        assert tau_ns > 0, "a footprint needs time to fade"
        self._tau_ns = tau_ns
        self._shares = [0.0] * n_instruments
        self._last_ns = [0] * n_instruments

    def add(self, instrument_idx: int, signed_shares: int, now_ns: int) -> None:
        """Count an execution: positive shares were bought, negative sold."""
        self._shares[instrument_idx] = self.value(instrument_idx, now_ns) + float(signed_shares)
        self._last_ns[instrument_idx] = int(now_ns)

    def value(self, instrument_idx: int, now_ns: int) -> float:
        """What is left of it now, signed shares."""
        elapsed_ns = now_ns - self._last_ns[instrument_idx]
        assert elapsed_ns >= 0, "executions come in the order in which we hear of them"
        return self._shares[instrument_idx] * math.exp(-elapsed_ns / self._tau_ns)

    def state_hash(self) -> str:
        """Hash of everything that `value` depends on."""
        facts = repr((self._tau_ns, self._shares, self._last_ns))  # repr of a float is exact
        return hashlib.sha256(facts.encode()).hexdigest()
