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
from penstock.engine import Engine
from penstock.runtime.config import RouterConf
from penstock.runtime.parts import draft_stamps
from penstock.runtime.standing import Standing
from penstock.wire.fix import OmsDesk, VenueDesk


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


def carried_events(
    engine: Engine,
    oms_desk: OmsDesk,
    venue_desk: VenueDesk,
    standing: Standing,
    journal: Path,
    now_ns: Ns,
) -> Iterator[Event]:
    """Drafts of what a new journal of the day begins with: nothing of the old one is open."""
    names, children = oms_desk.packed(), venue_desk.packed()
    for parent_id, packed in engine.packed_orders():
        yield OrderCarried(
            **draft_stamps(now_ns),
            parent_id=parent_id,
            client=oms_desk.client_of(parent_id),
            order=packed,
            names=names.pop(parent_id),
            children=children.get(parent_id, b"\x90"),  # an empty list
        )
    yield DayCarried(
        **draft_stamps(now_ns),
        journal=journal.name,
        traded=tuple(engine.traded()),
        throttled=tuple(k for k, is_on in enumerate(engine.throttled) if is_on),
    )
    for control in standing.controls:
        yield msgspec.structs.replace(control, **draft_stamps(now_ns))


def is_all_over(engine: Engine) -> bool:
    """Whether nothing of any order is open or in doubt."""
    return all(
        parent.state.is_terminal and not parent.live_children and not parent.doubtful_children
        for parent in engine.parents.values()
    )


def segment_name(context: Mapping[str, Any]) -> str:
    """What marks and the feedback log call a journal: the run, and its number behind the first."""
    segment = context.get("segment", 0)
    return f"{context['run']}.{segment}" if segment else str(context["run"])
