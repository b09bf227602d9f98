"""QuickFIX's sessions of one acceptor or initiator: their files, their thread, their end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import quickfix

from penstock.domain import ConfigError
from penstock.wire.fix import Outgoing
from penstock.wire.sessions.application import SessionApplication
from penstock.wire.sessions.ending import knock
from penstock.wire.sessions.setup import SessionName, SessionSetup
from penstock.wire.sessions.standing import Standing
from penstock.wire.sessions.texts import BEGIN_STRING, message_text

Settings: TypeAlias = Mapping[str, str]

_START_WAIT_S: Final = 10.0
_LOGOUT_WAIT_S: Final = 4.0  # QuickFIX looks every second and waits two for the answer
_KNOCK_AGAIN_S: Final = 0.5
_LOOK_AGAIN_S: Final = 0.005
_GOODBYE: Final = "the program is stopping"

_COMMON: Final = {
    "NonStopSession": "Y",  # numbers go on until somebody deletes the files on both sides
    "ResetOnLogon": "N",
    "ResetOnLogout": "N",
    "ResetOnDisconnect": "N",
    "PersistMessages": "Y",
    "UseDataDictionary": "N",  # the desks check what they read, and say more about it
    "TimestampPrecision": "6",
    "SocketNodelay": "Y",
    "LogoutTimeout": "2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """
    What makes an acceptor of a host, or an initiator.

    settings: QuickFIX's, for all sessions; those of one are in `sessions`.
    unanswered: what to say of each session when a logon of ours is not answered.
    refuse_logon: see `FixAcceptor`.
    knock_at: where the acceptor listens, see `ending`; None for initiators.
    """

    label: str
    make_engine: Callable[..., Any]
    settings: Settings
    sessions: Mapping[SessionName, Settings]
    unanswered: Mapping[SessionName, str] = field(default_factory=dict)
    refuse_logon: Callable[[str, str], str] | None = None
    knock_at: Callable[[], tuple[str, int]] | None = None


class SessionHost:
    """
    Runs QuickFIX for some sessions on one thread of our own.

    Of our own, because a C++ exception that ends QuickFIX's thread ends the process, while one that
    ends ours is reported to `on_fatal`.

    Session files: QuickFIX writes each outgoing message, then the next numbers, into files under
    `store_dir` and flushes them to the operating system before anything is sent; the next number to
    be received is written after `on_message` has returned. It never syncs to disk. So a killed
    process loses nothing that it sent, and takes at most one message twice per session; a machine
    that stops may lose the latest seconds, after which counterparties refuse our numbers as too
    low, and a person has to set them.
    """

    def __init__(self, setup: SessionSetup, side: Side) -> None:
        for name in side.sessions:
            exists = quickfix.Session.doesSessionExist(_session_id(name))
            assert not exists, f"this process has a session {name} already"
        self._side = side
        self._standing = Standing(setup.sink, side.unanswered)
        self._application = SessionApplication(setup, self._standing, side.refuse_logon)
        self._names: dict[str, list[SessionName]] = {}
        for name in side.sessions:
            self._names.setdefault(name.their_comp_id, []).append(name)
        self._engine = _build(setup, side, self._application)
        self._sessions = {
            name: quickfix.Session.lookupSession(_session_id(name)) for name in side.sessions
        }
        self._thread: threading.Thread | None = None
        self._start_error: Exception | None = None
        self._is_started = threading.Event()
        # Sessions are freed when the engine is: nobody may be sending then.
        self._sending = threading.Lock()

    def name(self, counterparty: str, our_comp_id: str = "") -> SessionName:
        """The session with a counterparty; `our_comp_id` may be empty where there is only one."""
        names = [
            name
            for name in self._names.get(counterparty, ())
            if our_comp_id in {"", name.our_comp_id}
        ]
        assert len(names) == 1, f"{len(names)} sessions of {our_comp_id!r} with {counterparty!r}"
        return names[0]

    def start(self, until_ready: Callable[[], bool]) -> None:
        """
        Serve the sessions, from when this returns.

        Args:
            until_ready: asked until it is True.
        Raises:
            Exception: what QuickFIX raised when it began.
        """
        assert self._thread is None, "started already"
        self._thread = threading.Thread(target=self._serve, name=self._side.label, daemon=True)
        self._thread.start()
        give_up_s = time.monotonic() + _START_WAIT_S
        while self._engine.isStopped() or not until_ready():
            if not self._thread.is_alive() or time.monotonic() > give_up_s:
                raise self._start_error or TimeoutError("QuickFIX does not start")
            time.sleep(_LOOK_AGAIN_S)
        self._is_started.set()

    def stop(self, timeout_s: float) -> None:
        """Log out everywhere, end the thread, free the sessions; whatever happens, return."""
        give_up_s = time.monotonic() + timeout_s
        engine, thread = self._engine, self._thread
        if engine is None:
            return
        if thread is not None and thread.is_alive():
            self._log_out(min(give_up_s, time.monotonic() + _LOGOUT_WAIT_S))
            self._end(engine, thread, give_up_s)
        elif thread is not None:
            engine.stop(True)  # an error ended the thread, and left the port open
        with self._sending:
            self._sessions.clear()
            self._engine = None
        if thread is None or not thread.is_alive():
            # Now, not when Python forgets it: an exception that answered a callback stays in
            # QuickFIX's wrapper for ever, and with it whatever its traceback reaches. A thread that
            # hangs in a callback will come back to its engine; that frees it then.
            type(engine).__swig_destroy__(engine)

    def send(self, name: SessionName, outgoing: Outgoing) -> bool:
        """Store a message and, on a session that is up, send it; False after `stop`."""
        message = quickfix.Message(message_text(outgoing.message), False)
        with self._sending:
            session = self._sessions.get(name)
            return session is not None and bool(session.send(message))

    def is_logged_on(self, name: SessionName) -> bool:
        """Whether messages reach the counterparty now."""
        return self._standing.is_logged_on(name)

    def rewind(self, name: SessionName, seq_num: int) -> None:
        """Expect a number again that has been received already."""
        assert self._thread is None, "only before start"
        session = self._sessions[name]
        if 1 <= seq_num < session.getExpectedTargetNum():
            session.setNextTargetMsgSeqNum(seq_num)

    def _serve(self) -> None:
        try:
            self._engine.block()
        except Exception as error:  # noqa: BLE001  # a thread's last words, whatever they are
            self._start_error = error
            if self._is_started.is_set():
                self._application.fatal(f"thread {self._side.label}", error)

    def _end(self, engine: Any, thread: threading.Thread, give_up_s: float) -> None:
        if self._side.knock_at is None:
            engine.stop(True)
            thread.join(max(0.0, give_up_s - time.monotonic()))
            return
        name, session = next(iter(self._sessions.items()))
        self._application.end_at_logon = lambda: engine.stop(True)
        session.logon()
        while thread.is_alive() and time.monotonic() < give_up_s:
            quickfix.Session.unregisterSession(_session_id(name))
            knock(self._side.knock_at(), name)
            thread.join(min(_KNOCK_AGAIN_S, max(0.0, give_up_s - time.monotonic())))

    def _log_out(self, give_up_s: float) -> None:
        for session in self._sessions.values():
            session.logout(_GOODBYE)  # and log on no more
        while self._standing.is_anyone and time.monotonic() < give_up_s:
            time.sleep(_LOOK_AGAIN_S)


def new_acceptor(*parts: Any) -> Any:
    """QuickFIX's acceptor: one thread, and what a slow reader does not take waits in a queue."""
    return quickfix.SocketAcceptor(*parts)


def new_initiator(*parts: Any) -> Any:
    """QuickFIX's initiator, the same way."""
    return quickfix.SocketInitiator(*parts)


def _build(setup: SessionSetup, side: Side, application: SessionApplication) -> Any:
    folder = setup.store_dir
    own = {"FileStorePath": str(folder), "HeartBtInt": str(setup.heartbeat_s)}
    settings = quickfix.SessionSettings()
    settings.set(_dictionary({**_COMMON, **own, **side.settings}))
    for name, of_session in side.sessions.items():
        settings.set(_session_id(name), _dictionary(of_session))
    logs = [quickfix.FileLogFactory(str(folder / "log"))] if setup.is_logging else []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        store = quickfix.FileStoreFactory(settings)
        return side.make_engine(application, store, settings, *logs)
    except (OSError, quickfix.ConfigError) as error:
        raise ConfigError.one(
            where=f"FIX sessions in {folder}",
            expected="a folder that can be written to",
            found=str(error),
            fix="make the folder writable, or configure another",
        ) from error


def _session_id(name: SessionName) -> Any:
    return quickfix.SessionID(BEGIN_STRING, *name)


def _dictionary(settings: Settings) -> Any:
    dictionary = quickfix.Dictionary()
    for key, value in settings.items():
        dictionary.setString(key, value)
    return dictionary
