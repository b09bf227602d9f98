"""Many days at once: tasks over worker processes, results in the order of the tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from penstock.domain import InputError, Problem

Task = TypeVar("Task")
Result = TypeVar("Result")
Setup = TypeVar("Setup")

_setup: list[Any] = []  # of this worker process


class _Refusal(NamedTuple):
    """An `InputError` between processes: pickled as it is, it would lose its problems."""

    kind: type[InputError]
    problems: tuple[Problem, ...]


def _remember(setup: Any) -> None:
    _setup[:] = [setup]
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A worker whose parent was killed would wait for its next task for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """
    Processes that start meanwhile never see Ctrl-C, which a terminal sends to all: it is the
    parent's to say that days under way are the last. What came meanwhile reaches the parent after.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _end_put_off() -> Iterator[None]:
    """A SIGTERM that comes while the pool is half built is heard when it can be taken down."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if came:
            signal.raise_signal(signal.SIGTERM)


def _run(call: tuple[Callable[[Any, Any], Any], Any]) -> Any:
    function, task = call
    try:
        return function(_setup[0], task)
    except InputError as error:
        return _Refusal(type(error), error.problems)


def run_tasks(
    function: Callable[[Setup, Task], Result],
    setup: Setup,
    tasks: Sequence[Task],
    *,
    n_workers: int,
    on_done: Callable[[], None] = lambda: None,
) -> list[Result]:
    """
    `function(setup, task)` for every task; `setup` travels to each worker once.

    The results do not depend on how many workers there are: every task has its own random streams.

    Args:
        function: of a module's top level, because it must be found again in another process.
        on_done: called after each result, for progress.
    Raises:
        InputError: that of the first task, in their order, that raised one; the rest is not run.
        KeyboardInterrupt: when the tasks under way have ended; the rest is not run.
        SystemExit: at once; the tasks under way are lost.
    """
    if n_workers <= 1 or len(tasks) <= 1:
        results = []
        for task in tasks:
            results.append(function(setup, task))
            on_done()
        return results
    # Fresh processes instead of forks: a fork copies locks that other threads hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, context, _remember, (setup,)) as pool:
        try:
            return _results(pool, [(function, task) for task in tasks], on_done)
        except KeyboardInterrupt:
            with _interrupts_held_back():  # a second one would leave the pool half closed
                pool.shutdown(cancel_futures=True)
            raise
        except SystemExit:
            # SIGTERM: whoever sends it counts the seconds, and a day or a compilation takes many.
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _results(
    pool: ProcessPoolExecutor, calls: Sequence[Any], on_done: Callable[[], None]
) -> list[Any]:
    with _interrupts_held_back(), _end_put_off():
        coming = pool.map(_run, calls)
    results = []
    for result in coming:
        if isinstance(result, _Refusal):
            pool.shutdown(wait=False, cancel_futures=True)
            raise result.kind(result.problems)
        results.append(result)
        on_done()
    return results
