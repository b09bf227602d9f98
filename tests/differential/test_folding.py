"""The best bid and offer of a simulated market against the same from the house's books."""

from __future__ import annotations

import msgspec
import numpy as np

from penstock.domain import NS_PER_S, Ns
from penstock.sim import World
from penstock.trials import read_scenario
from penstock.trials.calibration.folding import Folder
from tests.support.naive_folding import folded
from tests.support.worlds import PLAIN_DAY


def test_folded_quotes_are_those_of_the_books() -> None:
    """A minute of three lit venues, in pieces: states carry over from one piece to the next."""
    scenario = read_scenario(PLAIN_DAY)
    about = msgspec.structs.replace(scenario.scenario, duration_s=60.0)
    world = World(msgspec.structs.replace(scenario, scenario=about), 3)
    is_protected = np.array([venue.protected for venue in scenario.venues])
    folder, pieces = Folder(is_protected), []
    for step in range(1, 21):
        batch, _ = world.advance(Ns(int(scenario.start_ns) + step * NS_PER_S))
        pieces.append(batch.tape[batch.lo : batch.hi].copy())
        folder.fold(pieces[-1])

    expected = folded(np.concatenate(pieces), is_protected)
    found = [tuple(row) for row in folder.states().tolist()]

    assert len(expected) > 50
    # A state is dropped for a later one of the same time within a piece only.
    times = {row[0] for row in expected}
    assert expected == [row for row in found if row[0] in times]
