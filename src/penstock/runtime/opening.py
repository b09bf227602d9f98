"""Opening a run: a run is a trading day, and a start goes on with the one that the day has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    ConfigError,
    ControlAction,
    EpochStarted,
    Event,
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
from penstock.runtime.epochs import next_epoch
from penstock.runtime.inbox import Side
from penstock.runtime.last_run import Last, nothing, recover_last
from penstock.runtime.marks import Marks
from penstock.runtime.memory import Memory, new_memory
from penstock.runtime.opened import Begun, Opened
from penstock.runtime.parts import RouterParts, Wires, draft_stamps, session_name
from penstock.runtime.recovery import (
    NOTHING_YET,
    Position,
    Recovered,
    newest_journal,
)
from penstock.runtime.segments import (
    carried_events,
    is_all_over,
    open_events,
    problems_of_carrying,
    segment_name,
)
from penstock.runtime.snapshots import SNAPSHOT_TIMES, SnapshotKeeper, SnapshotTimes
from penstock.runtime.stepping import Stepper
from penstock.runtime.trading_days import Session, TradingDays
from penstock.runtime.venue_links import VenueLink

GRACE_NS: Final = 10 * NS_PER_S


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
    days: TradingDays | None = None
    forks_snapshots: bool = False  # the live process; a test has one process

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
        return self._on_day(self.clock_from(started_ns)()).router.day

    def _on_day(self, now_ns: int) -> RouterConf:
        if self.conf.router.day is not None or self.days is None:
            return self.conf.on_day(now_ns)
        return self.conf.for_day(self.days.at(now_ns).day)

    def _begin(self, not_before_ns: int) -> Opened:
        # Not before the last run: journals sort by their start, whatever the wall clock says.
        clock = self.clock_from(not_before_ns)
        epoch = self._next_epoch()
        started_ns = clock()
        conf = self._on_day(started_ns)
        core, run = core_of_conf(conf), run_id(started_ns)
        begun = self._begin_journal(conf, run, started_ns, core, epoch)
        begun.take_name()
        self.marks.start_run(run)
        memory = new_memory(conf, run, core.build())
        parts = self._parts(conf, core, memory, begun.writer, clock, Sequencer(), begun.journal)
        return Opened(
            parts=parts,
            memory=memory,
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
        stepper = Stepper(parts, recovered.position.last_recv_ns)
        for report in recovered.taken_over:
            stepper.undelivered.note(report, clock())
        return Opened(
            parts=parts,
            memory=memory,
            stepper=stepper,
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
        opened = self._next_journal(
            conf,
            old,
            last.context,
            last.recovered.position,
            partial(carried_events, old, last.journal),
        )
        self.say(f"goes on in {opened.journal}: {', '.join(p.where for p in changed)} changed")
        return opened

    def roll_ns(self, opened: Opened) -> Ns | None:
        """
        When the opened run's day is over; None if it has no end.

        A router that was down then gets some time first: venues are asked, clients told.
        """
        day = opened.parts.conf.router.day
        if self.conf.router.day is not None or self.days is None or day is None:
            return None
        session = self.days.of_day(day)
        roll_ns = 0 if session is None else session.roll_ns
        return Ns(max(roll_ns, opened.parts.clock() + GRACE_NS))

    def roll(self, last: Opened) -> Opened:
        """
        Begin the next trading day, after the last one has ended by rule.

        The run is a new one, with nothing of yesterday but a kill. If venues have left something
        open or in doubt, yesterday's run goes on with that alone: its numbers are in their reports.
        """
        last.writer.close()
        parts, old = last.parts, last.memory
        opener = replace(self, clock_from=lambda _: parts.clock)
        if is_all_over(old.engine):
            opened = opener._begin(parts.clock())  # noqa: SLF001 - one of us
        else:
            conf, context = opener._on_day(parts.clock()), read_context(last.journal)  # noqa: SLF001
            events = partial(open_events, old, last.journal)
            position = parts.snapshots.position
            opened = opener._next_journal(conf, old, context, position, events)  # noqa: SLF001
        for control in old.standing.controls:
            if control.action is ControlAction.KILL:
                stamps = draft_stamps(parts.clock())
                opened.stepper.step(msgspec.structs.replace(control, **stamps))
        return opened._replace(is_recovered=True)

    def _next_journal(
        self,
        conf: RouterConf,
        old: Memory,
        context: Mapping[str, Any],
        position: Position,
        events: Callable[[Ns], Iterable[Event]],
    ) -> Opened:
        """Another journal of a run, which begins with what `events` carries over."""
        clock = self.clock_from(position.last_recv_ns + NS_PER_S)  # journals are named by seconds
        first_epoch = int(context.get("epoch", 0))
        epoch = self._next_epoch(first_epoch + position.last_epoch) - first_epoch
        started_ns, core = clock(), core_of_conf(conf)
        segment = int(context.get("segment", 0)) + 1
        begun = self._begin_journal(conf, old.run, started_ns, core, first_epoch, segment)
        memory = new_memory(conf, old.run, core.build())
        sequencer = Sequencer(position.last_seq)
        parts = self._parts(conf, core, memory, begun.writer, clock, sequencer, begun.journal)
        stepper = Stepper(parts, position.last_recv_ns)
        sequencer.start_epoch(epoch)
        stepper.step(EpochStarted(**draft_stamps(clock()), epoch=epoch))
        for event in events(clock()):
            stepper.step(event)
        begun.take_name()
        self.marks.start_run(segment_name({"run": old.run, "segment": segment}))
        return Opened(
            parts=parts,
            memory=memory,
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
            snapshots=SnapshotKeeper(
                journal, memory, core, position, self.snapshot_times, is_forked=self.forks_snapshots
            ),
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
            hours=self._hours(conf),
        )

    def _hours(self, conf: RouterConf) -> Session | None:
        """The hours of the day, if orders outside of them are rejected."""
        if self.days is None or conf.router.day is None or conf.day.outside_hours == "accept":
            return None
        return self.days.of_day(conf.router.day)

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
