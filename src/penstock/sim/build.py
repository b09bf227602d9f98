"""From a scenario and a seed to the arrays of a world."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    BPS_PER_UNIT,
    NS_PER_MS,
    NS_PER_S,
    NS_PER_US,
    TAPE_DTYPE,
    stream,
    stream_seed,
)
from penstock.sim import codes, layout
from penstock.sim.bands import N_MARKS
from penstock.sim.build_crowd import crowd_cuts, crowd_params, others_sizes
from penstock.sim.codes import FAR, FIRST_FLOW, N_QUANTILES, N_TABLES, POOL_DEPTH
from penstock.sim.layout import Rows, WorldState
from penstock.sim.matching.memory import empty_fills, empty_results, make_market
from penstock.sim.phase_params import write_phase_params
from penstock.sim.pool_classes import class_means, class_rows
from penstock.sim.quantiles import distance_quantiles, latency_quantiles, size_quantiles
from penstock.sim.scenario.tables import Scenario, VenueTable
from penstock.sim.scenario.traders import LitFlow
from penstock.sim.schedule import schedule_of
from penstock.sim.script import ScriptArray, live_orders_at_most, targets_of

WARM_UP_NS = 60 * NS_PER_S
"""How long a generated market runs before the session, so that books are full when it starts."""

FIRST_CHILDREN = 1024
_OWN_ORDERS = 8_192  # order rows besides those of the background


def build_state(scenario: Scenario, seed: int, script: ScriptArray) -> WorldState:
    """Memory of a world that has not begun: nothing rests, every source knows its first time."""
    sizes = _Sizes(scenario, script)
    begin_ns = scenario.start_ns - WARM_UP_NS
    if len(script):
        begin_ns = min(begin_ns, int(script["time_ns"][0]))
    market = make_market(sizes.n_venues, scenario.increment_ticks, sizes.capacity)
    params, venues = _params(scenario, sizes), _venues(scenario, seed, sizes)
    makers = _makers(scenario, seed)
    changes = schedule_of(scenario, seed, params, venues, makers)
    params["n_scheduled"] = len(changes)
    params["news_delay_ns"] = venues["nbbo_delay_ns"][venues["is_lit"] == 1].min(initial=FAR)
    return WorldState(
        params=params,
        world=_world(scenario, seed, begin_ns),
        clocks=_clocks(scenario, sizes, begin_ns, script),
        streams=_streams(scenario, seed, sizes),
        venues=venues,
        tables=_tables(scenario),
        head=market.head,
        books=market.books,
        levels=market.levels,
        orders=market.orders,
        fills=empty_fills(2 * sizes.capacity + 1),
        results=empty_results(1),
        handles=np.zeros(sizes.first_child_ref + FIRST_CHILDREN, dtype=np.int64),
        refs=np.zeros(sizes.capacity + 1, dtype=np.int64),
        intents=np.zeros(8 * sizes.n_venues + 64, dtype=layout.INTENT_DTYPE),
        makers=makers,
        quotes=np.zeros(max(1, sizes.n_quotes), dtype=layout.QUOTE_DTYPE),
        spells=_spells(scenario, seed, begin_ns),
        others=np.zeros(codes.N_OTHERS if sizes.has_crowd else 1, dtype=layout.OTHER_DTYPE),
        interest=np.zeros(sizes.n_venues * 2 * POOL_DEPTH + 1, dtype=layout.INTEREST_DTYPE),
        n_interest=np.zeros(sizes.n_venues * 2, dtype=np.int64),
        classes=class_rows(scenario.venues),
        touches=np.zeros(sizes.n_venues * 2 + 2, dtype=layout.TOUCH_DTYPE),
        nbbo=np.zeros(codes.NBBO_HISTORY, dtype=layout.NBBO_CHANGE_DTYPE),
        marks=np.zeros(N_MARKS, dtype=layout.MARK_DTYPE),
        children=np.zeros(FIRST_CHILDREN, dtype=layout.CHILD_DTYPE),
        mail=np.zeros(256, dtype=layout.MAIL_DTYPE),
        reports=np.zeros(4_096, dtype=layout.REPORT_DTYPE),
        audit=np.zeros(4_096, dtype=layout.AUDIT_DTYPE),
        tape=np.zeros(16_384, dtype=TAPE_DTYPE),
        changes=changes,
        script=script,
        script_targets=targets_of(script),
    )


class _Sizes:
    """How many of everything: what the layout of `handles` and `clocks` follows from."""

    def __init__(self, scenario: Scenario, script: ScriptArray) -> None:
        self.n_venues = len(scenario.venues)
        self.is_generated = scenario.scenario.mode == "generated"
        self.n_makers = len(scenario.makers.half_spread_increments) if self.is_generated else 0
        self.n_sources = FIRST_FLOW + self.n_venues + 3 * self.n_makers
        self.has_crowd = self.is_generated and (
            scenario.flow.excitation_frac > 0.0 or scenario.others.parents_per_hour > 0.0
        )
        self.first_crowd_source = self.n_sources
        self.n_sources += 2 * self.has_crowd
        self.n_quotes = self.n_makers * self.n_venues * 2
        self.n_slots = [_n_slots(venue) if self.is_generated else 0 for venue in scenario.venues]
        self.first_script_ref = self.n_quotes + sum(self.n_slots)
        self.first_child_ref = self.first_script_ref + len(script)
        most = self.first_script_ref + live_orders_at_most(script) + _OWN_ORDERS
        self.capacity = 1 << (most - 1).bit_length()


def _n_slots(venue: VenueTable) -> int:
    """
    Places for a venue's background orders: twice as many as rest on average.

    A place is emptied by a cancel (at rate a / N when cancels come as often as adds, a per second)
    or taken over by a new order (a / N). Both together are 1 / life when N = 2 · a · life.
    """
    if venue.lit is None:
        return 0
    return max(4, math.ceil(2.0 * venue.lit.add_per_s * venue.lit.order_life_s))


def _params(scenario: Scenario, sizes: _Sizes) -> Rows:
    params = np.zeros(1, dtype=layout.PARAMS_DTYPE)
    row = params[0]
    pools = [i for i, venue in enumerate(scenario.venues) if not venue.is_lit]
    row["n_venues"] = sizes.n_venues
    row["n_makers"] = sizes.n_makers
    row["n_sources"] = sizes.n_sources
    row["increment_ticks"] = scenario.increment_ticks
    row["is_generated"] = sizes.is_generated
    row["trf_venue_idx"] = pools[0] if pools else -1
    row["decision_latency_ns"] = scenario.decision_latency_ns
    row["first_slot_ref"] = sizes.n_quotes
    row["first_script_ref"] = sizes.first_script_ref
    row["first_child_ref"] = sizes.first_child_ref
    _price_params(scenario, row)
    _trader_params(scenario, row)
    write_phase_params(scenario, row)
    row["first_crowd_source"] = sizes.first_crowd_source
    crowd_params(scenario, row)
    return params


def _ticks_per_bps(scenario: Scenario) -> float:
    return scenario.start_ticks / BPS_PER_UNIT


def _price_params(scenario: Scenario, row: np.void) -> None:
    price, impact = scenario.price, scenario.impact
    ticks = _ticks_per_bps(scenario)
    grid_s = price.grid_ms / 1_000.0
    keep = math.exp(-grid_s / price.drift_tau_s)
    row["grid_ns"] = round(price.grid_ms * NS_PER_MS)
    row["grid_s"] = grid_s
    row["drift_keep_frac"] = keep
    row["drift_shock_ticks_per_s"] = price.drift_sd_bps_per_s * ticks * math.sqrt(1.0 - keep * keep)
    row["drift_reach_s"] = grid_s / (1.0 - keep)
    row["noise_ticks"] = price.noise_bps_per_sqrt_s * ticks * math.sqrt(grid_s)
    row["jump_prob"] = grid_s / price.jump_interval_s if price.jump_interval_s > 0 else 0.0
    row["jump_min_ticks"] = price.jump_min_bps * ticks
    row["jump_max_ticks"] = price.jump_max_bps * ticks
    row["release_frac"] = 1.0 - math.exp(-grid_s / price.release_tau_s)
    row["transient_keep_frac"] = math.exp(-grid_s / impact.transient_tau_s)
    adv_pct_shares = scenario.instrument.adv_shares / 100.0
    row["permanent_ticks_per_share"] = impact.permanent_bps_per_adv_pct * ticks / adv_pct_shares
    row["transient_ticks_per_share"] = impact.transient_bps_per_adv_pct * ticks / adv_pct_shares


def _trader_params(scenario: Scenario, row: np.void) -> None:
    flow, makers, dark = scenario.flow, scenario.makers, scenario.dark
    increment = scenario.increment_ticks
    row["imbalance_weight_frac"] = flow.imbalance_weight_frac
    row["busy_multiplier"] = flow.busy_multiplier
    row["calm_mean_ns"] = flow.calm_mean_s * NS_PER_S
    row["busy_mean_ns"] = flow.busy_mean_s * NS_PER_S
    row["reach_ticks"] = flow.reach_increments * increment
    row["informed_gap_ns"] = _gap_ns(flow.informed_per_s)
    row["informed_edge_ticks"] = flow.informed_edge_bps * _ticks_per_bps(scenario)
    row["informed_shares_mean"] = flow.informed_shares
    row["maker_wake_ns"] = makers.wake_ms * NS_PER_MS
    row["hysteresis_ticks"] = makers.hysteresis_increments * increment
    row["refill_min_ns"] = makers.refill_min_s * NS_PER_S
    row["refill_span_ns"] = (makers.refill_max_s - makers.refill_min_s) * NS_PER_S
    row["fade_prob"] = makers.fade_prob
    row["fade_reaction_ns"] = makers.fade_reaction_us * NS_PER_US
    row["fade_trigger_shares"] = makers.fade_trigger_shares
    row["spell_min_ns"] = dark.spell_min_s * NS_PER_S
    row["spell_span_ns"] = (dark.spell_max_s - dark.spell_min_s) * NS_PER_S
    row["off_per_on"] = (1.0 - dark.on_frac) / dark.on_frac


def _gap_ns(rate_per_s: float) -> float:
    # A rate of zero never reaches a clock: its source stays at FAR.
    return NS_PER_S / rate_per_s if rate_per_s > 0 else math.inf


def _world(scenario: Scenario, seed: int, begin_ns: int) -> Rows:
    world = np.zeros(1, dtype=layout.WORLD_DTYPE)
    row = world[0]
    row["now_ns"] = begin_ns
    row["activity"] = 1.0
    row["day_multiplier"] = 1.0
    row["excited_ns"] = begin_ns
    row["news_ns"] = FAR
    row["next_parent_ns"] = begin_ns if scenario.others.parents_per_hour > 0.0 else FAR
    row["script_reference_ticks"] = math.nan
    row["efficient_ticks"] = scenario.start_ticks
    row["last_trade_ticks"] = round(scenario.start_ticks)
    row["has_pegs"] = any(
        venue.lit is not None and venue.lit.midpoint_frac + venue.lit.primary_frac > 0.0
        for venue in scenario.venues
    )
    if scenario.scenario.mode == "generated":
        sd = scenario.price.drift_sd_bps_per_s * _ticks_per_bps(scenario)
        row["drift_ticks_per_s"] = stream(seed, "first drift").normal(0.0, sd) if sd > 0 else 0.0
    return world


def _clocks(
    scenario: Scenario, sizes: _Sizes, begin_ns: int, script: ScriptArray
) -> NDArray[np.int64]:
    clocks = np.full(sizes.n_sources, FAR, dtype=np.int64)
    if len(script):
        clocks[codes.SCRIPT] = script["time_ns"][0]
    for venue_idx, venue in enumerate(scenario.venues):
        has_flow = venue.pool is not None or (venue.lit is not None and sizes.is_generated)
        if has_flow and _rates(venue, scenario.flow.excitation_frac)[0] > 0.0:
            clocks[FIRST_FLOW + venue_idx] = begin_ns
    if sizes.is_generated:
        clocks[codes.GRID] = begin_ns
        clocks[codes.ACTIVITY] = begin_ns
        clocks[codes.INFORMED] = begin_ns if scenario.flow.informed_per_s > 0 else FAR
        if scenario.others.parents_per_hour > 0.0:
            clocks[sizes.first_crowd_source + 1] = begin_ns
        first_maker = FIRST_FLOW + sizes.n_venues
        clocks[first_maker : first_maker + sizes.n_makers] = begin_ns
    return clocks


def _rates(venue: VenueTable, excitation_frac: float) -> tuple[float, float, float]:
    """
    Events of a venue's flow: all of them per second, and the two cuts between their kinds.

    Market orders that follow from others are not of this flow, but they are in the file's rate.
    """
    if venue.lit is not None:
        adds = cancels = venue.lit.add_per_s
        rest = venue.lit.market_per_s * (1.0 - excitation_frac)
    else:
        assert venue.pool is not None
        adds = 2.0 * venue.pool.interest_per_s  # a coin decides the side
        cancels = 2.0 * POOL_DEPTH / venue.pool.interest_life_s  # each place is hit once a life
        rest = venue.pool.contra_per_s
    total = adds + cancels + rest
    return total, adds / max(total, 1e-12), (adds + cancels) / max(total, 1e-12)


def _streams(scenario: Scenario, seed: int, sizes: _Sizes) -> NDArray[np.uint64]:
    names = ["price", "activity", "informed", "mail", "script"]
    names += [f"flow of {venue.mic}" for venue in scenario.venues]
    names += [f"maker {maker}" for maker in range(sizes.n_makers)]
    names += [f"reaction {i}" for i in range(2 * sizes.n_makers)]
    names += ["crowd", "others' parents"] if sizes.has_crowd else []
    names += [f"spells of {v.mic}, {side}" for v in scenario.venues for side in ("buy", "sell")]
    return np.array([stream_seed(seed, name) for name in names], dtype=np.uint64)


def _venues(scenario: Scenario, seed: int, sizes: _Sizes) -> Rows:
    venues = np.zeros(sizes.n_venues, dtype=layout.VENUE_DTYPE)
    first_slot = sizes.n_quotes
    venues["crowd_cut"] = crowd_cuts(scenario)
    for venue_idx, venue in enumerate(scenario.venues):
        row = venues[venue_idx]
        row["is_lit"] = venue.is_lit
        row["is_protected"] = venue.is_lit and venue.protected
        row["min_shares"] = venue.min_shares
        row["first_slot"] = first_slot
        row["n_slots"] = sizes.n_slots[venue_idx]
        first_slot += sizes.n_slots[venue_idx]
        row["latency_luck"] = stream_seed(seed, f"latency of {venue.mic}")
        row["leak_luck"] = stream_seed(seed, f"leaks of {venue.mic}")
        if venue.lit is not None or venue.pool is not None:
            total, first, second = _rates(venue, scenario.flow.excitation_frac)
            row["gap_ns"] = _gap_ns(total)
            row["first_cut"] = round(first * 65_536)
            row["second_cut"] = round(second * 65_536)
        if venue.lit is not None:
            row["nbbo_delay_ns"] = round(venue.lit.nbbo_delay_us * NS_PER_US)
            _order_cuts(venue.lit, row)
        if venue.lit is not None and sizes.n_makers:
            row["maker_shares"] = venue.lit.maker_shares / sizes.n_makers
        if venue.pool is not None:
            ticks = _ticks_per_bps(scenario)
            row["nbbo_delay_ns"] = round(venue.pool.nbbo_delay_us * NS_PER_US)
            row["has_size_priority"] = venue.pool.priority == "size"
            row["interest_min_frac"] = venue.pool.interest_min_frac
            row["informed_frac"] = venue.pool.informed_frac
            row["leak_prob"] = venue.pool.leak_prob
            row["leak_min_ticks"] = venue.pool.leak_min_bps * ticks
            row["leak_max_ticks"] = venue.pool.leak_max_bps * ticks
    return venues


def _order_cuts(lit: LitFlow, row: np.void) -> None:
    """Where each kind of limit order ends in one draw; behind the last they are displayed whole."""
    until = 0.0
    for cut, frac in (
        ("hidden_cut", lit.hidden_frac),
        ("midpoint_cut", lit.midpoint_frac),
        ("primary_cut", lit.primary_frac),
        ("iceberg_cut", lit.iceberg_frac),
    ):
        until += frac
        row[cut] = round(until * 65_536)
    row["display_shares"] = lit.display_shares


def _tables(scenario: Scenario) -> NDArray[np.int32]:
    n_rows = len(scenario.venues) * N_TABLES
    tables = np.zeros((n_rows + 1, N_QUANTILES), dtype=np.int32)
    lot = scenario.instrument.round_lot_shares
    tables[n_rows] = others_sizes(scenario)
    for venue_idx, venue in enumerate(scenario.venues):
        rows = tables[venue_idx * N_TABLES :]
        lit, pool, far = venue.lit, venue.pool, venue.latency
        if lit is not None:
            rows[codes.ADD_SHARES] = size_quantiles(lit.add_shares, lit.size_tail, lot)
            rows[codes.MARKET_SHARES] = size_quantiles(lit.market_shares, lit.size_tail, lot)
            rows[codes.DISTANCE] = distance_quantiles(
                lit.depth_increments, _farthest_increments(scenario, lit.depth_increments)
            )
        if pool is not None:
            rows[codes.ADD_SHARES] = size_quantiles(
                pool.interest_shares, pool.size_tail, lot, pool.zero_frac
            )
            for row, shares in enumerate(class_means(pool), start=codes.CLASS_SHARES):
                rows[row] = size_quantiles(shares, pool.size_tail, lot)
        for row, mean_us, jitter_us in (
            (codes.ORDER_IN_NS, far.order_in_us, far.order_in_jitter_us),
            (codes.ACK_NS, far.ack_us, far.ack_jitter_us),
            (codes.MARKET_DATA_NS, far.market_data_us, far.market_data_jitter_us),
        ):
            rows[row] = latency_quantiles(mean_us, jitter_us, far.shape)
    return tables


def _farthest_increments(scenario: Scenario, mean_increments: float) -> float:
    """
    Where distances of limit orders are cut: at 20, farther where their mean is large.

    Eight means hold all but 0.03 % of a geometric law; beyond a quarter of the price nobody trades,
    and a bid must stay above zero.
    """
    quarter = scenario.instrument.price_usd / scenario.instrument.increment_usd / 4.0
    return max(20.0, float(np.floor(min(8.0 * mean_increments, quarter))))


def _makers(scenario: Scenario, seed: int) -> Rows:
    spreads = scenario.makers.half_spread_increments
    makers = np.zeros(max(1, len(spreads)), dtype=layout.MAKER_DTYPE)
    for maker, half_spread in enumerate(spreads):
        makers[maker]["half_spread_ticks"] = half_spread * scenario.increment_ticks
        makers[maker]["luck"] = stream_seed(seed, f"luck of maker {maker}")
    return makers


def _spells(scenario: Scenario, seed: int, begin_ns: int) -> Rows:
    """Each side of each pool somewhere inside a spell, on with the long-run probability."""
    spells = np.zeros(len(scenario.venues) * 2, dtype=layout.SPELL_DTYPE)
    dark = scenario.dark
    for book in range(len(spells)):
        mic, side = scenario.venues[book // 2].mic, ("buy", "sell")[book % 2]
        chance, length, age = stream(seed, f"first spell of {mic}, {side}").random(3)
        is_on = chance < dark.on_frac
        length_s = dark.spell_min_s + length * (dark.spell_max_s - dark.spell_min_s)
        if not is_on:
            length_s *= (1.0 - dark.on_frac) / dark.on_frac
        spells[book]["is_on"] = is_on
        spells[book]["until_ns"] = begin_ns + 1 + int(length_s * (1.0 - age) * NS_PER_S)
    return spells
