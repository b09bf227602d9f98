"""Random markets for routing, drawn once and built twice: for the kernels and for the reference."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from penstock.domain import Bps, Exclusion, Ns, Side, Tactic, Venue, VenueKind
from penstock.routing import BaselineConfig, Pace, RoutingConfig
from tests.support.naive_routing import NaiveDecision, NaiveRow, NaiveVenue
from tests.support.routing_frames import (
    AGE_NS,
    HORIZON_NS,
    NOW,
    Desk,
    Quote,
    ask,
    bid,
    expect,
    halted,
    lit,
    lost,
    pool,
    universe,
)

MASKS = (
    Exclusion.VENUE_DOWN,
    Exclusion.VENUE_OFF,
    Exclusion.FEED_STALE,
    Exclusion.THROTTLE,
    Exclusion.IN_USE,
    Exclusion.LIMIT_BREACH,
)
KINDS = (
    VenueKind.EXCHANGE,
    VenueKind.DARK,
    VenueKind.EXCHANGE,
    VenueKind.ECN,
    VenueKind.INTERNAL,
)
LOT = 100
INCREMENT = 100
MIDDLE = 1_000_000  # prices are this many ticks and a few increments


@dataclass
class Market:
    """What a decision is about."""

    venues: list[NaiveVenue]
    masks: list[Exclusion]  # per row
    last_sent_ns: list[int]  # per row
    parts: list[tuple[float, float, float, float]]  # per row
    config: RoutingConfig
    side: Side
    route_shares: int
    parent_shares: int
    worst_ticks: int
    must_complete: bool
    urgency_frac: float
    weights: tuple[float, float, float, float]
    waterfall: list[int]

    @property
    def nbbo(self) -> tuple[int, int] | None:
        """Protected touch, None where it is locked, crossed or one-sided."""
        shown = [v for v in self.venues if v.is_protected and v.is_valid and not v.is_halted]
        bids = [v.bids[0][0] for v in shown if v.bids]
        asks = [v.asks[0][0] for v in shown if v.asks]
        if not bids or not asks or max(bids) >= min(asks):
            return None
        return max(bids), min(asks)

    def desk(self) -> Desk:
        """The market as the kernels see it, situated and built."""
        desk = Desk(
            universe(*(self._venue(i) for i in range(len(self.venues))), lot=LOT),
            [m for i in range(len(self.venues)) for m in self._quotes(i)],
            self.config,
        )
        desk.situate(
            side=self.side,
            route_shares=self.route_shares,
            parent_shares=self.parent_shares,
            worst_ticks=self.worst_ticks,
            must_complete=self.must_complete,
            urgency_frac=self.urgency_frac,
            weights=self.weights,
        )
        desk.rows["excluded"] = [int(mask) for mask in self.masks]
        desk.rows["last_sent_ns"] = self.last_sent_ns
        for r, (slippage, fill, seconds, leakage) in enumerate(self.parts):
            expect(desk.frame, r, slippage=slippage, fill=fill, seconds=seconds, leakage=leakage)
        desk.build()
        return desk

    def decision(self) -> NaiveDecision:
        """The market as the reference sees it, situated; rows not yet built."""
        rows = [
            NaiveRow(
                venue=r // 3,
                tactic=Tactic(r % 3),
                excluded=self.masks[r],
                last_sent_ns=self.last_sent_ns[r],
            )
            for r in range(3 * len(self.venues))
        ]
        return NaiveDecision(
            venues=self.venues,
            rows=rows,
            config=self.config,
            lot=LOT,
            side=int(self.side),
            route_shares=self.route_shares,
            parent_shares=self.parent_shares,
            worst_ticks=self.worst_ticks,
            increment_ticks=INCREMENT,
            now_ns=NOW,
            arrival_ns=NOW - AGE_NS,
            deadline_ns=NOW + HORIZON_NS,
            must_complete=self.must_complete,
            urgency_frac=self.urgency_frac,
            weights=self.weights,
            nbbo=self.nbbo,
        )

    def waterfall_array(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The list as the policies take it."""
        return np.array(self.waterfall, np.int64)

    def _venue(self, i: int) -> Venue:
        v = self.venues[i]
        if not v.kind.is_lit:
            return pool(i, kind=v.kind, fee=v.fees[Tactic.MID], min_shares=v.min_shares)
        return lit(
            i,
            kind=v.kind,
            take=v.fees[Tactic.TAKE],
            make=v.fees[Tactic.POST],
            protected=v.is_protected,
            min_shares=v.min_shares,
        )

    def _quotes(self, i: int) -> list[Quote]:
        v = self.venues[i]
        quotes = [bid(i, MIDDLE, 0)]  # a feed that never spoke is not to be believed
        quotes += [bid(i, ticks, shares) for ticks, shares in v.bids]
        quotes += [ask(i, ticks, shares) for ticks, shares in v.asks]
        if v.is_halted:
            quotes.append(halted(i))
        if not v.is_valid:
            quotes.append(lost(i))
        return quotes


def _seldom(draw: st.DrawFn, odds: int) -> bool:
    """True once in so many times; False is the simpler case, to which examples shrink."""
    return draw(st.integers(1, odds)) == odds


def _levels(draw: st.DrawFn, first_ticks: int, step: int) -> list[tuple[int, int]]:
    n = draw(st.sampled_from([3, 1, 2, 4, 0]))
    steps = sorted(draw(st.sets(st.integers(0, 4), min_size=n, max_size=n)))
    return [
        (
            first_ticks + step * INCREMENT * k,
            draw(st.integers(1, 12)) * draw(st.sampled_from([37, 100])),
        )
        for k in steps
    ]


@st.composite
def venues(draw: st.DrawFn) -> NaiveVenue:
    """A pool, or a lit venue with up to four levels a side."""
    kind = draw(st.sampled_from(KINDS))
    min_shares = draw(st.sampled_from([1, 1, 1, 1, 1, 200]))
    is_halted = _seldom(draw, 15)
    fee = draw(st.sampled_from([-2_000.0, 0.0, 1_000.0, 3_000.0]))
    if not kind.is_lit:
        fees = {Tactic.TAKE: 0.0, Tactic.MID: fee, Tactic.POST: 0.0}
        return NaiveVenue(kind, False, fees, min_shares, is_halted=is_halted)
    fees = {Tactic.TAKE: fee, Tactic.MID: 0.0, Tactic.POST: -fee}
    shift = draw(st.sampled_from([0, 0, 0, 0, -1, 1])) * INCREMENT
    return NaiveVenue(
        kind,
        is_protected=not _seldom(draw, 5),
        fees=fees,
        min_shares=min_shares,
        bids=_levels(draw, MIDDLE + shift, -1),
        asks=_levels(draw, MIDDLE + shift + INCREMENT * draw(st.integers(1, 3)), 1),
        is_valid=not _seldom(draw, 15),
        is_halted=is_halted,
    )


paces = st.builds(
    Pace,
    take_share_frac=st.sampled_from([1.0, 0.1, 0.4]),
    take_gap_ns=st.sampled_from([Ns(0), Ns(5_000_000_000)]),
    take_after_frac=st.sampled_from([0.0, 0.01, 0.5]),
    patience_s=st.sampled_from([0.0, 0.0, 20.0, 60.0]),
    patient_bps=st.sampled_from([-5.0, 0.0, 5.0]),
)


@st.composite
def configs(draw: st.DrawFn) -> RoutingConfig:
    """Settings that differ where it matters."""
    return RoutingConfig(
        max_take_levels=draw(st.integers(1, 3)),
        mid_rest_ns=draw(st.sampled_from([Ns(0), Ns(2_000_000_000)])),
        mid_share_frac=draw(st.sampled_from([0.25, 0.5, 1.0])),
        post_share_frac=draw(st.sampled_from([0.1, 0.25, 1.0])),
        post_improves=draw(st.booleans()),
        margin_bps=draw(st.sampled_from([Bps(0.0), Bps(0.05), Bps(0.5)])),
        patience_s=draw(st.sampled_from([0.0, 0.0, 20.0, 100.0])),
        patient_bps=draw(st.sampled_from([Bps(0.0), Bps(-0.5), Bps(1.0)])),
        baseline=BaselineConfig(pace=draw(paces)),
    )


finite = st.floats(-3.0, 3.0, allow_subnormal=False)
parts = st.tuples(
    finite,
    st.one_of(st.just(0.0), st.floats(0.01, 1.0)),
    st.floats(0.0, 5.0, allow_subnormal=False),
    st.floats(-0.05, 1.0, allow_subnormal=False),
)


@st.composite
def markets(draw: st.DrawFn, *, must_complete: bool | None = None) -> Market:
    """Up to six venues of all kinds, with quotes, masks, memories, expectations and an order."""
    chosen = draw(st.lists(venues(), min_size=3, max_size=6))
    n_rows = 3 * len(chosen)
    side = draw(st.sampled_from(Side))
    route = draw(st.sampled_from([20, 10, 40, 3, 1])) * draw(st.sampled_from([100, 50, 1]))
    distance = draw(st.sampled_from([100_000, 200, 300, 100_000, 100, 50, 0, -50, 100_000, -200]))
    offered = [r for r in range(n_rows) if (r % 3 == Tactic.MID) is not chosen[r // 3].kind.is_lit]
    ages = [0, 0, 0, NOW - 3_000_000_000, NOW - 1_000_000, NOW - 3_000_000_000, NOW - 9_000_000_000]
    return Market(
        venues=chosen,
        masks=[draw(st.sampled_from((Exclusion.USABLE,) * 44 + MASKS)) for _ in range(n_rows)],
        last_sent_ns=[draw(st.sampled_from(ages)) for _ in range(n_rows)],
        parts=[draw(parts) for _ in range(n_rows)],
        config=draw(configs()),
        side=side,
        route_shares=route,
        parent_shares=route + draw(st.integers(0, 20)) * 100,
        worst_ticks=MIDDLE + int(side) * distance,
        must_complete=_seldom(draw, 4) if must_complete is None else must_complete,
        urgency_frac=draw(st.sampled_from([0.0, 0.5, 1.0])),
        weights=draw(st.sampled_from([(1.0, 1.0, 0.0, 1.0), (1.0, 5.0, 1.0, 0.5)])),
        waterfall=draw(st.permutations(offered)),
    )
