"""A desk on this machine: its files, its ports, and that nothing of it stays behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from penstock.domain import ConfigError
from penstock.runtime import (
    LocalDesk,
    RouterFeeTable,
    read_oms_conf,
    read_router_conf,
    read_venues_conf,
)
from penstock.runtime.leash import start_leashed
from penstock.runtime.local import free_ports, write_conf
from tests.tidy.rules import ROOT

PATIENCE_S = 60.0  # a bound for a busy machine, not a measurement
ROUTER = read_router_conf(ROOT / "conf" / "router.toml")
VENUES = read_venues_conf(ROOT / "conf" / "venues.toml")
OMS = read_oms_conf(ROOT / "conf" / "oms.toml")
replace = msgspec.structs.replace


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Until it holds."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"waited in vain for {what}"
        time.sleep(0.01)


def test_every_desk_has_folders_and_ports_of_its_own(tmp_path: Path) -> None:
    """Two of them on one machine must not meet; the shipped ports stay free for a person."""
    desks = [LocalDesk(tmp_path / name, ROUTER, VENUES, OMS) for name in ("a", "b")]
    addresses = [
        {
            f"127.0.0.1:{desk.router_conf.oms.port}",
            desk.router_conf.feed.listen,
            desk.router_conf.feed.snapshot,
            desk.venues_conf.venues.fix,
        }
        for desk in desks
    ]

    assert [4, 4] == [len(one) for one in addresses]
    assert not addresses[0] & addresses[1]
    for desk, name in zip(desks, ("a", "b"), strict=True):
        folders = (desk.router_conf.paths.run_dir, desk.venues_conf.run_dir, desk.oms_conf.run_dir)
        assert {tmp_path / name} == {folder.parent for folder in folders}


def test_the_three_programs_of_a_desk_find_each_other(tmp_path: Path) -> None:
    """What one listens on is what the other connects to."""
    desk = LocalDesk(tmp_path, ROUTER, VENUES, OMS)
    router, venues, oms = desk.router_conf, desk.venues_conf, desk.oms_conf

    assert {venues.venues.fix} == {venue.fix for venue in router.venues}
    assert (router.feed.listen,) == venues.feed.subscribers
    assert router.feed.snapshot == venues.feed.snapshot
    assert f"127.0.0.1:{router.oms.port}" == oms.oms.router


def test_the_written_configurations_are_those_of_the_desk(tmp_path: Path) -> None:
    """So that any of its programs can be started again by hand."""
    desk = LocalDesk(tmp_path, ROUTER, VENUES, OMS)

    assert desk.router_conf == read_router_conf(tmp_path / "router.toml")
    assert desk.venues_conf == read_venues_conf(tmp_path / "venues.toml")
    assert desk.oms_conf == read_oms_conf(tmp_path / "oms.toml")


def test_a_written_configuration_reads_back_to_the_same(tmp_path: Path) -> None:
    """Dated fees, optional keys, quotes and letters of any alphabet included."""
    dated = tuple(
        RouterFeeTable(take_usd=0.003, make_usd=-1e-7, midpoint_usd=0.0, effective_day=day)
        for day in (20_250_101, 20_260_601)
    )
    names = ('the "best" venue', "line\nfeed", "Börse", "\\", "#")
    router = replace(
        ROUTER.for_day(20_260_302),
        venues=tuple(
            replace(venue, fees=dated, name=name)
            for venue, name in zip(ROUTER.venues, names, strict=True)
        ),
        risk=replace(ROUTER.risk, restricted=(0,)),
    )
    write_conf(router, tmp_path / "new" / "router.toml")
    write_conf(ROUTER, tmp_path / "plain.toml")

    assert router == read_router_conf(tmp_path / "new" / "router.toml")
    assert ROUTER == read_router_conf(tmp_path / "plain.toml"), "a day that is not set stays so"


def test_faults_of_the_venues_read_back_to_the_same(tmp_path: Path) -> None:
    """A drill that was written down and lost its faults would be no drill."""
    faults = replace(VENUES.faults, drop_feed_frac=0.05, reject_logon=("PNYB",))
    venues = replace(VENUES, faults=faults)
    write_conf(venues, tmp_path / "venues.toml")

    assert venues == read_venues_conf(tmp_path / "venues.toml")


def test_free_ports_are_different_and_free_for_both_protocols() -> None:
    """Asking one after the other could give the same twice."""
    ports = free_ports(20)

    assert 20 == len(set(ports))
    with ExitStack() as stack:
        for port in ports:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                end = stack.enter_context(socket.socket(socket.AF_INET, kind))
                end.bind(("127.0.0.1", port))


def test_a_program_that_does_not_start_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    """Nobody should have to guess which of three logs to read."""
    venues = replace(VENUES, venues=replace(VENUES.venues, scenario="no-such-day.toml"))
    with LocalDesk(tmp_path, ROUTER, venues, OMS) as desk:
        desk.start_program("venues")
        with pytest.raises(ConfigError) as caught:
            desk.wait_until_ready()

    assert "the venues program" in str(caught.value)
    assert "exit status 2" in str(caught.value)
    assert "no-such-day.toml" in str(caught.value)
    assert str(tmp_path / "venues.log") in str(caught.value)


def test_stopping_a_desk_that_never_started_is_fine(tmp_path: Path) -> None:
    """An error between making and starting it must not become another one."""
    with LocalDesk(tmp_path, ROUTER, VENUES, OMS) as desk:
        assert desk.stop_program("router") is None
    desk.stop()


SLEEPER = ["-n", "1", "import time; time.sleep(600)"]
"""Arguments of the module timeit that keep it busy for longer than any test."""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells it")
def test_a_program_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    """However that ends: `kill -9` leaves no orphan on the machine."""
    script = (
        "import sys, time; from pathlib import Path; "
        "from penstock.runtime.leash import start_leashed; "
        "child = start_leashed(sys.argv[2:], Path(sys.argv[1]), module='timeit'); "
        "print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log"), *SLEEPER],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        # Only then is it on the leash: it has become the program that was asked for.
        wait_until(lambda: b"timeit" in command_line(child), "the program")
        wait_until(lambda: b"leash" not in command_line(child), "the leash")
        parent.kill()

    wait_until(lambda: not is_alive(child), "the program's end")


def test_what_a_leashed_program_says_is_in_its_log(tmp_path: Path) -> None:
    """One run after the other, and nothing of the leash itself."""
    log = tmp_path / "new" / "log"
    for _ in range(2):
        program = start_leashed(["-n", "1", "-r", "1", "pass"], log, module="timeit")
        assert 0 == program.wait(PATIENCE_S)

    assert 2 == log.read_text().count("1 loop, best of 1")
    assert 2 == len(log.read_text().splitlines())


def command_line(pid: int) -> bytes:
    """What a process was started as."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def is_alive(pid: int) -> bool:
    """Neither gone nor waiting to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
