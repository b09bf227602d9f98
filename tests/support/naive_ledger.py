"""Share bookkeeping in the plainest way: the orders that left and the reports that came back."""

from dataclasses import dataclass, field

from penstock.domain import (
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    ChildStatus,
    Event,
)


@dataclass
class NaiveExecution:
    """What an execution is worth after all corrections."""

    shares: int
    price_ticks: int
    fee_usd_micros: int


@dataclass
class NaiveChild:
    """One child as its reports tell it; `left_shares` is what its venue could still fill."""

    order: ChildOrder
    left_shares: int
    limit_ticks: int
    has_ended: bool = False
    executions: dict[str, NaiveExecution] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    is_acked: bool = False
    stated_shares: int = 0  # the most that the venue states as filled
    feared_shares: int = 0  # the most that may be filled where it has forgotten the order
    answered_shares: int = -1  # its last answer, where that was less

    @property
    def filled_shares(self) -> int:
        return sum(execution.shares for execution in self.executions.values())

    @property
    def doubt_shares(self) -> int:
        """What is, or may be, filled at the venue and was never reported as an execution."""
        return max(0, max(self.stated_shares, self.feared_shares) - self.filled_shares)


class NaiveLedger:
    """
    Every child that was sent. `excess_shares` of a parent is what venues reported beyond what they
    were asked for: fills after the end, beyond the size, corrections upward, sizes raised.
    """

    def __init__(self) -> None:
        self.children: dict[int, NaiveChild] = {}
        self.excess_shares: dict[int, int] = {}

    def send(self, order: ChildOrder) -> None:
        """A child leaves."""
        assert order.child_id not in self.children, f"child {order.child_id} sent twice"
        self.children[order.child_id] = NaiveChild(order, order.size_shares, order.limit_ticks)

    def of_parent(self, parent_id: int) -> list[NaiveChild]:
        """Children of one parent."""
        return [c for c in self.children.values() if c.order.parent_id == parent_id]

    def live_shares(self, parent_id: int) -> int:
        """What venues could still fill for a parent, or may have filled."""
        return sum(
            max(child.left_shares, child.doubt_shares) for child in self.of_parent(parent_id)
        )

    def take(self, event: Event) -> None:
        """Book a report; anything else changes nothing here."""
        child = self.children.get(getattr(event, "child_id", -1))
        if child is None:
            return
        if isinstance(event, ChildAck):
            child.is_acked = True
        elif isinstance(event, ChildFill):
            self._fill(child, event)
        elif isinstance(event, ChildCancelled | ChildReject):
            child.has_ended, child.left_shares = True, 0
        elif isinstance(event, ChildReplaced):
            child.limit_ticks = event.limit_ticks
            if not child.has_ended:
                left_shares = max(0, event.size_shares - child.filled_shares)
                self._exceed(child, left_shares - child.left_shares)
                self._leave(child, left_shares)
        elif isinstance(event, ChildBust):
            self._bust(child, event)
        elif isinstance(event, ChildStatus):
            self._answer(child, event)

    def _answer(self, child: NaiveChild, event: ChildStatus) -> None:
        """An answer can end a child and settle what is in doubt; no answer books a fill."""
        if not event.is_known:
            if not child.has_ended and (
                child.is_acked or child.filled_shares or child.doubt_shares
            ):
                child.feared_shares = child.filled_shares + child.left_shares
            child.has_ended, child.left_shares = True, 0
            return
        child.is_acked = True
        child.feared_shares = 0
        highest = max(event.filled_shares, child.filled_shares)
        if highest >= child.stated_shares or child.answered_shares == event.filled_shares:
            child.stated_shares, child.answered_shares = highest, -1
        else:
            child.answered_shares = event.filled_shares
        if event.leaves_shares == 0:
            child.has_ended, child.left_shares = True, 0

    def _fill(self, child: NaiveChild, event: ChildFill) -> None:
        if event.exec_id in child.seen:
            return
        child.seen.append(event.exec_id)
        child.executions[event.exec_id] = NaiveExecution(
            event.size_shares, event.price_ticks, event.fee_usd_micros
        )
        self._exceed(child, event.size_shares - child.left_shares)
        if not child.has_ended:
            self._leave(child, max(0, child.left_shares - event.size_shares))

    def _bust(self, child: NaiveChild, event: ChildBust) -> None:
        wrong = child.executions.pop(event.exec_id, None)
        if wrong is None:
            return
        self._exceed(child, event.corrected_shares - wrong.shares)
        for total in ("stated_shares", "feared_shares"):
            left = max(0, getattr(child, total) - wrong.shares)
            setattr(child, total, left)
        child.stated_shares += event.corrected_shares
        if event.corrected_shares > 0:
            fee = round(wrong.fee_usd_micros * event.corrected_shares / wrong.shares)
            child.executions[event.exec_id] = NaiveExecution(
                event.corrected_shares, event.corrected_price_ticks, fee
            )

    def _leave(self, child: NaiveChild, left_shares: int) -> None:
        child.left_shares, child.has_ended = left_shares, left_shares == 0

    def _exceed(self, child: NaiveChild, shares: int) -> None:
        parent_id = child.order.parent_id
        self.excess_shares[parent_id] = self.excess_shares.get(parent_id, 0) + max(0, shares)
