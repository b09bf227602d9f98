"""Calls, the auctions that end them, and price bands: when a book may not trade freely."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.sim.matching.levels import level_of, next_key
from penstock.sim.matching.memory import (
    MARKET_KEY,
    NO_KEY,
    BookArray,
    FillArray,
    HeadArray,
    LevelArray,
    OrderArray,
)
from penstock.sim.matching.queues import link_order, unlink_order
from penstock.sim.matching.trade import trade

_NOBODY = 0  # as owner of an auction: an order may meet one of its own owner


@inlined
def open_call(books: BookArray, venue_idx: int) -> None:
    """
    From now on orders rest at a venue without trading, until `uncross_book`.

    Pegs sleep in a call, take no part in its auction, and wake at the next reference after it.
    """
    for book in (venue_idx * 2, venue_idx * 2 + 1):
        books[book].in_call = 1
        books[book].reference_key = 0
        books[book].peg_key2 = NO_KEY


@kernel
def uncross_book(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray, venue_idx: int,
    reference_ticks: int, out_fills: FillArray, n_fills: int,
) -> tuple[int, int, int]:  # fmt: skip
    """
    End a call: trade as much as can be at one price, and let the book trade freely again.

    The price is the one at which most shares can trade; of those, where the least is left over; of
    those, nearest to `reference_ticks`; of two, the lower. Each side gets its shares by price, then
    displayed, then time, reserves of icebergs included, as one incoming order would hand them out;
    an order has no single counterparty, so self-match prevention has nothing to prevent.

    Args:
        reference_ticks: a price in ticks; need not be on the increment.
        out_fills: receives one row for each order's share from row `n_fills` on, buys before
            sells, `ticks` the auction's price in all; needs `fills_needed` rows.

    Returns the price in ticks, 0 when nothing traded; the shares that traded, each counted once;
    and the new number of fills. Afterwards the book is not crossed.
    Source: Nasdaq Equity 4, Rule 4752(d)(2), and NYSE Rule 7.35A: maximise, then least imbalance,
        then nearest to a reference price.
    Reference: tests/support/naive_auction.py.
    """
    bids, asks = venue_idx * 2, venue_idx * 2 + 1
    shares, low, high = auction_range(head, books, levels, bids)
    price = 0
    if shares > 0:
        increment_ticks = int(head[0].increment_ticks)
        nearest = reference_ticks // increment_ticks
        if 2 * (reference_ticks - nearest * increment_ticks) > increment_ticks:
            nearest += 1
        price = min(max(nearest, low), high)
        first_fill = n_fills
        _, n_fills, _ = trade(
            head, books, levels, orders, asks, -price, shares, _NOBODY, out_fills, n_fills
        )
        _, n_fills, _ = trade(
            head, books, levels, orders, bids, price, shares, _NOBODY, out_fills, n_fills
        )
        price *= increment_ticks
        for k in range(first_fill, n_fills):
            out_fills[k].ticks = price
    books[bids].in_call = 0
    books[asks].in_call = 0
    return price, shares, n_fills


@inlined
def level_shares(
    head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int
) -> int:  # fmt: skip
    """All shares at one price of a book, hidden ones included; 0 where nothing rests."""
    if key == NO_KEY:
        return 0
    row = level_of(head, books, levels, book, key)
    return int(levels[row].displayed_shares + levels[row].hidden_shares)


@kernel
def auction_range(
    head: HeadArray, books: BookArray, levels: LevelArray, bids: int
) -> tuple[int, int, int]:
    """
    Most shares that can trade at one price, and the prices, in increments, that leave least over.

    Bids are taken from the best down and asks from the best up, while they cross. Where either
    stops is the range in which as much can trade; what is left at and inside its ends is the
    imbalance, which falls as the price rises, so the least of it is at one stretch of prices.

    Returns shares, lowest and highest price; where no shares trade, the prices mean nothing.
    """
    asks = bids + 1
    bid, ask = int(books[bids].best_key), int(books[asks].best_key)
    bid_left = level_shares(head, books, levels, bids, bid)
    ask_left = level_shares(head, books, levels, asks, ask)
    shares = 0
    low, high = 0, 0
    while bid + ask >= 0:
        traded = min(bid_left, ask_left)
        shares += traded
        bid_left -= traded
        ask_left -= traded
        high, low = bid, -ask
        if bid_left == 0:
            bid = int(next_key(head, books, levels, bids, bid))
            bid_left = level_shares(head, books, levels, bids, bid)
        if ask_left == 0:
            ask = int(next_key(head, books, levels, asks, ask))
            ask_left = level_shares(head, books, levels, asks, ask)
    # Above what is left of the bids and below what is left of the asks nothing is over. Where there
    # is no such price, one of the two stays over: the smaller one, and as little else as can be.
    if max(low, bid + 1) > min(high, -ask - 1):
        bid_stays = bid >= low and (-ask > high or bid_left <= ask_left)
        ask_stays = -ask <= high and (bid < low or ask_left <= bid_left)
        if not ask_stays:
            high = min(high, bid)
        elif not bid_stays:
            low = max(low, -ask)
        if bid_stays:
            bid = int(next_key(head, books, levels, bids, bid))
        if ask_stays:
            ask = int(next_key(head, books, levels, asks, ask))
    return shares, max(low, bid + 1), min(high, -ask - 1)


@kernel
def set_band(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray, venue_idx: int,
    low_ticks: int, high_ticks: int,
) -> int:  # fmt: skip
    """
    Let nothing trade at a venue outside `low_ticks` to `high_ticks`, from now on; 0 is no limit.

    A bid above the band, or an offer below it, counts as one at its edge: an order that comes in
    trades up to there, and what is left rests there or, where it may not rest, is cancelled. Those
    that rest already are moved there, best first, behind who is there, and keep their handles.
    Pegs stay asleep or in place, and trade inside the band only.

    Returns the number of orders moved.
    Source: LULD Plan, section VI, and the exchanges' rules on repricing under it (Nasdaq Equity 4,
        Rule 4120; Cboe BZX Rule 11.18(e)).
    """
    increment_ticks = int(head[0].increment_ticks)
    n_moved = 0
    for side in range(2):
        book = venue_idx * 2 + side
        limit_ticks = high_ticks if side == 0 else low_ticks
        cap_key = MARKET_KEY
        if limit_ticks > 0:
            cap_key = limit_ticks // increment_ticks
            if side == 1:
                cap_key = (-limit_ticks) // increment_ticks
        books[book].cap_key = cap_key
        while books[book].best_key > cap_key:
            row = level_of(head, books, levels, book, int(books[book].best_key))
            slot = int(levels[row].head)
            if slot == 0:
                slot = int(levels[row].hidden_head)
            move_order(head, books, levels, orders, slot, cap_key)
            n_moved += 1
    return n_moved


@kernel
def move_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray, slot: int, key: int
) -> None:
    """Give a resting order another price, at the end of the queue there, under the same handle."""
    book, flags = int(orders[slot].book), int(orders[slot].flags)
    shares = int(orders[slot].shares) + int(orders[slot].reserve_shares)
    owner, display_shares = int(orders[slot].owner), int(orders[slot].display_shares)
    generation = orders[slot].generation
    unlink_order(head, books, levels, orders, slot)
    # The row that was freed last is the one that is used next, so this is the same slot.
    link_order(head, books, levels, orders, book, key, shares, flags, owner, display_shares)
    orders[slot].generation = generation
