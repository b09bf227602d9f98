"""The quotes that lit venues see: what pegs follow, each venue with its own delay."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.sim.codes import FAR, NBBO_HISTORY, RETRY
from penstock.sim.layout import Int64s, Rows
from penstock.sim.matching.pegs import next_in_reach, set_reference

# Rows of `intents` that stay free for what else one event asks.
_ROWS_BESIDES = 16


@inlined
def next_untold(world: Rows, venues: Rows, venue_idx: int) -> int:
    """Number of the oldest change of the NBBO that a venue does not know and we still do."""
    return max(int(venues[venue_idx].n_told), int(world[0].n_nbbo) - NBBO_HISTORY)


@kernel
def tell_references(
    params: Rows, world: Rows, venues: Rows, nbbo: Rows, head: Rows, books: Rows, orders: Rows,
    refs: Int64s, intents: Rows, now_ns: int,
) -> None:  # fmt: skip
    """
    Tell each lit venue the NBBO of its delay ago, and ask for the pegs that it brings in reach.

    Those try once: buyers first, then sellers, earlier ones first. In a flood that leaves no room
    for more of them, the others wait for the next move.
    """
    news_ns = int(FAR)
    for venue_idx in range(len(venues)):
        if venues[venue_idx].is_lit == 0:
            continue
        change = next_untold(world, venues, venue_idx)
        seen_ns = now_ns - venues[venue_idx].nbbo_delay_ns
        has_moved = False
        while change < world[0].n_nbbo and nbbo[change % NBBO_HISTORY].time_ns <= seen_ns:
            change += 1
            has_moved = True
        venues[venue_idx].n_told = change
        if change < world[0].n_nbbo:
            due_ns = nbbo[change % NBBO_HISTORY].time_ns + venues[venue_idx].nbbo_delay_ns
            news_ns = min(news_ns, int(due_ns))
        if has_moved:
            last = (change - 1) % NBBO_HISTORY
            set_reference(head, books, venue_idx, nbbo[last].bid_ticks, nbbo[last].ask_ticks)
            for column in range(2):
                retry_in_reach(params, world, books, orders, refs, intents, venue_idx, column)
    world[0].news_ns = news_ns


@kernel
def retry_in_reach(
    params: Rows, world: Rows, books: Rows, orders: Rows, refs: Int64s, intents: Rows,
    venue_idx: int, column: int,
) -> None:  # fmt: skip
    """Ask for another try of each peg of one side that reaches what rests on the other."""
    slot = next_in_reach(books, orders, venue_idx * 2 + column, 0)
    while slot != 0 and world[0].n_intents + _ROWS_BESIDES < len(intents):
        i = world[0].n_intents
        world[0].n_intents = i + 1
        ref = refs[slot]
        intents[i].kind = RETRY
        intents[i].venue_idx = venue_idx
        intents[i].side = 1 - 2 * column
        intents[i].ticks = 0
        intents[i].shares = 0
        intents[i].ref = ref
        # What we trade is news to the market, what the background trades at the midpoint is not.
        intents[i].permanent_frac = 1.0 if ref >= params[0].first_child_ref else 0.0
        slot = next_in_reach(books, orders, venue_idx * 2 + column, slot)
