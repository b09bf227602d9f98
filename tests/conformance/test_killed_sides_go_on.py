"""`kill -9` of a side: after the restart the session goes on with its numbers, losing nothing."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    acceptor,
    free_port,
    initiator,
    order,
    report,
    running,
    wait_until,
)

CLIENT_PROGRAM = """
import sys, time
from pathlib import Path
from tests.support.fix_sessions import Notebook, initiator, report, ROUTER

class Echo(Notebook):
    def on_message(self, incoming):
        super().on_message(incoming)
        text = incoming.fields[58]
        if text == "settled":  # what came before is done, and written down
            (Path(sys.argv[1]).parent / text).touch()
        else:
            side.send(report(f"echo of {text}", ROUTER))

side = initiator(Path(sys.argv[1]), Echo(), int(sys.argv[2]))
side.start()
time.sleep(600)
"""


@contextlib.contextmanager
def client_process(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A client as a program of its own, killed at the end of the block at the latest."""
    command = [sys.executable, "-c", CLIENT_PROGRAM, str(folder), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()
            printed, _ = process.communicate()
            assert b"" == printed


def test_a_killed_client_hears_what_it_missed_and_its_numbers_go_on(tmp_path: Path) -> None:
    """Reports sent while it was dead come again; what it said before is not said twice."""
    sink = Notebook()
    router = acceptor(tmp_path / "router", sink)
    with running(router):
        with client_process(tmp_path / "client", router.port):
            wait_until(lambda: router.is_logged_on(CLIENT))
            router.send(report("one"))
            wait_until(sink.has("echo of one"))
            # Killed between its answer and its note of having heard, it would rightly ask again.
            router.send(report("settled"))
            wait_until((tmp_path / "settled").exists)
        wait_until(lambda: sink.logouts)
        router.send(report("two"))
        with client_process(tmp_path / "client", router.port):
            wait_until(sink.has("echo of one", "echo of two"))

    numbers = [incoming.seq_num for incoming in sink.incoming]
    assert (CLIENT, "connection lost") == sink.logouts[0]
    assert sorted(set(numbers)) == numbers
    assert [] == sink.fatals


def test_a_killed_acceptor_goes_on_with_its_numbers(tmp_path: Path) -> None:
    """The router is killed while its clients stay: none of them has to reset anything."""
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.support.fix_sessions import CLIENT, Notebook, acceptor, report\n"
        "side = acceptor(Path(sys.argv[1]), Notebook(), port=int(sys.argv[2]))\n"
        "side.send(report(sys.argv[3]))\n"
        "side.start()\n"
        "time.sleep(600)\n"
    )
    client, port = Notebook(), free_port()
    oms = initiator(tmp_path / "client", client, port)
    with running(oms):
        for life in ("first life", "second life"):
            command = [sys.executable, "-c", program, str(tmp_path / "router"), str(port), life]
            with subprocess.Popen(command) as process:
                try:
                    wait_until(functools.partial(client.has_heard, life))
                    wait_until(lambda: oms.is_logged_on(ROUTER))
                    oms.send(order("received and forgotten"))
                finally:
                    process.kill()
            wait_until(lambda: not oms.is_logged_on(ROUTER))

    assert ["first life", "second life"] == client.texts
    numbers = [incoming.seq_num for incoming in client.incoming]
    assert sorted(set(numbers)) == numbers
