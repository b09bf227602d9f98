"""How traders say what they want done to a lit book; `loop.carry_out` does it."""

from __future__ import annotations

from penstock._kernels import kernel
from penstock.sim.codes import AMEND, ENTER, WITHDRAW
from penstock.sim.layout import Rows


@kernel
def intend_to_enter(
    world: Rows, intents: Rows, venue_idx: int, side: int, ticks: int, shares: int,
    min_shares: int, tif: int, flags: int, owner: int, ref: int, permanent_frac: float,
) -> None:  # fmt: skip
    """Ask for a new order. What rests of it is known as `ref`: NOBODY if nothing may rest."""
    i = world[0].n_intents
    world[0].n_intents = i + 1
    intents[i].kind = ENTER
    intents[i].venue_idx = venue_idx
    intents[i].side = side
    intents[i].ticks = ticks
    intents[i].shares = shares
    intents[i].min_shares = min_shares
    intents[i].display_shares = 0
    intents[i].tif = tif
    intents[i].flags = flags
    intents[i].owner = owner
    intents[i].ref = ref
    intents[i].permanent_frac = permanent_frac


@kernel
def intend_to_withdraw(world: Rows, intents: Rows, venue_idx: int, ref: int) -> None:
    """Ask for a resting order back."""
    i = world[0].n_intents
    world[0].n_intents = i + 1
    intents[i].kind = WITHDRAW
    intents[i].venue_idx = venue_idx
    intents[i].side = 1
    intents[i].ref = ref


@kernel
def intend_to_amend(
    world: Rows, intents: Rows, venue_idx: int, ticks: int, shares: int, ref: int,
    permanent_frac: float,
) -> None:  # fmt: skip
    """Ask for a new price and open size of a resting order."""
    i = world[0].n_intents
    world[0].n_intents = i + 1
    intents[i].kind = AMEND
    intents[i].venue_idx = venue_idx
    intents[i].side = 1
    intents[i].ticks = ticks
    intents[i].shares = shares
    intents[i].ref = ref
    intents[i].permanent_frac = permanent_frac
