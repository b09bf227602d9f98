"""The engine thread: blocks on one queue, never spins, until the router says that it is over."""

from __future__ import annotations

from queue import Empty
from typing import Final

from penstock.domain import NS_PER_S
from penstock.runtime.clock import Clock
from penstock.runtime.inbox import Inbox, Message, Side
from penstock.runtime.router import Router

_LONGEST_WAIT_S: Final = 0.5  # nothing hangs on it: whatever happens comes through the queue


def run_loop(router: Router, inbox: Inbox, clock: Clock) -> None:
    """Take items as they come and wake the router when something is due."""
    while not router.is_over:
        router.wake()
        try:
            item = inbox.get(timeout=_wait_s(router, clock))
        except Empty:
            continue
        router.take(item)


def take_rest(router: Router, inbox: Inbox) -> int:
    """
    What venues said while the sessions were being closed, journalled like all else.

    What clients said then is left where it is: nobody could answer it any more. It counts as never
    received, so the session of the next start asks for it again, and a client that will not repeat
    it hears that its order is unknown.

    Returns how many messages of clients were left. That sessions and feeds are gone needs no
    telling: the next start believes in none of them.
    """
    n_left = 0
    while not inbox.empty():
        item = inbox.get()
        if isinstance(item, Message):
            if item.side is Side.VENUE:
                router.take(item)
            else:
                n_left += 1
    return n_left


def _wait_s(router: Router, clock: Clock) -> float:
    due_ns = router.due_ns
    if due_ns is None:
        return _LONGEST_WAIT_S
    return min(max((due_ns - clock()) / NS_PER_S, 0.0), _LONGEST_WAIT_S)
