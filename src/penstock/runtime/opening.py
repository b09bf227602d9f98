"""Opening a run: a run is a trading day, and a start goes on with the one that the day has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    ConfigError,
    EpochStarted,
    JournalError,
    Ns,
    Problem,
)
from penstock.engine import Sequencer
from penstock.journal import Fsync, JournaledEngine, JournalWriter, read_context
from penstock.runtime.building import (
    CoreParts,
    changed_settings,
    conf_of_journal,
    core_of_conf,
    journal_context,
)
from penstock.runtime.clock import AnchoredClock, Clock, in_base_36
from penstock.runtime.config import RouterConf
from penstock.runtime.epochs import next_epoch, sync_folder
from penstock.runtime.inbox import Side
from penstock.runtime.last_run import Last, nothing, recover_last
from penstock.runtime.marks import Marks
from penstock.runtime.memory import Memory, new_memory
from penstock.runtime.parts import RouterParts, Wires, draft_stamps, session_name
from penstock.runtime.recovery import (
    NOTHING_YET,
    Position,
    Recovered,
    newest_journal,
)
from penstock.runtime.router import Router
from penstock.runtime.segments import (
    carried_events,
    is_all_over,
    problems_of_carrying,
    segment_name,
)
from penstock.runtime.snapshots import SNAPSHOT_TIMES, SnapshotKeeper, SnapshotTimes
from penstock.runtime.status import Surroundings
from penstock.runtime.stepping import Stepper
from penstock.runtime.venue_links import VenueLink
from penstock.wire.fix import Outgoing, possible_resend


class Begun(NamedTuple):
    """A journal that has no name yet: a kill before it has everything leaves no riddle."""

    writer: JournalWriter
    journal: Path

    def take_name(self) -> None:
        """From now on it is the run's."""
        self.journal.with_suffix(".begun").rename(self.journal)
        sync_folder(self.journal.parent)


class Opened(NamedTuple):
    """A run that can go on. `unsent`: reports to send as soon as the FIX engine runs."""

    parts: RouterParts
    stepper: Stepper
    writer: JournalWriter
    journal: Path
    unsent: list[Outgoing]
    epoch: int  # 0 if the journal has it already
    is_recovered: bool
    missing_model: str  # why the configured one is not used; empty if it is, or none is needed

    def router(self, surroundings: Surroundings) -> Router:
        """
        The loop body. Call when the FIX engine takes messages: what a killed router may not have
        told is told first.
        """
        router = Router(self.parts, self.stepper, surroundings)
        if self.epoch:
            self.parts.sequencer.start_epoch(self.epoch)
            self.stepper.step(EpochStarted(**draft_stamps(self.parts.clock()), epoch=self.epoch))
        self.stepper.report_again(possible_resend(report) for report in self.unsent)
        if self.is_recovered:
            router.start_after_restart()
        return router


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """
    What a run is opened with.

    `clock_from` makes the clock, given the stamp that it may not start before.
    """

    conf: RouterConf
    marks: Marks
    wires: Wires
    say: Callable[[str], None]
    clock_from: Callable[[int], Clock] = AnchoredClock
    snapshot_times: SnapshotTimes = SNAPSHOT_TIMES

    def open(self, *, is_fresh: bool = False) -> Opened:
        """
        Go on with the run of the trading day; begin one if the day has none.

        A run of an earlier day that did not end with everything closed and told is gone on with,
        under the rules of its own day. Where settings were changed after a run was closed with
        nothing open, it goes on in another journal.

        Args:
            is_fresh: begin a new one in any case.
        Raises:
            JournalError, ConfigError: the last run cannot be gone on with.
            ModelFileError: the configured model is damaged.
        """
        journal = newest_journal(self.conf.paths.journals)
        if journal is None:
            return self._begin(0)
        try:
            context = read_context(journal)
        except JournalError:
            if is_fresh:
                return self._begin(0)
            raise
        started_ns = int(context.get("started_ns", 0))
        if is_fresh:
            return self._begin(started_ns + NS_PER_MS)
        then = conf_of_journal(context)
        is_over = self.marks.is_clean and self.marks.run == segment_name(context)
        if is_over and self._today(started_ns) != then.router.day:
            return self._begin(started_ns + NS_PER_MS)
        changed = changed_settings(context, self._conf_of(then), journal)
        if changed and not is_over:
            raise ConfigError(changed)
        n_reported = self._n_reported if self.marks.run == segment_name(context) else nothing
        under = then if changed else self._conf_of(then)
        last = recover_last(journal, context, under, self.conf, n_reported, self.say)
        return self._go_on_elsewhere(last, changed) if changed else self._go_on(last)

    def _today(self, started_ns: int) -> int | None:
        return self.conf.on_day(self.clock_from(started_ns)()).router.day

    def _begin(self, not_before_ns: int) -> Opened:
        # Not before the last run: journals sort by their start, whatever the wall clock says.
        clock = self.clock_from(not_before_ns)
        epoch = self._next_epoch()
        started_ns = clock()
        conf = self.conf.on_day(started_ns)
        core, run = core_of_conf(conf), run_id(started_ns)
        begun = self._begin_journal(conf, run, started_ns, core, epoch)
        begun.take_name()
        self.marks.start_run(run)
        memory = new_memory(conf, run, core.build())
        parts = self._parts(conf, core, memory, begun.writer, clock, Sequencer(), begun.journal)
        return Opened(
            parts=parts,
            stepper=Stepper(parts),
            writer=begun.writer,
            journal=begun.journal,
            unsent=[],
            epoch=0,  # a run's own epochs count from its first start: its name is unique
            is_recovered=False,
            missing_model=core.missing,
        )

    def _begin_journal(
        self,
        conf: RouterConf,
        run: str,
        started_ns: Ns,
        core: CoreParts,
        epoch: int,
        segment: int = 0,
    ) -> Begun:
        moment = datetime.fromtimestamp(started_ns // NS_PER_S, UTC)
        journal = conf.paths.journals / f"{moment:%Y%m%dT%H%M%SZ}-{run}.journal"
        for left_behind in journal.parent.glob("*.begun"):
            left_behind.unlink()
        context = journal_context(conf, run, started_ns, core, epoch, segment)
        fsync = Fsync(conf.router.fsync)
        return Begun(JournalWriter.create(journal.with_suffix(".begun"), context, fsync), journal)

    def _go_on(self, last: Last) -> Opened:
        conf, memory, recovered = last.conf, last.memory, last.recovered
        fsync, whole_bytes = Fsync(conf.router.fsync), recovered.position.offset
        writer = JournalWriter.resume(last.journal, fsync, whole_bytes)
        if recovered.unanswered is not None:
            writer.append_commands(recovered.unanswered.commands)
        name = segment_name(last.context)
        if self.marks.run == name:
            self.marks.go_on()
        else:
            self.marks.start_run(name)
        self._mark_no_more_than(recovered.position.n_reports)
        clock = self.clock_from(recovered.position.last_recv_ns)
        sequencer, start = Sequencer(recovered.position.last_seq), recovered.position
        parts = self._parts(conf, last.core, memory, writer, clock, sequencer, last.journal, start)
        first_epoch = int(last.context.get("epoch", 0))
        self._tell_recovery(parts, recovered)
        return Opened(
            parts=parts,
            stepper=Stepper(parts, recovered.position.last_recv_ns),
            writer=writer,
            journal=last.journal,
            unsent=[report for reports in recovered.unsent.values() for report in reports],
            epoch=self._next_epoch(first_epoch + recovered.position.last_epoch) - first_epoch,
            is_recovered=True,
            missing_model=last.core.missing,
        )

    def _go_on_elsewhere(self, last: Last, changed: list[Problem]) -> Opened:
        """Go on with the run in another journal, under the settings of now."""
        conf, old = self._conf_of(last.conf), last.memory
        problems = problems_of_carrying(last.conf, conf)
        if problems or not is_all_over(old.engine):
            raise ConfigError(problems or changed)
        position = last.recovered.position
        clock = self.clock_from(position.last_recv_ns + NS_PER_S)  # journals are named by seconds
        first_epoch = int(last.context.get("epoch", 0))
        epoch = self._next_epoch(first_epoch + position.last_epoch) - first_epoch
        started_ns, core = clock(), core_of_conf(conf)
        segment = int(last.context.get("segment", 0)) + 1
        begun = self._begin_journal(conf, old.run, started_ns, core, first_epoch, segment)
        memory = new_memory(conf, old.run, core.build())
        sequencer = Sequencer(position.last_seq)
        parts = self._parts(conf, core, memory, begun.writer, clock, sequencer, begun.journal)
        stepper = Stepper(parts, position.last_recv_ns)
        sequencer.start_epoch(epoch)
        stepper.step(EpochStarted(**draft_stamps(clock()), epoch=epoch))
        for event in carried_events(
            old.engine, old.oms_desk, old.venue_desk, old.standing, last.journal, clock()
        ):
            stepper.step(event)
        begun.take_name()
        self.marks.start_run(segment_name({"run": old.run, "segment": segment}))
        self.say(f"goes on in {begun.journal}: {', '.join(p.where for p in changed)} changed")
        return Opened(
            parts=parts,
            stepper=stepper,
            writer=begun.writer,
            journal=begun.journal,
            unsent=[],
            epoch=0,
            is_recovered=True,
            missing_model=core.missing,
        )

    def _next_epoch(self, journalled: int = 0) -> int:
        paths = self.conf.paths
        has_history = newest_journal(paths.journals) is not None
        return next_epoch(paths.epoch, journalled=journalled, has_history=has_history)

    def _mark_no_more_than(self, n_reports: Mapping[str, int]) -> None:
        """A journal that lost its tail has fewer reports than were taken over: count from there."""
        for client in self.conf.client_ids:
            n_made = n_reports.get(client, 0)
            if self._n_reported(client) > n_made:
                self.marks.set_reported(session_name(Side.OMS, client), n_made)

    def _conf_of(self, then: RouterConf) -> RouterConf:
        """Ours, with the day of the journal if ours does not name one."""
        day = then.router.day
        if self.conf.router.day is not None or day is None:
            return self.conf
        return self.conf.for_day(day)

    def _parts(
        self,
        conf: RouterConf,
        core: CoreParts,
        memory: Memory,
        writer: JournalWriter,
        clock: Clock,
        sequencer: Sequencer,
        journal: Path,
        start: Position = NOTHING_YET,
    ) -> RouterParts:
        universe = core.engine.universe
        taker = JournaledEngine(memory.engine, writer)
        taker.last_recv_ns = start.last_recv_ns

        def position() -> Position:
            """Where the journal stands between two steps."""
            return Position(
                offset=writer.n_bytes,
                last_seq=sequencer.last_seq,
                last_recv_ns=taker.last_recv_ns,
                last_epoch=memory.standing.epoch,
                n_events=start.n_events + taker.n_events,
                n_reports=dict(memory.oms_desk.n_reports),
            )

        return RouterParts(
            conf=conf,
            run=memory.run,
            universe=universe,
            engine=memory.engine,
            taker=taker,
            snapshots=SnapshotKeeper(journal, memory, core, position, self.snapshot_times),
            sequencer=sequencer,
            oms_desk=memory.oms_desk,
            venue_desk=memory.venue_desk,
            links=[VenueLink(venue.venue_idx) for venue in universe.venues],
            timers=memory.timers,
            standing=memory.standing,
            marks=self.marks,
            models=core.models,
            wires=self.wires,
            clock=clock,
            say=self.say,
        )

    def _n_reported(self, client: str) -> int:
        if client not in self.conf.client_ids:
            return 0  # the start is refused, once it is clear for whose orders
        return self.marks.reported(session_name(Side.OMS, client))

    def _tell_recovery(self, parts: RouterParts, recovered: Recovered) -> None:
        live = sum(not child.state.is_terminal for child in parts.engine.children.values())
        n_events = recovered.position.n_events
        self.say(
            f"recovered {n_events:,} events: {len(parts.standing.working)} parents at "
            f"work, {live} children to be reconciled, {len(parts.timers)} timers out"
        )


def session_names(conf: RouterConf) -> list[str]:
    """Every session of a router, as the marks call them."""
    return [
        *(session_name(Side.OMS, client) for client in conf.oms_sessions),
        *(session_name(Side.VENUE, venue.mic) for venue in conf.venues),
    ]


def run_id(started_ns: int) -> str:
    """
    Short name of a run: the millisecond of its start, in base 36.

    It begins every order number that leaves the house, so no two runs may share it: a router holds
    its folder for itself, and its clock never goes back behind the last run's start.
    """
    return in_base_36(started_ns // NS_PER_MS)
