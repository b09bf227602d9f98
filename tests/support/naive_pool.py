"""A dark pool as its rules read: lists, sorting, no arrays. Slow, and meant to be obvious."""

from __future__ import annotations

from dataclasses import dataclass

DEPTH, BACKGROUND_DEPTH = 32, 24


@dataclass(kw_only=True)
class Hidden:
    """One order in a pool; `arrival` grows, a limit or minimum of 0 is none."""

    ref: int
    shares: int
    min_shares: int
    limit: int
    is_ours: bool
    arrival: int = 0


class NaivePool:
    """Orders of both sides that meet at a midpoint, served by time or by size."""

    def __init__(self, *, by_size: bool) -> None:
        self.by_size = by_size
        self.mid = 0  # none: nothing trades
        self.resting: dict[int, list[Hidden]] = {1: [], -1: []}
        self.trades: list[tuple[int, int]] = []  # price and shares
        self._n_arrived = 0
        self._tried_mid = 0
        self._is_untried = False  # somebody came to rest when nothing could trade

    def _turn(self, order: Hidden) -> tuple[int, ...]:
        return (-order.shares, order.arrival) if self.by_size else (order.arrival,)

    def enter(self, order: Hidden, side: int, *, is_day: bool) -> int:
        """Trade, then rest if it may. Returns the shares that neither traded nor rest."""
        self._cross(order, side)
        depth = DEPTH if order.is_ours else BACKGROUND_DEPTH
        if order.shares == 0 or not is_day or len(self.resting[side]) >= depth:
            return order.shares
        self._is_untried = self._is_untried or self.mid == 0
        self._n_arrived += 1
        order.arrival = self._n_arrived
        self.resting[side].append(order)
        return 0

    def leave(self, ref: int, side: int) -> int:
        """Returns the open shares of what left."""
        left = next((order for order in self.resting[side] if order.ref == ref), None)
        if left is None:
            return 0
        self.resting[side].remove(left)
        return left.shares

    def try_again(self) -> None:
        """
        After a move of the midpoint, or once there is one again for who came meanwhile.

        Each buy in its turn, again when it became smaller.
        """
        if self.mid == 0 or (self.mid == self._tried_mid and not self._is_untried):
            return
        self._tried_mid, self._is_untried = self.mid, False
        last: tuple[int, ...] | None = None
        while waiting := [o for o in self.resting[1] if last is None or self._turn(o) > last]:
            order = min(waiting, key=self._turn)
            last = self._turn(order)
            self._cross(order, 1)
            self._drop_filled()

    def _cross(self, order: Hidden, side: int) -> None:
        for other in sorted(self.resting[-side], key=self._turn):
            size = min(order.shares, other.shares)
            if size and self._may_trade(order, other, side, size):
                order.shares -= size
                other.shares -= size
                self.trades.append((self.mid, size))
        self._drop_filled()

    def _may_trade(self, order: Hidden, other: Hidden, side: int, size: int) -> bool:
        is_too_small = any(
            size < min(one.min_shares, one.shares)  # a rest below its minimum goes as a whole
            for one in (order, other)
        )
        in_reach = all(
            one.limit == 0 or its_side * (self.mid - one.limit) <= 0
            for one, its_side in ((order, side), (other, -side))
        )
        return (
            self.mid > 0 and in_reach and not is_too_small and not (order.is_ours and other.is_ours)
        )

    def _drop_filled(self) -> None:
        for side in (1, -1):
            self.resting[side] = [order for order in self.resting[side] if order.shares]
