"""Venues, router and client as processes: what must hold when each of them is at its worst."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from penstock.domain import Exclusion
from penstock.runtime import LocalDesk
from penstock.runtime.config import split_address
from penstock.runtime.leash import start_leashed
from penstock.runtime.local import free_ports, write_conf
from penstock.store.feedback import FeedbackReader
from tests.support.fix_sessions import Peer
from tests.support.local_desks import (
    CLIENT,
    PATIENCE_S,
    ROUTER,
    RouterStory,
    assert_one_story,
    clients_executions,
    desk_in,
    reports_of,
    said,
    status_or_nothing,
    store_of,
    stored_executions,
    venues_executions,
    wait_for_client,
    wait_for_fills,
    wait_for_work,
    wait_until,
)


@dataclass
class Session:
    """A session that nothing disturbed, and that has ended."""

    desk: LocalDesk
    summary: dict[str, Any]
    status: dict[str, Any]
    exits: dict[str, int | None]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Ten parents, all at once nearly; then everything is stopped in order."""
    with desk_in(tmp_path_factory.mktemp("clean")) as desk:
        desk.start()
        summary = wait_for_client(desk, desk.start_oms())
        status = desk.status()
        exits = {name: desk.stop_program(name) for name in ("router", "venues")}
        yield Session(desk, summary, status, exits)


def test_a_session_that_nothing_disturbs_is_clean(session: Session) -> None:
    """Every execution reached the client once, at its price, with its fee."""
    integrity = session.desk.check()

    assert integrity.is_clean, integrity
    assert 10 == integrity.parents == session.summary["sent"]
    assert session.summary["filled_shares"] == integrity.filled_shares > 0
    assert 0 == session.summary["open"]


def test_status_has_the_figures_of_the_session(session: Session) -> None:
    """An operator counts with them."""
    status, integrity = session.status, session.desk.check()

    assert {"working": 0, "done": 10} == status["parents"]
    assert {"live": 0, "total": integrity.children} == status["children"]
    assert integrity.fills == status["n_fills"]
    assert 10 == status["wire_us"]["n"]
    assert status["n_decisions"] == status["decision_us"]["n"] >= 10
    assert 0 < status["decision_us"]["p50"] <= status["decision_us"]["p99"]
    assert {"up"} == {venue["state"] for venue in status["venues"].values()}
    assert status["feed"]["n_rows"] > 0
    assert 0 == status["feed"]["n_malformed"]
    assert 0 < status["journal_bytes"]


def test_programs_that_are_stopped_in_order_end_with_status_0(session: Session) -> None:
    """A supervisor must not take a wanted end for a failure."""
    assert {"router": 0, "venues": 0} == session.exits


def test_the_journal_of_a_live_session_replays_to_the_bit(session: Session) -> None:
    """What was decided live can be looked at again for ever."""
    router = RouterStory(session.desk)

    assert [None] == [report.difference for report in router.reports]
    assert [0] == [report.n_torn_bytes for report in router.reports]
    assert router.reports[0].n_messages > 0


def test_the_journals_executions_are_those_of_the_venues_log(session: Session) -> None:
    """Three programs wrote them down independently."""
    router = RouterStory(session.desk)

    assert venues_executions(session.desk) == router.executions()
    assert clients_executions(session.desk) == router.executions()


@pytest.mark.parametrize("n_fills", [3, 12, 25])
def test_no_share_is_lost_or_doubled_when_the_router_is_killed(
    n_fills: int, tmp_path: Path
) -> None:
    """`kill -9` in the middle of the work; the same run goes on, and all three logs agree."""
    with desk_in(tmp_path) as desk:
        desk.start()
        client = desk.start_oms()
        wait_for_fills(desk, n_fills, client)
        wait_for_work(desk)
        desk.kill_router()
        desk.start_program("router")
        wait_for_client(desk, client)
        desk.wait_until_ready()

        assert 0 == desk.stop_program("router")
        assert 1 == assert_one_story(desk).n_runs
        assert 1 == recoveries_with_work(desk)


def test_a_router_that_is_killed_twice_goes_on_twice(tmp_path: Path) -> None:
    """The second time it recovers what the first recovery had sent."""
    # So many orders that the client is still sending at the second kill, on a busy machine too.
    with desk_in(tmp_path, parents=40) as desk:
        desk.start()
        client = desk.start_oms()
        for n_fills in (4, 14):
            wait_for_fills(desk, n_fills, client)
            wait_for_work(desk)
            desk.kill_router()
            desk.start_program("router")
        wait_for_client(desk, client)
        desk.wait_until_ready()

        assert 0 == desk.stop_program("router")
        assert 1 == assert_one_story(desk).n_runs
        assert 2 == recoveries_with_work(desk)


def test_the_feedback_log_has_every_execution_although_the_writer_and_the_router_were_killed(
    tmp_path: Path,
) -> None:
    """The fourth log: written by its own process, from the journal, and whole in the end."""
    with desk_in(tmp_path, has_store=True) as desk:
        desk.start()
        client = desk.start_oms()
        wait_for_fills(desk, 4, client)
        os.kill(desk.status()["store_pid"], signal.SIGKILL)
        wait_for_fills(desk, 12, client)
        desk.kill_router()
        desk.start_program("router")
        wait_for_client(desk, client)
        desk.wait_until_ready()
        status = desk.status()

        assert 0 == desk.stop_program("router")
        router = assert_one_story(desk)
        assert router.executions() == stored_executions(desk)
        with FeedbackReader(store_of(desk.folder)) as reader:
            counts = reader.counts(status["run"])
            story = reader.child(1, status["run"])
        assert (10, status["children"]["total"]) == (counts["parents"], counts["children"])
        assert status["n_decisions"] <= counts["decisions"]  # it counts from its start only
        assert story.decision.rows
        assert story.moments


def recoveries_with_work(desk: LocalDesk) -> int:
    """How often a router found orders of its predecessor open."""
    log = (desk.folder / "router.log").read_text()
    return len(re.findall(r"recovered [\d,]+ events: [1-9]\d* parents at work", log))


def test_sigterm_gives_clients_their_orders_back_and_ends_the_run(tmp_path: Path) -> None:
    """What is open is cancelled and reported, nothing is left at a venue; the day goes on."""
    with desk_in(tmp_path, parents=6, horizon_s=60.0, sizes=(30_000, 30_000)) as desk:
        desk.start()
        client = desk.start_oms()
        wait_until(lambda: desk.status()["parents"]["working"] == 6, desk, "every order")
        first_run = desk.status()["run"]

        assert 0 == desk.stop_program("router"), said(desk)
        summary = wait_for_client(desk, client)
        router = assert_one_story(desk)
        assert (0, 0) == (summary["open"], summary["filled"])
        assert 6 == router.n_orders
        assert ["cancelled"] * 6 == [line["state"] for line in reports_of(desk, "ended")]
        desk.start_program("router")
        wait_until(lambda: status_or_nothing(desk), desk, "the next start")
        assert first_run == desk.status()["run"]
        assert {"working": 0, "done": 6} == desk.status()["parents"]


def test_sigterm_while_a_client_is_sending_ends_the_run_all_the_same(tmp_path: Path) -> None:
    """What comes too late to be answered is as if never sent; the client hears so afterwards."""
    with desk_in(tmp_path, parents=40) as desk:
        desk.start()
        client = desk.start_oms()
        wait_for_fills(desk, 3, client)
        assert 0 == desk.stop_program("router"), said(desk)
        assert "closed: nothing is open" in (desk.folder / "router.log").read_text(), said(desk)
        desk.start_program("router")
        wait_for_client(desk, client)
        desk.wait_until_ready()

        assert 0 == desk.stop_program("router")
        assert 1 == assert_one_story(desk).n_runs


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session in which one datagram in twenty is lost and one venue takes no orders."""
    folder = tmp_path_factory.mktemp("faulty")
    with desk_in(folder, drop_feed_frac=0.05, reject_logon=("PNYB",)) as desk:
        desk.start()
        summary = wait_for_client(desk, desk.start_oms())
        status = desk.status()
        yield Session(desk, summary, status, {"router": desk.stop_program("router")})


def test_lost_market_data_is_noticed_and_made_whole(faulty: Session) -> None:
    """A gap costs a venue for a moment, and never a share."""
    feed = faulty.status["feed"]

    assert feed["n_gaps"] > 0
    assert feed["n_recovered"] > len(faulty.desk.router_conf.venues), "more than the first ones"
    assert 0 == feed["n_malformed"]
    assert_one_story(faulty.desk)


def test_a_venue_that_refuses_us_leaves_the_others_working(faulty: Session) -> None:
    """The operator reads why; nothing is sent there, and the orders are worked elsewhere."""
    venue = faulty.status["venues"].pop("PNYB")

    assert "down" == venue["state"]
    assert "takes no orders today" in venue["reason"]
    assert {"up"} == {other["state"] for other in faulty.status["venues"].values()}
    assert faulty.summary["filled_shares"] > 0
    assert "PNYB" not in {mic for mic, _ in venues_executions(faulty.desk)}
    assert 0 == faulty.exits["router"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDesk]:
    """A desk at work, for tests that leave it as sound as they found it."""
    with desk_in(tmp_path_factory.mktemp("shared"), parents=6) as one:
        one.start()
        yield one


def test_garbage_on_any_port_leaves_everything_working(desk: LocalDesk) -> None:
    """Whoever scans the network, or mistypes a port, must not stop trading."""
    client = desk.start_oms()
    router, venues = desk.router_conf, desk.venues_conf
    wait_until(lambda: desk.status()["parents"]["working"], desk, "an order")
    for address in (f"{router.oms.host}:{router.oms.port}", venues.venues.fix):
        for garbage in (os.urandom(5_000), b"8=FIX.4.4\x019=5\x0135=A\x0110=000\x01", b"GET /"):
            with socket.create_connection(split_address(address)) as end:
                end.sendall(garbage)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        for address in (router.feed.listen, venues.feed.snapshot):
            for n_bytes in (0, 1, 19, 20, 1_400, 60_000):
                end.sendto(os.urandom(n_bytes), split_address(address))
    for garbage in (os.urandom(1_000) + b"\n", b'{"do":"dance"}\n', b"{}"):
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(str(router.paths.control_socket))
            end.sendall(garbage)

    wait_for_client(desk, client)
    assert desk.status()["feed"]["n_malformed"] > 0
    assert desk.status()["is_ready"], said(desk)
    assert desk.check().is_clean, desk.check()


def test_a_second_client_with_the_same_name_is_refused_and_the_first_goes_on(
    desk: LocalDesk,
) -> None:
    """Answering both would deal one client's fills to another."""
    client = desk.start_oms()
    wait_until(lambda: desk.status()["clients"][CLIENT]["is_logged_on"], desk, "the client")
    with Peer(desk.router_conf.oms.port, ours=CLIENT, theirs=ROUTER) as second:
        second.say("A", (98, "0"), (108, "30"))
        assert second.is_hung_up()
    summary = wait_for_client(desk, client)

    assert (6, 0) == (summary["sent"], summary["open"])
    assert desk.check().is_clean, desk.check()


def test_killed_means_that_orders_are_refused_in_words_until_resume(desk: LocalDesk) -> None:
    """The switch is the last resort; a client must read why, and it must open again."""
    desk.ask("kill")
    refused = desk.run_oms("--parents", "2")
    texts = {line["text"] for line in reports_of(desk, "rejected")}

    assert desk.status()["is_killed"]
    assert (2, 2) == (refused["sent"], refused["rejected"])
    assert all("kill" in text and " " in text for text in texts), texts
    desk.ask("resume")
    accepted = desk.run_oms("--parents", "2")
    assert not desk.status()["is_killed"]
    assert (2, 0, 0) == (accepted["sent"], accepted["rejected"], accepted["open"])
    assert desk.check().is_clean, desk.check()


def test_a_stale_feed_is_not_traded_on_until_it_is_heard_again(desk: LocalDesk) -> None:
    """Venues that fell silent: every row says so; afterwards all is as before."""
    client = desk.start_oms("--parents", "40")  # four seconds of new orders
    wait_until(lambda: desk.status()["parents"]["working"], desk, "an order")
    venues = desk.pid("venues")
    os.kill(venues, signal.SIGSTOP)
    try:
        wait_until(lambda: not any_fed(desk), desk, "silence to be noticed")
        n_decisions = desk.status()["n_decisions"]
        wait_until(lambda: desk.status()["n_decisions"] > n_decisions, desk, "a decision")
    finally:
        os.kill(venues, signal.SIGCONT)
    wait_until(lambda: desk.status()["is_ready"], desk, "the feed")
    wait_for_client(desk, client)

    stale = [
        set(record.row_array()["excluded"].tolist()) == {Exclusion.FEED_STALE}
        for record in RouterStory(desk).decisions()
    ]
    assert any(stale), "a decision without any believable feed"
    assert not stale[-1], "and the last ones had one"
    assert desk.check().is_clean, desk.check()


def any_fed(desk: LocalDesk) -> bool:
    """Whether the router believes any market data."""
    return any(venue["is_fed"] for venue in desk.status()["venues"].values())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("a second router in the folder", "already running as pid"),
        ("a router on the port", "oms.port"),
        ("venues on the FIX port", "a free port"),
        ("venues on the snapshot port", "feed.snapshot"),
    ],
)
def test_what_is_in_use_already_is_one_clear_error(
    refusals: dict[str, tuple[int, str]], command: str, expected: str
) -> None:
    """Nobody should have to read a traceback to find the other program."""
    status, text = refusals[command]

    assert 2 == status, text
    assert expected in text
    assert 1 == text.count("expected"), text
    assert "Traceback" not in text


@pytest.fixture(scope="module")
def refusals(desk: LocalDesk) -> dict[str, tuple[int, str]]:
    """Programs that are started where others run: exit status and last words."""
    replace = msgspec.structs.replace
    router, venues = desk.router_conf, desk.venues_conf
    elsewhere = desk.folder / "elsewhere"
    (port,) = free_ports(1)
    other_venues = replace(venues, venues=replace(venues.venues, run_dir=str(elsewhere / "v")))
    confs: dict[str, tuple[str, msgspec.Struct]] = {
        "a second router in the folder": ("run", router),
        "a router on the port": (
            "run",
            replace(router, router=replace(router.router, run_dir=str(elsewhere / "r"))),
        ),
        "venues on the FIX port": (
            "venues",
            replace(other_venues, feed=replace(venues.feed, snapshot=f"127.0.0.1:{port}")),
        ),
        "venues on the snapshot port": ("venues", other_venues),
    }
    started = []
    with ExitStack() as stack:
        for idx, (name, (command, conf)) in enumerate(confs.items()):
            write_conf(conf, elsewhere / f"{idx}.toml")
            log = elsewhere / f"{idx}.log"
            program = start_leashed([command, str(elsewhere / f"{idx}.toml")], log)
            stack.callback(program.wait)
            stack.callback(program.kill)
            started.append((name, program, log))
        return {name: (program.wait(PATIENCE_S), log.read_text()) for name, program, log in started}
