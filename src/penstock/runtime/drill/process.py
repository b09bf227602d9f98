"""The router's process in a drill: started, killed between any two effects, stopped in order."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from penstock.domain import JournalError, Ns
from penstock.runtime.config import RouterConf
from penstock.runtime.drill.agenda import Agenda
from penstock.runtime.inbox import Item, Stop
from penstock.runtime.marks import Marks
from penstock.runtime.opened import Opened
from penstock.runtime.opening import Opener, session_names
from penstock.runtime.parts import Wires
from penstock.runtime.router import Router
from penstock.runtime.status import NO_SURROUNDINGS
from penstock.wire.fix import Outgoing

_DESCRIPTORS: Final = Path("/proc/self/fd")
_FRONT_BYTES: Final = 16  # magic, version, length of the context, its checksum


class Killed(BaseException):
    """The process is gone. No code of the router can catch this."""


class Fuse:
    """
    Counts effects and kills before the one that was chosen.

    An effect is a message handed over, a mark, or a look at the clock, which the router takes
    between any two of its steps. What the journal had at the last effect that somebody could see
    may not be missing after a kill; what came later may.
    """

    def __init__(self) -> None:
        self.left = 0  # 0: it does not burn
        self.is_for_seen = False  # looks at the clock do not burn it
        self.journal: Path | None = None
        self.seen_bytes = 0

    def effect(self, *, is_seen: bool) -> None:
        """One more is about to happen."""
        if self.left > 0 and (is_seen or not self.is_for_seen):
            self.left -= 1
            if self.left == 0:
                raise Killed
        if is_seen and self.journal is not None:
            self.seen_bytes = self.journal.stat().st_size


class DrillClock:
    """The process's clock: the agenda's time with an offset, a microsecond later at each look."""

    def __init__(self, agenda: Agenda, fuse: Fuse, offset_ns: int) -> None:
        self._agenda, self._fuse, self._offset_ns = agenda, fuse, offset_ns

    def __call__(self) -> Ns:
        """Now."""
        self._fuse.effect(is_seen=False)
        self._agenda.advance(self._agenda.now_ns + 1_000)
        return Ns(self._agenda.now_ns + self._offset_ns)

    @property
    def offset_ns(self) -> int:
        """By how much it is ahead of the agenda."""
        return self._offset_ns


class FusedMarks(Marks):
    """Marks whose every store is an effect."""

    def __init__(self, path: Path, sessions: Iterable[str], fuse: Fuse) -> None:
        super().__init__(path, sessions)
        self._fuse = fuse

    def set_consumed(self, session: str, seq_num: int) -> None:
        """As `Marks`."""
        self._fuse.effect(is_seen=True)
        super().set_consumed(session, seq_num)

    def set_reported(self, session: str, n_reports: int) -> None:
        """As `Marks`."""
        self._fuse.effect(is_seen=True)
        super().set_reported(session, n_reports)


class FusedWires:
    """What the router hands over; each message is an effect."""

    def __init__(self, wires: Wires, fuse: Fuse) -> None:
        self._wires, self._fuse = wires, fuse

    def to_client(self, outgoing: Outgoing) -> bool:
        """As `Wires`."""
        self._fuse.effect(is_seen=True)
        return self._wires.to_client(outgoing)

    def to_venue(self, outgoing: Outgoing) -> bool:
        """As `Wires`."""
        self._fuse.effect(is_seen=True)
        return self._wires.to_venue(outgoing)


class Process:
    """One router process, from its start to its end."""

    def __init__(
        self, conf: RouterConf, agenda: Agenda, wires: Wires, say: Callable[[str], None]
    ) -> None:
        self._conf, self._agenda, self._say = conf, agenda, say
        self._wires = wires
        self.fuse = Fuse()
        self.marks: Marks | None = None
        self.router: Router | None = None
        self._opened: Opened | None = None

    @property
    def due_ns(self) -> int | None:
        """When the router must be woken, in the agenda's time; None if nothing is planned."""
        due_ns = None if self.router is None else self.router.due_ns
        return None if due_ns is None else due_ns - self._clock.offset_ns

    @property
    def clock(self) -> DrillClock:
        """The process's clock."""
        return self._clock

    @property
    def offset_ns(self) -> int:
        """By how much the process's clock is ahead of the agenda."""
        return self._clock.offset_ns if self._opened is not None else 0

    def start(self, wall_offset_ns: int, kill_after: int = 0) -> None:
        """
        Open the run, and make the router.

        Raises:
            Killed: at the effect that was chosen.
        """

        def clock_from(not_before_ns: int) -> DrillClock:
            wall_ns = self._agenda.now_ns + wall_offset_ns
            offset_ns = max(wall_ns, not_before_ns) - self._agenda.now_ns
            self._clock = DrillClock(self._agenda, self.fuse, offset_ns)
            return self._clock

        self.fuse.left = kill_after
        self.marks = FusedMarks(self._conf.paths.marks, session_names(self._conf), self.fuse)
        opener = Opener(
            conf=self._conf,
            marks=self.marks,
            wires=FusedWires(self._wires, self.fuse),
            say=self._say,
            clock_from=clock_from,
        )
        self._opened = opener.open()
        self.fuse.journal = self._opened.journal
        self.fuse.seen_bytes = self._opened.journal.stat().st_size
        self.router = self._opened.router(NO_SURROUNDINGS)

    @property
    def journal_bytes(self) -> int:
        """How long the journal is."""
        assert self._opened is not None
        return self._opened.journal.stat().st_size

    @contextmanager
    def full_disk(self, limit_bytes: int) -> Iterator[None]:
        """No file may become longer than that, whatever is written in the meantime."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    def stop(self) -> bool:
        """Close in good order, as the program does; whether the run ended with nothing open."""
        assert self._opened is not None
        assert self.router is not None
        assert self.marks is not None
        is_killed = self._opened.parts.standing.is_killed
        is_clean = not is_killed and self.router.is_idle and self.router.is_told
        if is_clean:
            self.marks.end_run()
        self._opened.writer.close()
        self.marks.close()
        self.router = self._opened = None
        return is_clean

    def kill(self, *, torn: int = 0, lost_bytes: int = 0) -> int:
        """
        Leave what a killed process leaves: files, and nothing open.

        Args:
            torn: per mille of what nobody has seen the effect of that the journal lacks.
            lost_bytes: as many of the journal's end are lost with the machine.

        Returns how many bytes that somebody has seen the effect of are lost.
        """
        opened, fuse = self._opened, self.fuse
        if self.marks is not None:
            self.marks.close()
        self.router = self._opened = self.marks = None
        fuse.left = 0
        _close_files(self._conf.paths.run_dir)
        if opened is None:
            return 0
        size = opened.journal.stat().st_size
        least = _header_bytes(opened.journal)
        keep = size - (size - fuse.seen_bytes) * torn // 1_000
        keep = max(least, keep - lost_bytes)
        if keep < size:
            os.truncate(opened.journal, keep)
        return max(0, fuse.seen_bytes - keep)


def stop_item(why: str) -> Item:
    """What SIGTERM becomes."""
    return Stop(why)


def is_full_disk(error: BaseException) -> bool:
    """Whether the router's process ended because its journal could not be written."""
    return isinstance(error, JournalError)


def _header_bytes(journal: Path) -> int:
    """How long the journal's header is, which a machine has synced when the run began."""
    with journal.open("rb") as file:
        front = file.read(_FRONT_BYTES)
    return _FRONT_BYTES + int.from_bytes(front[8:12], "little")


def _close_files(folder: Path) -> None:
    """Close what the dead process had open under its folder: the kernel would have."""
    prefix = str(folder)
    for entry in list(_DESCRIPTORS.iterdir()):
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith(prefix):
            os.close(int(entry.name))
