"""The scripted flow: each command becomes what a trader at that venue would do."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock._kernels import kernel
from penstock.sim.codes import FAR, NOBODY, SCRIPT, int64
from penstock.sim.feed import publish_trade
from penstock.sim.intents import intend_to_amend, intend_to_enter, intend_to_withdraw
from penstock.sim.layout import WorldState
from penstock.sim.matching.commands import order_of
from penstock.sim.matching.memory import DAY, IOC, MARKET
from penstock.sim.matching.views import order_ticks
from penstock.sim.pools import enter_pool, leave_pool, look_for_crosses
from penstock.sim.script import ScriptOp

# Kernels cannot read an enum's member.
_ADD = int(ScriptOp.ADD)
_CANCEL = int(ScriptOp.CANCEL)
_MARKET = int(ScriptOp.MARKET)
_DARK_ADD = int(ScriptOp.DARK_ADD)
_DARK_CANCEL = int(ScriptOp.DARK_CANCEL)
_PRINT = int(ScriptOp.PRINT)
_REFERENCE = int(ScriptOp.REFERENCE)

_DAY: Final = int64(DAY)
_IOC: Final = int64(IOC)
_ANONYMOUS: Final = int64(0)
_NO_MINIMUM: Final = int64(0)


@kernel
def step_script(state: WorldState, now_ns: int) -> None:
    """Carry out the next scripted command. Orders that are already gone are left alone."""
    params, world, script = state.params, state.world, state.script
    i = world[0].script_i
    world[0].script_i = i + 1
    state.clocks[SCRIPT] = script[i + 1].time_ns if i + 1 < len(script) else FAR
    op = int(np.int64(script[i].op))
    venue_idx = int(np.int64(script[i].venue_idx))
    side = int(np.int64(script[i].side))
    ticks = script[i].price_ticks
    shares = script[i].shares
    ref = params[0].first_script_ref + i
    target = state.script_targets[i]
    if op in (_ADD, _MARKET):
        tif, flags = _DAY, 0
        if op == _MARKET:
            tif, ref = _IOC, NOBODY
            flags = MARKET if ticks == 0 else 0
        intend_to_enter(
            world, state.intents, venue_idx, side, ticks, shares, _NO_MINIMUM, tif, flags,
            _ANONYMOUS, ref, 1.0,
        )  # fmt: skip
    elif op == _CANCEL and target >= 0:
        cancel_scripted(state, venue_idx, shares, params[0].first_script_ref + target)
    elif op == _DARK_ADD:
        look_for_crosses(state, venue_idx, now_ns)
        enter_pool(
            state, venue_idx, side, ref, shares, _NO_MINIMUM, ticks, _DAY,
            state.venues[venue_idx].leak_prob, now_ns,
        )  # fmt: skip
    elif op == _DARK_CANCEL and target >= 0:
        side = int(np.int64(script[target].side))
        leave_pool(state, venue_idx, side, params[0].first_script_ref + target)
    elif op == _PRINT:
        publish_trade(
            world, state.venues, state.tables, state.tape, venue_idx, side, ticks, shares, False,
            state.venues[venue_idx].is_lit == 0, now_ns,
        )  # fmt: skip
    elif op == _REFERENCE:
        world[0].script_reference_ticks = float(ticks)


@kernel
def cancel_scripted(state: WorldState, venue_idx: int, shares: int, ref: int) -> None:
    """Take `shares` off a lit order, or all of it when `shares` is 0 or not less than it has."""
    slot = order_of(state.orders, state.handles[ref])
    if slot == 0:
        return
    left = int(np.int64(state.orders[slot].shares)) - shares
    if shares == 0 or left <= 0:
        intend_to_withdraw(state.world, state.intents, venue_idx, ref)
    else:
        ticks = order_ticks(state.head, state.orders, slot)
        intend_to_amend(state.world, state.intents, venue_idx, ticks, left, ref, 0.0)
