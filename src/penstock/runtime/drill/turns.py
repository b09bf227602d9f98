"""The router's loop in a drill: the real one, turn by turn, with the auditor at its elbow."""

from __future__ import annotations

from typing import cast

from penstock.domain import Ns
from penstock.runtime.drill.agenda import Agenda
from penstock.runtime.drill.audit import Auditor, Way, Wire
from penstock.runtime.drill.process import Process
from penstock.runtime.inbox import Item, LoggedOn, LoggedOut, Message, Refused, Side, Unread
from penstock.runtime.loop import take_one, take_rest
from penstock.runtime.ranked_inbox import Inbox
from penstock.runtime.router import Router
from penstock.wire.fix import Incoming


class Turns:
    """One process's inbox, and `penstock.runtime.loop` over it."""

    def __init__(self, process: Process, auditor: Auditor, agenda: Agenda) -> None:
        assert process.router is not None
        assert process.marks is not None
        self.inbox = Inbox(on_message=process.marks.arrived)
        self._clock = process.clock
        self._router = cast(Router, _Watched(process.router, auditor, agenda))

    def one(self) -> bool:
        """Deal with the most urgent thing; False if there was none."""
        return take_one(self._router, self.inbox, self._clock)

    def rest(self) -> None:
        """What venues sent while the sessions were being closed."""
        take_rest(self._router, self.inbox)


class _Watched:
    """The router, with each message shown to the auditor just before it is taken."""

    def __init__(self, router: Router, auditor: Auditor, agenda: Agenda) -> None:
        self._router, self._auditor, self._agenda = router, auditor, agenda

    def take(self, item: Item) -> None:
        """As `Router`."""
        self._show(item)
        self._router.take(item)

    def go_on(self) -> bool:
        """As `Router`; when nothing of the last message is left to do, it has been dealt with."""
        has_more = self._router.go_on()
        if not has_more:
            self._auditor.done()
        return has_more

    def send_some(self) -> bool:
        """As `Router`."""
        return self._router.send_some()

    def wake_once(self) -> bool:
        """As `Router`."""
        return self._router.wake_once()

    @property
    def due_ns(self) -> Ns | None:
        """As `Router`."""
        return self._router.due_ns

    def _show(self, item: Item) -> None:
        match item:
            case Message(side=side, incoming=incoming):
                self._message(Way.FROM_VENUE if side is Side.VENUE else Way.FROM_CLIENT, incoming)
            case Refused(incoming=incoming):
                self._message(Way.FROM_CLIENT, incoming)
            case LoggedOn(side=Side.VENUE, counterparty=mic):
                self._auditor.connected(mic)
            case LoggedOut(side=Side.VENUE, counterparty=mic):
                self._auditor.disconnected(mic)
            case Unread(counterparty=name):
                self._auditor.unread(name)
            case _:
                pass

    def _message(self, way: Way, incoming: Incoming) -> None:
        fields = {**incoming.fields, 35: incoming.msg_type, 34: str(incoming.seq_num)}
        sender, is_dup = incoming.counterparty, incoming.is_possible_dup
        self._auditor.on_wire(Wire(self._agenda.now_ns, way, sender, fields, is_dup))
