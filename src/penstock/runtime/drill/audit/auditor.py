"""
The auditor: holds the laws of the live path over the wires alone, with a copy of every quantity.

It is written apart from the router and shares no line with it: it imports the standard library
only, reads FIX text itself, and computes in integers and `Decimal`. It is given every message
between clients, router and venues, operators' acts, starts and ends of the router's process, the
router's alert lines; and, by the simulated venues alone, what they have truly done.
"""

from __future__ import annotations

from decimal import Decimal

from penstock.runtime.drill.audit import client_laws, closing_laws, venue_laws
from penstock.runtime.drill.audit.books import Asked, Books
from penstock.runtime.drill.audit.children import Child, Execution, Fate
from penstock.runtime.drill.audit.wires import Law, Violation, Way, Wire


class Auditor:
    """
    One day's auditor.

    `violations` is empty for as long as every law holds. A law is held again after each message.
    """

    def __init__(self) -> None:
        self._books = Books()
        self._asked: Asked | None = None
        self._given: list[Execution] = []

    @property
    def violations(self) -> list[Violation]:
        """What has been broken, in order."""
        return self._books.violations

    @property
    def n_held(self) -> dict[str, int]:
        """How often each law was held."""
        return dict(self._books.n_held)

    # The wires.

    def on_wire(self, wire: Wire) -> None:
        """
        Take a message: when the router has handed it over, or just before the router takes it.

        Call `done` when the router has dealt with what it took; a router that died meanwhile may
        know of the message or not.
        """
        books = self._books
        books.now_ns = wire.at_ns
        match wire.way:
            case Way.FROM_CLIENT:
                self._asked = client_laws.from_client(books, wire)
            case Way.TO_CLIENT:
                client_laws.to_client(books, wire)
            case Way.TO_VENUE:
                venue_laws.to_venue(books, wire)
            case Way.FROM_VENUE:
                execution = venue_laws.from_venue(books, wire)
                if execution is not None:
                    self._given.append(execution)

    def done(self) -> None:
        """The router has dealt with the last message that it took: it has it for good."""
        if self._asked is not None:
            self._asked.is_owed = True
        for execution in self._given:
            execution.is_delivered = True
        self.died()

    def died(self) -> None:
        """The router's process ended before it had dealt with its last message."""
        self._asked = None
        self._given.clear()

    # What venues truly did.

    def arrived(self, mic: str, name: str) -> None:
        """A child is at its venue and may trade."""
        child = self._books.children.get((mic, name))
        if child is not None and child.fate is Fate.TRANSIT:
            child.fate = Fate.OPEN

    def lost(self, mic: str, name: str) -> None:
        """A child that was handed over never arrives."""
        child = self._books.children.get((mic, name))
        if child is not None and child.fate is Fate.TRANSIT:
            child.fate = Fate.LOST

    def closed(self, mic: str, name: str) -> None:
        """A child can trade no more."""
        self._books.children[mic, name].fate = Fate.CLOSED

    def resized(self, mic: str, name: str, size: int) -> None:
        """A venue has given a child another total size by itself."""
        self._books.children[mic, name].open_size = size

    def executed(
        self, mic: str, name: str, *, uid: int, exec_id: str, shares: int, price: str
    ) -> None:
        """A venue has executed shares of a child."""
        child = self._books.children[mic, name]
        amount = Decimal(price)
        execution = Execution(uid, exec_id, shares, amount, shares, amount)
        execution.is_clash = any(e.exec_id == exec_id for e in child.executions.values())
        child.executions[uid] = execution
        self._books.executions[uid] = (child, execution)
        if child.is_said_ended and child.said_shares < child.true_shares:
            child.is_deceived = True

    def undone(self, uid: int, *, shares: int, price: str) -> None:
        """A venue has taken an execution back (no shares left), or corrected it."""
        _, execution = self._books.executions[uid]
        execution.shares = shares
        execution.price = Decimal(price)
        execution.is_undone_unheard = True

    def garbled(self, mic: str, name: str) -> None:
        """A venue has sent something about a child that nobody can read."""
        child = self._books.children.get((mic, name))
        if child is not None:
            child.is_garbled = True

    # Sessions, processes, people.

    def connected(self, mic: str) -> None:
        """The session with a venue is up."""
        self._books.connected.add(mic)
        self._books.connection[mic] = self._books.connection.get(mic, 0) + 1

    def disconnected(self, mic: str) -> None:
        """The session with a venue is down."""
        self._books.connected.discard(mic)

    def unread(self, peer: str) -> None:
        """
        The router's session has rejected a message: it does not know what was in it, and every
        child there has to be accounted for, as after a lost connection.
        """
        if peer in self._books.connection:
            self._books.connection[peer] += 1

    def machine_stopped(self) -> None:
        """The router's machine has stopped, and the end of its journal is lost."""
        self._books.switches.forget()
        for requests in self._books.asked.values():
            for asked in requests:
                asked.is_owed = False
        for group in self._books.groups.values():
            group.is_lost = True

    def asked_by_operator(self, action: str, target: str) -> int:
        """A person asks for something; what releases counts from now on. Returns its number."""
        return self._books.switches.ask(action, target)

    def confirmed_to_operator(self, action: str, target: str, asked: int) -> None:
        """The router has confirmed request `asked`; what stops counts from now on."""
        has_stopped = self._books.switches.stop(action, target, asked)
        if not has_stopped or not action.startswith("kill"):
            return
        for order in {id(o): o for o in self._books.orders.values()}.values():
            if action == "kill" or target in (order.client, order.symbol):
                order.may_reopen = False

    def booked_by_hand(self, number: str, shares: int, price: str) -> None:
        """A person books an execution on a child, by its number."""
        self._books.by_hand.append((number, shares, Decimal(price)))

    def settled_by_hand(self, number: str) -> None:
        """A person has closed a child by its number: what is booked is all that has traded."""
        for child in self._books.children.values():
            if child.number == number:
                child.is_settled_by_hand = True

    def said(self, line: str) -> None:
        """The router has written a line for people."""
        if " critical " in line:
            self._books.critical.append(line)

    def raised(self, text: str) -> None:
        """The router's process ended by an error of its own."""
        self._books.hold(Law.ALIVE, False, text)

    def quiet(self) -> None:
        """Links are up, venues have answered, timers have run out; no person has acted."""
        closing_laws.when_quiet(self._books)

    def finish(self) -> None:
        """The day is over; what was in doubt, a person may have settled."""
        closing_laws.at_the_end(self._books)

    def children_of(self, mic: str) -> list[Child]:
        """The children sent to a venue, in order."""
        return [child for child in self._books.children.values() if child.mic == mic]
