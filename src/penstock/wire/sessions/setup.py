"""What FIX sessions are set up with, and what they tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from penstock.domain import Ns
from penstock.wire.fix import Incoming, MsgType

_ORDERS: Final = frozenset(
    {
        MsgType.NEW_ORDER_SINGLE,
        MsgType.ORDER_CANCEL_REQUEST,
        MsgType.ORDER_CANCEL_REPLACE_REQUEST,
        MsgType.ORDER_STATUS_REQUEST,
    }
)


class FixSink(Protocol):
    """
    Who is told what happens on sessions.

    Called on the FIX thread, which serves every session of its acceptor or initiator: whoever takes
    time here delays all of them, and whoever sends from inside `on_logout` may wait for ever. So
    put what came into a queue and return. Whatever is raised here is caught and goes to `on_fatal`;
    the session goes on.
    """

    def on_message(self, incoming: Incoming) -> None:
        """
        A message: each once, in the order of its session, gaps filled.

        Session rejects (35=3) come too: they say what became of a message of ours.
        """

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        """
        The session is up: what is sent now arrives now.

        `was_reset`: its numbers start again at 1, so what was sent and had not arrived never does.
        """

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        """
        The session is down: once per session lost; and if none comes about, once per new reason.

        `reason` is the text of their Logout or of ours, if there is one.
        """

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        """
        An application message of the counterparty was not delivered, and is answered with a reject.

        Its number is used up: it does not come again unless the counterparty sends it anew.
        """

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        """The session cannot go on by itself: once for each time that it comes about."""

    def on_fatal(self, where: str, error: Exception) -> None:
        """A method of this sink has raised, or the FIX thread has ended: a bug either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSetup:
    """
    What acceptors and initiators have in common.

    clock_ns: stamps what comes in.
    store_dir: holds numbers and messages of each session; made if it is missing. Two programs may
        not use it at one time.
    may_resend: by MsgType, whether an old message may be sent again when the counterparty asks for
        it. What may not is skipped by a gap fill. See `resends_reports`.
    heartbeat_s: the initiator's counts; an acceptor takes what the logon proposes, 1 to 3,600.
    is_logging: keep every message and session event under store_dir/log as well.
    """

    sink: FixSink
    clock_ns: Callable[[], Ns]
    store_dir: Path
    may_resend: Callable[[str], bool]
    heartbeat_s: int = 30
    is_logging: bool = True


class Endpoint(NamedTuple):
    """Where a counterparty listens."""

    their_comp_id: str
    host: str
    port: int


class SessionName(NamedTuple):
    """A session, as the two comp ids that make it."""

    our_comp_id: str
    their_comp_id: str


def resends_reports(msg_type: str) -> bool:
    """
    Whether a message of this type may be sent again: everything but orders and questions.

    An order that was sent into a broken connection is unknown to the counterparty, and the market
    has moved: it must be decided upon anew, never repeated by a machine.
    """
    return msg_type not in _ORDERS
