"""Many worlds of one scenario in one set of arrays, so that one compiled call can move them all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from penstock._kernels import inlined
from penstock.sim.layout import WorldState
from penstock.sim.world import World

GROWING = ("tape", "reports", "audit")
"""Arrays whose length is a capacity that may run out; see `penstock.sim.loop.has_room`."""


@inlined
def world_at(stack: WorldState, w: int) -> WorldState:
    """World `w` of a stack. Fields in the order of `WorldState`; a test holds the two together."""
    return WorldState(
        stack.params[w], stack.world[w], stack.clocks[w], stack.streams[w], stack.venues[w],
        stack.tables[w], stack.head[w], stack.books[w], stack.levels[w], stack.orders[w],
        stack.fills[w], stack.results[w], stack.handles[w], stack.refs[w], stack.intents[w],
        stack.makers[w], stack.quotes[w], stack.spells[w], stack.others[w], stack.interest[w],
        stack.n_interest[w], stack.touches[w], stack.nbbo[w], stack.marks[w], stack.children[w],
        stack.mail[w],
        stack.reports[w], stack.audit[w], stack.tape[w], stack.changes[w],
        stack.script[w], stack.script_targets[w],
    )  # fmt: skip


def stack_of(worlds: Sequence[World]) -> WorldState:
    """
    The arrays of worlds of one scenario, each with one dimension more in front, shape (n, …).

    The worlds live in it from now on. Where one has a longer buffer, all get one as long.
    """
    states = [world.state for world in worlds]
    arrays = {}
    for name in WorldState._fields:
        parts = [getattr(state, name) for state in states]
        longest = max(parts, key=len)
        arrays[name] = np.zeros((len(parts), *longest.shape), longest.dtype)
        for row, part in zip(arrays[name], parts, strict=True):
            row[: len(part)] = part
    stack = WorldState(**arrays)
    _move_in(worlds, stack)
    return stack


def replaced(stack: WorldState, worlds: Sequence[World], w: int, fresh: World) -> WorldState:
    """
    The stack with another world in place `w`, whose memory is overwritten: the one before is gone.

    It is the same stack unless one of its buffers is too short.
    """
    longer = {
        name: len(getattr(fresh.state, name))
        for name in WorldState._fields
        if len(getattr(fresh.state, name)) > getattr(stack, name).shape[1]
    }
    if longer:
        stack = _lengthened(stack, longer)
        _move_in([world for i, world in enumerate(worlds) if i != w], stack, skipping=w)
    for name in WorldState._fields:
        row, part = getattr(stack, name)[w], getattr(fresh.state, name)
        row[: len(part)] = part
        row[len(part) :] = np.zeros((), row.dtype)
    fresh.move_to(_row(stack, w))
    return stack


def with_more_room(stack: WorldState, worlds: Sequence[World]) -> WorldState:
    """The stack with its growing buffers twice as long: what NEED_ROOM asks for."""
    longer = {name: 2 * getattr(stack, name).shape[1] for name in GROWING}
    stack = _lengthened(stack, longer)
    _move_in(worlds, stack)
    return stack


def _lengthened(stack: WorldState, lengths: dict[str, int]) -> WorldState:
    arrays = {}
    for name, length in lengths.items():
        old = getattr(stack, name)
        arrays[name] = np.zeros((len(old), length, *old.shape[2:]), old.dtype)
        arrays[name][:, : old.shape[1]] = old
    return stack._replace(**arrays)


def _move_in(worlds: Sequence[World], stack: WorldState, skipping: int = -1) -> None:
    rows = [w for w in range(len(stack.world)) if w != skipping]
    for w, world in zip(rows, worlds, strict=True):
        world.move_to(_row(stack, w))


def _row(stack: WorldState, w: int) -> WorldState:
    return WorldState(*[array[w] for array in stack])
