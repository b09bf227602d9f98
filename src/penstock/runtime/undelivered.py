"""Reports that may not have reached their client: what a reset of its session's numbers loses."""

from __future__ import annotations

from collections import deque
from typing import Final

from penstock.domain import NS_PER_S, Ns
from penstock.wire.fix import Outgoing, possible_resend

_DELIVERED_AFTER_NS: Final = 300 * NS_PER_S
_MAX_REPORTS: Final = 20_000


class Undelivered:
    """
    The latest reports of each client, until they are known to have arrived.

    The FIX engine stores a report and sends it again at the next logon, unless that logon starts
    the numbers again at 1 (141=Y): then nobody would send it. A report counts as delivered when
    its client's session has been up for five minutes after it. While a client is away its last
    20,000 reports are kept; more than that, only the journal has.
    """

    def __init__(self) -> None:
        self._reports: dict[str, deque[tuple[Ns, Outgoing]]] = {}
        self._logged_on: set[str] = set()

    def note(self, report: Outgoing, now_ns: Ns) -> None:
        """The FIX engine has taken over a report."""
        client = report.counterparty
        reports = self._reports.get(client)
        if reports is None:
            reports = self._reports[client] = deque(maxlen=_MAX_REPORTS)
        reports.append((now_ns, report))
        if client in self._logged_on:
            while now_ns - reports[0][0] > _DELIVERED_AFTER_NS:
                reports.popleft()

    def logged_on(self, client: str) -> None:
        """The client's session is up."""
        self._logged_on.add(client)

    def logged_out(self, client: str) -> None:
        """The client's session is down: from now on nothing is known to arrive."""
        self._logged_on.discard(client)

    def take(self, client: str) -> list[Outgoing]:
        """All that may not have arrived, in order, each marked as possibly sent before."""
        reports = self._reports.pop(client, ())
        return [report if _is_marked(report) else possible_resend(report) for _, report in reports]


def _is_marked(report: Outgoing) -> bool:
    """Whether a report says already that it may be a repetition."""
    return (97, "Y") in report.message.fields
