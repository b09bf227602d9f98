"""Client, router and venues joined by FIX messages in memory: a random session from one seed."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from penstock.domain import (
    CancelChild,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildStatus,
    Command,
    Event,
    Liquidity,
    Ns,
    ParentState,
    ParentTif,
    ReplaceChild,
    SendChild,
    SetTimer,
    Shares,
    Side,
    Ticks,
    Tif,
    Timer,
    UsdMicros,
    VenueCommand,
    VenueUp,
    stream,
)
from penstock.engine import EngineConfig
from penstock.wire.fix import (
    ClientReport,
    ClientReportKind,
    ExchangeDesk,
    FixMessage,
    Incoming,
    OmsDesk,
    Outgoing,
    VenueDesk,
    cancel_order,
    mass_cancel,
    mass_status,
    new_order,
    read_report,
    replace_order,
    status_request,
)
from tests.support.engines import ASK, BID, opening, small_engine, small_universe, static_policy
from tests.support.fix_messages import CLIENT, DEFAULTS, NOW, RUN, heard

ROUTER = "PENSTOCK"


@dataclass(slots=True)
class ClientOrder:
    """An order as the client's own reports tell it."""

    names: list[str]
    side: Side
    symbol: str
    state: ParentState | None = None
    executions: dict[str, int] = field(default_factory=dict)
    cum_shares: int = 0


class Client:
    """
    Keeps its books from the router's messages alone. Executions count once, by ExecID.

    A report says for which ClOrdID it is; any ClOrdID of an order's chain leads to the order.
    """

    def __init__(self) -> None:
        self.orders: list[ClientOrder] = []
        self.by_name: dict[str, ClientOrder] = {}
        self.seen: set[str] = set()
        self.texts: list[str] = []

    def open(self, order: ClientOrder) -> None:
        """A new order."""
        self.orders.append(order)
        self.by_name[order.names[0]] = order

    def name(self, order: ClientOrder, name: str) -> None:
        """A further ClOrdID of an order."""
        order.names.append(name)
        self.by_name[name] = order

    def take(self, message: FixMessage) -> None:
        """A message of the router."""
        report = read_report(heard(message, ROUTER))
        assert report is not None
        assert report.kind is not ClientReportKind.UNREADABLE, report.text
        self.texts.append(report.text)
        if report.exec_id:
            if report.exec_id in self.seen:
                return
            self.seen.add(report.exec_id)
        order = self.by_name[report.cl_ord_id]
        if report.order_id == "NONE" and order.state is not None:
            return  # about a duplicate, not about this order
        self._book(order, report)

    def _book(self, order: ClientOrder, report: ClientReport) -> None:
        order.state = report.state
        if report.kind is ClientReportKind.FILL:
            order.executions[report.exec_id] = report.last_shares
        elif report.kind is ClientReportKind.BUST:
            order.executions[report.exec_ref_id] = 0
        elif report.kind is ClientReportKind.CORRECTION:
            order.executions[report.exec_ref_id] = report.last_shares
        if report.cum_shares is not None:
            order.cum_shares = report.cum_shares


@dataclass(slots=True)
class Resting:
    """An order in the simulated market, by the exchange desk's number."""

    order: Any
    left_shares: int
    filled_shares: int = 0
    is_acked: bool = False
    cancels: int = 0
    replaces: list[ReplaceChild] = field(default_factory=list)
    executions: list[ChildFill] = field(default_factory=list)


class Session:
    """
    A client, a router with a real engine, and venues; every word between them is a FIX message.

    What happens next is drawn from the seed. `steps` is what a journal would hold.
    """

    def __init__(self, seed: int) -> None:
        self._rng = stream(seed, "fix session")
        self.universe = small_universe(2 + seed % 4)
        config = EngineConfig(forget_after_ns=Ns(0))  # at the end every order is looked at
        self.engine = small_engine(self.universe, static_policy(self.universe), config=config)
        self.oms, self.venues = self.desks()
        self.exchange = ExchangeDesk(self.universe)
        self.client = Client()
        self.steps: list[tuple[Event, list[Command]]] = []
        self.reports: list[list[Outgoing]] = []
        self.notes: list[str] = []
        self.now = NOW
        self.market: dict[int, Resting] = {}
        self.said: list[Incoming] = []  # by the client
        self.venue_said: list[Incoming] = []
        self._timers: list[tuple[int, int]] = []
        self._n_names = 0
        self._n_said = 0
        self._n_execs = 0
        rows = opening(self.universe)
        self.engine.on_market(rows, 0, len(rows))
        for venue in self.universe.venues:
            self._give(VenueUp(seq=0, event_ns=NOW, recv_ns=NOW, venue_idx=venue.venue_idx))

    def desks(self) -> tuple[OmsDesk, VenueDesk]:
        """The router's desks as they are at the start of a run."""
        return OmsDesk(self.universe, DEFAULTS, RUN), VenueDesk(self.universe, RUN)

    def run(self, n_actions: int) -> None:
        """Let things happen, then let everything end."""
        actions = (
            (6, self.order), (2, self.cancel), (3, self.replace), (1, self.repeat),
            (1, self.ask), (9, self.acknowledge), (12, self.fill), (1, self.reject),
            (6, self.answer), (4, self.end), (1, self.bust), (2, self.say_again),
            (2, self.reconcile), (6, self.wait), (1, self.ask_for_all), (1, self.cancel_many),
        )  # fmt: skip
        bag = [action for weight, action in actions for _ in range(weight)]
        for pick in self._rng.integers(len(bag), size=n_actions):
            bag[int(pick)]()
        self.finish()

    def finish(self) -> None:
        """Every timer comes back and every order ends."""
        while self._timers or self.market:
            while self._timers:
                self.wait()
            for number in list(self.market):
                if number in self.market:
                    self._end(number)

    # The client.

    def order(self) -> None:
        """A new order; some are impossible."""
        name, side = self._name(), self._side()
        shares = int(self._rng.choice([0, 1, 150, 1_000, 7_777]))
        order = ClientOrder([name], side, f"TEST{int(self._rng.integers(3))}")
        self.client.open(order)
        limit = (None, BID, ASK)[int(self._rng.integers(3))]
        tif = (ParentTif.DAY, ParentTif.DAY, ParentTif.GTD, ParentTif.IOC)[
            int(self._rng.integers(4))
        ]
        self._client_says(
            new_order(
                cl_ord_id=name, symbol=order.symbol, side=side, size_shares=Shares(shares),
                now_ns=self.now, limit_ticks=None if limit is None else Ticks(limit),
                horizon_ns=Ns(int(self._rng.choice([1, 20])) * 1_000_000_000), tif=tif,
            )
        )  # fmt: skip

    def cancel(self) -> None:
        """A cancel, by any ClOrdID of the chain."""
        order = self._some_order()
        if order is not None:
            name, orig = self._name(), self._some_name(order)
            self.client.name(order, name)
            self._client_says(
                cancel_order(
                    cl_ord_id=name, orig_cl_ord_id=orig, symbol=order.symbol, side=order.side,
                    now_ns=self.now,
                )
            )  # fmt: skip

    def replace(self) -> None:
        """Another size and limit."""
        order = self._some_order()
        if order is not None:
            name, orig = self._name(), self._some_name(order)
            self.client.name(order, name)
            self._client_says(
                replace_order(
                    cl_ord_id=name, orig_cl_ord_id=orig, symbol=order.symbol, side=order.side,
                    size_shares=Shares(int(self._rng.choice([1, 300, 5_000]))), now_ns=self.now,
                    limit_ticks=Ticks(int(self._rng.choice([BID, ASK]))),
                )
            )  # fmt: skip

    def repeat(self) -> None:
        """A message once more, marked or not."""
        if self.said:
            again = self.said[int(self._rng.integers(len(self.said)))]
            is_marked = bool(self._rng.random() < 0.7)
            self._to_router(again._replace(is_possible_dup=is_marked))

    def ask(self) -> None:
        """Where does it stand?"""
        order = self._some_order()
        if order is not None:
            name = self._some_name(order)
            self._client_says(
                status_request(
                    cl_ord_id=name, symbol=order.symbol, side=order.side, now_ns=self.now
                )
            )

    def ask_for_all(self) -> None:
        """Where does everything stand?"""
        for reply in self._mass(mass_status(name=self._name())):
            if dict(reply.message.fields)[37] != "NONE":
                self.client.take(reply.message)

    def cancel_many(self) -> None:
        """Every order of a symbol."""
        symbol = f"TEST{int(self._rng.integers(2))}"
        self._mass(mass_cancel(cl_ord_id=self._name(), now_ns=self.now, symbol=symbol))

    def _mass(self, message: FixMessage) -> tuple[Outgoing, ...]:
        self._n_said += 1
        incoming = heard(message, CLIENT, recv_ns=self.now, seq_num=self._n_said)
        answer = self.oms.on_message(incoming)
        for event in answer.events:
            self._give(event)
        return answer.replies

    # The market.

    def acknowledge(self) -> None:
        self._on_live(self._acknowledge)

    def fill(self) -> None:
        """Part of it, or all."""
        self._on_live(self._fill)

    def reject(self) -> None:
        """Only what has not been acknowledged."""
        self._on_live(lambda number: None if self.market[number].is_acked else self._reject(number))

    def answer(self) -> None:
        """The oldest cancel or replace of an order is answered, sometimes with a fill before it."""
        self._on_live(self._answer)

    def end(self) -> None:
        """An immediate order is over."""
        self._on_live(
            lambda number: self._end(number) if self.market[number].order.tif is Tif.IOC else None
        )

    def bust(self) -> None:
        """An execution is taken back or made smaller."""
        self._on_live(self._bust)

    def say_again(self) -> None:
        """A venue's session sends a report once more: the last ones, as after a reconnect."""
        for incoming in self.venue_said[-int(self._rng.integers(1, 4)) :]:
            if incoming.fields.get(150) in ("F", "0", "H", "4"):
                self._from_venue(incoming._replace(is_possible_dup=True, recv_ns=self.now))

    def reconcile(self) -> None:
        """The router asks where a child stands."""
        self._on_live(self._reconcile)

    def wait(self) -> None:
        """Until the next timer."""
        if not self._timers:
            self.now = Ns(self.now + 1_000_000)
            return
        due_ns, timer_id = heapq.heappop(self._timers)
        self.now = Ns(max(self.now, due_ns))
        self._give(Timer(seq=0, event_ns=self.now, recv_ns=self.now, timer_id=timer_id))

    # How words travel.

    def _client_says(self, message: FixMessage) -> None:
        self.said.append(heard(message, CLIENT))
        self._to_router(self.said[-1])

    def _to_router(self, said: Incoming) -> None:
        self._n_said += 1
        incoming = said._replace(recv_ns=self.now, seq_num=self._n_said)
        answer = self.oms.on_message(incoming)
        assert len(answer.events) + len(answer.replies) == 1, answer
        for reply in answer.replies:
            self.client.take(reply.message)
        for event in answer.events:
            self._give(event)

    def _give(self, draft: Event) -> None:
        event = msgspec.structs.replace(draft, seq=len(self.steps) + 1, recv_ns=self.now)
        commands = self.engine.on_event(event)
        self.steps.append((event, commands))
        self.venues.note(event, commands)
        reports = self.oms.on_step(event, commands)
        self.reports.append(reports)
        for report in reports:
            self.client.take(report.message)
        for command in commands:
            if isinstance(command, SetTimer):
                heapq.heappush(self._timers, (command.due_ns, command.timer_id))
            elif isinstance(command, SendChild | CancelChild | ReplaceChild):
                self._to_venue(self.venues.on_command(command, self.now))

    def _to_venue(self, outgoing: Outgoing) -> None:
        incoming = heard(outgoing.message, ROUTER, recv_ns=self.now)
        answer = self.exchange.on_message(outgoing.counterparty, incoming)
        for command in answer.commands:
            self._enter(command)
        for reply in answer.replies:
            self._from_venue(heard(reply.message, outgoing.counterparty, recv_ns=self.now))

    def _enter(self, command: VenueCommand) -> None:
        if isinstance(command, SendChild):
            order = command.order
            self.market[order.child_id] = Resting(order, order.size_shares)
            return
        resting = self.market.get(command.child_id)
        if resting is None:
            self._market_says(command.child_id, ChildCancelReject, reason="too_late")
        elif isinstance(command, ReplaceChild):
            resting.replaces.append(command)
        else:
            resting.cancels += 1

    def _market_says(self, number: int, kind: Callable[..., Event], **facts: Any) -> None:
        event = kind(
            seq=0, event_ns=self.now, recv_ns=self.now, child_id=number, venue_idx=0, **facts
        )
        reply = self.exchange.on_event(event, self.now)
        self._from_venue(heard(reply.message, reply.mic, recv_ns=self.now))

    def _from_venue(self, incoming: Incoming) -> None:
        if not incoming.is_possible_dup:
            self.venue_said.append(incoming)
        answer = self.venues.on_message(incoming)
        self.notes += answer.notes
        for event in answer.events:
            self._give(event)

    # What the market does with one order.

    def _acknowledge(self, number: int) -> None:
        if not self.market[number].is_acked:
            self.market[number].is_acked = True
            self._market_says(number, ChildAck)

    def _fill(self, number: int) -> None:
        resting = self.market[number]
        part = int(self._rng.integers(1, resting.left_shares + 1))
        shares = resting.left_shares if self._rng.random() < 0.5 else part
        self._n_execs += 1
        liquidity = Liquidity(int(self._rng.integers(2)))
        resting.left_shares -= shares
        resting.filled_shares += shares
        if resting.left_shares == 0:
            del self.market[number]
        facts = {
            "exec_id": f"x{self._n_execs}", "price_ticks": resting.order.limit_ticks,
            "size_shares": Shares(shares), "liquidity": liquidity,
            "fee_usd_micros": UsdMicros(0),
        }  # fmt: skip
        resting.executions.append(
            ChildFill(
                seq=0, event_ns=self.now, recv_ns=self.now, child_id=number, venue_idx=0, **facts
            )
        )  # fmt: skip
        self._market_says(number, ChildFill, **facts)
        if resting.left_shares == 0:
            for _ in range(resting.cancels + len(resting.replaces)):
                self._market_says(number, ChildCancelReject, reason="too_late")

    def _reject(self, number: int) -> None:
        resting = self.market[number]
        if resting.filled_shares == 0:
            del self.market[number]
            self._market_says(number, ChildReject, reason="closed")

    def _answer(self, number: int) -> None:
        resting = self.market[number]
        if self._rng.random() < 0.2:
            self._fill(number)
        if number not in self.market:
            return
        if resting.replaces:
            wanted = resting.replaces.pop(0)
            left = wanted.size_shares - resting.filled_shares
            if left <= 0:
                self._market_says(number, ChildCancelReject, reason="size_filled")
                return
            resting.left_shares = left
            self._market_says(
                number, ChildReplaced, size_shares=wanted.size_shares,
                limit_ticks=wanted.limit_ticks,
            )  # fmt: skip
        elif resting.cancels:
            resting.cancels -= 1
            if self._rng.random() < 0.2:
                self._market_says(number, ChildCancelReject, reason="busy")
            else:
                self._end(number)

    def _end(self, number: int) -> None:
        del self.market[number]
        self._market_says(number, ChildCancelled)

    def _bust(self, number: int) -> None:
        resting = self.market[number]
        if resting.executions:
            wrong = resting.executions.pop()
            right = int(self._rng.integers(0, wrong.size_shares))
            resting.filled_shares -= wrong.size_shares - right
            self._market_says(
                number, ChildBust, exec_id=wrong.exec_id, corrected_shares=Shares(right),
                corrected_price_ticks=wrong.price_ticks if right else Ticks(0),
            )  # fmt: skip

    def _reconcile(self, number: int) -> None:
        name = self.exchange.order(number).cl_ord_id
        child_id = int(name.removeprefix(f"{RUN}-"))
        n_before = len(self.steps)
        self._to_venue(self.venues.status_request(child_id, self.now))
        assert isinstance(self.steps[n_before][0], ChildStatus)

    # Choices.

    def _on_live(self, act: Callable[[int], None]) -> None:
        numbers = list(self.market)
        if numbers:
            act(numbers[int(self._rng.integers(len(numbers)))])

    def _some_order(self) -> ClientOrder | None:
        orders = self.client.orders
        return orders[int(self._rng.integers(len(orders)))] if orders else None

    def _some_name(self, order: ClientOrder) -> str:
        return order.names[int(self._rng.integers(len(order.names)))]

    def _side(self) -> Side:
        return Side.BUY if self._rng.random() < 0.5 else Side.SELL

    def _name(self) -> str:
        self._n_names += 1
        return f"a{self._n_names}"
