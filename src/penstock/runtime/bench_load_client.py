"""
The client of `penstock bench load` as a process: sends at a rate and times the answers.

    python -m penstock.runtime.bench_load_client RELAY_PORT ROUTER_PORT FOLDER N_SYMBOLS

It reads one JSON object a line from stdin, does it, and writes one back: `{"do": "chain", …}` sends
orders through the bare relay, so many at a time; `{"do": "run", …}` sends to the router at a rate.
It ends with its stdin.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from penstock.domain import NS_PER_S, Shares, Side
from penstock.runtime.bench_ends import CLIENT, RELAY, ROUTER
from penstock.runtime.bench_fix import child_message
from penstock.runtime.clock import AnchoredClock, in_base_36
from penstock.runtime.venues import SWITCH_INTERVAL_S
from penstock.wire.fix import Incoming, Outgoing, new_order
from penstock.wire.sessions import Endpoint, FixInitiator, SessionSetup, resends_reports

ORDER_SHARES: Final = Shares(100)
_EXEC_TYPE: Final = 150
_ORD_STATUS: Final = 39
_CL_ORD_ID: Final = 11
_TEXT: Final = 58
_ANSWER_S: Final = 30.0


class Sent(msgspec.Struct, kw_only=True):
    """What became of the orders of one run."""

    sent: int = 0
    accepted: int = 0
    shed: int = 0  # rejected because the router was overloaded
    refused: int = 0  # rejected for another reason
    filled: int = 0
    unanswered: int = 0
    ack_p50_us: float | None = None
    ack_p99_us: float | None = None
    sending_s: float = 0.0
    answered_after_s: float = 0.0  # from the last order until the last answer
    last_refusal: str = ""


class LoadClient:
    """One client with a session to the router and one to the bare relay."""

    def __init__(self, relay_port: int, router_port: int, folder: Path, n_symbols: int) -> None:
        self._clock = AnchoredClock()
        self._symbols = symbols(n_symbols)
        self._session = FixInitiator(
            SessionSetup(
                sink=self, clock_ns=self._clock, store_dir=folder, may_resend=resends_reports
            ),
            our_comp_id=CLIENT,
            endpoints=[
                Endpoint(RELAY, "127.0.0.1", relay_port),
                Endpoint(ROUTER, "127.0.0.1", router_port),
            ],
        )
        self._logged_on: set[str] = set()
        self._sent_ns: dict[str, int] = {}  # orders without an answer
        self._ack_ns: list[int] = []
        self._last_answer_ns = 0
        self._figures = Sent()
        self._chain_room = threading.Semaphore(0)
        self._n_runs = 0

    def serve(self) -> None:
        """Log on, then do what stdin says, until it ends."""
        self._session.start()
        while len(self._logged_on) < 2:
            time.sleep(0.01)
        _tell({"is_ready": True})
        for line in sys.stdin:
            request: dict[str, Any] = msgspec.json.decode(line)
            work: Callable[..., object] = self._chain if request.pop("do") == "chain" else self._run
            _tell(work(**request))
        self._session.stop()

    def _chain(self, n_orders: int, window: int) -> dict[str, float]:
        """Orders per second through the bare relay, `window` of them on their way."""
        names = self._names()
        for _ in range(window):
            self._chain_room.release()
        started_ns = self._clock()
        for k in range(n_orders):
            self._wait_for_room()
            side = Side.BUY if k % 2 else Side.SELL
            order = child_message(f"{names}{k}", side, self._clock(), self._symbols[0])
            self._session.send(Outgoing(RELAY, order))
        for _ in range(window):
            self._wait_for_room()
        return {"orders_per_s": n_orders * NS_PER_S / (self._clock() - started_ns)}

    def _wait_for_room(self) -> None:
        if not self._chain_room.acquire(timeout=_ANSWER_S):
            raise SystemExit(f"no answer through the relay within {_ANSWER_S:g} s")

    def _run(self, rate_per_s: float, seconds: float) -> Sent:
        """Send to the router, at times that do not depend on its answers."""
        names = self._names()
        self._figures, self._ack_ns = Sent(), []
        figures = self._figures
        started_ns = self._clock()
        for k in range(int(rate_per_s * seconds)):
            wait_ns = started_ns + int(k * NS_PER_S / rate_per_s) - self._clock()
            if wait_ns > 0:
                time.sleep(wait_ns / NS_PER_S)
            self._order(f"{names}{k}", k)
        ended_ns = self._clock()
        figures.sent = int(rate_per_s * seconds)
        figures.sending_s = (ended_ns - started_ns) / NS_PER_S
        self._wait_for_answers(ended_ns)
        figures.unanswered = len(self._sent_ns)
        self._sent_ns.clear()
        figures.answered_after_s = max(0.0, (self._last_answer_ns - ended_ns) / NS_PER_S)
        if self._ack_ns:
            p50, p99 = np.percentile(np.asarray(self._ack_ns), (50, 99)) / 1e3
            figures.ack_p50_us, figures.ack_p99_us = round(float(p50), 1), round(float(p99), 1)
        return figures

    def _order(self, name: str, k: int) -> None:
        now_ns = self._clock()
        order = new_order(
            cl_ord_id=name,
            symbol=self._symbols[k % len(self._symbols)],
            side=Side.BUY if k % 2 else Side.SELL,
            size_shares=ORDER_SHARES,
            now_ns=now_ns,
        )
        self._sent_ns[name] = now_ns
        self._session.send(Outgoing(ROUTER, order))

    def _wait_for_answers(self, ended_ns: int) -> None:
        until_ns = ended_ns + int(_ANSWER_S * NS_PER_S)
        while self._sent_ns and self._clock() < until_ns:
            time.sleep(0.005)

    def _names(self) -> str:
        self._n_runs += 1
        return f"{in_base_36(self._clock() // 1_000)}-{self._n_runs}-"

    def on_message(self, incoming: Incoming) -> None:
        """Count an answer."""
        fields = incoming.fields
        if incoming.counterparty == RELAY:
            if fields.get(_ORD_STATUS) == "2":
                self._chain_room.release()
            return
        exec_type, name = fields.get(_EXEC_TYPE), fields.get(_CL_ORD_ID, "")
        if exec_type == "0":
            self._figures.accepted += 1
            self._answered(name, incoming.recv_ns, is_ack=True)
        elif exec_type == "8":
            text = fields.get(_TEXT, "")
            if "overloaded" in text:
                self._figures.shed += 1
            else:
                self._figures.refused += 1
                self._figures.last_refusal = text
            self._answered(name, incoming.recv_ns, is_ack=False)
        elif fields.get(_ORD_STATUS) == "2":
            self._figures.filled += 1

    def _answered(self, name: str, recv_ns: int, *, is_ack: bool) -> None:
        sent_ns = self._sent_ns.pop(name, None)
        if sent_ns is None:
            return
        self._last_answer_ns = recv_ns
        if is_ack:
            self._ack_ns.append(recv_ns - sent_ns)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:  # noqa: ARG002
        """One more session."""
        self._logged_on.add(counterparty)

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        """Nothing to do."""

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        """Nothing to do."""

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        """Nothing to do."""

    def on_fatal(self, where: str, error: Exception) -> None:
        """Say why nothing works."""
        sys.stderr.write(f"{where}: {error!r}\n")


def _tell(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def symbols(n: int) -> list[str]:
    """Names of the instruments."""
    return [f"BN{k:03}" for k in range(n)]


if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    LoadClient(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])).serve()
