"""Whole desks of processes on this machine, for tests: started small, watched, and compared."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from penstock.domain import ChildFill, DecisionRecord, Record, from_seconds
from penstock.engine import Engine
from penstock.journal import RecordKind, ReplayReport, read_journal, replay
from penstock.routing import RoutingConfig
from penstock.routing.steps import BaselineConfig, Pace, Step
from penstock.runtime import (
    LocalDesk,
    RouterRefusedError,
    RouterUnreachableError,
    engine_of_journal,
    read_lines,
    read_oms_conf,
    read_router_conf,
    read_venues_conf,
)
from tests.support.worlds import PLAIN_DAY
from tests.tidy.rules import ROOT

pytest.importorskip("quickfix", reason='quickfix is not installed: pip install "penstock[fix]"')

PATIENCE_S = 300.0  # a bound for a busy machine; what is waited for comes within a few seconds
CLIENT, ROUTER = "OMS", "PENSTOCK"

PATIENT_LIST = RoutingConfig(
    mid_rest_ns=from_seconds(15.0),
    mid_share_frac=0.5,
    post_rest_ns=from_seconds(40.0),
    post_share_frac=0.25,
    waterfall=(
        Step(venue="PNYB", tactic="take"),
        Step(venue="PNYA", tactic="post"),
        Step(venue="PECN", tactic="post"),
        Step(venue="PNYB", tactic="post"),
        Step(venue="PECN", tactic="take"),
        Step(venue="PNYA", tactic="take"),
        Step(venue="PINT", tactic="mid"),
    ),
    baseline=BaselineConfig(pace=Pace(take_gap_ns=from_seconds(2.0), take_after_frac=0.8)),
)
"""Rests most of its time, so that there is something at work whenever a router is killed."""


def desk_in(
    folder: Path,
    *,
    parents: int = 10,
    horizon_s: float = 3.0,
    sizes: tuple[int, int] = (500, 3_000),
    drop_feed_frac: float = 0.0,
    reject_logon: tuple[str, ...] = (),
    has_store: bool = False,
) -> LocalDesk:
    """
    The shipped configurations, with a client in a hurry, a feed that is soon stale, and the plain
    day: how often an order fills must not change with what is shipped.
    """
    replace = msgspec.structs.replace
    router = read_router_conf(ROOT / "conf" / "router.toml")
    venues = read_venues_conf(ROOT / "conf" / "venues.toml")
    oms = read_oms_conf(ROOT / "conf" / "oms.toml")
    return LocalDesk(
        folder,
        replace(
            router,
            router=replace(router.router, max_wait_s=600.0),
            feed=replace(router.feed, stale_after_s=1.0),
            store=replace(router.store, path=str(store_of(folder)) if has_store else ""),
            routing=PATIENT_LIST,
        ),
        replace(
            venues,
            venues=replace(venues.venues, scenario=str(PLAIN_DAY)),
            feed=replace(venues.feed, heartbeat_s=0.2),
            faults=replace(venues.faults, drop_feed_frac=drop_feed_frac, reject_logon=reject_logon),
        ),
        replace(
            oms,
            oms=replace(
                oms.oms,
                parents=parents,
                rate_per_s=10.0,
                horizon_s=horizon_s,
                side="both",
                size_min_shares=sizes[0],
                size_max_shares=sizes[1],
            ),
        ),
    )


def store_of(folder: Path) -> Path:
    """Where a desk's feedback log is, if it has one."""
    return folder / "store.db"


def wait_until(condition: Callable[[], object], desk: LocalDesk, what: str) -> None:
    """Until it holds; what the programs said is in the failure."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"waited in vain for {what}\n{said(desk)}"
        time.sleep(0.01)


def said(desk: LocalDesk) -> str:
    """The end of every program's log."""
    return "\n".join(
        f"--- {log.name}\n{log.read_text(errors='replace')[-1_500:]}"
        for log in sorted(desk.folder.glob("*.log"))
    )


def wait_for_fills(desk: LocalDesk, n: int, client: subprocess.Popen[bytes]) -> None:
    """Until the venues have written down `n` executions; the client must still be at work."""

    def are_there() -> bool:
        n_fills = desk.fills_log.read_bytes().count(b'"what":"fill"')
        assert client.poll() is None, f"the client ended after {n_fills} fills"
        return n_fills >= n

    wait_until(are_there, desk, f"{n} fills")


def wait_for_work(desk: LocalDesk) -> None:
    """Until two orders are being worked: whoever stops the router now stops it in the middle."""

    def is_there() -> bool:
        return bool(status_or_nothing(desk).get("parents", {}).get("working", 0) >= 2)

    wait_until(is_there, desk, "two orders at work")


def wait_for_client(desk: LocalDesk, client: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Until the client has ended by itself; its summary."""
    wait_until(lambda: client.poll() is not None, desk, "the client's end")
    assert 0 == client.returncode, said(desk)
    return desk.oms_summary()


def status_or_nothing(desk: LocalDesk) -> dict[str, Any]:
    """How the router stands; empty while it cannot say."""
    try:
        return desk.status()
    except (RouterUnreachableError, RouterRefusedError):
        return {}


class Execution(NamedTuple):
    """One execution, in whoever's words."""

    shares: int
    price_ticks: int
    fee_usd_micros: int


Executions = dict[tuple[str, str], Execution]
"""By MIC and the venue's ExecID."""


def venues_executions(desk: LocalDesk) -> Executions:
    """What the venues wrote down."""
    return {
        (line["mic"], line["exec_id"]): Execution(
            line["shares"], line["price_ticks"], line["fee_usd_micros"]
        )
        for line in read_lines(desk.fills_log)
        if line["what"] == "fill"
    }


def clients_executions(desk: LocalDesk) -> Executions:
    """What the client believed."""
    return {
        (line["mic"], line["venue_exec_id"]): Execution(
            line["last_shares"], line["last_price_ticks"], line["fee_usd_micros"]
        )
        for line in reports_of(desk, "fill")
    }


def stored_executions(desk: LocalDesk) -> Executions:
    """What the feedback log holds, asked in SQL as a stranger would."""
    mics = [venue.mic for venue in desk.router_conf.venues]
    with closing(sqlite3.connect(store_of(desk.folder))) as database:
        rows = database.execute(
            "SELECT venue_idx, exec_id, size_shares, price_ticks, fee_usd_micros FROM fills"
        ).fetchall()
    return {(mics[venue_idx], exec_id): Execution(*rest) for venue_idx, exec_id, *rest in rows}


def shares_by_order(desk: LocalDesk) -> Counter[str]:
    """What the client believed, summed up for each of its orders."""
    shares: Counter[str] = Counter()
    for line in reports_of(desk, "fill"):
        shares[line["cl_ord_id"]] += line["last_shares"]
    return shares


def reports_of(desk: LocalDesk, kind: str) -> list[dict[str, Any]]:
    """Reports of a kind that the client wrote down, repetitions left out."""
    return [
        line
        for line in read_lines(desk.oms_log)
        if line["what"] == "report" and line["kind"] == kind and not line["is_repeated"]
    ]


class RouterStory:
    """What the journals of a router say; each is replayed once, to the bit."""

    def __init__(self, desk: LocalDesk) -> None:
        self._mics = [venue.mic for venue in desk.router_conf.venues]
        self._journals = sorted(desk.router_conf.paths.journals.glob("*.journal"))
        self.reports: list[ReplayReport] = []
        self.engines: list[Engine] = []
        for journal in self._journals:
            engine = engine_of_journal(journal)
            self.reports.append(replay(journal, engine))
            self.engines.append(engine)

    @property
    def n_runs(self) -> int:
        """How many runs there have been."""
        return len(self._journals)

    @property
    def n_orders(self) -> int:
        """How many parents there have been."""
        return sum(len(engine.parents) for engine in self.engines)

    def executions(self) -> Executions:
        """Every execution that was journalled; one that came twice counts once."""
        found: Executions = {}
        for journal in self._journals:
            for entry in read_journal(journal):
                if entry.kind is RecordKind.EVENT and isinstance(fill := entry.event, ChildFill):
                    key = (self._mics[fill.venue_idx], fill.exec_id)
                    execution = Execution(fill.size_shares, fill.price_ticks, fill.fee_usd_micros)
                    assert execution == found.setdefault(key, execution), key
        return found

    def shares_by_order(self) -> Counter[str]:
        """What the replayed engines have booked, by the client's names."""
        shares: Counter[str] = Counter()
        for engine in self.engines:
            for parent in engine.parents.values():
                shares[parent.order.client_order_id] += parent.filled_shares
        return +shares

    def n_live(self) -> int:
        """Children that are not terminal, at the end of every run."""
        return sum(
            not child.state.is_terminal
            for engine in self.engines
            for child in engine.children.values()
        )

    def decisions(self) -> list[DecisionRecord]:
        """All of them, in order."""
        return [
            command.decision
            for journal in self._journals
            for entry in read_journal(journal)
            if entry.kind is RecordKind.COMMANDS
            for command in entry.commands
            if isinstance(command, Record)
        ]


def assert_one_story(desk: LocalDesk) -> RouterStory:
    """Venues, router and client agree to the share, the tick and the micro-dollar."""
    integrity = desk.check()
    router = RouterStory(desk)

    assert integrity.is_clean, integrity
    assert venues_executions(desk) == router.executions() == clients_executions(desk)
    assert shares_by_order(desk) == router.shares_by_order()
    assert [None] * router.n_runs == [report.difference for report in router.reports]
    assert 0 == router.n_live()
    return router
