"""What a scenario file says of the people in its market, and of what its price does."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from penstock.sim.scenario.table import (
    Amount,
    Count,
    Frac,
    Increments,
    LifeS,
    MeanShares,
    Micros,
    Millis,
    Moves,
    Multiplier,
    PositiveAmount,
    PositiveFrac,
    Rate,
    Steps,
    Table,
    Tail,
)

Excitation = Annotated[float, Meta(ge=0.0, le=0.95)]  # at 1 the crowd never calms down


class LitFlow(Table, frozen=True, kw_only=True):
    """Background traders of one lit venue."""

    add_per_s: Rate  # new limit orders
    market_per_s: Rate  # market orders of uninformed traders
    order_life_s: PositiveAmount  # mean time until a resting order is cancelled
    add_shares: MeanShares  # mean size of a limit order
    market_shares: MeanShares  # mean size of a market order
    size_tail: Tail = 2.2  # exponent of the size distribution's tail; smaller is heavier
    depth_increments: Increments = 2.0  # mean distance of a limit order from its best price
    hidden_frac: Frac = 0.0  # limit orders that are not displayed
    midpoint_frac: Frac = 0.0  # limit orders that are hidden midpoint pegs
    primary_frac: Frac = 0.0  # limit orders that are hidden pegs to the best quote of their side
    iceberg_frac: Frac = 0.0  # limit orders that show `display_shares` at a time
    display_shares: Count = 100
    nbbo_delay_us: Micros = 0.0  # how old the quotes are that its pegs follow
    maker_shares: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0  # all makers together, each side


class PoolClass(Table, frozen=True, kw_only=True):
    """One class of those who look for hidden orders; what is not named is as in the pool."""

    name: str  # for the reader
    frac: Frac  # of the contra orders, to a thousandth
    contra_shares: MeanShares | None = None
    informed_frac: Frac | None = None
    leak_prob: Frac | None = None  # chance that an execution of ours with one becomes known


class PoolFlow(Table, frozen=True, kw_only=True):
    """Hidden traders of one dark pool, and how honest they are."""

    nbbo_delay_us: Micros  # how old the quotes are whose midpoint the pool uses
    interest_per_s: Rate  # hidden orders on a side, while the side is on
    interest_shares: MeanShares  # mean size of a hidden order that is not zero
    interest_life_s: LifeS  # mean time until a hidden order is withdrawn
    contra_per_s: Rate  # immediate-or-cancel orders of both sides that look for hidden ones
    contra_shares: MeanShares  # their mean size
    zero_frac: Frac = 0.3  # hidden orders that turn out to be empty
    size_tail: Tail = 1.8  # exponent of the size distribution's tail; smaller is heavier
    informed_frac: Frac = 0.0  # contra orders that know where the price is going
    leak_prob: Frac = 0.0  # chance that an execution of ours becomes known
    leak_min_bps: Moves = 0.0  # adverse move that follows, uniform between these
    leak_max_bps: Moves = 0.0
    priority: Literal["time", "size"] = "time"  # of hidden orders; "size" is larger first
    interest_min_frac: Frac = 0.0  # least execution that a hidden order accepts, of its size
    classes: tuple[PoolClass, ...] = ()  # of contra orders; at most 4, shares that add up to 1


class Price(Table, frozen=True, kw_only=True):
    """How the efficient price moves, in bps of the starting price."""

    drift_sd_bps_per_s: Moves = 0.025  # standard deviation of a mean-reverting drift
    drift_tau_s: PositiveAmount = 20.0  # its mean reversion
    noise_bps_per_sqrt_s: Moves = 0.4  # unpredictable part
    jump_interval_s: Amount = 50.0  # mean time between pieces of information; 0 is never
    jump_min_bps: Moves = 1.5  # size of a piece, uniform between these, either sign
    jump_max_bps: Moves = 2.5
    release_tau_s: PositiveAmount = 4.0  # how long the price takes to absorb a piece
    grid_ms: Annotated[float, Meta(ge=1.0, le=10_000.0)] = 100.0  # step of the price process


class Impact(Table, frozen=True, kw_only=True):
    """What executed, signed volume does to prices; linear in shares."""

    permanent_bps_per_adv_pct: Moves = 4.0
    transient_bps_per_adv_pct: Moves = 10.0
    transient_tau_s: PositiveAmount = 30.0


class Flow(Table, frozen=True, kw_only=True):
    """What all background traders have in common."""

    imbalance_weight_frac: Frac = 0.3  # pull of the NBBO's size imbalance on a market order's side
    busy_multiplier: Multiplier = 2.5  # activity while busy, relative to calm
    calm_mean_s: PositiveAmount = 20.0  # mean length of calm and busy spells
    busy_mean_s: PositiveAmount = 6.0
    reach_increments: Steps = 2  # how far beyond the touch a market order goes
    excitation_frac: Excitation = 0.0  # market orders that follow from an earlier one
    excitation_tau_s: PositiveAmount = 0.5  # how long one goes on to excite others
    excitation_same_frac: Frac = 0.8  # pull of the excitement's sign on that of who follows
    spread_weight_frac: Frac = 0.0  # market orders that a very wide spread turns into limit orders
    open_multiplier: Multiplier = 1.0  # activity at the start of the session, relative to noon
    close_multiplier: Multiplier = 1.0  # the same at its end
    shape_tau_s: PositiveAmount = 1_800.0  # how fast that wears off, and comes back
    view_delay_us: Micros = 0.0  # how old the quotes are that noise traders act on
    informed_per_s: Rate = 4.0  # looks that informed traders take at the market
    informed_shares: MeanShares = 200.0  # mean size of what they take
    informed_edge_bps: Moves = 0.4  # what a trade must be worth to them
    informed_delay_us: Micros = 0.0  # how old the quotes are that they compare with


class Makers(Table, frozen=True, kw_only=True):
    """Market makers that quote at several lit venues at once."""

    half_spread_increments: tuple[Amount, ...] = (0.05, 0.25, 0.5)  # one maker each
    wake_ms: Millis = 60.0  # mean time between two looks at its quotes
    hysteresis_increments: Increments = 0.25  # price move that makes a maker move its quotes
    refill_min_s: Amount = 2.0  # absence after a quote was taken, or pulled, uniform between these
    refill_max_s: Amount = 10.0
    fade_prob: Frac = 0.6  # chance that a maker pulls elsewhere when a print clears a touch
    fade_reaction_us: Micros = 500.0  # how long that takes, mean; at least half of it
    fade_trigger_shares: Count = 200  # smaller prints are ignored
    view_delay_us: Micros = 0.0  # how old the quotes are that they avoid to lock


class Others(Table, frozen=True, kw_only=True):
    """Other people's parent orders: one sign for minutes, sliced."""

    parents_per_hour: Amount = 0.0  # 0 is none
    size_adv_frac: PositiveFrac = 0.001  # their mean size
    size_tail: Tail = 1.5  # exponent of the tail of sizes: what gives signs their long memory
    child_shares: MeanShares = 200.0  # mean size of a slice
    child_gap_s: PositiveAmount = 5.0  # mean time between two slices
    market_frac: Frac = 0.6  # slices that take; the rest joins the best quote of its side


class Dark(Table, frozen=True, kw_only=True):
    """Persistence of hidden interest: each side of each pool is on or off for a spell."""

    spell_min_s: PositiveAmount = 180.0  # length of an on-spell, uniform between these
    spell_max_s: PositiveAmount = 600.0
    on_frac: PositiveFrac = 0.4  # share of time that a side is on


class Parents(Table, frozen=True, kw_only=True):
    """Parent orders of one day, one after the other or overlapping."""

    n_per_day: Annotated[int, Meta(ge=1, le=100_000)] = 60
    size_min_adv_frac: PositiveFrac = 0.0002  # log-uniform between these, rounded to round lots
    size_max_adv_frac: PositiveFrac = 0.0015
    horizon_s: tuple[PositiveAmount, ...] = (60.0, 120.0, 180.0)  # each equally likely
    urgency_frac: tuple[Frac, ...] = (0.2, 0.5, 0.8)
    buy_frac: Frac = 0.5
    lead_in_s: Amount = 60.0  # quiet time before the first
    client: str = "sim"
