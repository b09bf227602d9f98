"""Worlds in one stack are the worlds that they were."""

import inspect
import re

import pytest

from penstock.domain import Ns
from penstock.sim import World
from penstock.sim.layout import WorldState
from penstock.sim.stacking import replaced, stack_of, with_more_room, world_at
from tests.support.worlds import plain_day

DAY = plain_day(60.0)
HALF_NS = Ns(DAY.start_ns + 30_000_000_000)


def test_world_at_names_every_field_in_order() -> None:
    """A field left out of the list would shift all that follow into wrong places."""
    named = re.findall(r"stack\.(\w+)\[w\]", inspect.getsource(world_at))

    assert list(WorldState._fields) == named


@pytest.mark.parametrize("grows", [False, True])
def test_a_world_in_a_stack_goes_on_as_before(grows: bool) -> None:
    """Moved, given more room, moved beside another: the hash at the end is that of a lone world."""
    alone = World(DAY, 2)
    alone.advance(DAY.end_ns)
    worlds = [World(DAY, seed) for seed in (1, 2)]
    stack = stack_of(worlds)
    if grows:
        stack = with_more_room(stack, worlds)
    worlds[1].advance(HALF_NS)
    fresh = World(DAY, 3)
    stack = replaced(stack, worlds, 0, fresh)
    fresh.advance(DAY.end_ns)
    worlds[1].advance(DAY.end_ns)

    assert alone.state_hash() == worlds[1].state_hash()
    assert worlds[1].state.world.base is not None  # it lives in the stack


def test_a_longer_buffer_lengthens_the_stack() -> None:
    """A fresh world may have grown its tape in warming up; its neighbours follow."""
    worlds = [World(DAY, seed) for seed in (1, 2)]
    stack = stack_of(worlds)
    before = worlds[1].state_hash()
    fresh = World(DAY, 3)
    fresh._grow("tape")
    longer = replaced(stack, worlds, 0, fresh)

    assert 2 * stack.tape.shape[1] == longer.tape.shape[1]
    assert before == worlds[1].state_hash()
    assert World(DAY, 3).state_hash() == fresh.state_hash()
