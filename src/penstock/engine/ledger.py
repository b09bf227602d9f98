"""The ledger: every parent and child, booked from reports, each execution once."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from penstock.domain import (
    EPOCH_IDS,
    ChildBust,
    ChildFill,
    ChildOrder,
    ChildReplaced,
    ChildState,
    Ns,
    ParentOrder,
    Shares,
)
from penstock.engine.child import Child
from penstock.engine.packed import CHILDREN, PARENTS, unpack_parent
from penstock.engine.parent import Parent


class Ledger:
    """
    Parents and children, and the share-exact bookkeeping between them.

    Invariants, held by tests/properties/test_engine.py over random and faulty schedules:
        parent.filled_shares == sum of its children's filled_shares;
        live_children of a parent are exactly its children that are not terminal, and
            doubtful_children those that are, with shares in doubt;
        an execution report counts once, however often it arrives.
    """

    def __init__(self, n_rows: int) -> None:
        self._n_rows = n_rows
        self.parents: dict[int, Parent] = {}
        self.children: dict[int, Child] = {}
        self._next_child_id = 1

    def open_parent(self, order: ParentOrder, arrival_mid_ticks_x2: int) -> Parent:
        """A new working parent; its number must be new."""
        assert order.parent_id not in self.parents, f"parent {order.parent_id} opened twice"
        parent = Parent(order, self._n_rows, arrival_mid_ticks_x2)
        self.parents[order.parent_id] = parent
        return parent

    def next_child_id(self) -> int:
        """Number for the next child; never given out twice."""
        child_id = self._next_child_id
        self._next_child_id += 1
        return child_id

    def open_child(self, order: ChildOrder, row_idx: int, mid_ticks_x2: int, now_ns: Ns) -> Child:
        """A child counts as live from here on, before any byte leaves."""
        parent = self.parents[order.parent_id]
        child = Child(order, now_ns, mid_ticks_x2)
        self.children[order.child_id] = child
        parent.live_children.append(order.child_id)
        parent.note_sent(row_idx, order.size_shares, now_ns)
        return child

    def parent_of(self, child: Child) -> Parent:
        """The parent that a child works for."""
        return self.parents[child.order.parent_id]

    def live_shares(self, parent: Parent) -> int:
        """Shares that venues could still fill for this parent."""
        return sum(self.children[child_id].leaves_shares for child_id in parent.live_children)

    def held_shares(self, parent: Parent) -> int:
        """Shares that are live or in doubt: what may yet turn out as filled."""
        held_shares = self.live_shares(parent)
        for child_id in parent.doubtful_children:
            held_shares += self.children[child_id].doubt_shares
        return held_shares

    def start_epoch(self, epoch: int) -> None:
        """Give out child numbers that no earlier process can have given out."""
        self._next_child_id = max(self._next_child_id, epoch * EPOCH_IDS + 1)

    def close(self, child: Child, state: ChildState) -> bool:
        """Make a child terminal; False if it was so already."""
        if child.state.is_terminal:
            return False
        child.state = state
        self._settle(child)
        return True

    def book_fill(self, child: Child, fill: ChildFill, row_idx: int) -> bool:
        """Book an execution on child and parent; False for a duplicate, which changes nothing."""
        if child.has_seen(fill.exec_id):
            return False
        parent = self.parent_of(child)
        child.book_fill(fill)
        parent.book_fill(fill)
        parent.attempts[row_idx]["filled_shares"] += fill.size_shares
        self._settle(child)
        return True

    def reverse(self, child: Child, bust: ChildBust, row_idx: int) -> bool:
        """Take an execution back, or correct it; False if it is not known."""
        if bust.exec_id not in child.executions:
            return False
        parent = self.parent_of(child)
        wrong = child.reverse_fill(bust.exec_id)
        parent.book_fill(wrong, sign=-1)
        parent.attempts[row_idx]["filled_shares"] -= wrong.size_shares
        if bust.corrected_shares > 0:
            fee = round(wrong.fee_usd_micros * bust.corrected_shares / wrong.size_shares)
            right = msgspec.structs.replace(
                wrong,
                size_shares=bust.corrected_shares,
                price_ticks=bust.corrected_price_ticks,
                price_rest_femtos=bust.corrected_price_rest_femtos,
                fee_usd_micros=fee,
            )
            child.book_correction(right)
            parent.book_fill(right)
            parent.attempts[row_idx]["filled_shares"] += right.size_shares
        self._settle(child)
        return True

    def resize(self, child: Child, replaced: ChildReplaced) -> None:
        """The venue confirmed a new size and limit."""
        child.size_shares = replaced.size_shares
        child.order = msgspec.structs.replace(child.order, limit_ticks=replaced.limit_ticks)
        if child.filled_shares >= child.size_shares and not child.state.is_terminal:
            child.state = ChildState.FILLED
            self._settle(child)

    def reopen(self, child: Child, leaves_shares: Shares) -> None:
        """A child that had ended is open at its venue: it can fill `leaves_shares` more."""
        booked_or_stated = max(child.filled_shares, child.stated_shares)
        child.size_shares = Shares(max(child.size_shares, booked_or_stated + leaves_shares))
        child.state = ChildState.LIVE
        self._settle(child)

    def settle(self, child: Child) -> bool:
        """List the child by what is in doubt now; True if it has ended and just left doubt."""
        self._settle(child)
        parent, child_id = self.parent_of(child), child.order.child_id
        is_doubtful = child.state.is_terminal and child.doubt_shares > 0
        if is_doubtful or child_id not in parent.doubtful_children:
            return False
        parent.doubtful_children.remove(child_id)
        return child.state.is_terminal

    def _settle(self, child: Child) -> None:
        """Only `settle` takes a child out of doubt, so that its order goes on when it does."""
        parent, child_id = self.parent_of(child), child.order.child_id
        is_live = not child.state.is_terminal
        if is_live != (child_id in parent.live_children):
            (parent.live_children.append if is_live else parent.live_children.remove)(child_id)
        is_listed = child_id in parent.doubtful_children
        if is_live and is_listed:
            parent.doubtful_children.remove(child_id)  # its leaves hold what is in doubt
        elif not is_live and child.doubt_shares > 0 and not is_listed:
            parent.doubtful_children.append(child_id)

    def __getstate__(self) -> dict[str, Any]:
        """Orders packed: much faster to pickle."""
        parents = [(PARENTS.pack(p), p.attempts.tobytes()) for p in self.parents.values()]
        children = [CHILDREN.pack(child) for child in self.children.values()]
        return {**vars(self), "parents": parents, "children": children}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        parents = [unpack_parent(*packed) for packed in state["parents"]]
        children = [CHILDREN.unpack(data) for data in state["children"]]
        self.parents = {parent.order.parent_id: parent for parent in parents}
        self.children = {child.order.child_id: child for child in children}

    def state_hash(self) -> str:
        """Hash over every parent and child, in the order of their numbers."""
        digest = hashlib.sha256(repr(self._next_child_id).encode())
        for parent_id in sorted(self.parents):
            digest.update(_parent_bytes(self.parents[parent_id]))
        for child_id in sorted(self.children):
            digest.update(_child_bytes(self.children[child_id]))
        return digest.hexdigest()


def is_overfilled(parent: Parent) -> bool:
    """True if the market gave more than the client asked for."""
    return parent.filled_shares > parent.size_shares


def shares_still_free(parent: Parent, held_shares: int) -> Shares:
    """What may be sent now: leaves that no live child covers and no doubt holds."""
    return Shares(max(0, parent.leaves_shares - held_shares))


def _parent_bytes(parent: Parent) -> bytes:
    facts = (
        parent.order,
        str(parent.state),
        parent.size_shares,
        parent.wanted_shares,
        parent.limit_ticks,
        parent.filled_shares,
        parent.paid_ticks_shares,
        parent.paid_rest_femtos,
        parent.confirmed_limit_ticks,
        parent.doubtful_children,
        parent.fees_usd_micros,
        parent.n_decisions,
        parent.must_complete,
        parent.has_retry_timer,
        parent.is_stopped,
        parent.awaits_cancels,
        parent.is_round_useful,
        parent.n_empty_rounds,
        parent.last_denial,
        parent.obstacle,
        parent.last_reject,
        parent.stop_text,
        parent.arrival_mid_ticks_x2,
        parent.live_children,
    )
    return msgspec.msgpack.encode(facts) + parent.attempts.tobytes()


def _child_bytes(child: Child) -> bytes:
    facts = (
        child.order,
        child.sent_ns,
        child.mid_ticks_x2,
        str(child.state),
        child.size_shares,
        child.filled_shares,
        child.first_fill_ns,
        child.is_acked,
        child.wants_cancel,
        child.is_cancel_asked,
        child.n_cancel_refusals,
        child.stated_shares,
        (child.feared_shares, child.answered_shares),
        list(child.unbooked.items()),
        (child.needs_answer, child.n_asks, child.has_ask_timer, child.was_learned),
        (child.hand_shares, child.busted_shares),
        child.confirmed_ids,
        list(child.replaced_fills.values()),
        list(child.executions.values()),
        child.busted_ids,
        list(child.early_busts.values()),
    )
    return msgspec.msgpack.encode(facts)
