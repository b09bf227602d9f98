"""The memory of a run: everything whose state its steps make up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from penstock.domain import from_seconds
from penstock.engine import Engine
from penstock.routing import PRESETS
from penstock.runtime.config import RouterConf
from penstock.runtime.recovery import NOTHING_YET, Position, Recovered, replay_into
from penstock.runtime.standing import Standing
from penstock.runtime.timer_queue import TimerQueue
from penstock.wire.fix import OmsDesk, OrderDefaults, VenueDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything whose state a run's steps make up, and nothing else does."""

    run: str
    engine: Engine
    oms_desk: OmsDesk
    venue_desk: VenueDesk
    timers: TimerQueue
    standing: Standing

    def parts(self) -> dict[str, object]:
        """Everything in it, for a snapshot."""
        return {field.name: getattr(self, field.name) for field in fields(self)[1:]}

    @classmethod
    def of_parts(cls, run: str, parts: dict[str, Any]) -> Memory:
        """The memory that `parts` was taken of."""
        return cls(run=run, **parts)

    def replay(
        self,
        journal: Path,
        provide_model: Callable[[str], None],
        n_reported: Callable[[str], int],
        start: Position = NOTHING_YET,
    ) -> Recovered:
        """
        Take every step of a journal from `start` on.

        Args:
            n_reported: how many reports of the run QuickFIX has taken over, by client.
            provide_model: called with the hash of each model that the journal swaps in.
        Raises:
            JournalError: damaged, or the engine now says something else than it said then.
        """
        return replay_into(
            journal,
            self.engine,
            note_to_venues=self.venue_desk.note,
            report_to_clients=self.oms_desk.on_step,
            followers=(self.timers, self.standing),
            provide_model=provide_model,
            n_reported=n_reported,
            start=start,
        )


def new_memory(conf: RouterConf, run: str, engine: Engine) -> Memory:
    """The memory of a run that has not begun."""
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
