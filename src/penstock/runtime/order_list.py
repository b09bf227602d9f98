"""What `penstock orders` lists: children that are live or in doubt, and parents at work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from penstock.domain import Universe
from penstock.engine import Child, Engine, Parent

MAX_ROWS: Final = 10_000


class ChildRow(msgspec.Struct, frozen=True, kw_only=True):
    """A child order that a venue may still fill, or has filled without our having booked it."""

    child: int
    parent: int
    client: str
    client_order_id: str
    venue: str
    symbol: str
    side: str
    state: str
    shares: int
    filled: int
    leaves: int
    in_doubt: int


class ParentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order of a client that has not ended."""

    parent: int
    client: str
    client_order_id: str
    symbol: str
    side: str
    state: str
    shares: int
    filled: int
    leaves: int
    live: int  # children
    in_doubt: int  # shares


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A client, a venue or a symbol; empty means all."""

    client: str = ""
    venue_idx: int | None = None
    instrument_idx: int | None = None

    def has_parent(self, parent: Parent) -> bool:
        """Whether an order of a client is meant, venues aside."""
        order = parent.order
        return (not self.client or order.client == self.client) and (
            self.instrument_idx is None or order.instrument_idx == self.instrument_idx
        )

    def has_child(self, child: Child) -> bool:
        """Whether a child of such an order is meant."""
        return self.venue_idx is None or child.order.venue_idx == self.venue_idx


class OrderList:
    """Looks through the engine's orders; a few microseconds for each that is open."""

    def __init__(self, engine: Engine, universe: Universe) -> None:
        self._engine, self._universe = engine, universe

    def live(self, scope: Scope) -> list[int]:
        """Children in a scope that have not ended."""
        children = self._engine.children
        return [
            child_id
            for parent in self._parents(scope)
            for child_id in parent.live_children
            if scope.has_child(children[child_id])
        ]

    def rows(self, scope: Scope) -> tuple[list[ChildRow], list[ParentRow]]:
        """Everything open in a scope, at most `MAX_ROWS` of each."""
        children, parents = [], []
        for parent in self._parents(scope):
            own = [c for c in self._open_children(parent) if scope.has_child(c)]
            children += [self._child_row(child, parent) for child in own]
            if scope.venue_idx is None or own:
                parents.append(self._parent_row(parent))
            if len(children) > MAX_ROWS or len(parents) > MAX_ROWS:
                break
        return children[:MAX_ROWS], parents[:MAX_ROWS]

    def rows_of(self, child_ids: Iterable[int]) -> list[ChildRow]:
        """The same of single children; those that are gone are left out."""
        parents, children = self._engine.parents, self._engine.children
        found = (children[child_id] for child_id in child_ids if child_id in children)
        return [
            self._child_row(child, parents[child.order.parent_id])
            for child in found
            if child.order.parent_id in parents
        ]

    def _parents(self, scope: Scope) -> Iterator[Parent]:
        return (
            parent
            for parent in self._engine.parents.values()
            if (not parent.state.is_terminal or not parent.is_idle) and scope.has_parent(parent)
        )

    def _open_children(self, parent: Parent) -> Iterator[Child]:
        for child_id in (*parent.live_children, *parent.doubtful_children):
            yield self._engine.children[child_id]

    def _child_row(self, child: Child, parent: Parent) -> ChildRow:
        order, universe = child.order, self._universe
        return ChildRow(
            child=order.child_id,
            parent=order.parent_id,
            client=parent.order.client,
            client_order_id=parent.order.client_order_id,
            venue=universe.venues[order.venue_idx].mic,
            symbol=universe.instruments[order.instrument_idx].symbol,
            side=order.side.name.lower(),
            state=str(child.state),
            shares=child.size_shares,
            filled=child.filled_shares,
            leaves=child.leaves_shares,
            in_doubt=child.doubt_shares,
        )

    def _parent_row(self, parent: Parent) -> ParentRow:
        order = parent.order
        children = self._engine.children
        return ParentRow(
            parent=order.parent_id,
            client=order.client,
            client_order_id=order.client_order_id,
            symbol=self._universe.instruments[order.instrument_idx].symbol,
            side=order.side.name.lower(),
            state=str(parent.state),
            shares=parent.size_shares,
            filled=parent.filled_shares,
            leaves=parent.leaves_shares,
            live=len(parent.live_children),
            in_doubt=sum(
                children[c].doubt_shares for c in (*parent.live_children, *parent.doubtful_children)
            ),
        )
