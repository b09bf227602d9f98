"""A routing policy whose plan somebody else decides: one preference for each candidate row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from penstock.routing import Frame
from penstock.routing.allocation import clear_plan, finish, send_in_order

Preferences = NDArray[np.float64]
"""Shape (n_rows,): higher comes first; below 0 the row is left out."""


class AgentPolicy:
    """
    Ranks usable rows by the preferences that `ask` returns for the frame; a `Policy`.

    Rows below 0 are left out, ties go by row; a row that may not be used is never in the plan,
    whatever is preferred. Who wants no row waits: the engine asks again after `retry_ns`. Under
    `must_complete` nobody is asked: the sweep is the same for every policy.
    """

    name = "agent"
    needs_features = True
    model_sha256 = ""

    def __init__(self, ask: Callable[[Frame], Preferences]) -> None:
        self._ask = ask

    def plan(self, frame: Frame) -> None:
        """Ask, rank, and send what goes out together."""
        rows = frame.rows
        if frame.situation["must_complete"][0]:
            clear_plan(rows)
            finish(frame.situation, rows, frame.work, frame.orders[0])
            return
        preferences = np.where(rows["excluded"] == 0, self._ask(frame), -1.0)
        ranked = np.argsort(-preferences, kind="stable")[: int((preferences >= 0.0).sum())]
        clear_plan(rows)
        frame.orders[0, : len(ranked)] = ranked
        send_in_order(frame.situation, rows, frame.work, frame.orders[0], len(ranked))

    def state_hash(self) -> str:
        """Nothing is kept here: what somebody else remembers cannot be hashed."""
        return hashlib.sha256(self.name.encode()).hexdigest()
