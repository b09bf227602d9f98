"""A run that was opened and can go on; and a journal before it has its name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from penstock.domain import EpochStarted
from penstock.journal import JournalWriter
from penstock.runtime.epochs import sync_folder
from penstock.runtime.memory import Memory
from penstock.runtime.parts import RouterParts, draft_stamps
from penstock.runtime.router import Router
from penstock.runtime.status import Surroundings
from penstock.runtime.stepping import Stepper
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
    memory: Memory
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
