"""What an insider knows of each candidate row, as columns beside the features of a router."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import BPS_PER_UNIT, N_TACTICS
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.routing import Frame
from penstock.sim import Hidden, World

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "pools": (
        "pool_contra_frac",  # resting on the other side, over what the row would send
        "pool_contra_is_on",
        "pool_contra_turns_s",
        "pool_own_frac",  # resting on our side: it stands ahead of us
    ),
    "toxicity": ("informed_frac", "leak_bps"),
    "fade": ("far_away_frac", "far_away_s", "near_away_frac"),
    "stale": (
        "true_far_bps",  # displayed best of the other side, from the midpoint we believe in
        "true_far_frac",  # its size, over what the row would send
        "true_near_bps",
        "true_mid_bps",  # of all lit venues, from the midpoint that we believe in
    ),
    "queues": ("far_hidden_frac", "near_queue_shares", "near_hidden_shares"),
}
"""Mechanism of the market -> the columns that tell its state; all that a venue insider knows."""

PRICE: Final = ("price_ahead_bps", "drift_bps_per_s", "unreleased_bps", "transient_bps")
"""What a full insider knows besides: where the price is going. The first is M* less our midpoint,
positive where it goes against us."""

VENUE_NAMES: Final = tuple(name for names in GROUPS.values() for name in names)
HIDDEN_NAMES: Final = VENUE_NAMES + PRICE

INSIDER_VERSION: Final = f"{FEATURES_VERSION}+hidden1"
"""Features version of an insider's model: no router loads it, because no router fills it."""

_MOST: Final = 20.0  # sizes relative to ours beyond this mean the same: plenty
_FAR_BPS: Final = 50.0  # stands for "nothing there"


def known_to(insider: str, without: str | None = None) -> tuple[str, ...]:
    """
    The hidden columns that an insider has.

    Args:
        insider: `venue_insider` or `insider`.
        without: one of GROUPS that it is not told.
    """
    blinded = () if without is None else GROUPS[without]
    names = HIDDEN_NAMES if insider == "insider" else VENUE_NAMES
    return tuple(name for name in names if name not in blinded)


def columns_of(names: Sequence[str]) -> tuple[str, ...]:
    """All columns of an insider's model that knows these hidden ones."""
    return FEATURE_NAMES + tuple(names)


class HiddenColumns:
    """
    Reads the truth of a world at each decision.

    `run_day` introduces the world; `of` may be asked several times about one decision, and works it
    out once. Where `keeps_all`, every answer is remembered for training.
    """

    def __init__(self, *, keeps_all: bool = False) -> None:
        self._world: World | None = None
        self._last: tuple[int, int] | None = None
        self._matrix: NDArray[np.float64] = np.zeros((0, len(HIDDEN_NAMES)))
        self._keeps_all = keeps_all
        self.kept: dict[tuple[int, int], NDArray[np.float64]] = {}

    def meet(self, world: World) -> None:
        """From now on the truth is that of this world."""
        self._world = world
        self._last = None
        self.kept.clear()

    def of(self, frame: Frame) -> NDArray[np.float64]:
        """Columns HIDDEN_NAMES of all rows of a decision, shape (n_rows, len(HIDDEN_NAMES))."""
        assert self._world is not None, "an insider lives in a simulated market only"
        situation = frame.situation[0]
        decision = int(situation["parent_id"]), int(situation["n_decisions"])
        if decision != self._last:
            self._last = decision
            self._matrix = hidden_matrix(self._world.hidden(), frame)
            if self._keeps_all:
                self.kept[decision] = self._matrix
        return self._matrix


def hidden_matrix(hidden: Hidden, frame: Frame) -> NDArray[np.float64]:
    """
    Hidden columns of each row, from the side of the parent: a cost is positive, whichever it is.

    Finite, like every feature: what does not exist is 0 shares, or _FAR_BPS away.
    """
    situation, rows = frame.situation[0], frame.rows
    side, mid_ticks = int(situation["side"]), situation["mid_ticks_x2"] / 2
    near, far = (0, 1) if side > 0 else (1, 0)
    scale = BPS_PER_UNIT / mid_ticks if mid_ticks > 0 else 0.0
    venue = rows["venue_idx"]
    sent = np.maximum(rows["size_shares"], 1).astype(np.float64)

    def away_bps(column: int) -> NDArray[np.float64]:
        ticks = hidden.touch_ticks[:, column]
        bps = np.clip(scale * side * (ticks - mid_ticks), -_FAR_BPS, _FAR_BPS)
        nothing = _FAR_BPS if column == far else -_FAR_BPS
        return np.where(ticks > 0, bps, nothing)

    of_venue = {
        "pool_contra_is_on": hidden.pool_is_on[:, far],
        "pool_contra_turns_s": np.minimum(hidden.spell_left_s[:, far], 600.0),
        "informed_frac": hidden.informed_frac,
        "leak_bps": scale * hidden.leak_ticks,
        "far_away_frac": hidden.away_frac[:, far],
        "far_away_s": hidden.away_s[:, far],
        "near_away_frac": hidden.away_frac[:, near],
        "true_far_bps": away_bps(far),
        "true_near_bps": away_bps(near),
        "near_queue_shares": hidden.touch_shares[:, near],
        "near_hidden_shares": hidden.hidden_shares[:, near],
    }
    of_row = {
        "pool_contra_frac": hidden.pool_shares[venue, far] / sent,
        "pool_own_frac": hidden.pool_shares[venue, near] / sent,
        "true_far_frac": hidden.touch_shares[venue, far] / sent,
        "far_hidden_frac": hidden.hidden_shares[venue, far] / sent,
    }
    of_price = {
        "true_mid_bps": _true_mid_bps(hidden, side, mid_ticks),
        "price_ahead_bps": scale * side * (hidden.reference_ticks - mid_ticks),
        "drift_bps_per_s": scale * side * hidden.drift_ticks_per_s,
        "unreleased_bps": scale * side * hidden.unreleased_ticks,
        "transient_bps": scale * side * hidden.transient_ticks,
    }
    matrix = np.empty((len(rows), len(HIDDEN_NAMES)))
    for column, name in enumerate(HIDDEN_NAMES):
        if name in of_venue:
            matrix[:, column] = of_venue[name][venue]
        elif name in of_row:
            matrix[:, column] = np.minimum(of_row[name], _MOST)
        else:
            matrix[:, column] = np.nan_to_num(of_price[name])
    return matrix


def _true_mid_bps(hidden: Hidden, side: int, mid_ticks: float) -> float:
    bids, asks = (hidden.touch_ticks[:, column] for column in (0, 1))
    if mid_ticks <= 0 or not bids.any() or not asks.any():
        return 0.0
    true_mid_ticks = (bids.max() + asks[asks > 0].min()) / 2
    return float(BPS_PER_UNIT * side * (true_mid_ticks - mid_ticks) / mid_ticks)


def row_of(venue_idx: int, tactic: int) -> int:
    """Row of a (venue, tactic) pair in every frame."""
    return venue_idx * N_TACTICS + tactic
