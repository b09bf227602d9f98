"""Who looks for hidden orders in a pool: classes of contra orders, their sizes, what they know."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined
from penstock.sim.codes import N_CLASSES
from penstock.sim.layout import Rows
from penstock.sim.scenario.tables import VenueTable
from penstock.sim.scenario.traders import PoolFlow

CLASS_DTYPE = np.dtype(
    [
        ("cut", np.int64),  # of 1,024: a draw below, and not below those before, is of this class
        ("informed_frac", np.float64),  # NaN: as the pool's now
        ("leak_prob", np.float64),  # NaN: as the pool's now
    ],
    align=True,
)
"""One class of a pool's contra orders; row venue · N_CLASSES + class, sizes in `tables`."""

_DRAWS = 1_024  # values of the draw that says which class an order is of


@inlined
def class_drawn(classes: Rows, venue_idx: int, draw: int) -> int:
    """The class of a contra order, 0 to N_CLASSES - 1, from a draw of 0 to 1,023."""
    found = 0
    while draw >= classes[venue_idx * N_CLASSES + found].cut:
        found += 1
    return found


@inlined
def or_else(own: float, of_pool: float) -> float:
    """A class's own value, the pool's where it has none (NaN)."""
    value = own
    if math.isnan(own):
        value = of_pool
    return value


def class_means(pool: PoolFlow) -> list[float]:
    """Mean sizes of a pool's contra orders, shares, by class; of one class without any."""
    means = [one.contra_shares for one in pool.classes] or [None]
    return [pool.contra_shares if mean is None else mean for mean in means]


def class_rows(venues: Sequence[VenueTable]) -> Rows:
    """
    The classes of all venues, shape (n_venues * N_CLASSES,), CLASS_DTYPE.

    The last class of a pool takes what rounding leaves, so that every draw is of some class.
    """
    rows = np.zeros(len(venues) * N_CLASSES, dtype=CLASS_DTYPE)
    rows["cut"] = _DRAWS
    rows["informed_frac"] = rows["leak_prob"] = math.nan
    for venue_idx, venue in enumerate(venues):
        classes = venue.pool.classes if venue.pool is not None else ()
        until = 0.0
        for place, one in enumerate(classes):
            until += one.frac
            row = rows[venue_idx * N_CLASSES + place]
            if place + 1 < len(classes):
                row["cut"] = round(until * _DRAWS)
            if one.informed_frac is not None:
                row["informed_frac"] = one.informed_frac
            if one.leak_prob is not None:
                row["leak_prob"] = one.leak_prob
    return rows


def mean_of_classes(classes: Rows, venues: Rows, name: str) -> NDArray[np.float64]:
    """The mean of `informed_frac` or `leak_prob` over contra orders, shape (n_venues,)."""
    cuts = classes["cut"].reshape(len(venues), N_CLASSES)
    fracs = np.diff(cuts, prepend=0, axis=1) / _DRAWS
    own = classes[name].reshape(len(venues), N_CLASSES)
    of_pool = venues[name][:, None]
    mean: NDArray[np.float64] = (fracs * np.where(np.isnan(own), of_pool, own)).sum(axis=1)
    return mean
