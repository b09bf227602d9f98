"""Builders for routing tests: venues, a market with quotes, a frame to plan, a model to ask."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    N_TACTICS,
    Exclusion,
    FeeSchedule,
    Instrument,
    RowArray,
    Shares,
    Side,
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
from penstock.features import FEATURE_NAMES, FEATURES_VERSION, N_FEATURES, MarketView
from penstock.models import ModelCard, synthetic_model
from penstock.routing import Frame, RoutingConfig, RowBuilder

DAY = TradingDay(20260105)
NOW = 10_000_000_000
AGE_NS = 1_000_000_000
HORIZON_NS = 60_000_000_000  # that is left
FAR_AWAY = 1_000_000_000  # a worst price that binds no buyer of these tests


def lit(
    idx: int,
    *,
    kind: VenueKind = VenueKind.EXCHANGE,
    take: float = 3_000.0,
    make: float = -2_000.0,
    protected: bool = True,
    min_shares: int = 1,
) -> Venue:
    """A lit venue called LIT<idx>; fees in USD micros a share."""
    return _venue(idx, f"LIT{idx}", kind, (take, make, 0.0), protected, min_shares)


def pool(
    idx: int, *, kind: VenueKind = VenueKind.DARK, fee: float = 1_000.0, min_shares: int = 1
) -> Venue:
    """A midpoint pool called DRK<idx>."""
    return _venue(idx, f"DRK{idx}", kind, (0.0, 0.0, fee), False, min_shares)


def _venue(
    idx: int,
    mic: str,
    kind: VenueKind,
    fees: tuple[float, float, float],
    protected: bool,
    min_shares: int,
) -> Venue:
    schedule = FeeSchedule(
        effective_day=DAY,
        take_usd_micros=fees[0],
        make_usd_micros=fees[1],
        midpoint_usd_micros=fees[2],
    )
    return Venue(
        venue_idx=idx,
        mic=mic,
        name=mic.title(),
        kind=kind,
        fees=(schedule,),
        is_protected=protected,
        min_shares=Shares(min_shares),
    )


def universe(*venues: Venue, lot: int = 100) -> Universe:
    """One instrument with a cent of increment at these venues."""
    instrument = Instrument(
        instrument_idx=0,
        symbol="TEST",
        increment_ticks=Ticks(100),
        adv_shares=Shares(2_000_000),
        round_lot_shares=Shares(lot),
    )
    return Universe(day=DAY, instruments=(instrument,), venues=venues)


class Quote(NamedTuple):
    """A message of a feed without numbers."""

    kind: TapeKind
    venue: int
    side: int = 0
    at: int = 0
    shares: int = 0
    flags: int = 0


def bid(venue: int, at: int, shares: int) -> Quote:
    """A displayed bid."""
    return Quote(TapeKind.LEVEL, venue, 1, at, shares)


def ask(venue: int, at: int, shares: int) -> Quote:
    """A displayed ask."""
    return Quote(TapeKind.LEVEL, venue, -1, at, shares)


def halted(venue: int) -> Quote:
    """The venue has stopped trading."""
    return Quote(TapeKind.STATUS, venue, flags=int(TapeFlag.HALTED))


def lost(venue: int) -> Quote:
    """Messages were lost: the book is not to be believed."""
    return Quote(TapeKind.GAP, venue)


def tape_of(quotes: Sequence[Quote]) -> TapeArray:
    """The messages, in the order given."""
    tape = empty_tape(len(quotes))
    for i, quote in enumerate(quotes):
        tape["recv_ns"][i] = tape["event_ns"][i] = 1 + i
        tape["kind"][i], tape["venue_idx"][i] = int(quote.kind), quote.venue
        tape["side"][i], tape["flags"][i] = quote.side, quote.flags
        tape["price_ticks"][i], tape["shares"][i] = quote.at, quote.shares
    return tape


def row(venue: int, tactic: Tactic) -> int:
    """Index of a (venue, tactic) in every frame."""
    return venue * N_TACTICS + int(tactic)


class Desk:
    """A market, and frames of decisions about it."""

    def __init__(
        self,
        universe: Universe,
        quotes: Sequence[Quote],
        config: RoutingConfig | None = None,
    ) -> None:
        self.universe = universe
        self.view = MarketView(universe)
        self.view.apply(tape_of(quotes), 0, len(quotes))
        self.builder = RowBuilder(universe, config or RoutingConfig())
        self.frame = Frame(len(universe.venues))

    @property
    def rows(self) -> RowArray:
        """Rows of the frame."""
        return self.frame.rows

    def situate(
        self,
        *,
        side: Side = Side.BUY,
        route_shares: int = 1_000,
        parent_shares: int | None = None,
        worst_ticks: int | None = None,
        must_complete: bool = False,
        urgency_frac: float = 0.5,
        weights: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 1.0),
    ) -> None:
        """Write the situation; the touch is the market's. Default: a buyer without a limit."""
        situation, touch = self.frame.situation, self.view.touch(0)
        unbound = FAR_AWAY if side is Side.BUY else 0
        values = {
            "now_ns": NOW,
            "arrival_ns": NOW - AGE_NS,
            "deadline_ns": NOW + HORIZON_NS,
            "parent_id": 1,
            "parent_shares": parent_shares or route_shares,
            "leaves_shares": route_shares,
            "route_shares": route_shares,
            "worst_ticks": unbound if worst_ticks is None else worst_ticks,
            "increment_ticks": 100,
            "adv_shares": 2_000_000,
            "bid_ticks": touch.bid_ticks,
            "ask_ticks": touch.ask_ticks,
            "bid_shares": touch.bid_shares,
            "ask_shares": touch.ask_shares,
            "mid_ticks_x2": touch.mid_ticks_x2,
            "urgency_frac": urgency_frac,
            "weight_slippage": weights[0],
            "weight_speed": weights[1],
            "weight_certainty": weights[2],
            "weight_leakage": weights[3],
            "side": int(side),
            "has_nbbo": touch.is_valid,
            "must_complete": must_complete,
        }
        for name, value in values.items():
            situation[name] = value

    def mask(self, venue: int, tactic: Tactic, reason: Exclusion) -> None:
        """What the engine or risk says about a row, before it is built."""
        self.rows["excluded"][row(venue, tactic)] = int(reason)

    def build(self) -> Frame:
        """The frame with its rows described."""
        self.builder.build(self.view, self.frame)
        return self.frame

    def decide(self, **situation: object) -> Frame:
        """Situate and build in one go, nothing masked."""
        self.rows["excluded"] = 0
        self.situate(**situation)  # type: ignore[arg-type]
        return self.build()

    def reason(self, venue: int, tactic: Tactic) -> Exclusion:
        """Why the row is out, if it is."""
        return Exclusion(int(self.rows["excluded"][row(venue, tactic)]))

    def sent(self) -> dict[tuple[int, Tactic], int]:
        """Shares of stage 0 by (venue, tactic), in order of rank."""
        chosen = [r for r in np.argsort(self.rows["rank"]) if self.rows["stage"][r] == 0]
        return {
            (int(r) // N_TACTICS, Tactic(int(r) % N_TACTICS)): int(self.rows["alloc_shares"][r])
            for r in chosen
        }

    def ranked(self) -> list[int]:
        """Row indices of the plan, best first."""
        rows = self.rows
        in_plan = [r for r in range(len(rows)) if rows["rank"][r] >= 0]
        return sorted(in_plan, key=lambda r: int(rows["rank"][r]))


class EchoModel:
    """An outcome model that forecasts what the first eight features say: parts, then spreads."""

    sha256 = "0" * 64

    def __init__(self) -> None:
        self.n_asked = 0

    @property
    def card(self) -> ModelCard:
        """Of a forest of one tree: nobody here reads it."""
        return synthetic_model(
            feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION, n_trees=1
        ).card

    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        """Copy."""
        self.n_asked = len(features)
        out_parts[:] = features[:, :4]
        out_sd[:] = features[:, 4:8]

    def to_bytes(self) -> bytes:
        """Not a file."""
        return b""


def expect(
    frame: Frame,
    r: int,
    *,
    slippage: float,
    fill: float,
    leakage: float = 0.0,
    seconds: float = 0.0,
) -> None:
    """What an EchoModel will forecast for a row."""
    frame.features[r] = np.zeros(N_FEATURES)
    frame.features[r, :4] = (slippage, fill, seconds, leakage)
    frame.features[r, 4:8] = (0.5, 0.1, 0.2, 0.3)
