"""FIX sessions in memory, as ours behave: numbered, kept, filled up after a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from penstock.domain import NS_PER_MS, NS_PER_US
from penstock.runtime.drill.agenda import Agenda

Body = tuple[tuple[int, str], ...]
"""A message: 35 first, then its body."""


class Numbered(NamedTuple):
    """A message under its number; `is_dup`: it is delivered once more, 43=Y."""

    seq: int
    body: Body
    is_dup: bool


class Link:
    """
    One session between the router and a counterparty.

    Messages to the router are numbered and kept by their sender, so what was not received is
    delivered after the next logon, unless its sender has lost it (then a gap fill takes its place)
    or does not repeat such messages (clients' requests). Messages of the router are delivered now
    or, if they are reports, after the next logon; orders and questions now or never.

    Both ways keep their order. `hold_ms` delays everything to the router for a while.
    """

    def __init__(
        self,
        name: str,
        agenda: Agenda,
        latency_us: int,
        *,
        deliver: Callable[[Numbered], None],
        receive: Callable[[Body], None],
        lose: Callable[[Body], None],
        is_repeating: bool,
    ) -> None:
        self.name = name
        self.is_up = False
        self._agenda, self._latency_ns = agenda, latency_us * NS_PER_US
        self._deliver, self._receive, self._lose = deliver, receive, lose
        self._is_repeating = is_repeating
        self._sent: list[Body | None] = []
        self._expected = 1  # the router's next number
        self._in_ns = self._out_ns = 0  # nothing arrives before what was sent before it
        self._connection = 0
        self._to_peer: list[tuple[int, Body]] = []  # under way

    # The counterparty's end.

    def send(self, body: Body, *, is_lost: bool = False) -> None:
        """Send to the router. `is_lost`: nobody will ever see it, a gap fill takes its number."""
        self._sent.append(None if is_lost or (not self._is_repeating and not self.is_up) else body)
        if self.is_up and not is_lost:
            self._deliver_later(Numbered(len(self._sent), body, False))

    def repeat(self, pick: int) -> bool:
        """Deliver an old message once more, marked; False if there is none."""
        kept = [(k + 1, body) for k, body in enumerate(self._sent) if body is not None]
        if not kept or not self.is_up:
            return False
        seq, body = kept[pick % len(kept)]
        self._deliver_later(Numbered(seq, body, True))
        return True

    def hold_ms(self, wait_ms: int) -> None:
        """Nothing reaches the router before then."""
        self._in_ns = max(self._in_ns, self._agenda.now_ns + wait_ms * NS_PER_MS)

    # The router's end.

    def hand_over(self, body: Body) -> None:
        """The router sends; without a session, what is no report is lost."""
        if not self.is_up:
            self._lose(body)
            return
        self._out_ns = max(self._out_ns + 1, self._agenda.now_ns + self._latency_ns)
        item, connection = (self._connection, body), self._connection
        self._to_peer.append(item)

        def arrive() -> None:
            if self._connection == connection and item in self._to_peer:
                self._to_peer.remove(item)
                self._receive(body)

        self._agenda.at(self._out_ns, arrive)

    def connect(self) -> None:
        """The session is up: what the router has not received comes again."""
        self._connection += 1
        self.is_up = True
        self._in_ns = max(self._in_ns, self._agenda.now_ns)
        for seq in range(self._expected, len(self._sent) + 1):
            body = self._sent[seq - 1]
            if body is not None and self._is_repeating:
                self._deliver_later(Numbered(seq, body, True))
        self._expected = len(self._sent) + 1 if not self._is_repeating else self._expected

    def drop(self, *, is_delivered: bool = False) -> None:
        """The connection is gone, and with it what is under way, or all but the router's bytes."""
        under_way, self._to_peer = self._to_peer, []
        self._connection += 1
        self.is_up = False
        for _, body in under_way:
            if is_delivered:
                self._receive(body)
            else:
                self._lose(body)

    def resume_from(self, seq: int) -> None:
        """A new process of the router: what it has not written down is to come again."""
        self._expected = max(1, min(seq, len(self._sent) + 1))

    def start_over(self) -> None:
        """Both sides begin at number 1 again, and what was sent before is gone."""
        self._sent.clear()
        self._expected = 1

    def _deliver_later(self, numbered: Numbered) -> None:
        self._in_ns = max(self._in_ns + 1, self._agenda.now_ns + self._latency_ns)
        connection = self._connection

        def arrive() -> None:
            if self._connection == connection:
                if not numbered.is_dup or numbered.seq >= self._expected:
                    self._expected = numbered.seq + 1
                self._deliver(numbered)

        self._agenda.at(self._in_ns, arrive)
