"""Snapshots: a run's memory beside its journal, so that a restart replays what follows alone."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import struct
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import msgspec

import penstock
from penstock.domain import Ns
from penstock.runtime import pickling
from penstock.runtime.building import CoreParts
from penstock.runtime.memory import Memory
from penstock.runtime.recovery import Position

_MAGIC: Final = b"PENSNAP1"
_LENGTHS: Final = struct.Struct("<8sII")  # magic, header, crc-like first bytes of its hash
_TAIL_BYTES: Final = 4_096
LONG_S: Final = 0.25


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What must agree before a snapshot is believed."""

    sources_sha256: str  # of the program: another one may keep its memory in another way
    journal_tail_sha256: str  # the bytes before the position
    memory_sha256: str
    state_sha256: str
    models: list[str]
    position: Position


class Taken(NamedTuple):
    """A snapshot that was written."""

    n_bytes: int
    took_s: float


def snapshot_of(journal: Path) -> Path:
    """Where the snapshot of a journal is."""
    return journal.with_suffix(".snapshot")


def take_snapshot(journal: Path, memory: Memory, core: CoreParts, position: Position) -> Taken:
    """
    Write the memory of a run as it is behind `position`, whole or not at all.

    Nothing is forced to the disk: a snapshot that a machine lost costs time, not truth.
    """
    started_s = time.monotonic()
    data = pickling.dump(memory.parts(), _shared(core))
    header = msgspec.json.encode(
        _Header(
            sources_sha256=sources_sha256(),
            journal_tail_sha256=_tail_sha256(journal, position.offset),
            memory_sha256=hashlib.sha256(data).hexdigest(),
            state_sha256=memory.engine.state_hash(),
            models=[sha256 for sha256 in core.models if sha256],
            position=position,
        )
    )
    path = snapshot_of(journal)
    aside = path.with_suffix(".taken")
    check = int.from_bytes(hashlib.sha256(header).digest()[:4], "little")
    with aside.open("wb") as file:
        file.write(_LENGTHS.pack(_MAGIC, len(header), check))
        file.write(header)
        file.write(data)
    aside.replace(path)
    return Taken(len(data) + len(header), time.monotonic() - started_s)


def load_snapshot(
    journal: Path, run: str, core: CoreParts, provide_model: Callable[[str], None]
) -> tuple[Memory, Position] | str:
    """
    The memory in a journal's snapshot, and where the journal goes on behind it.

    A string says why there is none to be used; empty if there just is none. Whatever does not
    agree (the program, the journal's bytes, a hash) makes it unusable: the journal is the truth.
    """
    try:
        content = snapshot_of(journal).read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"it cannot be read: {error}"
    found = _opened(content)
    if found is None:
        return "it is damaged"
    header, data = found
    if header.sources_sha256 != sources_sha256():
        return "another version of the program has written it"
    offset = header.position.offset
    if journal.stat().st_size < offset or (
        _tail_sha256(journal, offset) != header.journal_tail_sha256
    ):
        return "the journal is not the one that it was taken of, or has lost its end"
    try:
        for sha256 in header.models:
            provide_model(sha256)
        memory = Memory.of_parts(run, pickling.load(data, _shared(core)))
    except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError) as error:
        return f"it cannot be loaded: {error}"
    if memory.engine.state_hash() != header.state_sha256:
        return "what it holds is not what was put into it"
    return memory, header.position


@cache
def sources_sha256() -> str:
    """Hash of every source file of the program, as it was when it was first asked for."""
    package = Path(penstock.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"\n{path.relative_to(package)} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def _opened(content: bytes) -> tuple[_Header, bytes] | None:
    if len(content) < _LENGTHS.size:
        return None
    magic, n_bytes, check = _LENGTHS.unpack_from(content)
    text = content[_LENGTHS.size : _LENGTHS.size + n_bytes]
    if magic != _MAGIC or check != int.from_bytes(hashlib.sha256(text).digest()[:4], "little"):
        return None
    try:
        header = msgspec.json.decode(text, type=_Header)
    except msgspec.DecodeError:
        return None
    data = content[_LENGTHS.size + n_bytes :]
    return None if hashlib.sha256(data).hexdigest() != header.memory_sha256 else (header, data)


def _tail_sha256(journal: Path, offset: int) -> str:
    """Hash of the bytes before `offset`, and of where that is."""
    start = max(0, offset - _TAIL_BYTES)
    with journal.open("rb") as file:
        file.seek(start)
        return hashlib.sha256(b"%d" % offset + file.read(offset - start)).hexdigest()


def _shared(core: CoreParts) -> Mapping[str, object]:
    """What memory refers to and does not own: settings, policies and their models."""
    parts = core.engine
    shared: dict[str, object] = {
        "universe": parts.universe,
        "engine": parts.engine,
        "routing": parts.routing,
        "limits": parts.limits,
        "weights": parts.weights,
        "models": core.models,
        "fallback": parts.fallback,
    }
    for sha256, policy in core.models.items():
        shared.setdefault(f"policy {sha256}", policy)
    if parts.policy is not None:
        shared["policy"] = parts.policy
    return shared


class SnapshotTimes(NamedTuple):
    """When to take one: after so many events, at a moment without any, and at last anyway."""

    least_events: int = 5_000
    most_events: int = 50_000
    quiet_ns: Ns = Ns(200_000_000)


SNAPSHOT_TIMES: Final = SnapshotTimes()


class SnapshotKeeper:
    """
    Takes snapshots of a run now and then.

    To take one stops the engine for as long as it takes, which with 100,000 orders is a second. So
    the live router takes them in a fork of itself (`is_forked`): a copy of this moment, which
    writes and ends, while the engine goes on after some milliseconds.

    Args:
        position: where the journal stands now.
    """

    def __init__(
        self,
        journal: Path,
        memory: Memory,
        core: CoreParts,
        position: Callable[[], Position],
        times: SnapshotTimes = SNAPSHOT_TIMES,
        *,
        is_forked: bool = False,
    ) -> None:
        self._journal, self._memory, self._core = journal, memory, core
        self._position, self._times = position, times
        self._is_forked, self._writer_pid = is_forked, 0
        self._n_events = position().n_events
        self._n_seen = self._n_events
        self._seen_ns = 0

    @property
    def position(self) -> Position:
        """Where the journal stands; call between two steps."""
        return self._position()

    def look(self, now_ns: int) -> str:
        """
        Take a snapshot if one is due. Call now and then, between two steps.

        Returns what a person must know: that one failed, or took long; empty if nothing.
        """
        n_events = self._position().n_events
        if n_events != self._n_seen:
            self._n_seen, self._seen_ns = n_events, now_ns
        n_new = n_events - self._n_events
        is_quiet = now_ns - self._seen_ns >= self._times.quiet_ns
        if n_new < (self._times.least_events if is_quiet else self._times.most_events):
            return ""
        return self._fork() if self._is_forked else self.take()

    def take(self) -> str:
        """Take one now, in this process; a disk that is full is no reason to stop."""
        self._wait()
        position = self._position()
        self._n_events = position.n_events
        try:
            taken = take_snapshot(self._journal, self._memory, self._core, position)
        except OSError as error:
            return _failed(str(error))
        if taken.took_s < LONG_S:
            return ""
        return f"the snapshot of {taken.n_bytes:,} bytes took {taken.took_s:.2f} s"

    def _fork(self) -> str:
        """Have a copy of the process write it; what the last copy came to."""
        text = ""
        if self._writer_pid:
            pid, status = os.waitpid(self._writer_pid, os.WNOHANG)
            if pid == 0:
                return ""  # it is still writing
            self._writer_pid = 0
            text = _failed(f"its writer ended with status {status}") if status else ""
        position = self._position()
        self._n_events = position.n_events
        try:
            self._writer_pid = os.fork()
        except OSError as error:
            return _failed(str(error))
        if self._writer_pid == 0:
            self._write_and_end(position)
        return text

    def _write_and_end(self, position: Position) -> NoReturn:
        """
        In the copy, which has this thread alone.

        It lets go of every file first: sockets, locks and the journal are the router's, and must
        be free as soon as that ends.
        """
        status = 1
        try:
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            gc.disable()
            os.nice(5)
            take_snapshot(self._journal, self._memory, self._core, position)
            status = 0
        finally:
            os._exit(status)

    def _wait(self) -> None:
        if self._writer_pid:
            os.waitpid(self._writer_pid, 0)
            self._writer_pid = 0


def _failed(why: str) -> str:
    return f"no snapshot: {why}; the next start replays what came after the last one"
