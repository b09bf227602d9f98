"""Replay: the same calls again, and whether the same commands come out."""

from __future__ import annotations

from pathlib import Path

import msgspec

from penstock.domain import Command
from penstock.journal.format import RecordKind
from penstock.journal.journaled import EngineLike
from penstock.journal.reader import read_journal, scan


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where the replay went another way."""

    offset: int  # byte in the journal
    event: str
    recorded: str
    replayed: str


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was replayed. `difference` None means the same to the bit."""

    n_events: int
    n_commands: int
    n_messages: int
    n_torn_bytes: int
    state_hash: str
    difference: Difference | None


def replay(path: Path, engine: EngineLike) -> ReplayReport:
    """
    Feed a journal's calls to a fresh engine and compare its commands byte by byte.

    Stops at the first difference: after it the two runs are not the same run any more.

    Args:
        engine: built as the journal's context says.
    Raises:
        JournalError: the file is not a whole journal.
    """
    encoder = msgspec.msgpack.Encoder()
    n_events = n_commands = n_messages = 0
    commands: list[Command] = []
    last_event = ""
    difference: Difference | None = None
    for entry in read_journal(path):
        if entry.kind is RecordKind.MARKET:
            tape = entry.tape
            n_messages += len(tape)
            engine.on_market(tape, 0, len(tape))
        elif entry.kind is RecordKind.EVENT:
            n_events += 1
            event = entry.event
            last_event = repr(event)
            commands = engine.on_event(event)
        else:
            if encoder.encode(commands) != entry.payload:
                difference = _first_difference(entry.offset, last_event, entry.commands, commands)
                break
            n_commands += len(commands)
    return ReplayReport(
        n_events=n_events,
        n_commands=n_commands,
        n_messages=n_messages,
        n_torn_bytes=scan(path).n_torn_bytes,
        state_hash=engine.state_hash(),
        difference=difference,
    )


def _first_difference(
    offset: int, event: str, recorded: list[Command], replayed: list[Command]
) -> Difference:
    for idx in range(max(len(recorded), len(replayed))):
        then = recorded[idx] if idx < len(recorded) else None
        now = replayed[idx] if idx < len(replayed) else None
        if then != now:
            return Difference(offset=offset, event=event, recorded=repr(then), replayed=repr(now))
    raise AssertionError("the bytes differ but no command does")
