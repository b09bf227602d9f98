"""Kills and how far venues have confirmed them: counted from the states of the children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from penstock.engine import Child

_N_KEPT: Final = 16


class Progress(NamedTuple):
    """Of the children that were live when a kill came: how many have ended, how many are open."""

    cancels: int
    acknowledged: int
    in_doubt: int
    open_children: tuple[int, ...]  # neither acknowledged nor forgotten, those in doubt included

    @property
    def is_confirmed(self) -> bool:
        """True when no venue owes an answer and nothing is in doubt."""
        return not self.open_children


class KillWatch:
    """
    Remembers which children each kill asked to cancel, the latest kills only.

    A child is acknowledged when it has ended and its venue states no fill that is not booked. One
    that the engine holds no more had ended before it was forgotten.
    """

    def __init__(self) -> None:
        self._kills: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._n_kills = 0

    def start(self, child_ids: Iterable[int]) -> int:
        """Follow these children; returns the number of the kill."""
        self._n_kills += 1
        children = tuple(child_ids)
        self._kills[self._n_kills] = (len(children), children)
        while len(self._kills) > _N_KEPT:
            del self._kills[min(self._kills)]
        return self._n_kills

    def __contains__(self, kill: int) -> bool:
        """Whether this kill is followed still."""
        return kill in self._kills

    def progress(self, kill: int, children: Mapping[int, Child]) -> Progress:
        """How far a kill that is followed is confirmed."""
        n_cancels, child_ids = self._kills[kill]
        still_open = tuple(c for c in child_ids if _is_open(children.get(c)))
        self._kills[kill] = (n_cancels, still_open)  # what has ended without doubt stays so
        in_doubt = sum(children[child_id].doubt_shares > 0 for child_id in still_open)
        return Progress(n_cancels, n_cancels - len(still_open), in_doubt, still_open)


def _is_open(child: Child | None) -> bool:
    return child is not None and (not child.state.is_terminal or child.doubt_shares > 0)
