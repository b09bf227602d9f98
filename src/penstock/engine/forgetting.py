"""Forgetting: an order that has ended leaves the ledger after a while, packed, for the day."""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from penstock.domain import (
    CancelParent,
    Control,
    Event,
    NewParent,
    Ns,
    ReplaceParent,
    ReportParent,
    SendChild,
    Timer,
)
from penstock.engine.kills import KILLS, is_meant
from penstock.engine.packed import CHILDREN, PARENTS, unpack_parent
from penstock.engine.timers import Purpose

if TYPE_CHECKING:
    from penstock.engine.core import Core

_OF_PARENTS: Final = frozenset({Purpose.COMPLETE, Purpose.EXPIRE, Purpose.RETRY})


class _Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An order with everything that was sent for it."""

    parent: bytes
    attempts: bytes
    children: list[bytes]


class Past:
    """
    Orders that ended a while ago: packed, and found again by any number of theirs.

    Promises:
        an event about a forgotten order, or about a child of one, finds it in the ledger as it was
            (a late fill, a bust, a timer): it is called back before the event is handled, and
            forgotten again later;
        what is live, in doubt or not ended is never forgotten;
        when is decided by the times of events alone, so that a replay forgets the same.
    """

    def __init__(self) -> None:
        self._packed: dict[int, bytes] = {}
        self._kills: list[Control] = []  # of the day: each stops what it means for good
        self._n_kills: dict[int, int] = {}  # how many there were when an order was packed
        self._parent_of: dict[int, int] = {}  # of every child that is packed
        self._sent: dict[int, list[int]] = {}  # children of every order that is in the ledger
        self._ended: deque[tuple[Ns, int]] = deque()  # when each may be looked at, in order
        self._digest = b""  # of everything that was ever packed or called back

    def __len__(self) -> int:
        return len(self._packed)

    def before(self, core: Core, event: Event) -> None:
        """Forget what has been over for long enough; then call back what the event is about."""
        while self._ended and self._ended[0][0] <= core.now_ns:
            self._look_at(core, self._ended.popleft()[1])
        if not self._packed:
            return
        if isinstance(event, Control) and event.action in KILLS:
            self._kills.append(event)
        self._call_back_for(core, event)

    def after(self, core: Core) -> None:
        """Take note of what the event has caused: children sent, orders ended."""
        for command in core.out:
            if isinstance(command, SendChild):
                order = command.order
                self._sent.setdefault(order.parent_id, []).append(order.child_id)
            elif isinstance(command, ReportParent) and command.state.is_terminal:
                self._plan(core, command.parent_id)

    def all_packed(self, core: Core) -> Iterator[tuple[int, bytes]]:
        """Every order of the day by number, forgotten or not, packed."""
        for parent_id in list(self._packed):
            if self._n_kills[parent_id] < len(self._kills):
                self._call_back(core, parent_id)
        yield from self._packed.items()
        for parent_id in core.ledger.parents:
            yield parent_id, self._pack(core, parent_id)

    def _pack(self, core: Core, parent_id: int) -> bytes:
        """An order of the ledger with its children, as bytes."""
        parent = core.ledger.parents[parent_id]
        children = [core.ledger.children[child_id] for child_id in self._sent.get(parent_id, ())]
        packed = _Packed(
            PARENTS.pack(parent),
            parent.attempts.tobytes(),
            [CHILDREN.pack(child) for child in children],
        )
        return zlib.compress(_ENCODER.encode(packed), 1)

    def enter(self, core: Core, data: bytes) -> None:
        """
        Take an order that another engine has packed: forgotten if it is over, else in the ledger.

        The other engine's timers are not ours: none is out for it.
        """
        packed = _DECODER.decode(zlib.decompress(data))
        parent = PARENTS.unpack(packed.parent)
        parent.has_retry_timer = False
        children = [CHILDREN.unpack(child) for child in packed.children]
        for child in children:
            child.has_ask_timer = False
        again = _Packed(
            PARENTS.pack(parent), packed.attempts, [CHILDREN.pack(child) for child in children]
        )
        data = zlib.compress(_ENCODER.encode(again), 1)
        parent_id = parent.order.parent_id
        self._keep(parent_id, data, [child.order.child_id for child in children])
        is_open = parent.live_children or parent.doubtful_children
        if is_open or not parent.state.is_terminal:
            self._call_back(core, parent_id)

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash."""
        return (
            self._digest.hex(),
            list(self._ended),
            len(self._packed),
            [str(kill) for kill in self._kills],
        )

    def _note(self, data: bytes) -> None:
        self._digest = hashlib.sha256(self._digest + data).digest()

    def _call_back_for(self, core: Core, event: Event) -> None:
        if isinstance(event, Timer):
            due = core.timers.find(event.timer_id)
            if due is None:
                return
            is_of_parent = due.purpose in _OF_PARENTS
            parent_id = due.target_id if is_of_parent else self._parent_of.get(due.target_id)
        elif isinstance(event, NewParent):
            parent_id = event.order.parent_id
        elif isinstance(event, ReplaceParent | CancelParent):
            parent_id = event.parent_id
        else:
            child_id = getattr(event, "child_id", None)
            parent_id = None if child_id is None else self._parent_of.get(child_id)
        if parent_id is not None and parent_id in self._packed:
            self._call_back(core, parent_id)

    def _call_back(self, core: Core, parent_id: int) -> None:
        data = self._packed.pop(parent_id)
        self._note(b"back %d" % parent_id)
        packed = _DECODER.decode(zlib.decompress(data))
        n_rows = len(core.decider.frame.rows)
        parent = unpack_parent(packed.parent, packed.attempts, n_rows)
        kills = self._kills[self._n_kills.pop(parent_id) :]
        parent.is_stopped |= any(is_meant(kill, parent.order) for kill in kills)
        core.ledger.parents[parent_id] = parent
        children = [CHILDREN.unpack(child) for child in packed.children]
        for child in children:
            core.ledger.children[child.order.child_id] = child
            del self._parent_of[child.order.child_id]
        self._sent[parent_id] = [child.order.child_id for child in children]
        self._plan(core, parent_id)

    def _plan(self, core: Core, parent_id: int) -> None:
        if core.config.forget_after_ns > 0:
            self._ended.append((Ns(core.now_ns + core.config.forget_after_ns), parent_id))

    def _look_at(self, core: Core, parent_id: int) -> None:
        """Forget the order if it is over and nothing of it is open; if not, look again later."""
        parent = core.ledger.parents.get(parent_id)
        if parent is None:
            return
        if not parent.state.is_terminal:
            return  # a bust has set it to work again: it will end again
        if parent.live_children or parent.doubtful_children:
            self._plan(core, parent_id)
            return
        data = self._pack(core, parent_id)
        del core.ledger.parents[parent_id]
        sent = self._sent.pop(parent_id, [])
        for child_id in sent:
            del core.ledger.children[child_id]
        self._keep(parent_id, data, sent)

    def _keep(self, parent_id: int, data: bytes, child_ids: list[int]) -> None:
        self._packed[parent_id] = data
        self._n_kills[parent_id] = len(self._kills)
        self._note(data)
        for child_id in child_ids:
            self._parent_of[child_id] = parent_id


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Packed)
