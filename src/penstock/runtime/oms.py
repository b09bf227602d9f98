"""The scripted OMS as a process: one FIX session to the router, one loop on the main thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue
from typing import Final

from penstock.domain import NS_PER_S, Ns, from_seconds
from penstock.runtime.clock import AnchoredClock, Clock, in_base_36
from penstock.runtime.config import split_address
from penstock.runtime.lines_log import LinesLog
from penstock.runtime.oms_client import OmsClient, OmsSummary
from penstock.runtime.oms_config import OmsConf
from penstock.runtime.stop_signals import StopSignals
from penstock.wire.fix import FixMessage, Incoming, Outgoing
from penstock.wire.sessions import Endpoint, FixInitiator, SessionSetup, resends_reports

EXIT_FATAL: Final = 3
OMS_LOG: Final = "oms.jsonl"
IDLE_S: Final = 0.2  # without anything due, look again after this


class LoggedOn:
    """The router took our logon."""


class Away:
    """The session is lost, or was refused."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Nothing:
    """Nobody said anything for a while."""


NOTHING: Final = Nothing()
Item = Incoming | LoggedOn | Away | Nothing | None
"""What the FIX thread says, and None to stop."""

Inbox = SimpleQueue[Item]


class Sink:
    """Takes what the FIX thread says into the queue."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def on_message(self, incoming: Incoming) -> None:
        """A message of the router."""
        self._inbox.put(incoming)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:  # noqa: ARG002
        """The router is there."""
        self._inbox.put(LoggedOn())

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:  # noqa: ARG002
        """The router is gone."""
        self._inbox.put(Away(reason))

    def on_reject_sent(
        self,
        counterparty: str,
        our_comp_id: str,  # noqa: ARG002
        ref_seq_num: int,
        ref_msg_type: str,
        text: str,
    ) -> None:
        """A report cannot be read."""
        text = f"report {ref_seq_num} ({ref_msg_type}) of {counterparty} rejected: {text}"
        self._inbox.put(Away(text))

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:  # noqa: ARG002
        """The session cannot go on."""
        self._inbox.put(Away(f"the session with {counterparty} is stuck: {text}"))

    def on_fatal(self, where: str, error: Exception) -> None:
        """Nothing can be trusted any more."""
        self._inbox.put(Away(f"fatal: {where}: {error!r}"))
        self._inbox.put(None)


def run_oms(conf: OmsConf, *, say: Callable[[str], None]) -> tuple[int, OmsSummary]:
    """
    Send the script, wait until every order has ended; returns exit status and summary.

    Orders are sent from the first logon on, at their own times, whether or not the router is there:
    one that goes out while it is away is lost, and the answer to a status request says so.

    Raises:
        ConfigError: before anything has been sent.
    """
    about = conf.oms
    inbox: Inbox = SimpleQueue()
    clock = AnchoredClock()
    host, port = split_address(about.router)
    with ExitStack() as stack:
        log = LinesLog(conf.run_dir / OMS_LOG)
        stack.callback(log.close)
        session = FixInitiator(
            SessionSetup(
                sink=Sink(inbox),
                clock_ns=clock,
                store_dir=conf.run_dir / "sessions",
                may_resend=resends_reports,
            ),
            our_comp_id=about.comp_id,
            endpoints=[Endpoint(about.router_comp_id, host, port)],
        )

        def send(message: FixMessage) -> None:
            session.send(Outgoing(about.router_comp_id, message))

        client = OmsClient(conf, in_base_36(time.time_ns() // 1_000_000), log, send)
        session.start()
        stack.callback(session.stop)
        with StopSignals(lambda _name: inbox.put(None)):
            is_done = _loop(client, conf, inbox, clock, say)
    summary = client.summary()
    say(
        f"{summary.sent} orders sent, {summary.filled} filled, {summary.rejected} rejected, "
        f"{summary.open} open; {summary.filled_shares:,} of {summary.asked_shares:,} shares in "
        f"{summary.fills:,} fills"
    )
    return (0 if is_done else EXIT_FATAL), summary


def _loop(
    client: OmsClient, conf: OmsConf, inbox: Inbox, clock: Clock, say: Callable[[str], None]
) -> bool:
    """True when every order has ended; False if somebody or patience ended it before."""
    about = conf.oms
    started_ns: Ns | None = None
    script_s = about.parents / about.rate_per_s + about.horizon_s + about.patience_s
    give_up_ns = clock() + from_seconds(script_s)
    while not client.is_done:
        now_ns = clock()
        if now_ns > give_up_ns:
            say("patience is over")
            return False
        item: Item = NOTHING
        with suppress(Empty):
            item = inbox.get(timeout=_wait_s(client, started_ns, now_ns))
        now_ns = clock()
        if item is None:
            return False
        if isinstance(item, LoggedOn):
            say("logged on")
            if started_ns is None:
                started_ns = now_ns
                give_up_ns = now_ns + from_seconds(script_s)
            client.on_logon(now_ns)
        elif isinstance(item, Away):
            say(f"not connected: {item.reason}")
        elif isinstance(item, Incoming):
            client.on_message(item)
        if started_ns is not None:
            client.send_due(now_ns - started_ns, now_ns)
            client.ask_again(now_ns)
    return True


def _wait_s(client: OmsClient, started_ns: Ns | None, now_ns: Ns) -> float:
    due_ns = client.next_after_ns()
    if started_ns is None or due_ns is None:
        return IDLE_S
    return min(IDLE_S, max(0.0, (started_ns + due_ns - now_ns) / NS_PER_S))
