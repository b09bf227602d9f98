"""A market over a day: luck shared by paired runs, memory that stays, books that may be full."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np

from penstock.domain import NS_PER_S, Ns, Side
from penstock.sim import ScriptOp, World
from tests.support.worlds import LIT, OTHER_LIT, Client, plain_day, quiet_market, script

POLICY_STARTS_S = 30
PDRK, PNYA = 1, 3
N_RESTING = 100_000


def takes(client: Client, step: int, mid_ticks: int) -> None:
    """Takes 400 shares at the first exchange, buying and selling in turn."""
    side = Side.BUY if step % 2 else Side.SELL
    client.take(step + 1, PNYA, side, 400, mid_ticks + side * 500)


def rests(client: Client, step: int, mid_ticks: int) -> None:
    """Rests in the dark on one side, at the touch on the other."""
    client.peg(2 * step + 1, PDRK, Side.BUY, 300, mid_ticks + 500)
    client.post(2 * step + 2, PNYA, Side.SELL, 200, mid_ticks + 100)


def test_paired_runs_share_all_luck_and_differ_by_our_orders_only() -> None:
    """
    Two policies, one seed, looked at every second. Until the first order both worlds are the same
    to the bit. After it books and prices differ, while every stream of random numbers, and the
    time of every source's next event, stay the same: so the difference of two policies is theirs.
    """
    day = plain_day(240.0)
    clients = [Client(World(day, 11)), Client(World(day, 11))]
    policies: list[Callable[[Client, int, int], None]] = [takes, rests]
    n_sources = 5 + 5 + 3  # all but the makers' reactions to prints, which draw from no stream
    n_different = 0
    for step in range(int(day.scenario.duration_s) - 1):
        for client, policy in zip(clients, policies, strict=True):
            if step >= POLICY_STARTS_S:
                touch = client.world.state.touches["ticks"][-2:]
                policy(client, step, int(touch.sum()) // 200 * 100)
            client.wait(1.0)
        ours, theirs = (client.world.state for client in clients)
        hashes = {client.world.state_hash() for client in clients}
        n_different += len(hashes) - 1

        np.testing.assert_array_equal(ours.streams, theirs.streams)
        np.testing.assert_array_equal(ours.clocks[:n_sources], theirs.clocks[:n_sources])
        assert step >= POLICY_STARTS_S or 1 == len(hashes), f"differs after {step} s"

    assert n_different > 200
    assert all(client.world.state.world[0]["audit_n"] > 50 for client in clients)


def _resident_bytes() -> int:
    """Now; the peak would be that of whatever test came before."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def test_memory_stays_flat_over_a_day() -> None:
    """
    Six and a half hours, a message at a time: no buffer is longer at the end than after the first
    hour, and the process has not grown by more than what the allocator keeps.
    """
    world = World(plain_day(23_400.0), 2)
    sizes, resident_bytes = [], []
    for until_s in (3_600, 23_400):
        while world.now_ns < world.scenario.start_ns + until_s * NS_PER_S:
            world.advance(Ns(world.now_ns + NS_PER_S))
        sizes.append({name: getattr(world.state, name).nbytes for name in world.state._fields})
        resident_bytes.append(_resident_bytes())

    assert sizes[0] == sizes[1]
    assert resident_bytes[1] - resident_bytes[0] < 16_000_000
    assert world.n_events > 1_000_000


def test_a_hundred_thousand_orders_may_rest() -> None:
    """
    At 500 prices on each side of two exchanges; the books stay whole, a take gets the first 30
    orders of the best price, and 1,000 cancels find their orders.
    """
    market = quiet_market()
    rows = [
        (
            -30.0 + number * 1e-4,
            ScriptOp.ADD,
            (LIT, OTHER_LIT)[number % 2],
            1 - number // 2 % 2 * 2,
            1_000_000 - (1 - number // 2 % 2 * 2) * 100 * (1 + number // 4 % 500),
            100,
            number + 1,
        )
        for number in range(N_RESTING)
    ]
    rows += [
        (5.0, ScriptOp.CANCEL, LIT, 1, 0, 0, 1 + 4 * number + 2_000) for number in range(1_000)
    ]
    client = Client(World(market, 1, script=script(market, rows)))

    assert N_RESTING == client.world.state.head[0]["n_live"]
    assert [] == client.world.problems()

    client.take(1, LIT, Side.BUY, 3_000, 1_000_100)
    client.wait(1.0)
    assert [100] * 30 == [fill.size_shares for fill in client.fills(1)]
    client.wait(10.0)

    assert N_RESTING - 30 - 1_000 == client.world.state.head[0]["n_live"]
    assert [] == client.world.problems()
