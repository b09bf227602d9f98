"""What a scenario file may say: one frozen struct per table, a unit in every name."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from penstock.domain import (
    NS_PER_S,
    NS_PER_US,
    TICKS_PER_USD,
    FeeSchedule,
    Instrument,
    Mic,
    Ns,
    Shares,
    Ticks,
    TradingDay,
    Universe,
    Venue,
    VenueKind,
)
from penstock.sim.scenario.phases import Auctions, Bands
from penstock.sim.scenario.table import (
    Amount,
    Count,
    Frac,
    Micros,
    Moves,
    Multiplier,
    OpenFrac,
    PositiveAmount,
    Table,
    UsdPerShare,
)
from penstock.sim.scenario.traders import (
    Dark,
    Flow,
    Impact,
    LitFlow,
    Makers,
    Others,
    Parents,
    PoolFlow,
    Price,
)

Tape = Literal["A", "B", "C"]


class About(Table, frozen=True, kw_only=True):
    """
    What the scenario is, and its clock.

    Times are wall time at the exchange, written as if it were UTC: the house needs no calendar.
    """

    name: str
    description: str
    mode: Literal["generated", "replay"]
    day: int  # YYYYMMDD
    duration_s: PositiveAmount
    start_s: Amount = 34_200.0  # after midnight; 34,200 is 09:30:00
    decision_latency_us: Micros = 50.0  # charged to every command of every policy


class InstrumentTable(Table, frozen=True, kw_only=True):
    """The one security of the scenario."""

    symbol: str
    price_usd: PositiveAmount  # efficient price at the start
    increment_usd: PositiveAmount  # smallest quoting step
    adv_shares: Annotated[int, Meta(ge=100, le=10**12)]  # 20-day average daily volume
    round_lot_shares: Count = 100
    tape: Tape = "A"  # of its listing exchange: A is NYSE, C is Nasdaq, B are the others


class Fees(Table, frozen=True, kw_only=True):
    """
    What a fill costs, USD per share; negative is a rebate.

    A venue has one such table, or several: of those for the stock's tape, the latest that is not
    in the future applies on the scenario's day.
    """

    take_usd: UsdPerShare
    make_usd: UsdPerShare
    midpoint_usd: UsdPerShare
    from_day: int = 19_700_101  # YYYYMMDD, the first day on which it applies
    tapes: Annotated[tuple[Tape, ...], Meta(min_length=1)] = ("A", "B", "C")


class Latency(Table, frozen=True, kw_only=True):
    """
    Distance to a venue. `…_us` is the mean of a delay, `…_jitter_us` its standard deviation.

    "exponential": a minimum, which is their difference, plus an exponential part. "lognormal": no
    minimum and a longer tail. Messages of one kind at one venue never overtake each other.
    """

    order_in_us: Micros
    ack_us: Micros
    market_data_us: Micros
    order_in_jitter_us: Micros = 0.0
    ack_jitter_us: Micros = 0.0
    market_data_jitter_us: Micros = 0.0
    shape: Literal["exponential", "lognormal"] = "exponential"


class PoolTurn(Table, frozen=True, kw_only=True):
    """What a pool may turn into."""

    informed_frac: Frac | None = None
    leak_prob: Frac | None = None
    leak_min_bps: Moves | None = None
    leak_max_bps: Moves | None = None


class VenueChange(PoolTurn, frozen=True, kw_only=True):
    """A pool that is another one from `at_s` on; what is not named stays as it was."""

    at_s: Amount  # since the start of the session


class VenueSpells(PoolTurn, frozen=True, kw_only=True):
    """A pool that is another one now and then; what is not named stays as in `pool`."""

    min_s: PositiveAmount  # length of a spell, uniform between these
    max_s: PositiveAmount
    time_frac: OpenFrac  # share of the session


class VenueTable(Table, frozen=True, kw_only=True):
    """One destination. In a generated market it has a `lit` or a `pool` table, as its kind says."""

    mic: Mic
    name: str
    kind: Literal["internal", "dark", "ecn", "exchange"]
    fees: Fees | tuple[Fees, ...]
    latency: Latency
    protected: bool = False  # its quotes count in the protected NBBO
    min_shares: Count = 1  # smallest order it takes
    lit: Annotated[LitFlow, Meta(description="for venues of kind ecn or exchange")] | None = None
    pool: Annotated[PoolFlow, Meta(description="for venues of kind internal or dark")] | None = None
    changes: tuple[VenueChange, ...] = ()
    spells: VenueSpells | None = None

    @property
    def is_lit(self) -> bool:
        """True where orders are displayed."""
        return VenueKind[self.kind.upper()].is_lit

    def fees_of(self, tape: Tape) -> tuple[Fees, ...]:
        """Its fee tables for stocks of one tape, in the order of the file."""
        tables = (self.fees,) if isinstance(self.fees, Fees) else self.fees
        return tuple(table for table in tables if tape in table.tapes)


class Regime(Table, frozen=True, kw_only=True):
    """
    Another market from `at_s` on, until the next regime: multiples of what the file says.

    A multiplier that is not named is 1, whatever the regime before said.
    """

    at_s: Amount  # since the start of the session
    flow_multiplier: Multiplier = 1.0  # rates of noise traders and pools
    volatility_multiplier: Multiplier = 1.0  # noise of the efficient price
    news_multiplier: Multiplier = 1.0  # rate of information
    informed_multiplier: Multiplier = 1.0  # looks of informed traders
    spread_multiplier: Multiplier = 1.0  # half-spreads of market makers
    depth_multiplier: Multiplier = 1.0  # sizes of market makers


class Halt(Table, frozen=True, kw_only=True):
    """No trading in the stock for a while: cancels only, and every lit venue says so."""

    at_s: Amount  # since the start of the session
    duration_s: PositiveAmount


class Depth(Table, frozen=True, kw_only=True):
    """
    One assumption about what a consolidated tape does not say: who displays what besides the quote.

    A result of a replay is shown under several of these, or it is a result about the assumption.
    """

    name: str
    depth_levels: int = 5  # displayed price levels per side, the touch included; at most 16
    depth_growth_frac: float = 1.0  # size of each further level, relative to the one before it
    touch_frac: float = 1.0  # displayed size of who sets the quote, relative to the recorded
    others_frac: float = 1.0  # that of the busiest other venue, relative to who sets the quote


class Replay(Table, frozen=True, kw_only=True):
    """Where a replayed day comes from, and what is assumed beyond what it recorded."""

    tape: str  # normalised tape, relative to the scenario file
    depth_levels: int = 5  # the assumption made when `depth` has none: see Depth
    depth_growth_frac: float = 1.0
    touch_frac: float = 1.0
    others_frac: float = 1.0
    depth: tuple[Depth, ...] = ()  # named assumptions; the first is made when none is asked for
    venue_map: dict[str, str] = {}  # noqa: RUF012 # `mic` of a venue here, by the tape's venue code
    pool_frac: dict[str, float] = {}  # noqa: RUF012 # off-exchange prints that leave hidden interest, by pool
    hidden_life_s: float = 20.0  # mean time until that is withdrawn

    def depth_called(self, name: str | None) -> Depth | None:
        """The assumption of that name, the first one for None; None if there is none such."""
        depths = self.depth or (
            Depth(
                name="default",
                depth_levels=self.depth_levels,
                depth_growth_frac=self.depth_growth_frac,
                touch_frac=self.touch_frac,
                others_frac=self.others_frac,
            ),
        )
        return next((depth for depth in depths if name in {None, depth.name}), None)


class Scenario(Table, frozen=True, kw_only=True):
    """A market and a day in it. `docs/scenarios.md` explains every key."""

    scenario: About
    instrument: InstrumentTable
    venues: tuple[VenueTable, ...]
    price: Price = Price()
    impact: Impact = Impact()
    flow: Flow = Flow()
    makers: Makers = Makers()
    dark: Dark = Dark()
    others: Others = Others()
    regimes: tuple[Regime, ...] = ()
    halts: tuple[Halt, ...] = ()
    auctions: Auctions = Auctions()
    bands: Bands = Bands()
    parents: Parents = Parents()
    replay: Replay | None = None

    @property
    def midnight_ns(self) -> Ns:
        """Beginning of the day, since the epoch."""
        return Ns(days_since_epoch(self.scenario.day) * 86_400 * NS_PER_S)

    @property
    def start_ns(self) -> Ns:
        """First moment of the session."""
        return Ns(self.midnight_ns + round(self.scenario.start_s * NS_PER_S))

    @property
    def end_ns(self) -> Ns:
        """Last moment of the session."""
        return Ns(self.start_ns + round(self.scenario.duration_s * NS_PER_S))

    @property
    def decision_latency_ns(self) -> Ns:
        """What every command waits before it leaves."""
        return Ns(round(self.scenario.decision_latency_us * NS_PER_US))

    @property
    def increment_ticks(self) -> Ticks:
        """Smallest quoting step."""
        return Ticks(round(self.instrument.increment_usd * TICKS_PER_USD))

    @property
    def start_ticks(self) -> float:
        """Efficient price at the start; a float, because it is no quote."""
        return self.instrument.price_usd * TICKS_PER_USD

    def universe(self) -> Universe:
        """The same instrument and venues in the house's words, with the fees of its tape."""
        return Universe(
            day=TradingDay(self.scenario.day),
            instruments=(
                Instrument(
                    instrument_idx=0,
                    symbol=self.instrument.symbol,
                    increment_ticks=self.increment_ticks,
                    adv_shares=Shares(self.instrument.adv_shares),
                    round_lot_shares=Shares(self.instrument.round_lot_shares),
                ),
            ),
            venues=tuple(
                Venue(
                    venue_idx=venue_idx,
                    mic=venue.mic,
                    name=venue.name,
                    kind=VenueKind[venue.kind.upper()],
                    fees=tuple(_schedule(fees) for fees in venue.fees_of(self.instrument.tape)),
                    is_protected=venue.protected,
                    min_shares=Shares(venue.min_shares),
                )
                for venue_idx, venue in enumerate(self.venues)
            ),
        )


def _schedule(fees: Fees) -> FeeSchedule:
    micros_per_usd = 1_000_000
    return FeeSchedule(
        effective_day=TradingDay(fees.from_day),
        take_usd_micros=round(fees.take_usd * micros_per_usd, 6),
        make_usd_micros=round(fees.make_usd * micros_per_usd, 6),
        midpoint_usd_micros=round(fees.midpoint_usd * micros_per_usd, 6),
    )


def days_since_epoch(day: int) -> int:
    """
    Days from 1970-01-01 to the date YYYYMMDD, Gregorian calendar.

    Counts from the first of March, so that the leap day is the last of its year; 719,468 is the
    number of days from 0000-03-01 to 1970-01-01.
    """
    year, month, date = day // 10_000, day // 100 % 100, day % 100
    year_from_march = year - (month <= 2)
    day_of_year = (153 * ((month - 3) % 12) + 2) // 5 + date - 1
    leap_days = year_from_march // 4 - year_from_march // 100 + year_from_march // 400
    return 365 * year_from_march + leap_days + day_of_year - 719_468


def is_date(day: int) -> bool:
    """True for an integer YYYYMMDD that is a day of the calendar."""
    year, month, date = day // 10_000, day // 100 % 100, day % 100
    if not (1 <= year <= 9999 and 1 <= month <= 12 and date >= 1):
        return False
    after = (year + (month == 12)) * 10_000 + (month % 12 + 1) * 100 + 1
    return days_since_epoch(day) < days_since_epoch(after)
