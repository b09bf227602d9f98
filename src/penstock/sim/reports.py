"""What venues tell us about our orders, delayed, and the truth about our executions."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.sim.codes import ACK_NS, DONE, FILL
from penstock.sim.feed import latency_ns
from penstock.sim.layout import Rows, Tables
from penstock.sim.price import reference_ticks


@inlined
def next_report(
    world: Rows, venues: Rows, tables: Tables, reports: Rows, venue_idx: int, now_ns: int
) -> int:
    """
    Make room for one report to us and return its row, times filled in, the rest to be written.

    Reports wait sorted by time of receipt until they have arrived. Those of one venue never
    overtake each other, and what happens at one moment arrives at one moment.
    """
    recv_ns = max(
        now_ns + latency_ns(venues, tables, venue_idx, ACK_NS, now_ns),
        venues[venue_idx].ack_recv_ns,
    )
    venues[venue_idx].ack_recv_ns = recv_ns
    i: int = world[0].reports_n
    world[0].reports_n = i + 1
    lo = world[0].reports_lo
    while i > lo and reports[i - 1].recv_ns > recv_ns:
        reports[i] = reports[i - 1]
        i -= 1
    reports[i].recv_ns = recv_ns
    reports[i].event_ns = now_ns
    reports[i].venue_idx = venue_idx
    return i


@kernel
def tell(
    world: Rows, venues: Rows, tables: Tables, reports: Rows,
    venue_idx: int, kind: int, child_id: int, ticks: int, shares: int, reason: int, now_ns: int,
) -> None:  # fmt: skip
    """Report anything but a fill; `ticks` and `shares` matter for REPLACED only."""
    i = next_report(world, venues, tables, reports, venue_idx, now_ns)
    reports[i].kind = kind
    reports[i].child_id = child_id
    reports[i].price_ticks = ticks
    reports[i].shares = shares
    reports[i].exec_no = 0
    reports[i].liquidity = 0
    reports[i].reason = reason


@kernel
def tell_fill(
    params: Rows, world: Rows, venues: Rows, tables: Tables, children: Rows, reports: Rows,
    audit: Rows, child: int, ticks: int, shares: int, liquidity: int,
    permanent_ticks: float, transient_ticks: float, now_ns: int,
) -> None:  # fmt: skip
    """
    One execution of one of our orders: to us as a report, to the audit with the truth.

    Call it before the execution moves the price: the audit keeps M* as it stood just before.
    """
    venue_idx = children[child].venue_idx
    child_id = children[child].child_id
    exec_no = venues[venue_idx].n_execs + 1
    venues[venue_idx].n_execs = exec_no
    children[child].filled_shares += shares
    if children[child].filled_shares >= children[child].size_shares:
        children[child].state = DONE
    row = world[0].audit_n
    world[0].audit_n = row + 1
    audit[row].time_ns = now_ns
    audit[row].child_id = child_id
    audit[row].exec_no = exec_no
    audit[row].venue_idx = venue_idx
    audit[row].side = children[child].side
    audit[row].price_ticks = ticks
    audit[row].size_shares = shares
    audit[row].liquidity = liquidity
    audit[row].reference_ticks = reference_ticks(params, world)
    audit[row].permanent_ticks = permanent_ticks
    audit[row].transient_ticks = transient_ticks
    i = next_report(world, venues, tables, reports, venue_idx, now_ns)
    reports[i].kind = FILL
    reports[i].child_id = child_id
    reports[i].price_ticks = ticks
    reports[i].shares = shares
    reports[i].exec_no = exec_no
    reports[i].liquidity = liquidity
    reports[i].reason = 0
