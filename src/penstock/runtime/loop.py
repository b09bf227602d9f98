"""The engine thread: blocks on the inbox, never spins, until the router says that it is over."""

from __future__ import annotations

from typing import Final

from penstock.domain import NS_PER_S, Ns
from penstock.runtime.clock import Clock
from penstock.runtime.inbox import Message, Refused, Side
from penstock.runtime.ranked_inbox import Inbox
from penstock.runtime.router import Router

_LONGEST_WAIT_S: Final = 0.5  # nothing hangs on it: whatever happens comes through the inbox


def run_loop(router: Router, inbox: Inbox, clock: Clock) -> None:
    """Take one thing after another, the most urgent first; wait when there is nothing to do."""
    while not router.is_over:
        if not take_one(router, inbox, clock):
            inbox.wait(_wait_s(router, clock))


def take_one(router: Router, inbox: Inbox, clock: Clock) -> bool:
    """
    Deal with the most urgent thing; False if there was none.

    In this order: control; a few of the messages that a large step left to be sent; market data,
    which decides nothing and without which nothing may be decided; venues, clients' cancels and
    replaces; what is due; everything else.
    """
    first = inbox.take_first()
    if first is not None:
        router.take(first)
        return True
    if router.go_on():
        return True
    has_sent = router.send_some()
    for market in inbox.take_market():
        router.take(market)
        has_sent = True
    item = inbox.take_urgent()
    if item is None and router.wake_once():
        return True
    item = item or inbox.take_rest(clock())
    if item is not None:
        router.take(item)
    return item is not None or has_sent


def take_rest(router: Router, inbox: Inbox) -> int:
    """
    Journal what venues sent while the sessions were being closed, as all else.

    What clients sent then is left where it is: no answer could reach them any more. It counts as
    never received, so the session of the next start asks for it again, and a client that will not
    repeat it gets the answer that its order is unknown.

    Returns how many messages of clients were left. Sessions and feeds that are gone are not
    journalled: the next start treats none of them as up.
    """
    n_left = 0
    while len(inbox):
        inbox.take_market()
        item = inbox.take_first() or inbox.take_urgent() or inbox.take_rest(_BEFORE_ANY_BOUND)
        if isinstance(item, Message) and item.side is Side.VENUE:
            router.take(item)
        elif isinstance(item, Message | Refused):
            n_left += 1
    while router.go_on() or router.send_some():
        pass
    return n_left


_BEFORE_ANY_BOUND: Final = Ns(0)


def _wait_s(router: Router, clock: Clock) -> float:
    due_ns = router.due_ns
    if due_ns is None:
        return _LONGEST_WAIT_S
    return min(max((due_ns - clock()) / NS_PER_S, 0.0), _LONGEST_WAIT_S)
