"""One child order as the venue's reports tell it; intentions do not count."""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.domain import ChildBust, ChildFill, ChildOrder, ChildState, Ns, Shares


@dataclass(slots=True)
class Child:
    """
    State of one child, live from the moment its command is journalled until a terminal report.

    Shares in doubt are those that its venue states, or may state, as filled and that are not
    booked. They are neither free nor filled until the execution, the venue's answer or a person
    settles them; a child that has ended keeps them.

    Invariants: `filled_shares` is the sum over `executions`; each `exec_id` counts once;
    a terminal child has no leaves; a bust does not change leaves, because the shares do not come
    back to the venue's book.
    """

    order: ChildOrder
    sent_ns: Ns
    mid_ticks_x2: int  # midpoint of the decision that sent it; 0 if there was none
    state: ChildState = ChildState.SENT
    size_shares: Shares = Shares(0)  # the order's, until a replace or a bust
    busted_shares: int = 0  # taken back: the venue's OrderQty still counts them
    filled_shares: Shares = Shares(0)
    first_fill_ns: Ns | None = None
    is_acked: bool = False
    wants_cancel: bool = False  # a cancel was decided, whatever became of its message
    is_cancel_asked: bool = False  # the venue owes an answer to one
    n_cancel_refusals: int = 0
    stated_shares: Shares = Shares(0)  # the most that the venue states as filled
    feared_shares: Shares = Shares(0)  # the most that may be filled, where nothing states it
    answered_shares: Shares | None = None  # filled by its last answer, where that was less
    unbooked: dict[str, int] = field(default_factory=dict)  # shares of executions not booked
    needs_answer: bool = False
    n_asks: int = 0  # questions since the venue last answered
    has_ask_timer: bool = False
    was_learned: bool = False  # its outcome is in the scorecards
    hand_shares: Shares = Shares(0)  # booked by a person, no execution of the venue seen since
    replaced_fills: dict[str, ChildFill] = field(default_factory=dict)  # as first reported
    confirmed_ids: list[str] = field(default_factory=list)  # executions that a person had booked
    executions: dict[str, ChildFill] = field(default_factory=dict)
    busted_ids: list[str] = field(default_factory=list)  # a late copy of these is no execution
    early_busts: dict[str, ChildBust] = field(default_factory=dict)  # their executions are to come

    def __post_init__(self) -> None:
        self.size_shares = self.order.size_shares

    @property
    def leaves_shares(self) -> Shares:
        """What the venue could still fill, or may have filled: zero once terminal."""
        if self.state.is_terminal:
            return Shares(0)
        return Shares(max(0, self.size_shares - self.filled_shares, self.doubt_shares))

    @property
    def doubt_shares(self) -> Shares:
        """Shares that the venue states, or may state, as filled, and that are not booked."""
        unseen = max(self.stated_shares, self.feared_shares) - self.filled_shares
        return Shares(max(0, unseen, sum(self.unbooked.values()) if self.unbooked else 0))

    def has_seen(self, exec_id: str) -> bool:
        """True if this execution was booked before, even if it was taken back since."""
        return (
            exec_id in self.executions
            or exec_id in self.busted_ids
            or exec_id in self.confirmed_ids
        )

    def fear_total(self, filled_shares: int) -> None:
        """Hold that as many shares may be filled in all."""
        self.feared_shares = Shares(max(self.feared_shares, filled_shares))

    def fear(self, name: str, size_shares: int) -> None:
        """Hold shares that may have filled; `name` is the execution's, once for each."""
        if size_shares > 0 and not self.has_seen(name):
            self.unbooked.setdefault(name, size_shares)

    def settle(self) -> None:
        """What is booked is all that has filled."""
        self.unbooked.clear()
        self.feared_shares = Shares(0)
        self.stated_shares = self.filled_shares
        self.answered_shares = None

    def is_same_fill(self, fill: ChildFill) -> bool:
        """True if a fill with an ExecID that was seen repeats what was reported then, or since."""
        known = [
            booked
            for booked in (self.executions.get(fill.exec_id), self.replaced_fills.get(fill.exec_id))
            if booked is not None
        ]
        return not known or any(_content(booked) == _content(fill) for booked in known)

    def book_fill(self, fill: ChildFill) -> None:
        """Count a new execution; the caller has made sure that its `exec_id` is new."""
        self.unbooked.pop(fill.exec_id, None)
        self.executions[fill.exec_id] = fill
        self.filled_shares = Shares(self.filled_shares + fill.size_shares)
        if self.first_fill_ns is None:
            self.first_fill_ns = fill.recv_ns
        if self.filled_shares >= self.size_shares and not self.state.is_terminal:
            self.state = ChildState.FILLED

    def reverse_fill(self, exec_id: str) -> ChildFill:
        """Take an execution out again."""
        fill = self.executions.pop(exec_id)
        self.replaced_fills.setdefault(exec_id, fill)
        self.busted_ids.append(exec_id)
        self._move(-fill.size_shares)
        self.stated_shares = Shares(max(0, self.stated_shares - fill.size_shares))
        self.feared_shares = Shares(max(0, self.feared_shares - fill.size_shares))
        return fill

    def book_correction(self, fill: ChildFill) -> None:
        """Count what stands in for the execution that was just reversed."""
        self.busted_ids.remove(fill.exec_id)
        self.executions[fill.exec_id] = fill
        self._move(fill.size_shares)
        self.stated_shares = Shares(self.stated_shares + fill.size_shares)

    def _move(self, shares: int) -> None:
        self.busted_shares -= shares
        self.size_shares = Shares(self.size_shares + shares)
        self.filled_shares = Shares(self.filled_shares + shares)

    @property
    def time_to_fill_ns(self) -> Ns | None:
        """From our sending to the first fill's report; None if nothing filled."""
        return None if self.first_fill_ns is None else Ns(self.first_fill_ns - self.sent_ns)


def _content(fill: ChildFill) -> tuple[int, int, int]:
    return fill.size_shares, fill.price_ticks, fill.price_rest_femtos
