"""Laws of the matching engine, for any stream of commands."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.domain import Side
from penstock.sim.matching.engine import Answer, MatchingEngine
from penstock.sim.matching.memory import OrderFlag, OrderTif, Outcome

LAWS = settings(deadline=None, derandomize=True, max_examples=300)


class Enter(NamedTuple):
    """Submit an order."""

    side: Side
    ticks: int
    shares: int
    tif: OrderTif
    flags: OrderFlag
    owner: int
    min_shares: int
    display_shares: int
    venue_idx: int


class Cancel(NamedTuple):
    """Cancel the n-th order so far, counted from the last."""

    back: int


class Replace(NamedTuple):
    """Replace the n-th order so far, counted from the last."""

    back: int
    ticks: int
    shares: int


class Refer(NamedTuple):
    """Tell a venue the quote that its pegs follow."""

    bid_ticks: int
    width: int
    venue_idx: int


Step = Enter | Cancel | Replace | Refer

# Narrow, so that most orders cross; the rest anywhere, so that bands move.
prices = st.one_of(st.integers(995, 1005), st.integers(-1, 1_200), st.integers(1, 2**31 - 1))
sizes = st.one_of(st.integers(1, 20), st.sampled_from([0, -1, 100_000_000, 100_000_001]))
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        Enter,
        side=st.sampled_from(Side),
        ticks=prices,
        shares=sizes,
        tif=st.sampled_from(OrderTif),
        flags=st.sampled_from([OrderFlag(0), *OrderFlag]),
        owner=st.integers(0, 2),
        min_shares=st.sampled_from([0, 0, 0, 5]),
        display_shares=st.sampled_from([0, 0, 0, 1, 4, -1]),
        venue_idx=st.integers(0, 1),
    ),
    st.builds(Cancel, back=st.integers(1, 30)),
    st.builds(Replace, back=st.integers(1, 30), ticks=prices, shares=sizes),
    st.builds(
        Refer,
        bid_ticks=st.one_of(st.integers(994, 1003), st.sampled_from([-1, 0, 2**31 - 1])),
        width=st.integers(-1, 6),
        venue_idx=st.integers(0, 1),
    ),
)
streams = st.lists(steps, max_size=100)


class Run:
    """An engine and all that was ever asked of it, kept in the plainest way."""

    def __init__(self) -> None:
        self.engine = MatchingEngine(increment_ticks=1, n_venues=2, capacity=20, band_levels=8)
        self.handles: list[int] = []
        self.due_shares: Counter[int] = Counter()  # by handle: what must rest under it

    def take(self, step: Step) -> tuple[Answer, int]:
        """Carry out one step. Returns the answer, and what it should have been about in shares."""
        if isinstance(step, Refer):
            return self._refer(step), 0
        if isinstance(step, Enter):
            answer = self.engine.submit(**step._asdict())
            about = 0 if answer.outcome.is_reject else step.shares
        else:
            handle = self.handles[-step.back] if step.back <= len(self.handles) else 0
            open_shares = self.engine.resting_shares(handle)
            if isinstance(step, Cancel):
                answer, about = self.engine.cancel(handle), open_shares
            else:
                answer = self.engine.replace(handle, ticks=step.ticks, shares=step.shares)
                stayed = answer.handle == handle
                about = open_shares if stayed else step.shares
            if answer.outcome.is_reject:
                about = 0
            else:
                del self.due_shares[handle]
        for fill in answer.fills:
            self.due_shares[fill.handle] -= fill.shares
        if answer.handle:
            self.handles.append(answer.handle)
            self.due_shares[answer.handle] = answer.resting_shares
        return answer, about

    def _refer(self, step: Refer) -> Answer:
        """Pegs in reach try: each keeps its handle, and has less by what it traded."""
        told, *tried = self.engine.set_reference(
            venue_idx=step.venue_idx,
            bid_ticks=step.bid_ticks,
            ask_ticks=step.bid_ticks + step.width,
        )
        for answer in tried:
            for fill in answer.fills:
                self.due_shares[fill.handle] -= fill.shares
            if answer.handle:
                self.due_shares[answer.handle] -= answer.filled_shares
            assert answer.filled_shares == sum(fill.shares for fill in answer.fills)
            assert 0 == answer.cancelled_shares
        gone = [handle for handle in self.handles if not self.engine.resting_shares(handle)]
        if any(answer.fills for answer in tried):
            # A peg that filled in whole by trying has no handle in its answer.
            for handle in gone:
                self.due_shares[handle] = 0
        return told


@LAWS
@given(streams)
def test_no_share_is_created_or_lost(stream: list[Step]) -> None:
    """
    asked = filled + resting + cancelled for each command, and every order rests with exactly what
    it was left with less what it traded since; after every command.
    """
    run = Run()

    for step in stream:
        answer, about_shares = run.take(step)

        parts = (answer.filled_shares, answer.resting_shares, answer.cancelled_shares)
        assert about_shares == sum(parts)
        assert answer.filled_shares == sum(fill.shares for fill in answer.fills)
        for handle in run.handles:
            assert run.due_shares[handle] == run.engine.resting_shares(handle)


@LAWS
@given(streams)
def test_the_market_is_whole_after_every_command(stream: list[Step]) -> None:
    """Not crossed, queues linked, aggregates right, every row accounted for: see `problems_of`."""
    run = Run()

    for step in stream:
        run.take(step)

        assert [] == run.engine.problems()


@LAWS
@given(streams)
def test_a_refused_command_changes_nothing(stream: list[Step]) -> None:
    """Whoever sends nonsense must not move the market by it."""
    run = Run()

    for step in stream:
        before = run.engine.state_hash()
        answer, _ = run.take(step)

        if answer.outcome.is_reject or answer.outcome is Outcome.KILLED:
            assert before == run.engine.state_hash()
            assert () == answer.fills


@LAWS
@given(streams)
def test_nobody_trades_beyond_his_limit_out_of_turn_or_with_himself(stream: list[Step]) -> None:
    """Fills come best price first, within the limit, and never between two orders of one owner."""
    run = Run()

    for step in stream:
        answer, _ = run.take(step)

        if isinstance(step, Enter):
            prices_paid = [int(step.side) * fill.ticks for fill in answer.fills]
            assert sorted(prices_paid) == prices_paid
            if not step.flags & OrderFlag.MARKET:
                assert all(price <= int(step.side) * step.ticks for price in prices_paid)
            assert all(fill.owner == 0 or fill.owner != step.owner for fill in answer.fills)


@LAWS
@given(streams)
def test_an_immediate_order_leaves_nothing_and_kill_means_all_or_none(stream: list[Step]) -> None:
    """What the terms say, in every market that a stream can build."""
    run = Run()

    for step in stream:
        answer, _ = run.take(step)

        if isinstance(step, Enter) and not answer.outcome.is_reject:
            if step.tif is not OrderTif.DAY or step.flags & OrderFlag.MARKET:
                assert 0 == answer.handle == answer.resting_shares
            if step.tif is OrderTif.FOK:
                assert answer.filled_shares in {0, step.shares}
            if step.min_shares:
                assert answer.filled_shares == 0 or answer.filled_shares >= step.min_shares


@LAWS
@given(streams)
def test_the_same_commands_give_the_same_market(stream: list[Step]) -> None:
    """Replay to the bit, whatever the memory looked like before."""
    one, other = Run(), Run()
    other.engine.cancel(other.engine.submit(side=Side.BUY, shares=7, ticks=3).handle)

    for step in stream:
        one.take(step)
    for step in stream:
        other.take(step)

    assert one.engine.state_hash() == other.engine.state_hash()


@LAWS
@given(streams)
def test_no_resting_peg_trades_beyond_its_limit(stream: list[Step]) -> None:
    """Wherever the reference goes; replaced ones have the new limit."""
    run = Run()
    limits: dict[int, tuple[int, int]] = {}  # by handle of a peg: its side and limit

    for step in stream:
        answer, _ = run.take(step)

        for fill in answer.fills:
            side, ticks = limits.get(fill.handle, (0, 0))
            assert side * (fill.ticks - ticks) <= 0
        if isinstance(step, Enter) and step.flags & (OrderFlag.MIDPOINT | OrderFlag.PRIMARY):
            limits[answer.handle] = (int(step.side), step.ticks)
        elif isinstance(step, Replace) and answer.handle:
            handle = run.handles[-1 - step.back] if step.back < len(run.handles) else 0
            if handle in limits:
                limits[answer.handle] = (limits[handle][0], step.ticks)
