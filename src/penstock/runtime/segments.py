"""Segments: the day goes on in another journal when its settings were changed in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from penstock.domain import (
    DayCarried,
    Event,
    Ns,
    OrderCarried,
    Problem,
)
from penstock.engine import Engine, Parent
from penstock.runtime.config import RouterConf
from penstock.runtime.memory import Memory
from penstock.runtime.parts import draft_stamps


def problems_of_carrying(then: RouterConf, now: RouterConf) -> list[Problem]:
    """
    What of the settings cannot change while the day has orders: numbers stand for names.

    Instruments and venues may change and be added behind the others; those that there are stay
    where they are until the day rolls.
    """
    lists: list[tuple[str, list[str], list[str]]] = [
        ("instruments", [t.symbol for t in then.instruments], [t.symbol for t in now.instruments]),
        ("venues", [t.mic for t in then.venues], [t.mic for t in now.venues]),
    ]
    return [
        Problem(
            where=f"the configuration: {key}",
            expected=f"{', '.join(old)} first, in this order, as earlier today",
            found=", ".join(new),
            fix="add new ones at the end; take others away on another trading day",
        )
        for key, old, new in lists
        if new[: len(old)] != old
    ]


def carried_events(old: Memory, journal: Path, now_ns: Ns) -> Iterator[Event]:
    """Drafts of what a new journal of the day begins with: nothing of the old one is open."""
    yield from _orders(old, now_ns, every=True)
    yield DayCarried(
        **draft_stamps(now_ns),
        journal=journal.name,
        traded=tuple(old.engine.traded()),
        throttled=tuple(k for k, is_on in enumerate(old.engine.throttled) if is_on),
    )
    for control in old.standing.controls:
        yield msgspec.structs.replace(control, **draft_stamps(now_ns))


def open_events(old: Memory, journal: Path, now_ns: Ns) -> Iterator[Event]:
    """Drafts of what another day begins with: orders that venues have left open or in doubt."""
    yield from _orders(old, now_ns, every=False)
    yield DayCarried(**draft_stamps(now_ns), journal=journal.name, traded=(), throttled=())


def _orders(old: Memory, now_ns: Ns, *, every: bool) -> Iterator[Event]:
    names, children = old.oms_desk.packed(), old.venue_desk.packed()
    for parent_id, packed in old.engine.packed_orders():
        parent = old.engine.parents.get(parent_id)
        if every or (parent is not None and not is_over(parent)):
            yield OrderCarried(
                **draft_stamps(now_ns),
                parent_id=parent_id,
                client=old.oms_desk.client_of(parent_id),
                order=packed,
                names=names[parent_id],
                children=children.get(parent_id, b"\x90"),  # an empty list
            )


def is_over(parent: Parent) -> bool:
    """Whether nothing of an order is open or in doubt."""
    is_idle = not parent.live_children and not parent.doubtful_children
    return parent.state.is_terminal and is_idle


def is_all_over(engine: Engine) -> bool:
    """Whether that is true of every order."""
    return all(is_over(parent) for parent in engine.parents.values())


def segment_name(context: Mapping[str, Any]) -> str:
    """What marks and the feedback log call a journal: the run, and its number behind the first."""
    segment = context.get("segment", 0)
    return f"{context['run']}.{segment}" if segment else str(context["run"])
