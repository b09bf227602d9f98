"""The children of a run as they were sent to their venues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from penstock.domain import (
    CancelChild,
    ChildOrder,
    Command,
    Event,
    Identity,
    NewParent,
    ReplaceChild,
    SendChild,
)

NOBODY: Final = Identity()
"""The identity of an order that names none."""


@dataclass(slots=True)
class SentChild:
    """A child that was sent, on whose behalf, and how often we asked for a change."""

    order: ChildOrder
    identity: Identity
    n_cancels: int = 0
    n_replaces: int = 0


class VenueChildren:
    """
    Every child of the run, by number, kept until the end: late executions and busts must find it.

    Changed by steps alone, so the steps of a journal make the same again.
    """

    def __init__(self) -> None:
        self._children: dict[int, SentChild] = {}
        self._identities: dict[int, Identity] = {}  # by parent, of those that have one

    def find(self, child_id: int) -> SentChild | None:
        """A child by its number; None if it was never sent."""
        return self._children.get(child_id)

    def sent(self, child_id: int) -> SentChild:
        """A child of ours; asking for any other is our own bug."""
        child = self._children.get(child_id)
        assert child is not None, f"child {child_id} was never noted: call note() for every step"
        return child

    def note(self, event: Event, commands: Sequence[Command]) -> None:
        """Take a step of the engine."""
        if isinstance(event, NewParent) and event.order.identity != NOBODY:
            self._identities[event.order.parent_id] = event.order.identity
        for command in commands:
            match command:
                case SendChild(order=order):
                    identity = self._identities.get(order.parent_id, NOBODY)
                    self._children.setdefault(order.child_id, SentChild(order, identity))
                case CancelChild(child_id=child_id):
                    self.sent(child_id).n_cancels += 1
                case ReplaceChild(child_id=child_id):
                    self.sent(child_id).n_replaces += 1
                case _:
                    pass

    def facts(self) -> list[tuple[object, ...]]:
        """Content for a state hash."""
        return [
            *((c.order, c.identity, c.n_cancels, c.n_replaces) for c in self._children.values()),
            *self._identities.items(),
        ]
