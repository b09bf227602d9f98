"""QuickFIX's sessions of one acceptor or initiator: their files, their thread, their end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import quickfix

from penstock.domain import ConfigError
from penstock.wire.fix import MsgType, Outgoing
from penstock.wire.sessions.application import SessionApplication
from penstock.wire.sessions.ending import knock
from penstock.wire.sessions.intake import Intake
from penstock.wire.sessions.log_file import LogFile, LogWriter
from penstock.wire.sessions.numbers import SessionNumbers
from penstock.wire.sessions.session_dictionary import write_session_dictionary
from penstock.wire.sessions.setup import SessionName, SessionSetup
from penstock.wire.sessions.standing import Standing
from penstock.wire.sessions.taps import Tap, TapFactory
from penstock.wire.sessions.texts import BEGIN_STRING, has_groups, message_text

Settings: TypeAlias = Mapping[str, str]

_START_WAIT_S: Final = 10.0
_LOGOUT_WAIT_S: Final = 4.0  # QuickFIX looks every second and waits two for the answer
_KNOCK_AGAIN_S: Final = 0.5
_LOOK_AGAIN_S: Final = 0.005
_GOODBYE: Final = "the program is stopping"
_RESETTING: Final = "the session's numbers are being reset"

_COMMON: Final = {
    "NonStopSession": "Y",  # numbers go on until somebody deletes the files on both sides
    "ResetOnLogon": "N",
    "ResetOnLogout": "N",
    "ResetOnDisconnect": "N",
    "PersistMessages": "Y",
    # Groups arrive, and nothing else is checked: the desks check what they read, and say more.
    "UseDataDictionary": "Y",
    "ValidateFieldsOutOfOrder": "N",
    "ValidateFieldsHaveValues": "N",
    "ValidateUserDefinedFields": "N",
    "AllowUnknownMsgFields": "Y",
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
    knock_at: QuickFIX's own listening socket, see `ending`; empty for initiators.
    """

    label: str
    make_engine: Callable[..., Any]
    settings: Settings
    sessions: Mapping[SessionName, Settings]
    unanswered: Mapping[SessionName, str] = field(default_factory=dict)
    refuse_logon: Callable[[str, str], str] | None = None
    knock_at: str = ""


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
        self._standing = Standing(setup.sink, side.unanswered, setup.clock_ns, self._hold_off)
        self._numbers = {name: SessionNumbers() for name in side.sessions}
        self._intakes = {
            name: Intake(name, setup.sink, setup.clock_ns, numbers)
            for name, numbers in self._numbers.items()
        }
        self._application = SessionApplication(
            setup, self._standing, self._intakes, side.refuse_logon
        )
        self._log = LogWriter(setup.store_dir / "log") if setup.is_logging else None
        self._names: dict[str, list[SessionName]] = {}
        for name in side.sessions:
            self._names.setdefault(name.their_comp_id, []).append(name)
        self._taps = TapFactory(self._tap)
        dictionary = _dictionary_file(setup)
        self._engine = _build(setup, side, self._application, self._taps, dictionary)
        self._dictionary = quickfix.DataDictionary(str(dictionary))
        self._sessions = {
            name: quickfix.Session.lookupSession(_session_id(name)) for name in side.sessions
        }
        for name, session in self._sessions.items():
            self._numbers[name].session = session
        self._is_stopping = False
        self._ending = threading.Lock()
        self._is_served = False  # the thread has left the engine
        self._abandoned: Any = None
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
        if self._log is not None:
            self._log.start()
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
        self._is_stopping = True
        if thread is not None and thread.is_alive():
            self._log_out(min(give_up_s, time.monotonic() + _LOGOUT_WAIT_S))
            self._end(engine, thread, give_up_s)
        elif thread is not None:
            engine.stop(True)  # an error ended the thread, and left the port open
        with self._sending:
            self._sessions.clear()
            self._engine = None
        for numbers in self._numbers.values():
            numbers.session = None
        with self._ending:
            if thread is None or self._is_served:
                self._free(engine)
            else:
                self._abandoned = engine  # the thread hangs in a callback, and frees it at its end
        if self._log is not None:
            self._log.stop()

    def send(self, name: SessionName, outgoing: Outgoing) -> bool:
        """Store a message and, on a session that is up, send it; False after `stop`."""
        text, msg_type = message_text(outgoing.message), outgoing.message.msg_type
        # Without a dictionary, QuickFIX sorts the entries of a group into one heap of fields.
        parts = (self._dictionary, False) if has_groups(outgoing.message) else (False,)
        message = quickfix.Message(text, *parts)
        with self._sending:
            session = self._sessions.get(name)
            if session is None:
                return False
            if msg_type != MsgType.BUSINESS_MESSAGE_REJECT:
                return bool(session.send(message))
            with self._application.sending():
                return bool(session.send(message))

    def is_logged_on(self, name: SessionName) -> bool:
        """Whether messages reach the counterparty now."""
        return self._standing.is_logged_on(name)

    def rewind(self, name: SessionName, seq_num: int) -> None:
        """Expect a number again that has been received already."""
        assert self._thread is None, "only before start"
        session = self._sessions[name]
        if 1 <= seq_num < session.getExpectedTargetNum():
            session.setNextTargetMsgSeqNum(seq_num)

    def reset(self, name: SessionName, timeout_s: float) -> bool:
        """
        Start the numbers of a session again at 1; see `FixAcceptor.reset`.

        The session is logged out first, by its own thread: QuickFIX's own reset, called from
        another thread on a session that is up, frees what that thread is using.
        """
        give_up_s = time.monotonic() + timeout_s
        with self._sending:
            session = self._sessions.get(name)
            if session is None:
                return False
            session.logout(_RESETTING)
        while self._standing.is_logged_on(name) and time.monotonic() < give_up_s:
            time.sleep(_LOOK_AGAIN_S)
        with self._sending:
            session = self._sessions.get(name)
            is_down = session is not None and not self._standing.is_logged_on(name)
            if session is not None and is_down:
                with self._application.resetting():
                    session.reset()
                self._intakes[name].over(was_reset=True)
                self._standing.was_reset(name)
                if not self._side.knock_at:
                    self._application.to_reset.add(name)
            self._standing.forget_failures(name)
            if session is not None and not self._is_stopping:
                session.logon()
            return is_down

    def _hold_off(self, name: SessionName, wait_s: float) -> None:
        """Do not log on for some seconds; an acceptor waits for the others anyway."""
        if self._side.knock_at or self._is_stopping:
            return
        session = self._sessions.get(name)
        if session is None:
            return
        session.logout()
        timer = threading.Timer(wait_s, self._log_on, (name,))
        timer.daemon = True
        timer.start()

    def _log_on(self, name: SessionName) -> None:
        with self._sending:
            session = self._sessions.get(name)
            if session is not None and not self._is_stopping:
                session.logon()

    def _tap(self, session_id: str) -> Tap:
        name = next((n for n in self._intakes if _session_id(n).toString() == session_id), None)
        return Tap(
            LogFile(self._log, session_id),
            None if name is None else self._intakes[name],
            self._application.note_current,
            self._application.fatal,
        )

    def _serve(self) -> None:
        try:
            self._engine.block()
        except Exception as error:  # noqa: BLE001  # a thread's last words, whatever they are
            self._start_error = error
            if self._is_started.is_set():
                self._application.fatal(f"thread {self._side.label}", error)
        finally:
            with self._ending:
                self._is_served = True
                if self._abandoned is not None:
                    self._free(self._abandoned)

    def _free(self, engine: Any) -> None:
        # Now, not when Python forgets it: an exception that answered a callback stays in QuickFIX's
        # wrapper for ever, and with it whatever its traceback reaches.
        type(engine).__swig_destroy__(engine)
        self._taps.release()

    def _end(self, engine: Any, thread: threading.Thread, give_up_s: float) -> None:
        if not self._side.knock_at:
            engine.stop(True)
            thread.join(max(0.0, give_up_s - time.monotonic()))
            return
        name, session = next(iter(self._sessions.items()))
        self._application.end_at_logon = lambda: engine.stop(True)
        session.logon()
        is_first = True  # it is heard even if the thread hangs until long after this
        while thread.is_alive() and (is_first or time.monotonic() < give_up_s):
            is_first = False
            quickfix.Session.unregisterSession(_session_id(name))
            knock(self._side.knock_at, name)
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


def _dictionary_file(setup: SessionSetup) -> Path:
    try:
        setup.store_dir.mkdir(parents=True, exist_ok=True)
        return write_session_dictionary(setup.store_dir)
    except OSError as error:
        raise _unusable(setup.store_dir, error) from error


def _build(
    setup: SessionSetup, side: Side, application: SessionApplication, taps: Any, dictionary: Path
) -> Any:
    folder = setup.store_dir
    own = {
        "FileStorePath": str(folder),
        "HeartBtInt": str(setup.heartbeat_s),
        "DataDictionary": str(dictionary),
    }
    settings = quickfix.SessionSettings()
    settings.set(_dictionary({**_COMMON, **own, **side.settings}))
    for name, of_session in side.sessions.items():
        settings.set(_session_id(name), _dictionary(of_session))
    try:
        store = quickfix.FileStoreFactory(settings)
        return side.make_engine(application, store, settings, taps)
    except (OSError, quickfix.ConfigError) as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: Exception) -> ConfigError:
    return ConfigError.one(
        where=f"FIX sessions in {folder}",
        expected="a folder that can be written to",
        found=str(error),
        fix="make the folder writable, or configure another",
    )


def _session_id(name: SessionName) -> Any:
    return quickfix.SessionID(BEGIN_STRING, *name)


def _dictionary(settings: Settings) -> Any:
    dictionary = quickfix.Dictionary()
    for key, value in settings.items():
        dictionary.setString(key, value)
    return dictionary
