"""What is live and what has traded, in exact integers of ticks times shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Owner(NamedTuple):
    """On whose account an order is sent; `account` is empty where none is counted."""

    client: str
    parent_id: int
    account: str = ""


class Live(NamedTuple):
    """A child as far as credit is concerned."""

    owner: Owner
    limit_ticks: int
    leaves_shares: int

    @property
    def value(self) -> int:
        """What it counts for, ticks times shares: the most that a buy can still cost."""
        return self.limit_ticks * self.leaves_shares


Key = str | int | tuple[str, str]
"""A client, a parent, or an account of a client."""


class Exposure:
    """
    Open and traded value, in ticks times shares, per client, account, parent and in all.

    Invariants:
        `open_value` is the sum over live children, and 0 when none is live;
        a client's value is what its children have traded plus what of them is live, and the sum
            over its parents, until a person resets what has traded;
        no traded value is negative: a bust of what was reset gives no credit.

    One object lives for one trading day: traded values are forgotten by a person's order alone.
    """

    def __init__(self) -> None:
        self._live: dict[int, Live] = {}
        self._live_by: dict[Key, int] = {}
        self._traded_by: dict[Key, int] = {}
        self.open_value = 0

    def client_value(self, client: str) -> int:
        """Traded today plus live."""
        return self._value(client)

    def account_value(self, client: str, account: str) -> int:
        """Traded today plus live, on one account."""
        return self._value((client, account))

    def parent_value(self, parent_id: int) -> int:
        """Traded plus live."""
        return self._value(parent_id)

    def open(self, child_id: int, live: Live) -> None:
        """A child leaves: it counts from here on."""
        assert child_id not in self._live, f"child {child_id} is live already"
        self._live[child_id] = live
        self._add_live(live.owner, live.value)

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
            self._add_live(live.owner, -live.value)

    def on_trade(self, child_id: int, owner: Owner, price_ticks: int, shares: int) -> None:
        """Live value becomes traded value; a fill of a child that has ended is traded value too."""
        live = self._live.get(child_id)
        if live is not None:
            self.resize(child_id, live.limit_ticks, max(0, live.leaves_shares - shares))
        self._add_traded(owner, price_ticks * shares)

    def take_back(self, owner: Owner, price_ticks: int, shares: int) -> None:
        """An execution did not happen after all."""
        self._add_traded(owner, -price_ticks * shares)

    def reset(self, client: str = "") -> None:
        """What has traded counts from zero: of one client and its accounts, or of all clients."""
        for key in list(self._traded_by):
            of = key[0] if isinstance(key, tuple) else key
            if isinstance(of, str) and client in ("", of):
                self._traded_by[key] = 0

    def traded(self) -> list[tuple[str, str, int, int]]:
        """What has traded: client, account, parent and value. Call when nothing is live."""
        assert not self._live, "live value is no traded value"
        return [(*_named(key), value) for key, value in self._traded_by.items() if value]

    def carry(self, traded: Iterable[tuple[str, str, int, int]]) -> None:
        """Begin with what has traded earlier in the day."""
        for client, account, parent_id, value in traded:
            key: Key = (client, account) if account else client or parent_id
            self._traded_by[key] = value

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash."""
        return (
            sorted(self._live.items()),
            sorted((repr(key), value) for key, value in self._live_by.items()),
            sorted((repr(key), value) for key, value in self._traded_by.items() if value),
            self.open_value,
        )

    def _value(self, key: Key) -> int:
        return self._live_by.get(key, 0) + self._traded_by.get(key, 0)

    def _add_live(self, owner: Owner, value: int) -> None:
        self.open_value += value
        for key in _keys(owner):
            self._live_by[key] = self._live_by.get(key, 0) + value
            if self._live_by[key] == 0:
                del self._live_by[key]

    def _add_traded(self, owner: Owner, value: int) -> None:
        for key in _keys(owner):
            self._traded_by[key] = max(0, self._traded_by.get(key, 0) + value)


def _keys(owner: Owner) -> tuple[Key, ...]:
    if owner.account:
        return (owner.client, owner.parent_id, (owner.client, owner.account))
    return (owner.client, owner.parent_id)


def _named(key: Key) -> tuple[str, str, int]:
    """Client, account and parent that a key stands for; empty and 0 where it stands for none."""
    if isinstance(key, tuple):
        return (*key, 0)
    return (key, "", 0) if isinstance(key, str) else ("", "", key)
