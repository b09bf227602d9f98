"""QuickFIX's sessions of one acceptor or initiator: their files, their thread, their end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import quickfix

from penstock.domain import ConfigError
from penstock.wire.fix import Outgoing
from penstock.wire.sessions.application import SessionApplication
from penstock.wire.sessions.setup import SessionName, SessionSetup
from penstock.wire.sessions.standing import Standing
from penstock.wire.sessions.texts import BEGIN_STRING, message_text

Settings: TypeAlias = Mapping[str, str]
MakeEngine: TypeAlias = Callable[..., Any]

_START_WAIT_S: Final = 10.0
_LOGOUT_WAIT_S: Final = 4.0  # QuickFIX looks every second and waits two for the answer
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

    def __init__(
        self,
        setup: SessionSetup,
        settings: Settings,
        sessions: Mapping[SessionName, Settings],
        make_engine: MakeEngine,
        *,
        label: str,
        unanswered: Mapping[SessionName, str] | None = None,
        refuse_logon: Callable[[str, str], str] | None = None,
    ) -> None:
        self._standing = Standing(setup.sink, unanswered or {})
        self._application = SessionApplication(setup, self._standing, refuse_logon)
        self._label = label
        self._names: dict[str, list[SessionName]] = {}
        for name in sessions:
            self._names.setdefault(name.their_comp_id, []).append(name)
        self._engine = self._build(setup, settings, sessions, make_engine)
        self._sessions = {
            name: quickfix.Session.lookupSession(_session_id(name)) for name in sessions
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
        self._thread = threading.Thread(target=self._serve, name=self._label, daemon=True)
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
            engine.stop(True)
            thread.join(max(0.0, give_up_s - time.monotonic()))
        with self._sending:
            self._sessions.clear()
            self._engine = None
        if thread is not None and thread.is_alive():
            # It hangs in a callback and will come back to its engine, so that must not be freed.
            _abandoned.append(engine)

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

    def _build(
        self,
        setup: SessionSetup,
        settings: Settings,
        sessions: Mapping[SessionName, Settings],
        make_engine: MakeEngine,
    ) -> Any:
        folder = setup.store_dir
        common = _dictionary({**_COMMON, "FileStorePath": str(folder), **settings})
        common.setString("HeartBtInt", str(setup.heartbeat_s))
        all_settings = quickfix.SessionSettings()
        all_settings.set(common)
        for name, own in sessions.items():
            all_settings.set(_session_id(name), _dictionary(own))
        logs = [quickfix.FileLogFactory(str(folder / "log"))] if setup.is_logging else []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            store = quickfix.FileStoreFactory(all_settings)
            return make_engine(self._application, store, all_settings, *logs)
        except (OSError, quickfix.ConfigError) as error:
            raise ConfigError.one(
                where=f"FIX sessions in {folder}",
                expected="a folder that can be written to",
                found=str(error),
                fix="make the folder writable, or configure another",
            ) from error

    def _serve(self) -> None:
        try:
            self._engine.block()
        except Exception as error:  # noqa: BLE001  # a thread's last words, whatever they are
            self._start_error = error
            if self._is_started.is_set():
                self._application.fatal(f"thread {self._label}", error)

    def _log_out(self, give_up_s: float) -> None:
        for name, session in self._sessions.items():
            if self._standing.is_logged_on(name):
                session.logout(_GOODBYE)
        while self._standing.is_anyone and time.monotonic() < give_up_s:
            time.sleep(_LOOK_AGAIN_S)


def new_acceptor(*parts: Any) -> Any:
    """QuickFIX's acceptor: one thread, and what a slow reader does not take waits in a queue."""
    return quickfix.SocketAcceptor(*parts)


def new_initiator(*parts: Any) -> Any:
    """QuickFIX's initiator, the same way."""
    return quickfix.SocketInitiator(*parts)


_abandoned: Final[list[Any]] = []
"""Engines whose thread did not end; kept until the process does."""


def _session_id(name: SessionName) -> Any:
    return quickfix.SessionID(BEGIN_STRING, *name)


def _dictionary(settings: Settings) -> Any:
    dictionary = quickfix.Dictionary()
    for key, value in settings.items():
        dictionary.setString(key, value)
    return dictionary
