"""A policy for collecting experience: some parents by plan, some by lot."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from penstock.routing import Frame, Policy
from penstock.routing.allocation import clear_plan, send_in_order

EXPLORED_FRAC: Final = 0.5


class ExplorePolicy:
    """
    Follows `base` for one half of the parents, and a random order of usable rows for the other.

    Whole parents are explored, not single steps: a step that is soon corrected teaches nothing
    about where it would have led. Used in simulated markets only.

    `propensity` of a usable row of an explored parent is the chance with which it got its place in
    the order, 1 / number of usable rows; of everything else 1, because nothing there was left to
    chance. Whether the parent explores (EXPLORED_FRAC) is not in it: given that it does.

    Args:
        seed: of the choice, with the parent's number; no state is kept between decisions.
    """

    name = "explore"
    needs_features = True
    model_sha256 = ""

    def __init__(self, base: Policy, seed: int) -> None:
        self._base = base
        self._seed = seed

    def plan(self, frame: Frame) -> None:
        """A random order of what may be used, or the base's plan."""
        situation = frame.situation[0]
        parent_id, n_decisions = int(situation["parent_id"]), int(situation["n_decisions"])
        explores = np.random.default_rng((self._seed, parent_id)).random() < EXPLORED_FRAC
        if situation["must_complete"] or not explores:
            self._base.plan(frame)
            return
        generator = np.random.default_rng((self._seed, parent_id, n_decisions + 1))
        usable = np.flatnonzero(frame.rows["excluded"] == 0)
        clear_plan(frame.rows)
        frame.orders[0, : len(usable)] = generator.permutation(usable)
        send_in_order(frame.situation, frame.rows, frame.work, frame.orders[0], len(usable))
        if len(usable):
            frame.rows["propensity"][usable] = 1.0 / len(usable)

    def state_hash(self) -> str:
        """Hash of the seed and of the base."""
        return hashlib.sha256(
            f"{self.name}/{self._seed}/{self._base.state_hash()}".encode()
        ).hexdigest()
