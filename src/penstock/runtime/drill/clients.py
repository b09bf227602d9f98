"""Scripted clients: they order, change, repeat themselves and write nonsense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from penstock.domain import Ns
from penstock.runtime.drill.links import Body, Link
from penstock.wire.fix.values import price_text, time_text

NONSENSE: Final[tuple[Body, ...]] = (
    ((38, "-5"),),
    ((38, "99999999999999999999"),),
    ((44, "0"),),
    ((44, "1e9"),),
    ((54, "7"),),
    ((55, "NOSUCH"),),
    ((40, "9"),),
    ((60, "yesterday"),),
    ((38, ""),),
    ((167, "OPT"),),
    ((126, "20300101-00:00:00"), (59, "6")),
    ((11, ""),),
)


@dataclass(slots=True)
class Ordered:
    """An order as its client remembers it; `names` is its chain, the latest last."""

    new: Body
    symbol: str
    side: str
    size: int
    limit_ticks: int | None
    names: list[str] = field(default_factory=list)


class ScriptedClient:
    """One client: whatever it sends is well-formed unless a script wants otherwise."""

    def __init__(self, name: str, now: Callable[[], Ns]) -> None:
        self.name = name
        self.orders: list[Ordered] = []
        self.link: Link | None = None
        self._now = now
        self._n_names = 0

    def order(
        self, symbol: str, side: str, size: int, limit_ticks: int | None, horizon_ms: int
    ) -> None:
        """A new order."""
        name = self._name()
        price: Body = ((40, "1"),)
        if limit_ticks is not None:
            price = ((40, "2"), (44, price_text(limit_ticks)))
        body: Body = (
            (35, "D"),
            (11, name),
            (55, symbol),
            (54, side),
            (38, str(size)),
            *price,
            (59, "0"),
            (9001, str(horizon_ms)),
            (60, self._at()),
        )
        self.orders.append(Ordered(body, symbol, side, size, limit_ticks, [name]))
        self._send(body)

    def nonsense(self, symbol: str, pick: int) -> None:
        """An order that no market could take."""
        broken = dict(NONSENSE[pick % len(NONSENSE)])
        body = {
            35: "D",
            11: self._name(),
            55: symbol,
            54: "1",
            38: "100",
            40: "2",
            44: "10.00",
            59: "0",
            60: self._at(),
            **broken,
        }
        self._send(tuple((tag, text) for tag, text in body.items() if text))

    def cancel(self, order: Ordered) -> None:
        """The rest of an order back."""
        self._send(
            (
                (35, "F"),
                (11, self._name()),
                (41, order.names[-1]),
                (55, order.symbol),
                (54, order.side),
                (60, self._at()),
            )
        )

    def replace(self, order: Ordered, size: int, limit_ticks: int | None) -> None:
        """Another size, another limit."""
        name = self._name()
        price: Body = ((40, "1"),)
        if limit_ticks is not None:
            price = ((40, "2"), (44, price_text(limit_ticks)))
        self._send(
            (
                (35, "G"),
                (11, name),
                (41, order.names[-1]),
                (55, order.symbol),
                (54, order.side),
                (38, str(size)),
                *price,
                (60, self._at()),
            )
        )

    def resend(self, order: Ordered) -> None:
        """The same order once more, marked as a possible repetition."""
        self._send((order.new[0], (97, "Y"), *order.new[1:]))

    def duplicate(self, order: Ordered) -> None:
        """The same name once more, unmarked."""
        self._send(order.new)

    def ask(self, order: Ordered) -> None:
        """Where does it stand?"""
        self._send(
            ((35, "H"), (11, order.names[0]), (55, order.symbol), (54, order.side), (790, "q"))
        )

    def receive(self, body: Body) -> None:
        """A report: an accepted replace gives the order its new name."""
        fields = dict(body)
        if fields.get(150) == "5":
            for order in self.orders:
                if fields.get(41) in order.names and fields[11] not in order.names:
                    order.names.append(fields[11])
                    order.size = int(fields.get(38, order.size))

    def _send(self, body: Body) -> None:
        assert self.link is not None
        self.link.send(body)

    def _name(self) -> str:
        self._n_names += 1
        return f"{self.name}-{self._n_names}"

    def _at(self) -> str:
        return time_text(self._now())
