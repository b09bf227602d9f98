"""The workspace of one decision, allocated once and filled again for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import N_TACTICS, ROW_DTYPE, SITUATION_DTYPE, RowArray, SituationArray
from penstock.features import N_FEATURES, TAIL_DTYPE, TailArray
from penstock.models import N_PARTS

WORK_DTYPE: Final = np.dtype(
    [
        # What the venue accepts; written by `RowBuilder.build`.
        ("min_shares", np.int64),
        ("lot_shares", np.int64),
        # Scratch of the policies.
        ("own_bps", np.float64),  # a of the row, per share of the whole decision
        ("fill_frac", np.float64),  # phi of the row: the part of the whole decision that it fills
        ("sort_key", np.float64),  # what rows are ranked by, lowest first; NaN: not a candidate
        ("rest_bps", np.float64),  # cost of what follows the row, by position in the plan
        # Scratch of the sweep: shares taken at the venue, levels used up.
        ("swept_shares", np.int64),
        ("n_swept_levels", np.int64),
    ]
)
"""One row of a frame, beyond what is recorded."""

WorkArray = NDArray[Any]
"""Shape (n_rows,), WORK_DTYPE."""

OrderArray = NDArray[np.int64]
"""Shape (2, n_rows): row indices by position; the plan in 0, the plan to compare it with in 1."""


class Frame:
    """
    Everything that one decision reads and writes; row i is venue i // 3, tactic i % 3.

    Filled in this order: the engine writes `situation`, what the parent has done in each row, and
    the exclusions that it knows of; `RowBuilder.build` says what each row is; the features follow
    where the policy reads them; the policy writes parts, scores and the plan.

    Attributes:
        situation: shape (1,), SITUATION_DTYPE.
        rows: shape (n_venues * 3,), ROW_DTYPE.
        features: shape (n_rows, N_FEATURES).
        picked: rows that the model is asked about, shape (n_rows,); the first ones count.
        picked_features, parts, sd: what it is asked and what it answers, in the order of `picked`;
            shapes (n_rows, N_FEATURES), (n_rows, 4), (n_rows, 4).
        tails: what pools held, told from our own fills; the engine puts its own here, shape
            (n_venues,).
        work, orders: scratch, WORK_DTYPE and row indices.
    """

    def __init__(self, n_venues: int) -> None:
        assert n_venues > 0, "a router needs a venue"
        n_rows = n_venues * N_TACTICS
        self.situation: SituationArray = np.zeros(1, SITUATION_DTYPE)
        self.rows: RowArray = np.zeros(n_rows, ROW_DTYPE)
        # Risk masks rows by venue before the builder describes them: also in the first decision.
        self.rows["venue_idx"] = np.arange(n_rows) // N_TACTICS
        self.rows["tactic"] = np.arange(n_rows) % N_TACTICS
        self.features = np.zeros((n_rows, N_FEATURES))
        self.picked = np.zeros(n_rows, np.int64)
        self.picked_features = np.zeros((n_rows, N_FEATURES))
        self.parts = np.zeros((n_rows, N_PARTS))
        self.sd = np.zeros((n_rows, N_PARTS))
        self.tails: TailArray = np.zeros(n_venues, TAIL_DTYPE)
        self.work: WorkArray = np.zeros(n_rows, WORK_DTYPE)
        self.orders: OrderArray = np.zeros((2, n_rows), np.int64)

    def planned_shares(self) -> int:
        """Shares that the plan sends now."""
        return int(self.rows["alloc_shares"][self.rows["stage"] == 0].sum())
