"""
A router whose engine thread is looked at two hundred times a second, for a profile under load.

    python -m penstock.runtime.sampled_router CONF PROFILE

When it ends, PROFILE has one line for each function of ours that was on the engine thread's stack:
the share of the busy samples, and the function. Samples that wait for the inbox are not busy.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

from penstock.runtime.config_check import read_router_conf
from penstock.runtime.operator_log import operator_log
from penstock.runtime.program import run_router

_EVERY_S: Final = 0.005
_SHOWN: Final = 60


class Sampler:
    """Counts the functions on the stack of the thread that made it."""

    def __init__(self) -> None:
        self._watched = threading.get_ident()
        self._counts: Counter[str] = Counter()
        self._n_busy = 0
        self._n_idle = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sampler", daemon=True)
        self._thread.start()

    def stop(self, path: Path) -> None:
        """Write the profile."""
        self._is_over.set()
        self._thread.join()
        lines = [f"{self._n_busy} busy samples, {self._n_idle} idle"]
        for name, n in self._counts.most_common(_SHOWN):
            lines.append(f"{100 * n / max(1, self._n_busy):5.1f} %  {name}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _serve(self) -> None:
        while not self._is_over.wait(_EVERY_S):
            frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - there is no other way
            names = _names(frame)
            if "loop.run_loop" not in names:
                continue
            if "ranked_inbox.wait" in names:
                self._n_idle += 1
                continue
            self._n_busy += 1
            self._counts.update(names)


def _names(frame: FrameType | None) -> set[str]:
    names = set()
    while frame is not None:
        code = frame.f_code
        if "penstock" in code.co_filename:
            names.add(f"{Path(code.co_filename).stem}.{code.co_name}")
        frame = frame.f_back
    return names


if __name__ == "__main__":
    settings = read_router_conf(Path(sys.argv[1]))
    with operator_log(settings.paths.log) as say:
        sampler = Sampler()
        try:
            run_router(settings, say=say)
        finally:
            sampler.stop(Path(sys.argv[2]))
