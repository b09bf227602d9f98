"""How long things took, over the run: enough for two percentiles."""

from __future__ import annotations

from array import array
from typing import Final

import msgspec
import numpy as np

from penstock.domain import NS_PER_US

_KEPT: Final = 16_384  # to sort so many delays an order by less than a millisecond


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """In microseconds; None where nothing was measured. `n` counts all, the last are used."""

    p50: float | None
    p99: float | None
    n: int


class Latencies:
    """The last so many durations. `add` costs a store; one thread."""

    def __init__(self) -> None:
        self._kept = array("q", bytes(8 * _KEPT))
        self._n = 0

    def add(self, duration_ns: int) -> None:
        """One more."""
        self._kept[self._n % _KEPT] = duration_ns
        self._n += 1

    def percentiles(self) -> Percentiles:
        """Of what is kept."""
        if self._n == 0:
            return Percentiles(p50=None, p99=None, n=0)
        kept = np.frombuffer(self._kept, np.int64, count=min(self._n, _KEPT))
        p50, p99 = np.percentile(kept, (50, 99)) / NS_PER_US
        return Percentiles(p50=round(float(p50), 2), p99=round(float(p99), 2), n=self._n)
