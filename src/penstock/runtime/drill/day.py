"""One drill day: a script played to its end, and what the auditor found."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from penstock.domain import NS_PER_MS
from penstock.runtime.drill.acts import START_NS, Act, Script
from penstock.runtime.drill.audit import Auditor
from penstock.runtime.drill.deeds import DEEDS
from penstock.runtime.drill.settling import settle
from penstock.runtime.drill.world import World

_DRAIN_MS: Final = 90_000  # longer than any horizon, any back-off's first steps and any restart
_CLOSE_MS: Final = 5_000
_TMPFS: Final = Path("/dev/shm")  # noqa: S108  # a folder of its own is made there


class DayResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a day had, and what was broken: `violations` as (law, text, milliseconds)."""

    day: int
    n_events: int
    n_acts: int
    n_starts: int
    n_executions: int
    faults: dict[str, int]
    laws: dict[str, int]
    violations: list[tuple[str, str, int]]
    n_critical: int


def play(script: Script, *, lines: list[str] | None = None) -> DayResult:
    """
    Play a day in a folder of its own, to the first violation or to its end.

    Args:
        lines: receives the router's log.
    """
    base = _TMPFS if _TMPFS.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="penstock-drill-", dir=base))
    auditor = Auditor()
    world = World(script.plan, folder, auditor)
    try:
        _play(script, world)
    finally:
        world.kill()
        shutil.rmtree(folder, ignore_errors=True)
    if lines is not None:
        lines += world.lines
    return DayResult(
        day=script.day,
        n_events=world.n_events,
        n_acts=len(script.acts),
        n_starts=world.n_starts,
        n_executions=world.n_executions,
        faults=dict(world.faults),
        laws=auditor.n_held,
        violations=[
            (broken.law, broken.text, (broken.at_ns - START_NS) // NS_PER_MS)
            for broken in auditor.violations
        ],
        n_critical=sum(" critical " in line for line in world.lines),
    )


def _play(script: Script, world: World) -> None:
    world.start()
    for act in script.acts:
        world.agenda.at(START_NS + act.at_ms * NS_PER_MS, partial(_do, world, act))
    world.run_until(START_NS + script.plan.length_ms * NS_PER_MS)
    _drain(world)


def _do(world: World, act: Act) -> None:
    if world.auditor.violations:
        return
    if DEEDS[act.verb](world, act):
        world.faults[act.verb] += 1


def _drain(world: World) -> None:
    """Links up, venues answer, timers run out; then SIGTERM, and the laws of the end."""
    for venue in world.venues.values():
        venue.disarm()
        for order in venue.open_orders():
            if order.is_busy:
                venue.finish_ioc(order)
    world.disk_bytes = None
    _run_for(world, _DRAIN_MS)
    if world.process is None:
        world.start()
        _run_for(world, _CLOSE_MS)
    if not world.auditor.violations:
        world.auditor.quiet()
        settle(world)
        _run_for(world, _CLOSE_MS)
    world.stop(None)
    _run_for(world, _CLOSE_MS)
    if not world.auditor.violations:
        world.auditor.finish()


def _run_for(world: World, wait_ms: int) -> None:
    world.run_until(world.agenda.now_ns + wait_ms * NS_PER_MS)
