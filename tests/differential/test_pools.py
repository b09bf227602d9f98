"""The pool's kernels against its rules written down plainly, over random commands."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.domain import TapeKind
from penstock.sim import World
from penstock.sim.codes import POOL_DEPTH
from penstock.sim.layout import WorldState
from penstock.sim.matching.memory import DAY, IOC
from penstock.sim.pools import enter_pool, leave_pool, look_for_crosses
from tests.support.naive_pool import Hidden, NaivePool
from tests.support.worlds import POOL, quiet_market

N_COMMANDS = 30_000
OURS_FROM = 1_000_000  # refs from here up are our children
N_CHILDREN = 1_000  # rows in use, one after the other
NO_LEAK = 0.0
MID = 1_000_050


class Pool:
    """One pool of a quiet world, called as the world calls it."""

    def __init__(self, *, by_size: bool) -> None:
        self.state: WorldState = World(quiet_market(), 1).state
        self.state.params["first_child_ref"] = OURS_FROM
        self.state.venues[POOL]["has_size_priority"] = by_size
        self.state.children["size_shares"] = 2**40
        self.now_ns = int(self.state.world[0]["now_ns"]) + 10**9
        self.show(0)

    def show(self, mid: int) -> None:
        """From now on this is the midpoint of the NBBO; 0 for a one-sided one."""
        self.state.nbbo[0] = (0, mid - 50, mid + 50) if mid else (0, 0, 0)
        self.state.world["n_nbbo"] = 1

    def begin(self, child_side: int, ref: int) -> None:
        """Another moment, with empty buffers, and the child if it is one of ours."""
        self.now_ns += 1_000
        for name in ("tape_n", "tape_lo", "tape_ready", "reports_n", "reports_lo", "audit_n"):
            self.state.world[name] = 0
        if ref >= OURS_FROM:
            self.state.children[ref - OURS_FROM]["side"] = child_side
            self.state.children[ref - OURS_FROM]["venue_idx"] = POOL

    def trades(self) -> list[tuple[int, int]]:
        """Prints since `begin`."""
        tape = self.state.tape[: int(self.state.world[0]["tape_n"])]
        assert (tape["kind"] == TapeKind.TRADE).all()
        return [(int(row["price_ticks"]), int(row["shares"])) for row in tape]

    def resting(self, side: int) -> list[tuple[int, ...]]:
        """Ref, shares, minimum and limit of what rests on a side, oldest first."""
        book = POOL * 2 + (1 - side) // 2
        first = book * POOL_DEPTH
        return [
            tuple(row)
            for row in self.state.interest[first:][: self.state.n_interest[book]].tolist()
        ]


@pytest.mark.parametrize("by_size", [False, True], ids=["time", "size"])
def test_a_pool_does_what_its_rules_say(by_size: bool) -> None:
    """Same trades in the same order, same leftovers, same orders at rest, after each command."""
    rng = np.random.default_rng(20260302)
    pool, naive = Pool(by_size=by_size), NaivePool(by_size=by_size)
    n_trades = n_after_a_move = 0
    for number in range(N_COMMANDS):
        what, side = rng.random(), int(rng.choice([1, -1]))
        is_ours = rng.random() < 0.3
        ref = OURS_FROM + number % N_CHILDREN if is_ours else number
        pool.begin(side, ref)
        naive.trades = []
        expected = found = 0
        if what < 0.7:
            shares = int(rng.choice([1, 50, 100, 200, 300, 500, 1_000]))
            minimum = int(rng.choice([0, 0, 100, 250, 500]))
            limit = int(rng.choice([0, MID - 50, MID, MID + 50]))
            is_day = rng.random() < 0.7
            order = Hidden(ref=ref, shares=shares, min_shares=minimum, limit=limit, is_ours=is_ours)
            expected = naive.enter(order, side, is_day=bool(is_day))
            found = enter_pool(
                pool.state, POOL, side, ref, shares, minimum, limit, DAY if is_day else IOC,
                NO_LEAK, pool.now_ns,
            )  # fmt: skip
        elif what < 0.85 and naive.resting[side]:
            ref = naive.resting[side][int(rng.integers(len(naive.resting[side])))].ref
            expected = naive.leave(ref, side)
            found = leave_pool(pool.state, POOL, side, ref)
        else:
            naive.mid = int(rng.choice([0, MID - 50, MID, MID + 50]))
            pool.show(naive.mid)
            naive.try_again()
            look_for_crosses(pool.state, POOL, pool.now_ns)
            n_after_a_move += len(naive.trades)
        n_trades += len(naive.trades)

        assert expected == found, f"command {number}"
        assert naive.trades == pool.trades(), f"command {number}"
        for one in (1, -1):
            assert [
                (order.ref, order.shares, order.min_shares, order.limit)
                for order in naive.resting[one]
            ] == pool.resting(one), f"command {number}"

    assert n_trades > N_COMMANDS / 5
    assert n_after_a_move > 100


def pool_after_an_outage() -> Pool:
    """Two buys of ours and two sells came to rest while there was no midpoint; now it is back."""
    pool = Pool(by_size=False)
    pool.show(MID)
    look_for_crosses(pool.state, POOL, pool.now_ns)
    pool.show(0)
    for side, ref, shares in (
        (1, OURS_FROM, 300), (1, OURS_FROM + 1, 200), (-1, 1, 300), (-1, 2, 200),
    ):  # fmt: skip
        pool.begin(side, ref)
        gone = enter_pool(pool.state, POOL, side, ref, shares, 0, 0, DAY, NO_LEAK, pool.now_ns)
        assert (0, []) == (gone, pool.trades())
    pool.show(MID)
    pool.begin(1, 0)
    return pool


def test_who_came_while_nothing_could_trade_is_tried_when_the_same_midpoint_is_back() -> None:
    """It has not moved since the pool last looked, but those who rest have changed."""
    pool = pool_after_an_outage()
    look_for_crosses(pool.state, POOL, pool.now_ns)

    assert [(MID, 300), (MID, 200)] == pool.trades()


def test_executions_of_one_moment_are_one_piece_of_news() -> None:
    """Two orders of ours are filled at once; the price is told of it once."""
    pool = pool_after_an_outage()
    pool.state.params["is_generated"] = 1
    venue = pool.state.venues[POOL : POOL + 1]
    venue["leak_prob"], venue["leak_min_ticks"], venue["leak_max_ticks"] = 1.0, 70.0, 70.0
    look_for_crosses(pool.state, POOL, pool.now_ns)

    assert 2 == len(pool.trades())
    assert 70.0 == pool.state.world[0]["unreleased_ticks"]
