"""One child order as the venue's reports tell it; intentions do not count."""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.domain import ChildBust, ChildFill, ChildOrder, ChildState, Ns, Shares


@dataclass(slots=True)
class Child:
    """
    State of one child, live from the moment its command is journalled until a terminal report.

    Invariants: `filled_shares` is the sum over `executions`; each `exec_id` counts once;
    a terminal child has no leaves; a bust does not change leaves, because the shares do not come
    back to the venue's book.
    """

    order: ChildOrder
    sent_ns: Ns
    mid_ticks_x2: int  # midpoint of the decision that sent it; 0 if there was none
    state: ChildState = ChildState.SENT
    size_shares: Shares = Shares(0)  # the order's, until a replace or a bust
    filled_shares: Shares = Shares(0)
    first_fill_ns: Ns | None = None
    is_acked: bool = False
    is_cancel_asked: bool = False
    n_cancel_refusals: int = 0
    executions: dict[str, ChildFill] = field(default_factory=dict)
    busted_ids: list[str] = field(default_factory=list)  # a late copy of these is no execution
    early_busts: dict[str, ChildBust] = field(default_factory=dict)  # their executions are to come

    def __post_init__(self) -> None:
        self.size_shares = self.order.size_shares

    @property
    def leaves_shares(self) -> Shares:
        """What the venue could still fill: zero once terminal."""
        if self.state.is_terminal:
            return Shares(0)
        return Shares(max(0, self.size_shares - self.filled_shares))

    def has_seen(self, exec_id: str) -> bool:
        """True if this execution was booked before, even if it was taken back since."""
        return exec_id in self.executions or exec_id in self.busted_ids

    def book_fill(self, fill: ChildFill) -> None:
        """Count a new execution; the caller has made sure that its `exec_id` is new."""
        self.executions[fill.exec_id] = fill
        self.filled_shares = Shares(self.filled_shares + fill.size_shares)
        if self.first_fill_ns is None:
            self.first_fill_ns = fill.recv_ns
        if self.filled_shares >= self.size_shares and not self.state.is_terminal:
            self.state = ChildState.FILLED

    def reverse_fill(self, exec_id: str) -> ChildFill:
        """Take an execution out again."""
        fill = self.executions.pop(exec_id)
        self.busted_ids.append(exec_id)
        self._move(-fill.size_shares)
        return fill

    def book_correction(self, fill: ChildFill) -> None:
        """Count what stands in for the execution that was just reversed."""
        self.busted_ids.remove(fill.exec_id)
        self.executions[fill.exec_id] = fill
        self._move(fill.size_shares)

    def _move(self, shares: int) -> None:
        self.size_shares = Shares(self.size_shares + shares)
        self.filled_shares = Shares(self.filled_shares + shares)

    @property
    def time_to_fill_ns(self) -> Ns | None:
        """From our sending to the first fill's report; None if nothing filled."""
        return None if self.first_fill_ns is None else Ns(self.first_fill_ns - self.sent_ns)
