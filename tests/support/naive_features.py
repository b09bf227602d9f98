"""Features from their definitions: plain Python over the whole list of messages."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from penstock.domain import (
    N_TACTICS,
    ROW_DTYPE,
    SITUATION_DTYPE,
    Instrument,
    Ns,
    RowArray,
    Shares,
    SituationArray,
    Tactic,
    TapeArray,
    TapeFlag,
    TapeKind,
    Ticks,
    TradingDay,
    Universe,
    Venue,
    VenueKind,
    empty_tape,
)
from penstock.features import ScorecardConfig

GRID_NS = 100_000_000
MINUTE_NS = 60_000_000_000
BID, ASK = 1, -1


class Message(NamedTuple):
    """One tape message."""

    recv_ns: int
    kind: TapeKind
    instrument_idx: int = 0
    venue_idx: int = 0
    side: int = 0
    price_ticks: int = 0
    shares: int = 0
    flags: int = 0


class Quote(NamedTuple):
    """The NBBO after one message; only valid ones have prices that mean something."""

    recv_ns: int
    is_valid: bool
    bid_ticks: int = 0
    ask_ticks: int = 0
    bid_shares: int = 0
    ask_shares: int = 0
    n_bid_venues: int = 0
    n_ask_venues: int = 0

    @property
    def mid_x2(self) -> int:
        """Half ticks."""
        return self.bid_ticks + self.ask_ticks


@dataclass
class NaiveMarket:
    """One instrument's market: every message applied to dicts, every NBBO remembered."""

    universe: Universe
    instrument_idx: int
    messages: Sequence[Message]
    depth: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)  # (venue, side)
    broken: set[int] = field(default_factory=set)
    quotes: list[Quote] = field(default_factory=list)
    valid: list[Quote] = field(default_factory=list)
    trades: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        for venue in self.universe.venues:
            self.depth[venue.venue_idx, BID] = {}
            self.depth[venue.venue_idx, ASK] = {}
        for message in self.messages:
            if message.instrument_idx == self.instrument_idx:
                self._apply(message)
                self.quotes.append(self._nbbo(message.recv_ns))
        self.valid = [quote for quote in self.quotes if quote.is_valid]

    def _apply(self, m: Message) -> None:
        if m.kind is TapeKind.LEVEL:
            levels = self.depth[m.venue_idx, m.side]
            levels.pop(m.price_ticks, None)
            if m.shares > 0:
                levels[m.price_ticks] = m.shares
        elif m.kind is TapeKind.CLEAR:
            self.depth[m.venue_idx, BID].clear()
            self.depth[m.venue_idx, ASK].clear()
            self.broken.add(m.venue_idx)  # until the snapshot that follows is whole
        elif m.kind is TapeKind.SNAPSHOT_END:
            self.broken.discard(m.venue_idx)
        elif m.kind is TapeKind.GAP:
            self.broken.add(m.venue_idx)
        elif m.kind is TapeKind.TRADE:
            self.trades.append(m)

    def venues_with_depth(self) -> list[int]:
        """Venues whose books are believed."""
        return [v.venue_idx for v in self.universe.venues if v.venue_idx not in self.broken]

    def _nbbo(self, recv_ns: int) -> Quote:
        protected = [v for v in self.venues_with_depth() if self.universe.venues[v].is_protected]
        bids = [(max(d), d[max(d)]) for v in protected if (d := self.depth[v, BID])]
        asks = [(min(d), d[min(d)]) for v in protected if (d := self.depth[v, ASK])]
        if not bids or not asks or max(bids)[0] >= min(asks)[0]:
            return Quote(recv_ns, is_valid=False)
        bid, ask = max(bids)[0], min(asks)[0]
        bid_sizes = [shares for ticks, shares in bids if ticks == bid]
        ask_sizes = [shares for ticks, shares in asks if ticks == ask]
        return Quote(
            recv_ns, True, bid, ask, sum(bid_sizes), sum(ask_sizes), len(bid_sizes), len(ask_sizes)
        )

    def best_prices(self, side: int, n_prices: int) -> int:
        """Shares at the best `n_prices` prices of all venues together."""
        merged: dict[int, int] = {}
        for venue_idx in self.venues_with_depth():
            for ticks, shares in self.depth[venue_idx, side].items():
                merged[ticks] = merged.get(ticks, 0) + shares
        best = sorted(merged, reverse=side == BID)[:n_prices]
        return sum(merged[ticks] for ticks in best)

    def shares_within(self, venue_idx: int, side: int, worst_ticks: int) -> int:
        """Shares at a venue at a price or better."""
        if venue_idx in self.broken:
            return 0
        levels = self.depth[venue_idx, side].items()
        return sum(shares for ticks, shares in levels if side * (ticks - worst_ticks) >= 0)

    # What the windows are, by definition.

    def valid_before(self, t_ns: int) -> Quote | None:
        """The last valid NBBO from messages received before `t_ns`."""
        n_before = bisect_left(self.valid, t_ns, key=lambda quote: quote.recv_ns)
        return self.valid[n_before - 1] if n_before else None

    def mid_x2_before(self, t_ns: int) -> int:
        """Its midpoint, half ticks; 0 if there was none."""
        quote = self.valid_before(t_ns)
        return quote.mid_x2 if quote else 0

    def realised_x2(self, n_slots: int, now_ns: int) -> float:
        """Root of the sum of squared moves over the grid."""
        slot = now_ns // GRID_NS
        path = [self.mid_x2_before(k * GRID_NS) for k in range(slot - n_slots, slot + 1)]
        path.append(self.mid_x2_before(now_ns + 1))
        return math.sqrt(sum((b - a) ** 2 for a, b in pairwise(path) if a > 0))

    def move_x2(self, n_slots: int, now_ns: int) -> int:
        """Move of the midpoint since the start of the slot `n_slots` ago."""
        before = self.mid_x2_before((now_ns // GRID_NS - n_slots) * GRID_NS)
        return self.mid_x2_before(now_ns + 1) - before if before else 0

    def atr_x2(self, now_ns: int) -> float:
        """Wilder's average over one-minute bars of the midpoint."""
        if not self.valid:
            return 0.0
        first, current = self.valid[0].recv_ns // MINUTE_NS, now_ns // MINUTE_NS
        if first == current:
            return self._true_range(current)
        atr = 0.0
        for n_bars, minute in enumerate(range(first, current), start=1):
            atr += (self._true_range(minute) - atr) / min(n_bars, 14)
        return atr

    def _true_range(self, minute: int) -> float:
        mids = [q.mid_x2 for q in self.valid if q.recv_ns // MINUTE_NS == minute]
        last_close = self.mid_x2_before(minute * MINUTE_NS)
        if last_close:
            mids.append(last_close)
        return float(max(mids) - min(mids))

    def _in_window(self, t_ns: int, n_slots: int, now_ns: int) -> bool:
        return t_ns // GRID_NS >= now_ns // GRID_NS - n_slots

    def prints(self) -> list[Message]:
        """Trades that count for pace and flow."""
        not_pace = TapeFlag.SUSPICIOUS | TapeFlag.AUCTION
        return [t for t in self.trades if not t.flags & not_pace and t.shares > 0]

    def volume(self, n_slots: int, now_ns: int) -> int:
        """Shares traded in the window."""
        return sum(t.shares for t in self.prints() if self._in_window(t.recv_ns, n_slots, now_ns))

    def signed_volume(self, n_slots: int, now_ns: int) -> int:
        """Bought minus sold in the window."""
        return sum(
            t.side * t.shares for t in self.prints() if self._in_window(t.recv_ns, n_slots, now_ns)
        )

    def venue_volume(self, venue_idx: int, now_ns: int) -> float:
        """Shares traded at a venue, forgotten with a time constant of 300 s."""
        return sum(
            t.shares * math.exp(-(now_ns - t.recv_ns) / 300e9)
            for t in self.prints()
            if t.venue_idx == venue_idx
        )

    def ofi(self, n_slots: int, now_ns: int) -> int:
        """Sum of e[n] of Cont, Kukanov and Stoikov over pairs of neighbouring valid NBBOs."""
        total = 0
        for a, b in pairwise(self.quotes):
            if a.is_valid and b.is_valid and self._in_window(b.recv_ns, n_slots, now_ns):
                total += b.bid_shares * (b.bid_ticks >= a.bid_ticks)
                total -= a.bid_shares * (b.bid_ticks <= a.bid_ticks)
                total -= b.ask_shares * (b.ask_ticks <= a.ask_ticks)
                total += a.ask_shares * (b.ask_ticks >= a.ask_ticks)
        return total

    def price_changes(self) -> list[int]:
        """When the NBBO's prices changed, the first NBBO included."""
        times, last = [], (0, 0)
        for quote in self.valid:
            if (quote.bid_ticks, quote.ask_ticks) != last:
                last = (quote.bid_ticks, quote.ask_ticks)
                times.append(quote.recv_ns)
        return times

    def n_changes(self, n_slots: int, now_ns: int) -> int:
        """Changes of the NBBO's prices in the window; the first NBBO changes nothing."""
        return sum(self._in_window(t, n_slots, now_ns) for t in self.price_changes()[1:])


@dataclass
class NaiveCards:
    """Every report remembered with its time; means are taken when asked for."""

    config: ScorecardConfig = field(default_factory=ScorecardConfig)
    done: list[tuple[int, int, float, float | None, int]] = field(default_factory=list)
    rejects: list[tuple[int, int, int]] = field(default_factory=list)
    acks: list[tuple[int, float]] = field(default_factory=list)
    markouts: list[tuple[int, int, float, int, int]] = field(default_factory=list)

    def last_ns(self, venue_idx: int, tactic: int) -> int:
        """When the row's card last heard of a child."""
        ends = [t for v, k, _, _, t in self.done if (v, k) == (venue_idx, tactic)]
        ends += [t for v, k, t in self.rejects if (v, k) == (venue_idx, tactic)]
        return max(ends, default=0)

    def estimate(self, venue_idx: int, tactic: int, now_ns: int) -> dict[str, float]:
        """Shrunken means by feature name."""
        config, prior = self.config, (self.config.take, self.config.mid, self.config.post)[tactic]

        def weight(t_ns: int) -> float:
            return float(2.0 ** (-(now_ns - t_ns) / 1e9 / config.half_life_s))

        def mean(pairs: list[tuple[float, float]], start: float, start_weight: float) -> float:
            total = sum(w * x for w, x in pairs) + start * start_weight
            return total / (sum(w for w, _ in pairs) + start_weight)

        here = (venue_idx, tactic)
        done = [(weight(t), f, s) for v, k, f, s, t in self.done if (v, k) == here]
        rejects = [(weight(t), 1.0) for v, k, t in self.rejects if (v, k) == here]
        n = config.prior_children
        return {
            "card_fill_frac": mean([(w, f) for w, f, _ in done], prior.fill_frac, n),
            "card_time_to_fill_s": mean(
                [(w, s) for w, _, s in done if s is not None], prior.time_to_fill_s, n
            ),
            "card_partial_frac": mean(
                [(w, float(0 < f < 1)) for w, f, _ in done], prior.partial_frac, n
            ),
            "card_reject_frac": mean(
                [(w, 0.0) for w, _, _ in done] + rejects, prior.reject_frac, n
            ),
            "card_markout_bps": mean(
                [(weight(t) * s, x) for v, k, x, s, t in self.markouts if (v, k) == here],
                prior.markout_bps,
                config.prior_shares,
            ),
        }

    def ack_latency_ms(self, venue_idx: int) -> float:
        """Moving average, starting from the prior as if it were one acknowledgement."""
        mean, n_acks = self.config.ack_latency_ms, 1.0
        for venue, latency_ms in self.acks:
            if venue == venue_idx:
                n_acks = min(n_acks + 1.0, self.config.ack_memory)
                mean += (latency_ms - mean) / n_acks
        return mean


@dataclass
class NaiveFeatures:
    """All features of one decision, by name and row; scalars in, scalars out."""

    market: NaiveMarket
    cards: NaiveCards
    situation: Any  # one record of SITUATION_DTYPE

    def row(self, row: Any) -> dict[str, float]:
        """Every feature of one row, a record of ROW_DTYPE."""
        return self._market() | self._venue(row) | self._order(row) | self._derived(row)

    @property
    def now_ns(self) -> Ns:
        """When the decision is made."""
        return Ns(int(self.situation["now_ns"]))

    @property
    def side(self) -> int:
        """+1 for buys."""
        return int(self.situation["side"])

    @property
    def quote(self) -> Quote | None:
        """The last valid NBBO."""
        return self.market.valid_before(self.now_ns + 1)

    def _bps(self, mid_moves_x2: float) -> float:
        return 1e4 * mid_moves_x2 / self.quote.mid_x2 if self.quote else 0.0

    def _far(self, of_buyer: Callable[[Quote], int], of_seller: Callable[[Quote], int]) -> int:
        if self.quote is None:
            return 0
        return (of_buyer if self.side > 0 else of_seller)(self.quote)

    def _far_ticks(self) -> int:
        return self._far(lambda q: q.ask_ticks, lambda q: q.bid_ticks)

    def _market(self) -> dict[str, float]:
        market, now_ns = self.market, self.now_ns
        adv_minutes = int(self.situation["adv_shares"]) / 390
        volume_10s = market.volume(100, now_ns)
        flow = self.side * market.signed_volume(100, now_ns) / volume_10s if volume_10s else 0.0
        return {
            "spread_bps": self._bps(
                2.0 * (self.quote.ask_ticks - self.quote.bid_ticks) if self.quote else 0.0
            ),
            "touch_far_shares": self._far(lambda q: q.ask_shares, lambda q: q.bid_shares),
            "rv_10s_bps": self._bps(market.realised_x2(100, now_ns)),
            "rv_60s_bps": self._bps(market.realised_x2(600, now_ns)),
            "rv_300s_bps": self._bps(market.realised_x2(3000, now_ns)),
            "atr_14m_bps": self._bps(market.atr_x2(now_ns)),
            "volume_60s_frac": (
                min(market.volume(600, now_ns) / adv_minutes, 1000.0) if adv_minutes else 0.0
            ),
            "flow_10s_frac": flow,
            "return_1s_bps": self.side * self._bps(market.move_x2(10, now_ns)),
            "return_10s_bps": self.side * self._bps(market.move_x2(100, now_ns)),
        }

    def _venue(self, row: Any) -> dict[str, float]:
        venue_idx, tactic = int(row["venue_idx"]), int(row["tactic"])
        venues = self.market.universe.venues
        volumes = [self.market.venue_volume(v.venue_idx, self.now_ns) for v in venues]
        card = self.cards.estimate(venue_idx, tactic, self.now_ns)
        n_sent, sent = int(row["n_sent"]), int(row["sent_shares"])
        far_shares = 0
        if self.quote:
            far_shares = self.market.shares_within(venue_idx, -self.side, self._far_ticks())
        return card | {
            "venue_kind": int(venues[venue_idx].kind),
            "tactic": tactic,
            "venue_far_shares": far_shares,
            "fee_bps": float(row["fee_bps"]) if math.isfinite(row["fee_bps"]) else 0.0,
            "ack_latency_ms": self.cards.ack_latency_ms(venue_idx),
            "venue_volume_frac": (
                volumes[venue_idx] / sum(volumes) if sum(volumes) > 0 else 1 / len(venues)
            ),
            "own_n_sent": min(n_sent, 20),
            "own_fill_frac": (
                min(int(row["filled_shares"]) / sent, 1.0) if sent else card["card_fill_frac"]
            ),
            "own_since_last_s": (
                min((self.now_ns - int(row["last_sent_ns"])) / 1e9, 300.0) if n_sent else 300.0
            ),
        }

    def _order(self, row: Any) -> dict[str, float]:
        s = self.situation
        adv, parent_shares = int(s["adv_shares"]), int(s["parent_shares"])
        left_ns = max(0, int(s["deadline_ns"]) - self.now_ns)
        horizon_ns = int(s["deadline_ns"]) - int(s["arrival_ns"])
        room = self.side * (float(s["worst_ticks"]) - self._far_ticks())
        minute_shares = self.market.volume(600, self.now_ns) + adv / 390
        footprint = self.side * float(s["footprint_shares"])
        both = int(s["route_shares"]) + int(row["available_shares"])
        return {
            "size_adv_frac": parent_shares / adv if adv else 0.0,
            "leaves_frac": int(s["leaves_shares"]) / parent_shares,
            "time_left_frac": min(left_ns / horizon_ns, 1.0) if horizon_ns > 0 else 0.0,
            "time_left_s": left_ns / 1e9,
            "urgency_frac": float(s["urgency_frac"]),
            "limit_distance_bps": (
                max(-1000.0, min(1000.0, self._bps(2 * room))) if self.quote else 1000.0
            ),
            "footprint_frac": (
                max(-10.0, min(10.0, footprint / minute_shares)) if minute_shares else 0.0
            ),
            "size_displayed_frac": int(s["route_shares"]) / both if both else 0.0,
        }

    def _derived(self, row: Any) -> dict[str, float]:
        market, side, quote = self.market, self.side, self.quote
        near, far = (BID, ASK) if side > 0 else (ASK, BID)
        top3 = market.best_prices(far, 3)
        near5, far5 = market.best_prices(near, 5), market.best_prices(far, 5)
        queue = micro = ofi = 0.0
        age_s = 300.0
        if near5 + far5 == 0 and quote:  # no depth: the last NBBO's sizes stand in
            near5, far5 = quote.bid_shares, quote.ask_shares
            if side < 0:
                near5, far5 = far5, near5
            top3 = far5
        if quote:
            touch = quote.bid_shares + quote.ask_shares
            join_ticks = quote.bid_ticks if side > 0 else quote.ask_ticks
            if row["tactic"] == Tactic.POST:
                join_ticks = int(row["limit_ticks"])
            queue = market.shares_within(int(row["venue_idx"]), near, join_ticks)
            p = (quote.ask_ticks * quote.bid_shares + quote.bid_ticks * quote.ask_shares) / touch
            micro = side * self._bps(2 * p - quote.mid_x2)
            ofi = side * market.ofi(100, self.now_ns) / (touch / 2)
            age_s = min((self.now_ns - market.price_changes()[-1]) / 1e9, 300.0)
        latest = market.quotes[-1] if market.quotes else Quote(0, is_valid=False)
        return {
            "size_top3_frac": min(int(self.situation["route_shares"]) / top3, 1000.0)
            if top3
            else 1000.0,
            "imbalance_5_frac": (near5 - far5) / (near5 + far5) if near5 + far5 else 0.0,
            "microprice_offset_bps": micro,
            "ofi_10s_frac": max(-100.0, min(100.0, ofi)),
            "queue_ahead_shares": queue,
            "quote_age_s": age_s,
            "quote_changes_per_s": market.n_changes(100, self.now_ns) / 10.0,
            "n_far_venues": latest.n_ask_venues if side > 0 else latest.n_bid_venues,
        }


# Random tapes and decisions.


def universe_of(n_instruments: int = 1, n_venues: int = 4) -> Universe:
    """Venues of every kind in turn; every third lit one is not protected."""
    return Universe(
        day=TradingDay(20260105),
        instruments=tuple(
            Instrument(
                instrument_idx=i,
                symbol=f"I{i}",
                increment_ticks=Ticks(100),
                adv_shares=Shares(2_000_000),
            )
            for i in range(n_instruments)
        ),
        venues=tuple(
            Venue(
                venue_idx=v,
                mic=f"V{v}",
                name=f"venue {v}",
                kind=VenueKind(3 - v % 4),
                fees=(),
                is_protected=v % 3 != 2,
            )
            for v in range(n_venues)
        ),
    )


# How time passes between messages: in one burst, within a slot, to a slot's very beginning, over
# slots, over windows, over everything that the rings hold.
STEPS_NS = (0, 0, 1_000, 3_000_000, 40_000_000, -1, 700_000_000, 8_000_000_000, 70_000_000_000)
LONG_STEP_NS = 400_000_000_000


def random_messages(rng: np.random.Generator, n_messages: int, universe: Universe) -> list[Message]:
    """
    A tape with gaps, snapshots, odd prints, long silences and bursts.

    A venue's own book never crosses; venues disagree about where the price is, so that the NBBO is
    locked, crossed, one-sided and empty at times.
    """
    now_ns = int(rng.integers(1, 10**6)) * GRID_NS + int(rng.integers(0, GRID_NS))
    n_instruments, n_venues = len(universe.instruments), len(universe.venues)
    centre = {(i, v): 1_000_000 for i in range(n_instruments) for v in range(n_venues)}
    base, messages = 1_000_000, list[Message]()
    while len(messages) < n_messages:
        step_ns = LONG_STEP_NS if rng.random() < 0.01 else int(rng.choice(STEPS_NS))
        now_ns = (now_ns // GRID_NS + 1) * GRID_NS if step_ns < 0 else now_ns + step_ns
        at = int(rng.integers(0, n_instruments)), int(rng.integers(0, n_venues))
        choice = rng.random()
        if choice < 0.15:
            messages.append(_trade(rng, now_ns, *at))
        elif choice < 0.17:
            messages.append(Message(now_ns, TapeKind.GAP, *at))
        elif choice < 0.30:
            base += 100 * int(rng.integers(-1, 2))
            centre[at] = base + 100 * int(rng.choice([-1, 0, 0, 0, 0, 1]))
            messages.append(Message(now_ns, TapeKind.CLEAR, *at))
            messages.extend(_levels(rng, now_ns, *at, BID, centre[at]))
            messages.extend(_levels(rng, now_ns, *at, ASK, centre[at]))
            messages.append(Message(now_ns, TapeKind.SNAPSHOT_END, *at))
        else:
            side = int(rng.choice([BID, ASK]))
            messages.extend(_levels(rng, now_ns, *at, side, centre[at]))
    return messages


def _trade(rng: np.random.Generator, now_ns: int, i: int, v: int) -> Message:
    return Message(
        now_ns,
        TapeKind.TRADE,
        i,
        v if rng.random() < 0.9 else -1,
        int(rng.choice([BID, ASK, 0])),
        1_000_000,
        int(rng.integers(1, 900)),
        int(rng.choice([0, 0, 0, *TapeFlag])),
    )


def _levels(
    rng: np.random.Generator, now_ns: int, i: int, v: int, side: int, centre: int
) -> list[Message]:
    touch = centre - side * (50 + 100 * int(rng.integers(0, 3)))
    sizes = rng.integers(0, 6, rng.integers(1, 5)) * 100
    return [
        Message(now_ns, TapeKind.LEVEL, i, v, side, touch - side * 100 * depth, int(shares))
        for depth, shares in enumerate(sizes)
    ]


def tape_of(messages: Sequence[Message]) -> TapeArray:
    """The same messages as a tape, numbered per venue and instrument as a feed would."""
    tape = empty_tape(len(messages))
    n_sent: Counter[tuple[int, int]] = Counter()
    for row, message in zip(tape, messages, strict=True):
        for name, value in message._asdict().items():
            row[name] = value
        row["event_ns"] = message.recv_ns
        if message.venue_idx >= 0:
            n_sent[message.instrument_idx, message.venue_idx] += 1
            row["seq"] = n_sent[message.instrument_idx, message.venue_idx]
    return tape


def mirrored(messages: Sequence[Message], around_x2: int) -> list[Message]:
    """The market in a mirror: prices reflected at `around_x2` / 2, buyers and sellers swapped."""
    return [
        m._replace(side=-m.side, price_ticks=around_x2 - m.price_ticks if m.price_ticks else 0)
        for m in messages
    ]


def random_situation(rng: np.random.Generator, now_ns: int, n_instruments: int) -> SituationArray:
    """A parent somewhere in its life."""
    situation = np.zeros(1, SITUATION_DTYPE)
    s = situation[0]
    s["now_ns"], s["side"] = now_ns, rng.choice([BID, ASK])
    s["instrument_idx"] = rng.integers(0, n_instruments)
    s["arrival_ns"] = now_ns - rng.integers(0, 10**11)
    s["deadline_ns"] = now_ns + rng.integers(-(10**9), 10**11)
    s["parent_shares"] = rng.integers(1, 50_000)
    s["leaves_shares"] = rng.integers(0, s["parent_shares"] + 1)
    s["route_shares"] = rng.integers(0, s["leaves_shares"] + 1)
    s["adv_shares"] = rng.choice([0, 20_000, 2_000_000])
    s["worst_ticks"] = rng.choice([0, 999_000, 1_000_050, 1_001_000, 2**62])
    s["urgency_frac"] = rng.random()
    s["footprint_shares"] = rng.normal(0, 5_000)
    return situation


def random_rows(rng: np.random.Generator, now_ns: int, n_venues: int) -> RowArray:
    """Rows with and without a history, a fee, a size."""
    rows = np.zeros(n_venues * N_TACTICS, ROW_DTYPE)
    for r, row in enumerate(rows):
        row["venue_idx"], row["tactic"] = divmod(r, N_TACTICS)
        row["limit_ticks"] = 1_000_000 + 50 * rng.integers(-8, 9)
        row["available_shares"] = rng.choice([0, 100, 2_500])
        row["fee_bps"] = rng.choice([-0.2, 0.0, 0.3, math.nan])
        if rng.random() < 0.5:
            row["n_sent"] = rng.integers(1, 30)
            row["sent_shares"] = 100 * row["n_sent"]
            row["filled_shares"] = rng.integers(0, row["sent_shares"] + 1)
            row["last_sent_ns"] = now_ns - rng.integers(0, 4 * 10**11)
    return rows
