"""Worlds in one stack are the worlds that they were."""

import inspect
import re

import msgspec
import pytest

from penstock.domain import Ns
from penstock.sim import World
from penstock.sim.layout import WorldState
from penstock.sim.scenario.tables import VenueSpells
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


def turning(seed: int) -> World:
    """A world of a pool that turns some times, of which the seed says when and how often."""
    pool = DAY.venues[1]
    spells = VenueSpells(min_s=2.0, max_s=20.0, time_frac=0.5, informed_frac=0.9, leak_prob=0.5)
    venues = (DAY.venues[0], msgspec.structs.replace(pool, spells=spells), *DAY.venues[2:])
    return World(msgspec.structs.replace(DAY, venues=venues), seed)


def test_a_neighbour_with_more_to_come_changes_nothing() -> None:
    """Schedules of several lengths lie in one array; what stands behind one is no change of it."""
    alone = {seed: turning(seed) for seed in range(1, 9)}
    lengths = {seed: len(world.state.changes) for seed, world in alone.items()}
    few, many = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    assert lengths[few] < lengths[many]
    worlds = [turning(many), turning(few)]
    stack = stack_of(worlds)
    fresh = turning(few)
    replaced(stack, worlds, 0, fresh)
    for world in (alone[few], worlds[1], fresh):
        world.advance(DAY.end_ns)

    assert alone[few].state_hash() == worlds[1].state_hash() == fresh.state_hash()


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
