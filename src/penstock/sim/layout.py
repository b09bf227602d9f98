"""The memory of a world: the row layouts that its kernels share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]
"""A one-dimensional structured array of one of the dtypes below."""

Int64s = NDArray[np.int64]
Uint64s = NDArray[np.uint64]
Tables = NDArray[np.int32]
"""Quantiles by venue and kind, shape (n_venues * N_TABLES, N_QUANTILES)."""

PARAMS_DTYPE = np.dtype(
    [
        ("n_venues", np.int64),
        ("n_makers", np.int64),
        ("n_sources", np.int64),
        ("increment_ticks", np.int64),
        ("is_generated", np.int64),
        ("trf_venue_idx", np.int64),  # off-exchange prints appear under this venue; -1 without pool
        ("decision_latency_ns", np.int64),
        ("news_delay_ns", np.int64),  # until the nearest lit venue hears of a change of the NBBO
        ("n_scheduled", np.int64),  # rows of `changes`; in a stack the array may be longer
        # Rows of `handles`: makers' quotes, places of background orders, scripted orders, children.
        ("first_slot_ref", np.int64),
        ("first_script_ref", np.int64),
        ("first_child_ref", np.int64),
        # Efficient price, per step of the grid.
        ("grid_ns", np.int64),
        ("grid_s", np.float64),
        ("drift_keep_frac", np.float64),
        ("drift_shock_ticks_per_s", np.float64),
        ("drift_reach_s", np.float64),  # drift still to come, in seconds of the current drift
        ("noise_ticks", np.float64),
        ("jump_prob", np.float64),
        ("jump_min_ticks", np.float64),
        ("jump_max_ticks", np.float64),
        ("release_frac", np.float64),
        ("transient_keep_frac", np.float64),
        ("permanent_ticks_per_share", np.float64),
        ("transient_ticks_per_share", np.float64),
        # Traders.
        ("imbalance_weight_frac", np.float64),
        ("busy_multiplier", np.float64),
        ("calm_mean_ns", np.float64),
        ("busy_mean_ns", np.float64),
        ("reach_ticks", np.int64),
        ("informed_gap_ns", np.float64),
        ("informed_edge_ticks", np.float64),
        ("informed_shares_mean", np.float64),
        ("maker_wake_ns", np.float64),
        ("hysteresis_ticks", np.float64),
        ("refill_min_ns", np.float64),
        ("refill_span_ns", np.float64),
        ("fade_prob", np.float64),
        ("fade_reaction_ns", np.float64),
        ("fade_trigger_shares", np.int64),
        ("spell_min_ns", np.float64),
        ("spell_span_ns", np.float64),
        ("off_per_on", np.float64),  # length of an off-spell relative to an on-spell
        # Calls and price bands.
        ("has_phases", np.int64),  # 1 when the scenario has any of either
        ("listing_venue_idx", np.int64),  # where auctions are; -1 without any
        ("opening_ns", np.int64),
        ("reopening_ns", np.int64),
        ("closing_at_ns", np.int64),  # when the last call begins; FAR without one
        ("closing_cross_ns", np.int64),  # its auction
        ("band_width_frac", np.float64),  # 0 without bands
        ("band_open_multiplier", np.float64),
        ("band_close_multiplier", np.float64),
        ("band_open_until_ns", np.int64),
        ("band_close_from_ns", np.int64),
        ("limit_state_ns", np.int64),
        ("pause_ns", np.int64),
        ("maker_delay_ns", np.int64),  # age of the quotes that each kind of trader acts on
        ("flow_delay_ns", np.int64),
        ("informed_delay_ns", np.int64),
        ("spread_weight_frac", np.float64),
        # Time of day: extra activity at both ends of the session, as a fraction of the usual one.
        ("open_extra_frac", np.float64),
        ("close_extra_frac", np.float64),
        ("shape_tau_ns", np.float64),
        ("session_start_ns", np.int64),
        ("session_end_ns", np.int64),
        # Market orders that follow market orders, and other people's parents: two sources more,
        # from this row on, where a scenario has either.
        ("first_crowd_source", np.int64),
        ("excitation_frac", np.float64),
        ("excitation_tau_ns", np.float64),
        ("excitation_same_frac", np.float64),
        ("others_gap_ns", np.float64),  # between arrivals of other people's parents; inf is never
        ("others_child_shares", np.float64),
        ("others_child_gap_ns", np.float64),
        ("others_market_cut", np.int64),  # of 65,536: below, a slice takes
    ],
    align=True,
)
"""What the scenario says, in the units of the kernels; one row, written by `schedule` alone."""

WORLD_DTYPE = np.dtype(
    [
        ("now_ns", np.int64),
        ("n_events", np.int64),  # events of all sources
        ("n_book_changes", np.int64),  # orders entered, withdrawn or amended in lit books
        ("n_trades", np.int64),
        ("n_refused", np.int64),  # background orders for which there was no room
        ("n_intents", np.int64),
        ("n_nbbo", np.int64),  # changes of the NBBO so far
        ("has_pegs", np.int64),  # 1 once there may be pegs in lit books: venues are told of changes
        ("news_ns", np.int64),  # when the next lit venue hears of such a change; FAR: all know all
        # Queues inside buffers: [lo, n) is waiting, sorted by time. Of the tape, [0, ready) has
        # arrived and is handed over.
        ("tape_ready", np.int64),
        ("tape_lo", np.int64),
        ("tape_n", np.int64),
        ("reports_lo", np.int64),
        ("reports_n", np.int64),
        ("mail_lo", np.int64),
        ("mail_n", np.int64),
        ("script_i", np.int64),
        ("audit_n", np.int64),
        ("n_changes", np.int64),  # of the schedule that have been made
        ("is_halted", np.int64),  # TRADING, STOPPED or CALLING
        ("is_busy", np.int64),
        ("activity", np.float64),
        # Efficient price and what is on its way.
        ("efficient_ticks", np.float64),
        ("drift_ticks_per_s", np.float64),
        ("unreleased_ticks", np.float64),
        ("transient_ticks", np.float64),
        ("script_reference_ticks", np.float64),  # NaN until the script gives one
        # Calls and price bands.
        ("phase_until_ns", np.int64),  # end of a halt or a call
        ("price_sum_ticks", np.int64),  # of all trades so far
        ("last_trade_ticks", np.int64),
        ("band_low_ticks", np.int64),  # 0 while there are no bands
        ("band_high_ticks", np.int64),
        ("band_reference_ticks", np.float64),
        ("limit_since_ns", np.int64),  # since when the quote stands at a band, 0 when it does not
        ("n_marks", np.int64),
        ("next_mark_ns", np.int64),
        ("others_ticks", np.float64),  # what other people's live parents will still do
        # How excited noise traders are: market orders that are still to follow from earlier ones,
        # as expected at `excited_ns`, and the same with the earlier ones' signs.
        ("excitement", np.float64),
        ("excited_sign", np.float64),
        ("excited_ns", np.int64),
        ("day_multiplier", np.float64),  # of activity, by the time of day
        ("next_parent_ns", np.int64),  # of other people
    ],
    align=True,
)
"""What changes from event to event; one row."""

VENUE_DTYPE = np.dtype(
    [
        ("is_lit", np.int64),
        ("is_protected", np.int64),
        ("min_shares", np.int64),
        ("first_slot", np.int64),  # of this venue's background orders in `handles`
        ("n_slots", np.int64),
        ("gap_ns", np.float64),  # mean time between events of its flow, when calm
        ("first_cut", np.int64),  # of 65,536: below is an add (interest, in a pool)
        ("second_cut", np.int64),  # below is a cancel, from here on a market order (contra)
        ("hidden_cut", np.int64),  # of 65,536: below, a limit order is hidden
        ("midpoint_cut", np.int64),  # below, it is a midpoint peg
        ("primary_cut", np.int64),  # below, it is a primary peg
        ("iceberg_cut", np.int64),  # below, it is an iceberg
        ("display_shares", np.int64),  # what an iceberg shows
        ("maker_shares", np.float64),  # per maker and side
        ("crowd_cut", np.int64),  # of 65,536: its and earlier venues' part of market orders
        ("nbbo_delay_ns", np.int64),
        ("has_size_priority", np.int64),
        ("interest_min_frac", np.float64),
        ("informed_frac", np.float64),
        ("leak_prob", np.float64),
        ("leak_min_ticks", np.float64),
        ("leak_max_ticks", np.float64),
        ("latency_luck", np.uint64),
        ("leak_luck", np.uint64),
        # State.
        ("feed_seq", np.int64),
        ("feed_recv_ns", np.int64),  # latest, so that messages do not overtake
        ("order_in_ns", np.int64),
        ("ack_recv_ns", np.int64),
        ("n_execs", np.int64),
        ("crossed_mid_x2", np.int64),  # midpoint at which the pool last looked for crosses
        ("leaked_ns", np.int64),  # moment of the last execution of ours that a pool could tell on
        ("n_told", np.int64),  # changes of the NBBO that a lit venue was told of
    ],
    align=True,
)
"""One venue: what it is, and where it stands."""

INTENT_DTYPE = np.dtype(
    [
        ("kind", np.int64),  # ENTER, WITHDRAW, AMEND or RETRY
        ("venue_idx", np.int64),
        ("side", np.int64),
        ("ticks", np.int64),
        ("shares", np.int64),
        ("min_shares", np.int64),
        ("display_shares", np.int64),
        ("tif", np.int64),
        ("flags", np.int64),
        ("owner", np.int64),
        ("ref", np.int64),  # row of `handles` for what rests; -1 when nothing may rest
        ("permanent_frac", np.float64),  # how much of its volume is news to the market
    ],
    align=True,
)
"""What a trader wants done to a lit book. Traders write them, one place carries them out."""

MAKER_DTYPE = np.dtype(
    [
        ("half_spread_ticks", np.float64),
        ("anchor_ticks", np.float64),  # fair price at the last move of its quotes; 0 before
        ("luck", np.uint64),
        ("bid_print_venue_idx", np.int64),  # where the print was that it is about to react to
        ("ask_print_venue_idx", np.int64),
    ],
    align=True,
)
"""One market maker."""

QUOTE_DTYPE = np.dtype(
    [("ticks", np.int64), ("quiet_until_ns", np.int64)],
    align=True,
)
"""One side of one maker at one venue; row (maker · n_venues + venue) · 2 + (0 bid | 1 ask)."""

TOUCH_DTYPE = np.dtype([("ticks", np.int64), ("shares", np.int64)], align=True)
"""
Best displayed price and its size, true now; 0 when there is none.

Row venue · 2 + (0 bid | 1 ask); the last two rows are the NBBO of the protected venues.
"""

OTHER_DTYPE = np.dtype(
    [
        ("side", np.int64),
        ("n_children", np.int64),  # still to come; 0 in a free row
        ("next_ns", np.int64),  # when the next one comes
        ("ends_ns", np.int64),  # when it is expected to be done
        ("ticks", np.float64),  # what the price will still learn of it, signed
        ("luck", np.uint64),
    ],
    align=True,
)
"""One parent order of somebody else."""

SPELL_DTYPE = np.dtype([("is_on", np.int64), ("until_ns", np.int64)], align=True)
"""One side of one pool; row venue · 2 + (0 buy | 1 sell)."""

INTEREST_DTYPE = np.dtype(
    [
        ("ref", np.int64),  # row of `handles` of a child or scripted order; -1 is anonymous
        ("shares", np.int64),
        ("min_shares", np.int64),
        ("limit_ticks", np.int64),  # 0 is any price
    ],
    align=True,
)
"""One hidden order in a pool; rows (venue · 2 + side) · POOL_DEPTH on, oldest first."""

CHILD_DTYPE = np.dtype(
    [
        ("child_id", np.int64),
        ("venue_idx", np.int64),
        ("side", np.int64),
        ("size_shares", np.int64),
        ("filled_shares", np.int64),
        ("limit_ticks", np.int64),
        ("min_shares", np.int64),
        ("tif", np.int64),
        ("is_midpoint", np.int64),
        ("state", np.int64),
    ],
    align=True,
)
"""One of our orders, as its venue knows it."""

MAIL_DTYPE = np.dtype(
    [
        ("due_ns", np.int64),
        ("kind", np.int64),  # SEND, CANCEL or REPLACE
        ("venue_idx", np.int64),
        ("child_id", np.int64),
        ("child", np.int64),  # row of `children`; -1 when we never sent it
        ("shares", np.int64),
        ("limit_ticks", np.int64),
        ("reason", np.int64),  # a refusal that is already certain
    ],
    align=True,
)
"""One command of ours between us and its venue."""

REPORT_DTYPE = np.dtype(
    [
        ("recv_ns", np.int64),
        ("event_ns", np.int64),
        ("kind", np.int64),  # ReportKind
        ("venue_idx", np.int64),
        ("child_id", np.int64),
        ("price_ticks", np.int64),
        ("shares", np.int64),
        ("exec_no", np.int64),
        ("liquidity", np.int64),
        ("reason", np.int64),
    ],
    align=True,
)
"""One report between a venue and us."""

AUDIT_DTYPE = np.dtype(
    [
        ("time_ns", np.int64),  # true time at the venue
        ("child_id", np.int64),
        ("exec_no", np.int64),
        ("venue_idx", np.int64),
        ("side", np.int64),
        ("price_ticks", np.int64),
        ("size_shares", np.int64),
        ("liquidity", np.int64),
        ("reference_ticks", np.float64),  # M* just before this execution; NaN where unknown
        ("permanent_ticks", np.float64),  # what this execution did to M*, leakage included
        ("transient_ticks", np.float64),  # what it did to quotes for a while
    ],
    align=True,
)
"""One execution of ours with the truth about it; for trials, never for the engine."""

MARK_DTYPE = np.dtype([("n_trades", np.int64), ("price_sum_ticks", np.int64)], align=True)
"""Trades and the sum of their prices up to one moment: two of these give a mean price."""

NBBO_CHANGE_DTYPE = np.dtype(
    [("time_ns", np.int64), ("bid_ticks", np.int64), ("ask_ticks", np.int64)], align=True
)
"""One change of the protected NBBO, at its true time."""


CHANGE_DTYPE = np.dtype(
    [("at_ns", np.int64), ("what", np.int64), ("idx", np.int64), ("value", np.float64)],
    align=True,
)
"""One change in the middle of the day; `what` and `idx` are explained in `schedule`."""


class WorldState(NamedTuple):
    """
    Everything that the kernels of a world read and write: arrays only.

    `head`, `books`, `levels`, `orders` are a `Market`; `handles` says which order of it belongs to
    each reference, `refs` the reverse, by slot.
    """

    params: Rows
    world: Rows
    clocks: Int64s  # (n_sources,) time of the next event of each source
    streams: Uint64s  # random state of each source, then of each spell
    venues: Rows
    tables: Tables
    head: Rows
    books: Rows
    levels: Rows
    orders: Rows
    fills: Rows
    results: Rows
    handles: Int64s
    refs: Int64s
    intents: Rows
    makers: Rows
    quotes: Rows
    spells: Rows
    others: Rows  # other people's parents
    interest: Rows
    n_interest: Int64s  # (n_venues * 2,)
    classes: Rows
    touches: Rows
    nbbo: Rows  # ring of its changes
    marks: Rows  # ring of looks at the prices of trades, for the bands
    children: Rows
    mail: Rows
    reports: Rows
    audit: Rows
    tape: Rows
    changes: Rows
    script: Rows
    script_targets: Int64s  # row of the order that a scripted cancel is about, -1 if unknown
