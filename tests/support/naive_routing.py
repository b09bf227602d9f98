"""Routing again, with lists and no cleverness: what the kernels are held against."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations

from msgspec.structs import replace

from penstock.domain import Exclusion, Tactic, VenueKind
from penstock.routing import RoutingConfig
from tests.support.naive_baselines import is_waiting, shares_to_take

Level = tuple[int, int]  # ticks, shares
SELF_HELP = (Exclusion.VENUE_DOWN, Exclusion.VENUE_OFF, Exclusion.FEED_STALE)


# The cost of a sequence.


def sequence_cost(parts: Sequence[tuple[float, float, float, float]], clean_up_bps: float) -> float:
    """Expected cost of (slippage, fill, leakage, wait) tuples in this order, as defined."""
    if not parts:
        return clean_up_bps
    slippage, fill, leakage, wait = parts[0]
    own = fill * slippage + (1.0 - fill) * wait + leakage
    return own + (1.0 - fill) * sequence_cost(parts[1:], clean_up_bps)


def cheapest_sequence(
    parts: Sequence[tuple[float, float, float, float]], clean_up_bps: float
) -> tuple[float, tuple[int, ...]]:
    """Cost and order of the best of all sequences: every choice of rows in every order."""
    sequences = (
        order for n in range(len(parts) + 1) for order in permutations(range(len(parts)), n)
    )
    return min(
        (sequence_cost([parts[i] for i in order], clean_up_bps), order) for order in sequences
    )


# What the rows are.


@dataclass
class NaiveVenue:
    """A venue as routing sees it; levels best first."""

    kind: VenueKind
    is_protected: bool
    fees: Mapping[Tactic, float]
    min_shares: int = 1
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)
    is_valid: bool = True
    is_halted: bool = False


@dataclass
class NaiveRow:
    """A candidate row, and the plan for it."""

    venue: int
    tactic: Tactic
    excluded: Exclusion
    last_sent_ns: int = 0
    limit_ticks: int = 0
    size_shares: int = 0
    available_shares: int = 0
    rest_ns: int = 0
    fee_bps: float = 0.0
    min_shares: int = 1
    # Parts: slippage, fill, seconds, leakage.
    parts: tuple[float, float, float, float] | None = None
    score: float = math.nan
    cost_bps: float = math.nan
    rank: int = -1
    stage: int = -1
    alloc_shares: int = 0

    def exclude(self, reason: Exclusion) -> None:
        """Keep the first reason."""
        if self.excluded is Exclusion.USABLE:
            self.excluded = reason


@dataclass
class NaiveDecision:
    """A situation with its venues and rows."""

    venues: list[NaiveVenue]
    rows: list[NaiveRow]
    config: RoutingConfig
    lot: int
    side: int
    route_shares: int
    parent_shares: int
    worst_ticks: int
    increment_ticks: int
    now_ns: int
    arrival_ns: int
    deadline_ns: int
    must_complete: bool
    urgency_frac: float
    weights: tuple[float, float, float, float]
    nbbo: tuple[int, int] | None  # bid, ask

    def take(self, venue: int) -> NaiveRow:
        """The TAKE row of a venue."""
        return self.rows[3 * venue + Tactic.TAKE]

    def far(self, venue: int) -> list[Level]:
        """Levels that we would take, best first; none where they cannot be believed."""
        v = self.venues[venue]
        if not v.kind.is_lit or not v.is_valid or v.is_halted:
            return []
        return v.asks if self.side > 0 else v.bids

    def pays_more(self, ticks: int, than_ticks: int) -> bool:
        """Whether a price is worse for us."""
        return self.side * ticks > self.side * than_ticks

    def protected(self, venue: int) -> int | None:
        """Protected quote that must not be traded through, if the venue has one."""
        levels = self.far(venue)
        if not levels or not self.venues[venue].is_protected:
            return None
        return None if self.take(venue).excluded in SELF_HELP else levels[0][0]


def build_rows(d: NaiveDecision) -> None:
    """Describe every row of the decision."""
    for row in d.rows:
        _describe_common(d, row)
    if d.must_complete:
        sweep(d)
    else:
        for v in range(len(d.venues)):
            _describe_take(d, v)
    for row in d.rows:
        if row.tactic is Tactic.MID and not d.venues[row.venue].kind.is_lit:
            _describe_mid(d, row)
        if row.tactic is Tactic.POST and d.venues[row.venue].kind.is_lit:
            _describe_post(d, row)


def _describe_common(d: NaiveDecision, row: NaiveRow) -> None:
    venue = d.venues[row.venue]
    row.min_shares = venue.min_shares
    rests = {Tactic.TAKE: 0, Tactic.MID: d.config.mid_rest_ns, Tactic.POST: d.config.post_rest_ns}
    row.rest_ns = rests[row.tactic]
    if d.nbbo:
        mid_usd = sum(d.nbbo) / 2 / 10_000
        row.fee_bps = 1e4 * venue.fees[row.tactic] / 1e6 / mid_usd
    if venue.kind.is_lit == (row.tactic is Tactic.MID):
        row.exclude(Exclusion.NOT_OFFERED)
    if row.last_sent_ns and d.now_ns - row.last_sent_ns < d.config.cool_down_ns:
        row.exclude(Exclusion.COOLING_DOWN)
    if venue.is_halted:
        row.exclude(Exclusion.HALTED)
    if venue.kind.is_lit and not venue.is_valid:
        row.exclude(Exclusion.FEED_STALE)


def _describe_take(d: NaiveDecision, v: int) -> None:
    row, levels = d.take(v), d.far(v)
    if not levels:
        row.exclude(Exclusion.NO_QUOTE)
        return
    others = [d.protected(w) for w in range(len(d.venues)) if w != v]
    bounds = [d.worst_ticks, *(ticks for ticks in others if ticks is not None)]
    if d.pays_more(levels[0][0], d.worst_ticks):
        row.exclude(Exclusion.OUTSIDE_LIMIT)
    if any(d.pays_more(levels[0][0], ticks) for ticks in bounds[1:]):
        row.exclude(Exclusion.WOULD_TRADE_THROUGH)
    deeper = [
        level
        for level in levels[1 : d.config.max_take_levels]
        if not any(d.pays_more(level[0], ticks) for ticks in bounds)
    ]
    within = [levels[0], *deeper]
    row.limit_ticks = within[-1][0]
    row.available_shares = sum(shares for _, shares in within)
    row.size_shares = min(d.route_shares, row.available_shares)
    if row.size_shares < row.min_shares:
        row.exclude(Exclusion.BELOW_MIN_SIZE)


def _chunk(d: NaiveDecision, share_frac: float) -> int:
    if share_frac == 1.0:
        return min(d.parent_shares, d.route_shares)
    whole_lots = math.floor(share_frac * d.parent_shares / d.lot) * d.lot
    return min(max(whole_lots, d.lot), d.route_shares)


def _describe_mid(d: NaiveDecision, row: NaiveRow) -> None:
    row.size_shares = _chunk(d, d.config.mid_share_frac)
    if d.nbbo is None:
        row.exclude(Exclusion.NO_QUOTE)
        return
    touch = d.nbbo[1] if d.side > 0 else d.nbbo[0]
    row.limit_ticks = d.side * min(d.side * touch, d.side * d.worst_ticks)
    if d.side * sum(d.nbbo) > 2 * d.side * d.worst_ticks:
        row.exclude(Exclusion.OUTSIDE_LIMIT)
    if row.size_shares < row.min_shares:
        row.exclude(Exclusion.BELOW_MIN_SIZE)


def _describe_post(d: NaiveDecision, row: NaiveRow) -> None:
    venue = d.venues[row.venue]
    row.size_shares = _chunk(d, d.config.post_share_frac)
    if d.nbbo is None:
        row.exclude(Exclusion.NO_QUOTE)
        return
    near, far = (venue.bids, venue.asks) if d.side > 0 else (venue.asks, venue.bids)
    ticks = d.nbbo[0] if d.side > 0 else d.nbbo[1]
    better = ticks + d.side * d.increment_ticks
    has_room = d.nbbo[1] - d.nbbo[0] >= 2 * d.increment_ticks
    if d.config.post_improves and has_room and not d.pays_more(better, d.worst_ticks):
        ticks = better
    row.limit_ticks = ticks
    if venue.is_valid:
        row.available_shares = sum(s for t, s in near if not d.pays_more(ticks, t))
    if d.pays_more(ticks, d.worst_ticks):
        row.exclude(Exclusion.OUTSIDE_LIMIT)
    if far and not d.pays_more(far[0][0], ticks):
        row.exclude(Exclusion.NO_QUOTE)
    if row.size_shares < row.min_shares:
        row.exclude(Exclusion.BELOW_MIN_SIZE)


def sweep(d: NaiveDecision) -> None:
    """TAKE rows at the end of the horizon: every displayed level in one list, cheapest first."""
    for v in range(len(d.venues)):
        if not d.far(v):
            d.take(v).exclude(Exclusion.NO_QUOTE)
    while True:
        bound = d.worst_ticks
        for v in range(len(d.venues)):
            quote = d.protected(v)
            if quote is not None and d.take(v).excluded and d.pays_more(bound, quote):
                bound = quote
        taken, last_ticks = _sweep_levels(d, bound)
        too_small = [v for v, shares in sorted(taken.items()) if shares < d.take(v).min_shares]
        if not too_small:
            break
        d.take(too_small[0]).exclude(Exclusion.BELOW_MIN_SIZE)
    for v in range(len(d.venues)):
        _describe_swept(d, v, bound, taken.get(v, 0), last_ticks)


def _sweep_levels(d: NaiveDecision, bound: int) -> tuple[dict[int, int], int]:
    displayed = [
        (d.side * ticks, d.venues[v].fees[Tactic.TAKE], v, ticks, shares)
        for v in range(len(d.venues))
        if d.take(v).excluded is Exclusion.USABLE
        for ticks, shares in d.far(v)
        if not d.pays_more(ticks, bound)
    ]
    taken: dict[int, int] = {}
    left, last_ticks = d.route_shares, 0
    for _, _, v, ticks, shares in sorted(displayed):
        if left > 0:
            taken[v] = taken.get(v, 0) + min(left, shares)
            left -= min(left, shares)
            last_ticks = ticks
    return taken, last_ticks


def _describe_swept(d: NaiveDecision, v: int, bound: int, shares: int, last_ticks: int) -> None:
    row, levels = d.take(v), d.far(v)
    if not levels:
        return
    if d.pays_more(levels[0][0], d.worst_ticks):
        row.exclude(Exclusion.OUTSIDE_LIMIT)
    elif d.pays_more(levels[0][0], bound):
        row.exclude(Exclusion.WOULD_TRADE_THROUGH)
    is_swept = shares > 0 and row.excluded is Exclusion.USABLE
    row.limit_ticks = last_ticks if is_swept else levels[0][0]
    row.size_shares = shares if is_swept else 0
    row.available_shares = sum(s for t, s in levels if not d.pays_more(t, row.limit_ticks))


# What the policies make of them.


def walk_down(d: NaiveDecision, waterfall: Sequence[int]) -> list[int]:
    """Usable rows of the list, from below the one tried last."""
    sent = [d.rows[r].last_sent_ns for r in waterfall]
    start = 0
    if any(sent):
        latest = max(sent)
        start = max(k for k, sent_ns in enumerate(sent) if sent_ns == latest) + 1
    due = [*waterfall[start:], *waterfall[:start]]
    return [r for r in due if d.rows[r].excluded is Exclusion.USABLE]


def send_in_order(d: NaiveDecision, order: Sequence[int], wave: int | None = None) -> None:
    """Ranks, stages and shares of a plan; `wave` bounds takes that come first."""

    def kind(r: int) -> str:
        row = d.rows[r]
        if row.tactic is Tactic.TAKE:
            return "take"
        return "rest" if row.rest_ns > 0 else "look"

    first = [
        r for k, r in enumerate(order) if all(kind(q) == kind(order[0]) for q in order[: k + 1])
    ]
    left, delayed = d.route_shares, False
    if wave is not None and order and d.rows[order[0]].tactic is Tactic.TAKE:
        left = wave
    for rank, r in enumerate(order):
        row = d.rows[r]
        row.rank = rank
        if rank < len(first):
            shares = min(left, row.size_shares)
            row.alloc_shares = shares if shares >= row.min_shares else 0
            left -= row.alloc_shares
            row.stage = 0 if row.alloc_shares > 0 else 1
            delayed = delayed or row.stage == 1
        else:
            changes = sum(kind(a) != kind(b) for a, b in pairwise(order[: rank + 1]))
            row.stage = changes + int(delayed)


def finish(d: NaiveDecision) -> None:
    """The sweep, as every policy sends it."""
    swept = [r for r in _usable_takes(d) if d.rows[r].size_shares > 0]
    send_in_order(d, sorted(swept, key=lambda r: d.rows[r].fee_bps))


def _usable_takes(d: NaiveDecision) -> list[int]:
    return [
        r
        for r, row in enumerate(d.rows)
        if row.tactic is Tactic.TAKE and row.excluded is Exclusion.USABLE
    ]


def _is_settling(d: NaiveDecision) -> bool:
    return any(
        row.tactic is Tactic.TAKE and row.excluded in (Exclusion.COOLING_DOWN, Exclusion.IN_USE)
        for row in d.rows
    )


def static(d: NaiveDecision, waterfall: Sequence[int]) -> None:
    """The static waterfall."""
    if d.must_complete:
        finish(d)
    else:
        send_in_order(d, walk_down(d, waterfall))


def paced(d: NaiveDecision, waterfall: Sequence[int]) -> None:
    """The static waterfall within its pace."""
    if d.must_complete:
        finish(d)
        return
    wave = _wave(d)
    order = _not_waiting(d, walk_down(d, waterfall), wave)
    send_in_order(d, order, wave)


def _wave(d: NaiveDecision) -> int:
    """Shares of the next wave of takes."""
    return shares_to_take(
        d.config.baseline.pace,
        elapsed_ns=d.now_ns - d.arrival_ns,
        horizon_ns=d.deadline_ns - d.arrival_ns,
        since_takes_ns=[
            d.now_ns - row.last_sent_ns
            for row in d.rows
            if row.tactic is Tactic.TAKE and row.last_sent_ns > 0
        ],
        parent_shares=d.parent_shares,
        route_shares=d.route_shares,
        lot_shares=d.lot,
    )


def _not_waiting(d: NaiveDecision, order: Sequence[int], wave: int) -> list[int]:
    """What the pace does not hold back; without an NBBO there are no prices to hold against it."""
    takes = [_price_bps(d, d.rows[r]) for r in _usable_takes(d)] if d.nbbo else []
    pace = d.config.baseline.pace if d.nbbo else replace(d.config.baseline.pace, patience_s=0.0)
    return [
        r
        for r in order
        if not is_waiting(
            pace,
            is_take=d.rows[r].tactic is Tactic.TAKE,
            wave_shares=wave,
            price_bps=_price_bps(d, d.rows[r]) if d.nbbo else math.nan,
            dearest_bps=max(takes, default=-math.inf),
            left_s=max(0.0, (d.deadline_ns - d.now_ns) / 1e9),
        )
    ]


def _price_bps(d: NaiveDecision, row: NaiveRow) -> float:
    """Price against the midpoint, and the fee."""
    assert d.nbbo is not None
    middle = sum(d.nbbo) / 2
    at = middle if row.tactic is Tactic.MID else row.limit_ticks
    return row.fee_bps + 1e4 * d.side * (at - middle) / middle


def sweep_touch(d: NaiveDecision) -> None:
    """The sweep of the touch."""
    if d.must_complete:
        finish(d)
    elif not _is_settling(d):
        send_in_order(d, sorted(_usable_takes(d), key=lambda r: d.side * d.rows[r].limit_ticks))


def proportional(d: NaiveDecision) -> None:
    """The split by displayed size."""
    if d.must_complete:
        finish(d)
        return
    if _is_settling(d):
        return
    takes = sorted(_usable_takes(d), key=lambda r: -d.rows[r].available_shares)
    displayed = sum(d.rows[r].available_shares for r in takes)
    for rank, r in enumerate(takes):
        row = d.rows[r]
        row.rank = rank
        row.alloc_shares = row.available_shares
        if displayed > d.route_shares:
            exact = d.route_shares * row.available_shares // displayed
            row.alloc_shares = exact - exact % d.lot
    left = d.route_shares - sum(d.rows[r].alloc_shares for r in takes)
    for r in takes:
        row = d.rows[r]
        wanted = row.alloc_shares + min(left, row.available_shares - row.alloc_shares)
        left += row.alloc_shares
        row.alloc_shares = wanted if wanted >= row.min_shares else 0
        left -= row.alloc_shares
        row.stage = 0 if row.alloc_shares else 1


def supervised(d: NaiveDecision, waterfall: Sequence[int]) -> None:
    """The learned waterfall; rows have their parts."""
    if d.must_complete:
        finish(d)
        return
    wave = _wave(d)
    listed = _not_waiting(d, walk_down(d, waterfall), wave)
    if d.nbbo is None:
        send_in_order(d, listed, wave)
        return
    clean_up = _clean_up_bps(d)
    terms = {r: _terms(d, d.rows[r]) for r in range(len(d.rows)) if d.rows[r].parts}
    for r, (own, fill, x) in terms.items():
        if fill > 1e-9:
            d.rows[r].score = own / fill
        terms[r] = (x * own, x * fill, x) if fill > 1e-9 else (0.0, 0.0, x)
    scored = [r for r in terms if not math.isnan(d.rows[r].score)]
    margin = d.config.margin_bps
    wanted = [r for r in listed if not d.rows[r].score >= clean_up + margin]
    others = [r for r in scored if r not in listed and d.rows[r].score < clean_up - margin]
    wanted += sorted(others, key=lambda r: d.rows[r].score)
    plan: list[int] = []
    for r in wanted:
        place = len(plan)
        while place and d.rows[plan[place - 1]].score > d.rows[r].score + margin:
            place -= 1
        plan.insert(place, r)
    if not plan and d.config.patience_s == 0:
        plan = listed

    def cost(order: Sequence[int]) -> float:
        if not order:
            return clean_up
        own, fill, _ = terms.get(order[0], (0.0, 0.0, 0.0))
        return own + (1.0 - fill) * cost(order[1:])

    for r in scored:
        d.rows[r].cost_bps = cost([r, *(q for q in plan if q != r)])
    send_in_order(d, plan, wave if plan and plan[0] in listed else None)


def _terms(d: NaiveDecision, row: NaiveRow) -> tuple[float, float, float]:
    """What the row costs by itself, what part of it fills, what part of the decision it carries."""
    assert row.parts is not None
    w_slippage, w_speed, w_certainty, w_leakage = d.weights
    slippage, fill, seconds, leakage = row.parts
    waited_s = row.rest_ns / 1e9 if row.rest_ns else seconds
    wait = w_speed * 2 * d.urgency_frac * d.config.wait_bps_per_s * waited_s
    left_s = (d.deadline_ns - d.now_ns) / 1e9
    wait += w_slippage * (_left_over_bps(d, left_s - waited_s) - _left_over_bps(d, left_s))
    miss = w_certainty * d.config.miss_bps
    own = fill * w_slippage * slippage + (1 - fill) * (wait + miss) + w_leakage * leakage
    return own, fill, row.size_shares / d.route_shares


def _clean_up_bps(d: NaiveDecision) -> float:
    left_bps = _left_over_bps(d, (d.deadline_ns - d.now_ns) / 1e9)
    return d.weights[0] * left_bps + d.weights[2] * d.config.miss_bps


def _left_over_bps(d: NaiveDecision, left_s: float) -> float:
    """What a share left over costs with so much time to go."""
    assert d.nbbo is not None
    bid, ask = d.nbbo
    fees = [row.fee_bps for row in d.rows if row.tactic is Tactic.TAKE and row.limit_ticks > 0]
    half_spread = 1e4 * (ask - bid) / 2 / ((ask + bid) / 2)
    mean_fee = sum(fees) / len(fees) if fees else 0.0
    last = half_spread + mean_fee + d.config.clean_up_bps
    if d.config.patience_s == 0:
        return last
    patient = d.config.patient_bps
    return patient + (last - patient) * math.exp(-max(0.0, left_s) / d.config.patience_s)
