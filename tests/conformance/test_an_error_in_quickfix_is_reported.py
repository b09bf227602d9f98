"""What QuickFIX itself trips over ends its thread, and neither the process nor its stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import ConfigError
from penstock.wire.sessions.application import SessionApplication
from tests.support.fix_sessions import Notebook, Peer, acceptor, report, running, wait_until


def test_a_cpp_exception_is_told_and_the_port_can_be_had_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the one such message that is known, let through here; more may be found."""
    monkeypatch.setattr(SessionApplication, "_logon_problem", lambda *_: "")
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router), Peer(router.port) as peer:
        peer.say("A", (98, "0"), (108, "abc"))
        wait_until(lambda: sink.fatals)
        assert router.send(report("kept for the next start"))
        peer.hang_up()
    monkeypatch.undo()
    again = acceptor(tmp_path, sink, port=router.port)
    with running(again), Peer(again.port) as peer:
        peer.next_num = 2
        peer.log_on()
        peer.say("2", (7, "1"), (16, "0"))
        kept = peer.hear("8")[58]

    ((where, error),) = sink.fatals
    assert "thread fix-acceptor" == where
    assert "108" in str(error)
    assert "kept for the next start" == kept


def test_a_process_has_each_session_once(tmp_path: Path) -> None:
    """QuickFIX would mix the two up without a word."""
    first = acceptor(tmp_path / "first", Notebook())
    with running(first), pytest.raises(AssertionError, match="has a session"):
        acceptor(tmp_path / "second", Notebook())


def test_a_failed_start_leaves_nothing_behind(tmp_path: Path) -> None:
    """The same sessions can be built again at once."""
    names = [("SECOND", "CLIENT")]
    first = acceptor(tmp_path / "first", Notebook())
    with running(first):
        with pytest.raises(ConfigError):
            acceptor(tmp_path, Notebook(), sessions=names, port=first.port).start()
        with running(acceptor(tmp_path, Notebook(), sessions=names)):
            pass
