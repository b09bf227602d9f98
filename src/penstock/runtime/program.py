"""The router as a process: opens everything, runs the loop, closes everything."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Thread

from penstock.domain import from_seconds
from penstock.runtime.archiving import archive_journals
from penstock.runtime.building import policy_by_ref
from penstock.runtime.client_queue import Bounds
from penstock.runtime.config import RouterConf
from penstock.runtime.control_server import ControlServer
from penstock.runtime.edge import Edge, FeedSockets
from penstock.runtime.fix_wires import FixWires, check_port
from penstock.runtime.inbox import Stop
from penstock.runtime.loop import run_loop, take_rest
from penstock.runtime.marks import Marks
from penstock.runtime.opened import Opened
from penstock.runtime.opening import Opener, session_names
from penstock.runtime.ranked_inbox import Inbox
from penstock.runtime.router import Router
from penstock.runtime.run_lock import RunLock
from penstock.runtime.status import Surroundings
from penstock.runtime.stop_signals import StopSignals
from penstock.runtime.store_process import StoreProcesses
from penstock.runtime.trading_days import load_trading_days
from penstock.runtime.warming import told_progress, warm_up
from penstock.wire.feed import FeedReceiver


def run_router(conf: RouterConf, *, is_fresh: bool = False, say: Callable[[str], None]) -> int:
    """
    Run a router until it is told to stop; returns the exit status.

    Call on the main thread: SIGTERM and SIGINT are handled here, a second one ends the process at
    once (which loses nothing: see `recovery`).

    Args:
        say: takes log lines, from this thread alone.
    Raises:
        ConfigError, JournalError, ModelFileError: before anything has been sent.
    """
    with ExitStack() as stack:
        stack.enter_context(RunLock(conf.paths.lock))
        check_port(conf.oms)
        feed = FeedSockets(conf.feed)
        stack.callback(feed.close)
        marks = Marks(conf.paths.marks, session_names(conf))
        stack.callback(marks.close)
        inbox = Inbox(
            _bounds(conf),
            on_message=marks.arrived,
            cancels_on_disconnect=frozenset(filter(conf.cancels_on_disconnect, conf.client_ids)),
        )
        control = ControlServer(
            conf.paths.control_socket, inbox, partial(policy_by_ref, conf.on_day(time.time_ns()))
        )
        stack.callback(control.close)
        wires = FixWires(conf, inbox)
        with told_progress(say):
            opener = _opener(conf, marks, wires, say)
            opened = opener.open(is_fresh=is_fresh)
            _announce(opened, say)
            warm_up(opened.parts.universe, conf.routing, conf.router.policy, say)
        _archive(conf)
        return _run(opener, opened, feed, control, wires, marks, inbox, say)


def _opener(conf: RouterConf, marks: Marks, wires: FixWires, say: Callable[[str], None]) -> Opener:
    """With the trading calendar, unless the file names one day for good."""
    if conf.router.day is not None:
        return Opener(conf=conf, marks=marks, wires=wires, say=say, forks_snapshots=True)
    days = load_trading_days(conf.day, time.time_ns(), conf.paths.trading_days, say)
    return Opener(conf=conf, marks=marks, wires=wires, say=say, days=days, forks_snapshots=True)


def _run(
    opener: Opener,
    opened: Opened,
    feed: FeedSockets,
    control: ControlServer,
    wires: FixWires,
    marks: Marks,
    inbox: Inbox,
    say: Callable[[str], None],
) -> int:
    parts, conf = opened.parts, opened.parts.conf
    stores = StoreProcesses(conf.store.path, inbox, conf.paths.run_dir / "store.log", say)
    edge = Edge(
        feed=feed,
        receiver=FeedReceiver(parts.universe, stale_after_ns=conf.stale_after_ns),
        inbox=inbox,
        clock=parts.clock,
        on_tick=stores.look_after,
    )
    with (
        _quick_switching(conf.router.switch_interval_s),
        StopSignals(lambda name: inbox.put(Stop(name))) as signals,
    ):
        try:
            edge.start()
            control.start()
            stores.follow(opened.journal)
            wires.start(parts.clock, marks)
            signals.install()  # QuickFIX has put the default back for SIGINT
            router = _router(opener, opened, inbox, edge, stores, wires)
            say(f"router up, pid {os.getpid()}: clients at {conf.oms.host}:{conf.oms.port}")
            run_loop(router, inbox, parts.clock)
            while router.is_rolling:
                before, opened = router, _roll(opener, opened, say)
                stores.follow(opened.journal)
                router = _router(opener, opened, inbox, edge, stores, wires)
                for item in before.logged_on:
                    router.take(item)
                edge.start_over()
                run_loop(router, inbox, parts.clock)
        finally:
            wires.stop()
            edge.stop()
        _close(router, opened, marks, inbox, say)
    stores.stop()
    return router.exit_status


def _router(
    opener: Opener,
    opened: Opened,
    inbox: Inbox,
    edge: Edge,
    stores: StoreProcesses,
    wires: FixWires,
) -> Router:
    surroundings = Surroundings(
        journal=str(opened.journal),
        queue_depth=inbox.__len__,
        feed_counters=edge.counters,
        journal_bytes=lambda: opened.journal.stat().st_size,
        store_pid=lambda: stores.pid,
        reset_session=wires.reset,
    )
    router = opened.router(surroundings)
    router.roll_ns = opener.roll_ns(opened)
    return router


def _roll(opener: Opener, opened: Opened, say: Callable[[str], None]) -> Opened:
    """The next trading day, in the same process; yesterday's files are put away beside it."""
    rolled = opener.roll(opened)
    say(f"a new trading day, {rolled.parts.universe.day}")
    _announce(rolled, say)
    _archive(rolled.parts.conf)
    return rolled


def _archive(conf: RouterConf) -> None:
    """Beside the engine: nobody waits for it, and the next start does what this one left."""
    arguments = (conf.paths.journals, conf.day, time.time_ns())
    Thread(target=archive_journals, args=arguments, name="archive", daemon=True).start()


def _close(
    router: Router, opened: Opened, marks: Marks, inbox: Inbox, say: Callable[[str], None]
) -> None:
    n_left = take_rest(router, inbox)
    if n_left:
        say(f"{n_left} messages of clients came too late to be answered: as if never received")
    if opened.parts.standing.is_killed:
        # Not ended, so that the next start finds the switch as it was left.
        say("closed while killed: the next start is killed too, until `penstock resume`")
    elif router.is_idle and router.is_told:
        if text := opened.parts.snapshots.take():
            say(text)
        marks.end_run()
        say(f"closed: nothing is open, every report is handed over; {opened.journal}")
    else:
        say(f"closed with orders open or reports untold; the next start recovers {opened.journal}")
    opened.writer.close()


def _announce(opened: Opened, say: Callable[[str], None]) -> None:
    parts = opened.parts
    said = "goes on with" if opened.is_recovered else "begins"
    say(f"{said} run {parts.run}, policy {parts.conf.router.policy}, journal {opened.journal}")
    if opened.missing_model:
        say(f"no_model: {opened.missing_model}; the static waterfall decides")


def _bounds(conf: RouterConf) -> Bounds:
    router = conf.router
    return Bounds(
        orders=router.max_waiting_orders,
        orders_per_client=min(router.max_waiting_per_client, router.max_waiting_orders),
        wait_ns=from_seconds(router.max_wait_s),
    )


@contextmanager
def _quick_switching(interval_s: float) -> Iterator[None]:
    """
    A thread that has something to do gets its turn soon, and the collector leaves alone what lives
    for the whole day.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(interval_s)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before_s)
