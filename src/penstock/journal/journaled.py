"""An engine that writes down what it is told and what it answers, before anyone can act on it."""

from __future__ import annotations

from typing import Protocol

from penstock.domain import Command, Event, Ns, TapeArray
from penstock.journal.writer import JournalWriter


class EngineLike(Protocol):
    """The two calls that make up an engine, and its hash."""

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Take a batch of market data."""

    def on_event(self, event: Event) -> list[Command]:
        """Take one event; return what it causes."""

    def state_hash(self) -> str:
        """Hash of everything that can influence a later command."""


class JournaledEngine:
    """The same engine, with a journal in front of and behind every call, and a count of events."""

    def __init__(self, engine: EngineLike, writer: JournalWriter) -> None:
        self._engine = engine
        self._writer = writer
        self.n_events = 0
        self.last_recv_ns = Ns(0)

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Write the batch down, then take it."""
        self._writer.append_market(tape, lo, hi)
        if hi > lo:
            self.last_recv_ns = Ns(int(tape["recv_ns"][hi - 1]))
        self._engine.on_market(tape, lo, hi)

    def on_event(self, event: Event) -> list[Command]:
        """Write the event down, take it, write its commands down, return them."""
        self.n_events += 1
        self.last_recv_ns = event.recv_ns
        self._writer.append_event(event)
        commands = self._engine.on_event(event)
        self._writer.append_commands(commands)
        return commands

    def state_hash(self) -> str:
        """The engine's."""
        return self._engine.state_hash()
