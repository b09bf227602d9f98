"""Scripted background flow: commands with times, fixed before the run, that drive the venues."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.domain import MAX_ORDER_SHARES, Problem, TapeError
from penstock.sim.scenario.tables import Scenario

SCRIPT_DTYPE = np.dtype(
    [
        ("time_ns", np.int64),  # when the venue processes it; the array is sorted by it
        ("script_id", np.int64),  # names an order for a later CANCEL; unique, not negative
        ("price_ticks", np.int64),  # limit; 0 is "any price" where the operation allows it
        ("shares", np.int64),
        ("venue_idx", np.int16),
        ("op", np.uint8),  # ScriptOp
        ("side", np.int8),  # +1 buy, -1 sell; 0 where the operation has none
    ],
    align=True,
)
"""40 bytes a command. Rows with equal `time_ns` take effect in array order."""

ScriptArray = NDArray[Any]
"""An array of SCRIPT_DTYPE, sorted by `time_ns`."""


class ScriptOp(IntEnum):
    """
    What a scripted command does. Scripted orders match ours, each other's and any background flow.

    Orders that ours have already consumed stay consumed: a later CANCEL of one does nothing.
    """

    ADD = 0  # displayed day limit at a lit venue; what crosses the book trades first, then rests
    CANCEL = 1  # take `shares` off the lit order `script_id`; 0, or more than it has, is all of it
    MARKET = 2  # take up to `shares` at a lit venue, at `price_ticks` or better; 0 is any price
    DARK_ADD = 3  # hidden midpoint interest in a pool, at `price_ticks` or better; 0 is any price
    DARK_CANCEL = 4  # all of the pool order `script_id`
    PRINT = 5  # a TRADE on the tape and nothing else; at a pool it is flagged OFF_EXCHANGE
    REFERENCE = 6  # the reference price M* is `price_ticks` from now on; NaN before the first


def empty_script(n_commands: int = 0) -> ScriptArray:
    """A script of `n_commands` rows, all zero."""
    return np.zeros(n_commands, dtype=SCRIPT_DTYPE)


def targets_of(script: ScriptArray) -> NDArray[np.int64]:
    """Row of the order that each CANCEL and DARK_CANCEL is about; -1 elsewhere and if unknown."""
    targets = np.full(len(script), -1, dtype=np.int64)
    for add, cancel in (
        (ScriptOp.ADD, ScriptOp.CANCEL),
        (ScriptOp.DARK_ADD, ScriptOp.DARK_CANCEL),
    ):
        adds = np.flatnonzero(script["op"] == add)
        cancels = np.flatnonzero(script["op"] == cancel)
        if not len(adds) or not len(cancels):
            continue
        adds = adds[np.argsort(script["script_id"][adds], kind="stable")]
        ids = script["script_id"][adds]
        places = np.minimum(np.searchsorted(ids, script["script_id"][cancels]), len(ids) - 1)
        is_known = ids[places] == script["script_id"][cancels]
        targets[cancels] = np.where(is_known, adds[places], -1)
    return targets


def live_orders_at_most(script: ScriptArray) -> int:
    """Most scripted lit orders that can rest at one time, executions not counted."""
    change = (script["op"] == ScriptOp.ADD).astype(np.int64)
    change[_last_cancels(script)] -= 1
    return int(np.cumsum(change).max(initial=0))


def _last_cancels(script: ScriptArray) -> NDArray[np.int64]:
    """Rows of the cancels that take what is left of their orders, if nothing trades."""
    targets = targets_of(script)
    rows = np.flatnonzero((script["op"] == ScriptOp.CANCEL) & (targets >= 0))
    rows = rows[np.argsort(targets[rows], kind="stable")]
    sizes = script["shares"][targets[rows]]
    asked = script["shares"][rows]
    taken = np.cumsum(np.where(asked == 0, sizes, asked))
    _, first, group = np.unique(targets[rows], return_index=True, return_inverse=True)
    before = np.where(first > 0, taken[first - 1], 0)[group]
    is_enough = taken - before >= sizes
    _, first_enough = np.unique(targets[rows][is_enough], return_index=True)
    return rows[is_enough][first_enough]


def check_script(script: ScriptArray, scenario: Scenario) -> None:
    """
    Refuse a script that the scenario's venues could not carry out.

    Raises:
        TapeError: another dtype, times that go back, an unknown operation or venue, an operation
            at the wrong kind of venue, a side, size or price that cannot be, an id used twice. One
            problem of each kind, with the first row that has it and how many more there are.
    """
    if script.dtype != SCRIPT_DTYPE or script.ndim != 1:
        raise TapeError.one(
            where="script",
            expected="a one-dimensional array of SCRIPT_DTYPE",
            found=f"{script.dtype}, {script.ndim}-dimensional",
            fix="make it with penstock.sim.empty_script",
        )
    problems = [
        Problem(
            where=f"script row {np.flatnonzero(is_bad)[0]}"
            + (f" and {np.count_nonzero(is_bad) - 1} more" if is_bad.sum() > 1 else ""),
            expected=expected,
            found=str(script[np.flatnonzero(is_bad)[0]]),
            fix=fix,
        )
        for is_bad, expected, fix in _rules(script, scenario)
        if is_bad.any()
    ]
    if problems:
        raise TapeError(problems)


def _rules(script: ScriptArray, scenario: Scenario) -> Iterator[tuple[NDArray[np.bool_], str, str]]:
    """What must not be: rows that break a rule, the rule, and how to mend it."""
    op, venue_idx = script["op"], script["venue_idx"].astype(np.int64)
    ticks, shares = script["price_ticks"], script["shares"]
    is_known_venue = (venue_idx >= 0) & (venue_idx < len(scenario.venues))
    lit_venues = np.array([venue.is_lit for venue in scenario.venues])
    is_lit = lit_venues[np.where(is_known_venue, venue_idx, 0)]
    at_lit = np.isin(op, (ScriptOp.ADD, ScriptOp.CANCEL, ScriptOp.MARKET))
    at_pool = np.isin(op, (ScriptOp.DARK_ADD, ScriptOp.DARK_CANCEL))
    trades = np.isin(op, (ScriptOp.ADD, ScriptOp.MARKET, ScriptOp.DARK_ADD))
    names_order = np.isin(op, (ScriptOp.ADD, ScriptOp.DARK_ADD))
    needs_price = np.isin(op, (ScriptOp.ADD, ScriptOp.PRINT, ScriptOp.REFERENCE))
    is_off_grid = ticks % scenario.increment_ticks != 0
    later = np.zeros(len(script), dtype=np.bool_)
    later[1:] = script["time_ns"][1:] < script["time_ns"][:-1]

    yield later, "times that never go back", "sort the script by time_ns, stably"
    yield op > max(ScriptOp), "an operation of ScriptOp", "use the numbers of ScriptOp"
    yield ~is_known_venue, "a venue of the scenario", "venue_idx counts [[venues]] from 0"
    yield (
        at_lit & ~is_lit & is_known_venue,
        "a lit venue for ADD, CANCEL and MARKET",
        "pools take DARK_ADD",
    )
    yield (
        at_pool & is_lit & is_known_venue,
        "a pool for DARK_ADD and DARK_CANCEL",
        "lit venues take ADD",
    )
    yield trades & (np.abs(script["side"]) != 1), "side +1 or -1", "+1 buys, -1 sells"
    is_bad_size = (trades | (op == ScriptOp.PRINT)) & ((shares < 1) | (shares > MAX_ORDER_SHARES))
    yield is_bad_size, f"1 to {MAX_ORDER_SHARES:,} shares", "drop rows without a size"
    yield (op == ScriptOp.CANCEL) & (shares < 0), "0 or more shares to cancel", "0 is all of it"
    yield needs_price & (ticks < 1), "a positive price", "prices are 1e-4 USD"
    is_bad_limit = (op == ScriptOp.ADD) & is_off_grid | (ticks < 0) | (ticks >= 2**31)
    is_bad_limit |= (op == ScriptOp.MARKET) & is_off_grid
    yield (
        is_bad_limit,
        f"a multiple of the increment, {scenario.increment_ticks} ticks",
        "round bids down and asks up before scripting them",
    )
    is_again = np.zeros(len(script), dtype=np.bool_)
    named = np.flatnonzero(names_order)
    _, first = np.unique(script["script_id"][named], return_index=True)
    is_again[named] = True
    is_again[named[first]] = False
    yield is_again, "a script_id used once", "number the orders of a script"
