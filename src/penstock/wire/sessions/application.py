"""QuickFIX's callbacks, guarded: nothing that goes wrong in one may reach QuickFIX."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import quickfix

from penstock.wire.fix import MsgType, split
from penstock.wire.sessions.intake import Intake, Reject, incoming_from
from penstock.wire.sessions.setup import SessionName, SessionSetup
from penstock.wire.sessions.standing import Standing
from penstock.wire.sessions.texts import (
    MSG_TYPE,
    POSS_DUP_FLAG,
    SENDER_COMP_ID,
    TARGET_COMP_ID,
    fields_of,
    incoming_of,
    seq_number,
)

_LOGON: Final = "A"
_LOGOUT: Final = "5"
_HEARTBEAT: Final = "0"
_REF_SEQ_NUM: Final = 45
_TEXT: Final = 58
_HEART_BT_INT: Final = 108
_RESET_SEQ_NUM_FLAG: Final = 141
_REF_TAG_ID: Final = 371
_REF_MSG_TYPE: Final = 372
_SESSION_REJECT_REASON: Final = 373
_OF_A_REJECT: Final = (
    _REF_SEQ_NUM,
    _TEXT,
    _REF_TAG_ID,
    _REF_MSG_TYPE,
    _SESSION_REJECT_REASON,
)

_MAX_HEARTBEAT_S: Final = 3_600


class SessionApplication(quickfix.Application):  # type: ignore[misc]  # quickfix has no types
    """
    What QuickFIX calls, on its thread and, when we send, on the sender's.

    An exception that leaves a callback ends the process (SWIG prints it and exits), except the few
    that QuickFIX means as answers: here DoNotSend, RejectLogon and FieldNotFound. Everything else
    goes to `on_fatal` and no further. (The wrapper never frees such an answer: it costs about a
    kilobyte, for each order that a counterparty asks for again.)

    Logons are looked at before QuickFIX uses them: of a HeartBtInt that is no number it makes a C++
    exception that ends its thread.
    """

    def __init__(
        self,
        setup: SessionSetup,
        standing: Standing,
        intakes: Mapping[SessionName, Intake],
        refuse_logon: Callable[[str, str], str] | None,
    ) -> None:
        super().__init__()
        self._intakes = intakes
        self._current: Intake | None = None  # of the session whose text came last
        self._own = threading.local()
        self.to_reset: set[SessionName] = set()  # sessions that log on with 141=Y next
        self._sink, self._clock_ns = setup.sink, setup.clock_ns
        self._may_resend = setup.may_resend
        self._standing = standing
        self._refuse_logon = refuse_logon
        self.end_at_logon: Callable[[], None] | None = None  # see `ending`

    def onCreate(self, session_id: Any) -> None:  # noqa: N802  # QuickFIX's name, as all here
        """Nothing to do: sessions are known."""

    def onLogon(self, session_id: Any) -> None:  # noqa: N802
        """The session is up."""
        try:
            name = _name_of(session_id)
            self.to_reset.discard(name)
            self._standing.logged_on(name)
        except Exception as error:  # noqa: BLE001  # see the class
            self.fatal("on_logon", error)

    def onLogout(self, session_id: Any) -> None:  # noqa: N802
        """The session, or an attempt at one, is over."""
        try:
            name = _name_of(session_id)
            self._intakes[name].over()
            self._standing.logged_out(name)
        except Exception as error:  # noqa: BLE001
            self.fatal("on_logout", error)

    def toAdmin(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Note why we log out and what we reject; stop a reject that is not deserved."""
        try:
            fields = fields_of(message.toString())
            name = SessionName(fields.get(SENDER_COMP_ID, ""), fields.get(TARGET_COMP_ID, ""))
            msg_type = fields.get(MSG_TYPE)
            if getattr(self._own, "is_resetting", False):
                return
            if msg_type == _LOGOUT:
                self._standing.we_logged_out(name, fields.get(_TEXT, ""))
            elif msg_type == MsgType.REJECT:
                self._reject(message, name, fields)
            elif msg_type == _LOGON and name in self.to_reset:
                message.setField(quickfix.StringField(_RESET_SEQ_NUM_FLAG, "Y"))
                self._intakes[name].over(was_reset=True)
                self._standing.was_reset(name)
        except Exception as error:  # noqa: BLE001
            self.fatal("an administrative message of ours", error)

    def fromAdmin(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Look at logons, note why they log out, pass rejects on."""
        answer: Exception | None = None
        try:
            answer = self._take_admin(message.toString())
        except Exception as error:  # noqa: BLE001
            self.fatal("an administrative message", error)
        if answer is not None:
            raise answer

    def toApp(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Refuse to repeat what may not be repeated; a gap fill goes out in its place."""
        may_go = False
        try:
            header = message.getHeader()
            is_repeated = header.isSetField(POSS_DUP_FLAG)
            msg_type = header.getField(MSG_TYPE)
            may_go = not is_repeated or self._may_resend(msg_type)
            if msg_type == MsgType.BUSINESS_MESSAGE_REJECT and not is_repeated:
                self._business_reject(message, session_id)
        except Exception as error:  # noqa: BLE001
            self.fatal("may_resend", error)
        if not may_go:
            raise quickfix.DoNotSend

    def fromApp(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Pass a message on."""
        try:
            recv_ns = self._clock_ns()
            current = self._current
            text = None if current is None else current.take()
            fallback = "" if text is not None else message.toString()
            self._sink.on_message(incoming_from(text, fallback, recv_ns))
        except Exception as error:  # noqa: BLE001
            self.fatal("on_message", error)
        end = self.end_at_logon
        if end is not None:  # the sink has hung, and we were stopped meanwhile
            with contextlib.suppress(Exception):
                end()

    def note_current(self, intake: Intake) -> None:
        """The text that comes next is of this session."""
        self._current = intake

    @contextlib.contextmanager
    def resetting(self) -> Iterator[None]:
        """While this thread resets a session that is down: the Logout in it goes nowhere."""
        self._own.is_resetting = True
        try:
            yield
        finally:
            self._own.is_resetting = False

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """While a message of ours is handed over, on this thread."""
        self._own.is_sending = True
        try:
            yield
        finally:
            self._own.is_sending = False

    def fatal(self, where: str, error: Exception) -> None:
        """Tell the sink of an error; if even that fails, nobody is left to be told."""
        with contextlib.suppress(Exception):
            self._sink.on_fatal(where, error)

    def _reject(self, message: Any, name: SessionName, fields: dict[int, str]) -> None:
        tag, text = fields.get(_REF_TAG_ID, ""), fields.get(_TEXT, "")
        text = f"{text} (tag {tag})" if tag else text
        reject = Reject(
            ref_seq_num=seq_number(fields.get(_REF_SEQ_NUM, "")),
            ref_msg_type=fields.get(_REF_MSG_TYPE, ""),
            reason=fields.get(_SESSION_REJECT_REASON, ""),
            ref_tag=tag,
            text=text,
        )
        if self._intakes[name].rejected(reject):
            # Its number is taken: a heartbeat goes out under it.
            for field in _OF_A_REJECT:
                message.removeField(field)
            message.getHeader().setField(quickfix.StringField(MSG_TYPE, _HEARTBEAT))
        else:
            self._standing.we_rejected(name, text)

    def _business_reject(self, message: Any, session_id: Any) -> None:
        """One that is not ours is QuickFIX's, about a message that it does not pass on."""
        if getattr(self._own, "is_sending", False):
            return
        fields = fields_of(message.toString())
        self._intakes[_name_of(session_id)].tell_rejected(
            seq_number(fields.get(_REF_SEQ_NUM, "")),
            fields.get(_REF_MSG_TYPE, ""),
            fields.get(_TEXT, ""),
        )

    def _take_admin(self, text: str) -> Exception | None:
        """What to stop QuickFIX with; None for everything that is fine."""
        fields = fields_of(text)
        msg_type = fields.get(MSG_TYPE)
        name = SessionName(fields.get(TARGET_COMP_ID, ""), fields.get(SENDER_COMP_ID, ""))
        if msg_type == _LOGON and self.end_at_logon is not None:
            self.end_at_logon()
            return cast("Exception", quickfix.FieldNotFound())  # hangs up, and stores nothing
        if msg_type == _LOGON:
            if fields.get(_RESET_SEQ_NUM_FLAG) == "Y":
                self._intakes[name].over(was_reset=True)
                self._standing.was_reset(name)
            problem = self._logon_problem(name, fields)
            return quickfix.RejectLogon(problem) if problem else None
        if msg_type == _LOGOUT:
            self._standing.they_logged_out(name, fields.get(_TEXT, ""))
        elif msg_type == MsgType.REJECT:
            self._sink.on_message(incoming_of(split(text), self._clock_ns()))
        return None

    def _logon_problem(self, name: SessionName, fields: dict[int, str]) -> str:
        heartbeat_s = fields.get(_HEART_BT_INT, "")
        is_number = heartbeat_s.isascii() and heartbeat_s.isdigit() and len(heartbeat_s) < 9
        if not is_number or not 1 <= int(heartbeat_s) <= _MAX_HEARTBEAT_S:
            return f"HeartBtInt must be 1 to {_MAX_HEARTBEAT_S} whole seconds"
        return "" if self._refuse_logon is None else self._refuse_logon(*name)


def _name_of(session_id: Any) -> SessionName:
    return SessionName(
        session_id.getSenderCompID().getString(), session_id.getTargetCompID().getString()
    )
