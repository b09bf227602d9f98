"""The slow, obvious auction and price band, on the slow, obvious market."""

from __future__ import annotations

from typing import NamedTuple

from penstock.sim.matching.memory import CommandKind
from tests.support.naive_matching import NaiveFill, NaiveMarket, Row


class NaiveAuction(NamedTuple):
    """Price (0 for none), shares, and what each order got, buys before sells."""

    ticks: int
    shares: int
    fills: tuple[NaiveFill, ...]


def uncross(market: NaiveMarket, venue_idx: int, reference_ticks: int) -> NaiveAuction:
    """Try every price that could be it, and hand each side its shares."""
    market.in_call.discard(venue_idx)
    ticks, shares = clearing_price(market, venue_idx, reference_ticks)
    if shares == 0:
        return NaiveAuction(0, 0, ())
    fills: list[NaiveFill] = []
    for side in (-1, 1):  # who sells to the auction takes from the bids
        row = Row(
            target=-1, ticks=ticks, shares=shares, min_shares=0, display_shares=0,
            kind=CommandKind.SUBMIT, side=side, tif=1, flags=0, venue_idx=venue_idx, owner=0,
        )  # fmt: skip
        parts, left, _ = market._trade(row)
        assert left == 0
        fills += [fill._replace(ticks=ticks) for fill in parts]
    return NaiveAuction(ticks, shares, tuple(fills))


def clearing_price(market: NaiveMarket, venue_idx: int, reference_ticks: int) -> tuple[int, int]:
    """Most shares, then least imbalance, then nearest to the reference, then lowest."""
    step = market.increment_ticks
    floor = reference_ticks // step * step
    limits = {ticks for side in (1, -1) for ticks in market.levels[venue_idx, side]}
    # Supply and demand change only at limits: a best price is one, beside one, or the reference.
    tried = {ticks + d for ticks in limits for d in (-step, 0, step)} | {floor, floor + step}
    ranked = []
    for ticks in tried:
        wanted, offered = (
            at_or_better(market, venue_idx, 1, ticks),
            at_or_better(market, venue_idx, -1, ticks),
        )
        shares = min(wanted, offered)
        ranked.append((-shares, abs(wanted - offered), abs(ticks - reference_ticks), ticks))
    best = min(ranked, default=(0, 0, 0, 0))
    return (best[3], -best[0]) if best[0] else (0, 0)


def at_or_better(market: NaiveMarket, venue_idx: int, side: int, ticks: int) -> int:
    """Shares that would trade at a price on one side."""
    return sum(
        order.open_shares
        for at, level in market.levels[venue_idx, side].items()
        if side * (at - ticks) >= 0
        for order in level
    )


def set_band(market: NaiveMarket, venue_idx: int, low_ticks: int, high_ticks: int) -> None:
    """Bids count at most as `high_ticks`, offers at least as `low_ticks`; 0 is no limit."""
    step = market.increment_ticks
    for side, edge_ticks in ((1, high_ticks // step * step), (-1, -(-low_ticks // step) * step)):
        market.band.pop((venue_idx, side), None)
        if edge_ticks == 0:
            continue
        market.band[venue_idx, side] = edge_ticks
        levels = market.levels[venue_idx, side]
        outside = [ticks for ticks in levels if side * (ticks - edge_ticks) > 0]
        for ticks in sorted(outside, reverse=side == 1):
            for order in tuple(levels[ticks]):
                market.move(order, edge_ticks)
