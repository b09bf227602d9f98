"""Messages of a large step, sent piece by piece, so that no step keeps the others waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from penstock.domain import CancelChild, QueryChild, VenueCommand
from penstock.wire.fix import Outgoing

_AT_ONCE: Final = 32  # messages of a step that leave with it: a few milliseconds
_PIECE: Final = 16  # messages between two items


class Outbox:
    """
    Passes on what a step sends. Beyond the first few, its cancels and its reports wait here, and
    leave in pieces: a kill of thousands of orders then lets venues' reports in between.

    Promises:
        nothing but cancels, questions and reports waits; reports leave in order;
        cancels leave before reports; one whose child has ended meanwhile does not leave at all.

    A process that dies in between loses nothing: the journal has each command, the next start asks
    for the cancels again and repeats the reports.
    """

    def __init__(
        self,
        to_venue: Callable[[VenueCommand | QueryChild], None],
        tell: Callable[[Outgoing], None],
    ) -> None:
        self._to_venue, self._tell = to_venue, tell
        self._cancels: deque[CancelChild | QueryChild] = deque()
        self._reports: deque[Outgoing] = deque()
        self._n_left = _AT_ONCE

    def begin_step(self) -> None:
        """Another step: its first messages leave at once."""
        self._n_left = _AT_ONCE

    def venue(self, command: VenueCommand | QueryChild) -> None:
        """Send a command, or keep it."""
        self._n_left -= 1
        if isinstance(command, CancelChild | QueryChild) and self._n_left < 0:
            self._cancels.append(command)
        else:
            self._to_venue(command)

    def report(self, report: Outgoing) -> None:
        """Send a report, or keep it behind those that are kept."""
        self._n_left -= 1
        if self._n_left < 0 or self._reports:
            self._reports.append(report)
        else:
            self._tell(report)

    @property
    def n_waiting(self) -> int:
        """Messages that are still to leave."""
        return len(self._cancels) + len(self._reports)

    def send_some(self, is_live: Callable[[int], bool]) -> bool:
        """Send one piece; False if nothing was waiting."""
        if not self._cancels and not self._reports:
            return False
        for _ in range(_PIECE):
            if self._cancels:
                cancel = self._cancels.popleft()
                if isinstance(cancel, QueryChild) or is_live(cancel.child_id):
                    self._to_venue(cancel)
            elif self._reports:
                self._tell(self._reports.popleft())
        return True
