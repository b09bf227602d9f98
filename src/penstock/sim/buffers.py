"""The buffers between a world and its caller: what was read makes room for what comes."""

from __future__ import annotations

from penstock._kernels import inlined
from penstock.sim.layout import Rows, WorldState
from penstock.sim.matching.commands import fills_needed

# One event adds at most two messages for each fill, and a few for each order that it enters or
# withdraws.
_ROWS_PER_FILL = 2
_ROWS_BESIDES = 512


@inlined
def drop_consumed(state: WorldState) -> None:
    """Move what still waits in the buffers to their front."""
    world = state.world
    ready = world[0].tape_ready
    if ready > 0:
        world[0].tape_n -= ready
        for i in range(world[0].tape_n):
            state.tape[i] = state.tape[i + ready]
        world[0].tape_ready = 0
        world[0].tape_lo = 0
    done = world[0].reports_lo
    if done > 0:
        world[0].reports_n -= done
        for i in range(world[0].reports_n):
            state.reports[i] = state.reports[i + done]
        world[0].reports_lo = 0
    done = world[0].mail_lo
    if done > 0:
        world[0].mail_n -= done
        for i in range(world[0].mail_n):
            state.mail[i] = state.mail[i + done]
        world[0].mail_lo = 0


@inlined
def rows_needed(head: Rows) -> int:
    """What the next event can add to a buffer at most."""
    return _ROWS_PER_FILL * fills_needed(head) + _ROWS_BESIDES


@inlined
def has_room(state: WorldState) -> bool:
    """True when the buffers can take whatever the next event brings."""
    world = state.world
    need = rows_needed(state.head)
    return bool(
        world[0].tape_n + need <= len(state.tape)
        and world[0].reports_n + need <= len(state.reports)
        and world[0].audit_n + need <= len(state.audit)
    )
