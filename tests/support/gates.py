"""Builders for tests of the risk gate: a small universe, orders, fills, touches, an operator."""

import numpy as np

from penstock.domain import (
    N_TACTICS,
    ROW_DTYPE,
    SITUATION_DTYPE,
    ChildFill,
    ChildOrder,
    Control,
    ControlAction,
    Instrument,
    Liquidity,
    Ns,
    ParentOrder,
    PegKind,
    RowArray,
    Shares,
    Side,
    SituationArray,
    Tactic,
    Ticks,
    Tif,
    TradingDay,
    Universe,
    UsdMicros,
    Venue,
    VenueKind,
)
from penstock.features import Touch
from penstock.risk import RiskDenial, RiskGate, RiskLimits

N_VENUES = 3
N_INSTRUMENTS = 2
TEN_USD = 100_000  # ticks; the midpoint of `touch()`

UNIVERSE = Universe(
    day=TradingDay(20260105),
    instruments=tuple(
        Instrument(
            instrument_idx=i,
            symbol=f"I{i}",
            increment_ticks=Ticks(100),
            adv_shares=Shares(1_000_000),
        )
        for i in range(N_INSTRUMENTS)
    ),
    venues=tuple(
        Venue(
            venue_idx=v,
            mic=f"V{v}",
            name=f"venue {v}",
            kind=VenueKind.EXCHANGE,
            fees=(),
            is_protected=True,
        )
        for v in range(N_VENUES)
    ),
)


def gate(limits: RiskLimits | None = None) -> RiskGate:
    """A gate at the start of its day."""
    return RiskGate(limits or RiskLimits(), UNIVERSE)


def touch(bid: int = TEN_USD - 100, ask: int = TEN_USD + 100) -> Touch:
    """A valid NBBO."""
    return Touch(Ticks(bid), Ticks(ask), Shares(100), Shares(100), bid + ask, is_valid=True)


NO_TOUCH = Touch(Ticks(0), Ticks(0), Shares(0), Shares(0), 0, is_valid=False)


def parent(
    side: Side = Side.BUY, shares: int = 1_000, at: int | None = None, *, instrument: int = 0
) -> ParentOrder:
    """An order of a client."""
    return ParentOrder(
        parent_id=1,
        client="acme",
        instrument_idx=instrument,
        side=side,
        size_shares=Shares(shares),
        limit_ticks=None if at is None else Ticks(at),
        arrival_ns=Ns(0),
        horizon_ns=Ns(60_000_000_000),
    )


def child(
    idx: int = 1,
    *,
    side: Side = Side.BUY,
    shares: int = 100,
    at: int = TEN_USD,
    venue: int = 0,
    instrument: int = 0,
    of: int = 1,
) -> ChildOrder:
    """Child `idx` of parent `of`."""
    return ChildOrder(
        child_id=idx,
        parent_id=of,
        venue_idx=venue,
        instrument_idx=instrument,
        side=side,
        size_shares=Shares(shares),
        limit_ticks=Ticks(at),
        tactic=Tactic.TAKE,
        tif=Tif.IOC,
        peg=PegKind.NONE,
        min_shares=Shares(0),
    )


def fill(order: ChildOrder, shares: int, at: int | None = None) -> ChildFill:
    """An execution of `order`, at its limit unless a price is given."""
    return ChildFill(
        seq=1,
        event_ns=Ns(1),
        recv_ns=Ns(1),
        child_id=order.child_id,
        venue_idx=order.venue_idx,
        exec_id="X1",
        price_ticks=order.limit_ticks if at is None else Ticks(at),
        size_shares=Shares(shares),
        liquidity=Liquidity.TAKE,
        fee_usd_micros=UsdMicros(0),
    )


def control(action: ControlAction, target: int | None = None) -> Control:
    """An operator's order."""
    return Control(
        seq=1, event_ns=Ns(1), recv_ns=Ns(1), action=action, target_idx=target, operator="ann"
    )


def send(
    to: RiskGate, order: ChildOrder, *, client: str = "acme", now_ns: int = 0
) -> RiskDenial | None:
    """What the engine does: ask, and count the order if it passes."""
    denial = to.deny(order, client, touch(), Ns(now_ns))
    if denial is None:
        to.on_sent(order, client, Ns(now_ns))
    return denial


def rows() -> RowArray:
    """One row per venue and tactic, all usable."""
    made = np.zeros(N_VENUES * N_TACTICS, ROW_DTYPE)
    made["venue_idx"] = np.arange(len(made)) // N_TACTICS
    made["tactic"] = np.arange(len(made)) % N_TACTICS
    return made


def situation(instrument: int = 0) -> SituationArray:
    """A decision in an instrument."""
    made = np.zeros(1, SITUATION_DTYPE)
    made["instrument_idx"] = instrument
    return made
