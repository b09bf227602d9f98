"""Opening a run: a run is a trading day, and a start goes on with the one that the day has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    ConfigError,
    EpochStarted,
    JournalError,
    from_seconds,
)
from penstock.engine import Engine, Sequencer
from penstock.journal import Fsync, JournaledEngine, JournalWriter, read_context
from penstock.routing import PRESETS
from penstock.runtime.building import (
    CoreParts,
    check_same_settings,
    conf_of_journal,
    core_of_conf,
    core_of_journal,
    journal_context,
    models_of_journal,
)
from penstock.runtime.clock import AnchoredClock, Clock, in_base_36
from penstock.runtime.config import RouterConf
from penstock.runtime.epochs import next_epoch, sync_folder
from penstock.runtime.inbox import Side
from penstock.runtime.marks import Marks
from penstock.runtime.parts import RouterParts, Wires, draft_stamps, session_name
from penstock.runtime.recovery import (
    FRESH_FIX,
    Recovered,
    newest_journal,
    replay_into,
    unsent_reports,
)
from penstock.runtime.router import Router
from penstock.runtime.standing import Standing
from penstock.runtime.status import Surroundings
from penstock.runtime.stepping import Stepper
from penstock.runtime.timer_queue import TimerQueue
from penstock.runtime.venue_links import VenueLink
from penstock.wire.fix import OmsDesk, OrderDefaults, Outgoing, VenueDesk, possible_resend


class Opened(NamedTuple):
    """A run that can go on. `unsent`: reports to send as soon as the FIX engine runs."""

    parts: RouterParts
    stepper: Stepper
    writer: JournalWriter
    journal: Path
    unsent: list[Outgoing]
    epoch: int
    is_recovered: bool
    missing_model: str  # why the configured one is not used; empty if it is, or none is needed

    def router(self, surroundings: Surroundings) -> Router:
        """
        The loop body. Call when the FIX engine takes messages: what a killed router may not have
        told is told first.
        """
        router = Router(self.parts, self.stepper, surroundings)
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

    def open(self, *, is_fresh: bool = False) -> Opened:
        """
        Go on with the run of the trading day; begin one if the day has none.

        A run of an earlier day that did not end with everything closed and told is gone on with,
        under the rules of its own day.

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
        is_over = self.marks.is_clean and self.marks.run == context.get("run")
        if is_fresh or (is_over and self._is_of_another_day(context, started_ns)):
            return self._begin(started_ns + NS_PER_MS)
        return self._go_on(journal, context)

    def _is_of_another_day(self, context: Mapping[str, Any], started_ns: int) -> bool:
        today = self.conf.on_day(self.clock_from(started_ns)()).router.day
        return conf_of_journal(context).router.day != today

    def _begin(self, not_before_ns: int) -> Opened:
        # Not before the last run: journals sort by their start, whatever the wall clock says.
        clock = self.clock_from(not_before_ns)
        epoch = self._next_epoch()
        started_ns = clock()
        conf = self.conf.on_day(started_ns)
        core, run = core_of_conf(conf), run_id(started_ns)
        moment = datetime.fromtimestamp(started_ns // NS_PER_S, UTC)
        journal = conf.paths.journals / f"{moment:%Y%m%dT%H%M%SZ}-{run}.journal"
        # A journal gets its name when its header is whole: a kill in between leaves no riddle.
        begun = journal.with_suffix(".begun")
        for left_behind in journal.parent.glob("*.begun"):
            left_behind.unlink()
        context = journal_context(conf, run, started_ns, core) | {"epoch": epoch}
        writer = JournalWriter.create(begun, context, Fsync(conf.router.fsync))
        begun.rename(journal)
        sync_folder(journal.parent)
        self.marks.start_run(run)
        memory = _memory(conf, run, core.build())
        parts = self._parts(conf, core, memory, writer, clock, Sequencer())
        return Opened(
            parts=parts,
            stepper=Stepper(parts),
            writer=writer,
            journal=journal,
            unsent=[],
            epoch=0,  # a run's own epochs count from its first start: its name is unique
            is_recovered=False,
            missing_model=core.missing,
        )

    def _go_on(self, journal: Path, context: Mapping[str, Any]) -> Opened:
        conf = self._conf_of(context)
        check_same_settings(context, conf, journal)
        core, run = core_of_journal(context, conf.router.models_dir), str(context["run"])
        self.say(f"recovering run {run} from {journal}")
        memory = _memory(conf, run, core.build())
        recovered = replay_into(
            journal,
            memory.engine,
            note_to_venues=memory.venue_desk.note,
            report_to_clients=memory.oms_desk.on_step,
            followers=(memory.timers, memory.standing),
            provide_model=lambda sha256: models_of_journal(core, conf, sha256),
        )
        _check_clients(conf, memory.standing.clients, journal)
        writer = JournalWriter.resume(journal, Fsync(conf.router.fsync))
        if recovered.unanswered is not None:
            writer.append_commands(recovered.unanswered.commands)
        if self.marks.run == run:
            self.marks.go_on()
        else:
            self.marks.start_run(run)
        self._mark_no_more_than(recovered.reports)
        clock = self.clock_from(recovered.last_recv_ns)
        parts = self._parts(conf, core, memory, writer, clock, Sequencer(recovered.last_seq))
        first_epoch = int(context.get("epoch", 0))
        self._tell_recovery(parts, recovered)
        return Opened(
            parts=parts,
            stepper=Stepper(parts, recovered.last_recv_ns),
            writer=writer,
            journal=journal,
            unsent=unsent_reports(recovered, self._n_reported),
            epoch=self._next_epoch(first_epoch + recovered.last_epoch) - first_epoch,
            is_recovered=True,
            missing_model=core.missing,
        )

    def _next_epoch(self, journalled: int = 0) -> int:
        paths = self.conf.paths
        has_history = newest_journal(paths.journals) is not None
        return next_epoch(paths.epoch, journalled=journalled, has_history=has_history)

    def _mark_no_more_than(self, reports: Mapping[str, list[Outgoing]]) -> None:
        """A journal that lost its tail has fewer reports than were taken over: count from there."""
        for client in self.conf.client_ids:
            n_reports = len(reports.get(client, ()))
            if self._n_reported(client) > n_reports:
                self.marks.set_reported(session_name(Side.OMS, client), n_reports)

    def _conf_of(self, context: Mapping[str, Any]) -> RouterConf:
        """Ours, with the day of the journal if ours does not name one."""
        day = conf_of_journal(context).router.day
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
    ) -> RouterParts:
        universe = core.engine.universe
        return RouterParts(
            conf=conf,
            run=memory.run,
            universe=universe,
            engine=memory.engine,
            taker=JournaledEngine(memory.engine, writer),
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
        return self.marks.reported(session_name(Side.OMS, client))

    def _tell_recovery(self, parts: RouterParts, recovered: Recovered) -> None:
        live = sum(not child.state.is_terminal for child in parts.engine.children.values())
        self.say(
            f"recovered {recovered.n_events:,} events: {len(parts.standing.working)} parents at "
            f"work, {live} children to be reconciled, {len(parts.timers)} timers out"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything whose state a run's steps make up, and nothing else does."""

    run: str
    engine: Engine
    oms_desk: OmsDesk
    venue_desk: VenueDesk
    timers: TimerQueue
    standing: Standing


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


def _memory(conf: RouterConf, run: str, engine: Engine) -> Memory:
    universe = conf.universe()
    defaults = OrderDefaults(
        horizon_ns=from_seconds(conf.oms.default_horizon_s),
        urgency_frac=conf.oms.default_urgency_frac,
        objectives=tuple(PRESETS),
    )
    return Memory(
        run=run,
        engine=engine,
        oms_desk=OmsDesk(universe, defaults, run, conf.desk_rules),
        venue_desk=VenueDesk(universe, run),
        timers=TimerQueue(),
        standing=Standing(len(universe.venues)),
    )


def _check_clients(conf: RouterConf, clients: set[str], journal: Path) -> None:
    missing = sorted(clients - set(conf.client_ids))
    if missing:
        raise ConfigError.one(
            where="the configuration: oms.clients",
            expected=f"every client that has orders in {journal.name}",
            found=f"no {', '.join(missing)}",
            fix=f"add the client again until that run has ended; or {FRESH_FIX}",
        )
