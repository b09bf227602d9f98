"""The count of a session, as QuickFIX keeps it."""

from __future__ import annotations

from typing import Any

import quickfix

from penstock.wire.fix import FixMessage, MsgType
from penstock.wire.sessions.texts import message_text

_OTHER: int = 99


class SessionNumbers:
    """
    Reads and sets the number that a session expects.

    `session` is QuickFIX's, from when it exists until it is freed. Called on the FIX thread only,
    inside one of its callbacks.
    """

    def __init__(self) -> None:
        self.session: Any = None

    def expected(self) -> int:
        """MsgSeqNum that comes next; 0 without a session."""
        return 0 if self.session is None else int(self.session.getExpectedTargetNum())

    def is_logged_on(self) -> bool:
        """Whether both sides have logged on."""
        return self.session is not None and bool(self.session.isLoggedOn())

    def advance_to(self, seq_num: int) -> None:
        """Expect this number next."""
        if self.session is not None:
            self.session.setNextTargetMsgSeqNum(seq_num)

    def disconnect(self) -> None:
        """Hang up."""
        if self.session is not None:
            self.session.disconnect()

    def reject(self, seq_num: int, msg_type: str, text: str) -> None:
        """Send a session-level reject."""
        fields = ((45, str(seq_num)), (372, msg_type), (373, str(_OTHER)), (58, text))
        if self.session is not None:
            message = quickfix.Message(message_text(FixMessage(MsgType.REJECT, fields)), False)
            self.session.send(message)
