"""SIGTERM and SIGINT for a program whose main thread waits on a queue."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, Self

EXIT_INTERRUPTED: Final = 130
_NUMBERS: Final = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """
    The first signal asks, the second ends the process. As it was, after the `with`.

    QuickFIX puts SIGINT's default back when it starts: call `install` again after that.

    Args:
        ask: gets the signal's name; called between two steps of the main thread, so it may put
            something into a queue and nothing more.
    """

    def __init__(self, ask: Callable[[str], None]) -> None:
        self._ask = ask
        self._is_asked = False
        self._before = {number: signal.getsignal(number) for number in _NUMBERS}

    def __enter__(self) -> Self:
        self.install()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def install(self) -> None:
        """Handle them from now on."""
        for number in _NUMBERS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._is_asked:
            os._exit(EXIT_INTERRUPTED)
        self._is_asked = True
        self._ask(signal.Signals(number).name)
