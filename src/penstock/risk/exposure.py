"""What is live and what has traded, in exact integers of ticks times shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Owner(NamedTuple):
    """On whose account an order is sent."""

    client: str
    parent_id: int


class Live(NamedTuple):
    """A child as far as credit is concerned."""

    owner: Owner
    limit_ticks: int
    leaves_shares: int

    @property
    def value(self) -> int:
        """What it counts for, ticks times shares: the most that a buy can still cost."""
        return self.limit_ticks * self.leaves_shares


class Exposure:
    """
    Open and traded value, in ticks times shares, per client, per parent and in all.

    Invariants:
        `open_value` is the sum over live children, and 0 when none is live;
        a client's value is what its children have traded plus what of them is live, and the sum
            over its parents.

    One object lives for one trading day: traded values are never forgotten.
    """

    def __init__(self) -> None:
        self._live: dict[int, Live] = {}
        self._by_client: dict[str, int] = {}
        self._by_parent: dict[int, int] = {}
        self.open_value = 0

    def client_value(self, client: str) -> int:
        """Traded today plus live."""
        return self._by_client.get(client, 0)

    def parent_value(self, parent_id: int) -> int:
        """Traded plus live."""
        return self._by_parent.get(parent_id, 0)

    def open(self, child_id: int, live: Live) -> None:
        """A child leaves: it counts from here on."""
        assert child_id not in self._live, f"child {child_id} is live already"
        self._live[child_id] = live
        self.open_value += live.value
        self._add(live.owner, live.value)

    def resize(self, child_id: int, limit_ticks: int, leaves_shares: int) -> None:
        """What is live of a child has changed; nothing happens if it has ended already."""
        before = self._live.get(child_id)
        if before is not None:
            self.close(child_id)
            self.open(child_id, Live(before.owner, limit_ticks, leaves_shares))

    def close(self, child_id: int) -> None:
        """Nothing of the child is live any more; once is enough, twice does no harm."""
        live = self._live.pop(child_id, None)
        if live is not None:
            self.open_value -= live.value
            self._add(live.owner, -live.value)

    def on_trade(self, child_id: int, owner: Owner, price_ticks: int, shares: int) -> None:
        """Live value becomes traded value; a fill of a child that has ended is traded value too."""
        live = self._live.get(child_id)
        if live is not None:
            self.resize(child_id, live.limit_ticks, max(0, live.leaves_shares - shares))
        self._add(owner, price_ticks * shares)

    def take_back(self, owner: Owner, price_ticks: int, shares: int) -> None:
        """An execution did not happen after all."""
        self._add(owner, -price_ticks * shares)

    def traded(self) -> list[tuple[str, str, int, int]]:
        """What has traded: client, account, parent and value. Call when nothing is live."""
        assert not self._live, "live value is no traded value"
        of_clients = [(client, "", 0, value) for client, value in self._by_client.items()]
        of_parents = [("", "", parent_id, value) for parent_id, value in self._by_parent.items()]
        return of_clients + of_parents

    def carry(self, traded: Iterable[tuple[str, str, int, int]]) -> None:
        """Begin with what has traded earlier in the day."""
        for client, _, parent_id, value in traded:
            if client:
                self._by_client[client] = value
            else:
                self._by_parent[parent_id] = value

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash."""
        return (
            sorted(self._live.items()),
            sorted(self._by_client.items()),
            sorted(self._by_parent.items()),
            self.open_value,
        )

    def _add(self, owner: Owner, value: int) -> None:
        self._by_client[owner.client] = self.client_value(owner.client) + value
        self._by_parent[owner.parent_id] = self.parent_value(owner.parent_id) + value
