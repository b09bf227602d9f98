"""
Recovery: from the journal of a killed router to one that goes on as if it had only been slow.

Why `kill -9` at any instant loses no share and sends no child twice. Every step writes, in this
order: the event, its commands, then what it does to the outside (venue commands, then reports),
then the mark of the message that caused it. Wherever the kill falls:

before the event is whole in the journal
    The core never saw it. Its message is above the mark, so the session asks for it again:
    reports of venues come again; a client's order does not (clients do not resend orders either),
    the client asks for its state and hears that it is not known.
after the event, before its commands are whole
    Nothing of the step has left. The core, given the same event after the same history, says the
    same commands again, to the bit; they are appended, and the next case applies.
after the commands, before or while they are sent
    A child of the journal is live. No order of the journal is ever sent a second time: neither by
    us, since only the step that decides it sends it, nor by the FIX engine, which refuses to repeat
    orders. Before anything new goes to a venue, the venue is asked about each live child: unknown
    to it, the child is closed and its shares are decided upon anew; known, it stays live, and a
    cancel that may not have arrived is asked for again. A report that QuickFIX had not taken over
    is sent now, marked as a possible repetition; it has the ExecID that it would have had.
after sending, before the mark
    The message comes again. The core knows its execution by exec_id, its order by ClOrdID, its end
    by the state of the child: a repetition changes nothing.

A venue's answer comes after everything that it said before, because sessions keep their order and
fill their gaps; so an execution that happened while we were dead is booked before the answer that
counts it.

What recovery cannot heal it refuses: a journal that the present program does not replay to the same
commands (JournalError, with the byte), and settings that would have decided otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec

from penstock.domain import Command, EpochStarted, Event, JournalError, ModelSwap, Ns
from penstock.engine import Engine
from penstock.journal import Entry, RecordKind, read_journal
from penstock.wire.fix import Outgoing

FRESH_FIX = (
    "reconcile the open orders with venues and clients by hand, then start with --fresh, "
    "which leaves this journal as it is"
)


class Follower(Protocol):
    """Whoever rebuilds his state from steps."""

    def on_step(self, event: Event, commands: Sequence[Command]) -> object:
        """One event and what it caused."""


class Step(NamedTuple):
    """One event and what it caused."""

    event: Event
    commands: list[Command]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a journal, behind whole steps, and what the journal says up to there."""

    offset: int = 0  # bytes; 0 is the front
    last_seq: int = 0
    last_recv_ns: Ns = Ns(0)
    last_epoch: int = 0
    n_events: int = 0
    n_reports: dict[str, int] = {}  # by client


NOTHING_YET: Final = Position()
_N_TAKEN_OVER: Final = 20_000  # reports behind the snapshot that are kept for a client's 141=Y


class Recovered(NamedTuple):
    """What a journal says beyond the state that engine and followers now have."""

    position: Position
    unsent: dict[str, list[Outgoing]]  # by client, in order: what may not have been taken over
    taken_over: list[Outgoing]  # the latest that QuickFIX has: a reset session would lose them
    unanswered: Step | None  # the last event, if its commands are not in the journal


def replay_into(
    path: Path,
    engine: Engine,
    *,
    note_to_venues: Callable[[Event, Sequence[Command]], None],
    report_to_clients: Callable[[Event, Sequence[Command]], list[Outgoing]],
    followers: Sequence[Follower],
    provide_model: Callable[[str], None],
    n_reported: Callable[[str], int],
    start: Position = NOTHING_YET,
) -> Recovered:
    """
    Give an engine, and all who follow it, everything that a journal holds.

    Args:
        start: what they have already; for fresh ones, nothing.
        n_reported: how many reports of the run the marks count for a client: QuickFIX has those.
        provide_model: called with the hash of each model that the journal swaps in, before the
            engine is told.
    Raises:
        JournalError: damaged, or the engine now says something else than it said then.
    """
    rebuild = _Rebuild(
        path, engine, note_to_venues, report_to_clients, followers, provide_model, n_reported, start
    )
    for entry in read_journal(path, start.offset):
        rebuild.take(entry)
    return rebuild.finish()


class _Rebuild:
    """The replay as it goes."""

    def __init__(
        self,
        path: Path,
        engine: Engine,
        note_to_venues: Callable[[Event, Sequence[Command]], None],
        report_to_clients: Callable[[Event, Sequence[Command]], list[Outgoing]],
        followers: Sequence[Follower],
        provide_model: Callable[[str], None],
        n_reported: Callable[[str], int],
        start: Position,
    ) -> None:
        self._path, self._engine = path, engine
        self._note_to_venues, self._report_to_clients = note_to_venues, report_to_clients
        self._followers, self._provide_model = followers, provide_model
        self._encoder = msgspec.msgpack.Encoder()
        self._open: Step | None = None
        self._n_reported = n_reported
        self._unsent: dict[str, list[Outgoing]] = {}
        self._taken_over: deque[Outgoing] = deque(maxlen=_N_TAKEN_OVER)
        self._n_reports = dict(start.n_reports)
        self._offset, self._n_events = start.offset, start.n_events
        self._last_seq, self._last_recv_ns = start.last_seq, start.last_recv_ns
        self._last_epoch = start.last_epoch

    def take(self, entry: Entry) -> None:
        """One record."""
        self._offset = entry.end_offset
        if entry.kind is RecordKind.MARKET:
            tape = entry.tape
            self._last_recv_ns = Ns(int(tape["recv_ns"][-1]))
            self._engine.on_market(tape, 0, len(tape))
        elif entry.kind is RecordKind.EVENT:
            self._event(entry.event)
        else:
            self._commands(entry)

    def finish(self) -> Recovered:
        """An event without commands was the last thing: its step is completed here."""
        unanswered = self._open
        if unanswered is not None:
            self._close(unanswered)
        return Recovered(
            position=Position(
                offset=self._offset,
                last_seq=self._last_seq,
                last_recv_ns=self._last_recv_ns,
                last_epoch=self._last_epoch,
                n_events=self._n_events,
                n_reports=self._n_reports,
            ),
            unsent=self._unsent,
            taken_over=list(self._taken_over),
            unanswered=unanswered,
        )

    def _event(self, event: Event) -> None:
        assert self._open is None, f"{self._path}: event {event.seq} follows one without commands"
        if isinstance(event, ModelSwap):
            self._provide_model(event.model_sha256)
        elif isinstance(event, EpochStarted):
            self._last_epoch = event.epoch
        self._n_events += 1
        self._last_seq, self._last_recv_ns = event.seq, event.recv_ns
        self._open = Step(event, self._engine.on_event(event))

    def _commands(self, entry: Entry) -> None:
        assert self._open is not None, f"{self._path}: commands without an event"
        step, self._open = self._open, None
        if self._encoder.encode(step.commands) != entry.payload:
            raise self._differs(entry, step)
        self._close(step)

    def _close(self, step: Step) -> None:
        self._note_to_venues(*step)
        for outgoing in self._report_to_clients(*step):
            client = outgoing.counterparty
            self._n_reports[client] = self._n_reports.get(client, 0) + 1
            if self._n_reports[client] > self._n_reported(client):
                self._unsent.setdefault(client, []).append(outgoing)
            else:
                self._taken_over.append(outgoing)
        for follower in self._followers:
            follower.on_step(*step)

    def _differs(self, entry: Entry, step: Step) -> JournalError:
        then, now = entry.commands, step.commands
        first = next(
            (k for k in range(max(len(then), len(now))) if then[k : k + 1] != now[k : k + 1]), 0
        )
        return JournalError.one(
            where=f"{self._path}: byte {entry.offset}",
            expected=f"that this program answers event {step.event.seq} as it is recorded: "
            f"{_shown(then, first)}",
            found=_shown(now, first),
            fix=f"start the release and configuration that wrote it; or {FRESH_FIX}",
        )


def newest_journal(folder: Path) -> Path | None:
    """The journal of the last run; their names sort by the time they were begun."""
    return max(folder.glob("*.journal"), default=None)


def _shown(commands: list[Command], idx: int) -> str:
    if idx >= len(commands):
        return "nothing more"
    text = repr(commands[idx])
    return text if len(text) <= 300 else f"{text[:297]}…"
