"""The children of a run as they were sent to their venues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from penstock.domain import (
    CancelChild,
    ChildOrder,
    Command,
    Event,
    Identity,
    NewParent,
    OrderCarried,
    Packer,
    ReplaceChild,
    SendChild,
    Shelf,
)

NOBODY: Final = Identity()
"""The identity of an order that names none."""


@dataclass(slots=True)
class SentChild:
    """
    A child that was sent, on whose behalf, and how often we asked for a change.

    `n_named` counts the names given to requests by this process; the steps decide the other counts.
    """

    order: ChildOrder
    identity: Identity = NOBODY
    n_cancels: int = 0
    n_replaces: int = 0
    n_named: int = 0


N_KEPT: Final = 1_000
_SENT: Final = Packer(SentChild)


class VenueChildren:
    """
    Every child of the run, by number, kept until the end: late executions and busts must find it.
    All but the latest are packed.

    Changed by steps alone, so the steps of a journal make the same again.
    """

    def __init__(self) -> None:
        self._children = Shelf(_SENT, N_KEPT)
        self._identities: dict[int, Identity] = {}  # by parent, of those that have one

    def find(self, child_id: int) -> SentChild | None:
        """A child by its number; None if it was never sent."""
        return self._children.find(child_id)

    def sent(self, child_id: int) -> SentChild:
        """A child of ours; asking for any other is our own bug."""
        child = self._children.find(child_id)
        assert child is not None, f"child {child_id} was never noted: call note() for every step"
        return child

    def note(self, event: Event, commands: Sequence[Command]) -> None:
        """Take a step of the engine."""
        if isinstance(event, NewParent) and event.order.identity != NOBODY:
            self._identities[event.order.parent_id] = event.order.identity
        if isinstance(event, OrderCarried):
            for data in msgspec.msgpack.decode(event.children, type=list[bytes]):
                child = _SENT.unpack(data)
                self._put(child)
        for command in commands:
            match command:
                case SendChild(order=order):
                    if self._children.find(order.child_id) is None:
                        identity = self._identities.get(order.parent_id, NOBODY)
                        self._put(SentChild(order, identity))
                case CancelChild(child_id=child_id):
                    self.sent(child_id).n_cancels += 1
                case ReplaceChild(child_id=child_id):
                    self.sent(child_id).n_replaces += 1
                case _:
                    pass

    def _put(self, child: SentChild) -> None:
        self._children.put(child.order.child_id, child)
        self._children.rest(child.order.child_id)

    def packed(self) -> dict[int, bytes]:
        """The children of every order, by the order's number."""
        sent: dict[int, list[bytes]] = {}
        for _, child in self._children.entries():
            sent.setdefault(child.order.parent_id, []).append(_SENT.pack(child))
        return {number: msgspec.msgpack.encode(children) for number, children in sent.items()}

    def facts(self) -> list[tuple[object, ...]]:
        """Content for a state hash."""
        return [
            *(
                (child.order, child.identity, child.n_cancels, child.n_replaces)
                for _, child in self._children.entries()
            ),
            *self._identities.items(),
        ]
