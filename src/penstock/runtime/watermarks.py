"""The messages of each session that have been dealt with, although not in the order of arrival."""

from __future__ import annotations

from collections import deque

from penstock.wire.fix import Incoming


class Watermarks:
    """
    Gives messages back in the order of their session, each when all before it are dealt with.

    A mark says "up to here, everything": after a `kill -9` the session is asked for all that is
    above it. So a cancel that overtook an order moves the mark only when that order is dealt with
    too. One thread.

    Cost: O(1) for each message.
    """

    def __init__(self) -> None:
        self._open: dict[str, deque[Incoming]] = {}
        self._is_dealt: set[int] = set()  # id() of messages in `_open`, which keeps them alive
        self._is_open: set[int] = set()

    def arrived(self, session: str, incoming: Incoming) -> None:
        """Take note of a message. Call in the order in which the session delivered them."""
        self._open.setdefault(session, deque()).append(incoming)
        self._is_open.add(id(incoming))

    def dealt(self, session: str, incoming: Incoming) -> list[Incoming]:
        """Return the messages that the mark passes now, in order; one that never arrived passes."""
        if id(incoming) not in self._is_open:
            return [incoming]
        self._is_dealt.add(id(incoming))
        passed, waiting = [], self._open[session]
        while waiting and id(waiting[0]) in self._is_dealt:
            first = waiting.popleft()
            self._is_dealt.discard(id(first))
            self._is_open.discard(id(first))
            passed.append(first)
        return passed
