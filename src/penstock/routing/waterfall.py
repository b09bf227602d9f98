"""The static waterfall: a list of rows tried from top to bottom, and from the top again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import (
    N_TACTICS,
    ConfigError,
    Problem,
    RowArray,
    Tactic,
    Universe,
    Venue,
    VenueKind,
)
from penstock.routing.steps import TACTIC_ORDER, Step, TacticName

WaterfallArray = NDArray[np.int64]
"""Row indices (venue_idx * 3 + tactic) from top to bottom, shape (n_steps,)."""

_TACTICS: Final = {"take": Tactic.TAKE, "mid": Tactic.MID, "post": Tactic.POST}


def offers(kind: VenueKind, tactic: Tactic) -> bool:
    """Whether venues of this kind have the tactic: pools have the midpoint, lit ones the rest."""
    return (tactic is Tactic.MID) is not kind.is_lit


def default_waterfall(
    universe: Universe, tactics: Sequence[TacticName] = TACTIC_ORDER
) -> tuple[Step, ...]:
    """
    The usual hierarchy: what reveals least first, what costs most last.

    The internal pool, external pools, then posting at ECNs and exchanges, then taking there; venues
    of one kind in the order of the universe.

    Args:
        tactics: which, and in which order.
    """
    venues = sorted(universe.venues, key=lambda venue: (venue.kind, venue.venue_idx))
    return tuple(
        Step(venue=venue.mic, tactic=tactic)
        for tactic in tactics
        for venue in venues
        if offers(venue.kind, _TACTICS[tactic])
    )


def resolve_waterfall(
    steps: Sequence[Step], universe: Universe, *, where: str = "routing.waterfall"
) -> WaterfallArray:
    """
    Row indices of the steps; of the default hierarchy if there are none.

    Args:
        where: what the list is called in its file.
    Raises:
        ConfigError: a venue that is not in the universe, a tactic that it does not offer, the same
            step twice; all problems at once.
    """
    steps = steps or default_waterfall(universe)
    problems = list(_problems(steps, universe, where))
    if problems:
        raise ConfigError(problems)
    venue_idx = {venue.mic: venue.venue_idx for venue in universe.venues}
    rows = [venue_idx[step.venue] * N_TACTICS + _TACTICS[step.tactic] for step in steps]
    return np.array(rows, np.int64)


def _problems(steps: Sequence[Step], universe: Universe, where: str) -> Iterator[Problem]:
    venues: dict[str, Venue] = {venue.mic: venue for venue in universe.venues}
    for i, step in enumerate(steps):
        venue = venues.get(step.venue)
        if venue is None:
            yield Problem(
                where=f"{where}[{i}].venue",
                expected=f"one of {', '.join(sorted(venues))}",
                found=repr(step.venue),
                fix="venues are named by the MIC that the scenario or configuration gives them",
            )
        elif not offers(venue.kind, _TACTICS[step.tactic]):
            offered = "take or post" if venue.kind.is_lit else "mid"
            yield Problem(
                where=f"{where}[{i}].tactic",
                expected=f"{offered} at {venue.mic}, which is {venue.kind.name.lower()}",
                found=repr(step.tactic),
                fix="pools trade at the midpoint; lit venues are taken from or posted at",
            )
        if step in steps[:i]:
            yield Problem(
                where=f"{where}[{i}]",
                expected="each step once",
                found=f"{step.tactic} at {step.venue} again",
                fix="leave the second one out: the list starts again by itself",
            )


@kernel
def walk_down(rows: RowArray, waterfall: WaterfallArray, out_order: NDArray[np.int64]) -> int:
    """
    Usable rows of the list in the order in which they are due.

    The walk goes on below the row that the parent tried last, and starts again at the top after
    the last one. Of rows tried at one time the lowest counts, so a stage sent at once is one step
    of the walk. While every row is usable this is "least tried first, then by position"; a row that
    could not be used when it was due has lost its turn and does not get it back.

    Args:
        out_order: receives row indices, shape (n_rows,).
    Returns:
        How many rows are usable.

    Reference: tests/support/naive_routing.py::walk_down.
    """
    n, start, last_ns = len(waterfall), 0, 0
    for k in range(n):
        sent_ns = rows[waterfall[k]].last_sent_ns
        if sent_ns > 0 and sent_ns >= last_ns:
            start, last_ns = k + 1, sent_ns
    n_usable = 0
    for k in range(n):
        r = waterfall[(start + k) % n]
        if rows[r].excluded == 0:
            out_order[n_usable] = r
            n_usable += 1
    return n_usable
