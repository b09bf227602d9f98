"""Builders for engine tests: a small market, and an engine that is told one thing a line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from penstock.domain import (
    Alert,
    CancelChild,
    ChildFill,
    ChildOrder,
    Command,
    Event,
    Identity,
    Instrument,
    Liquidity,
    NewParent,
    Ns,
    ParentOrder,
    ParentTif,
    Record,
    ReportParent,
    SendChild,
    SetTimer,
    Shares,
    Side,
    Tactic,
    TapeArray,
    Ticks,
    Timer,
    TradingDay,
    Universe,
    VenueKind,
    VenueUp,
)
from penstock.engine import Child, Engine, EngineConfig, EngineParts, Parent, build_engine
from penstock.risk import RiskLimits
from penstock.routing import (
    Policy,
    RoutingConfig,
    StaticPolicy,
    Step,
    SweepPolicy,
    resolve_waterfall,
)
from tests.support.routing_frames import lit, pool
from tests.support.tapes import Message, level, tape

START: Ns = Ns(1_000_000_000_000)
BID, ASK = 1_000_000, 1_000_100  # a cent wide at 100 USD
MINUTE_NS: Ns = Ns(60_000_000_000)

C = TypeVar("C", bound=Command)


class NeedyPolicy(SweepPolicy):
    """The sweep, asking for features: what a learned policy looks like to the engine."""

    name = "needy"
    needs_features = True
    model_sha256 = "f" * 64


def small_universe(n_venues: int = 3, n_instruments: int = 2) -> Universe:
    """Up to five venues: internal pool, exchange, exchange, dark pool, ECN."""
    venues = (
        pool(0, kind=VenueKind.INTERNAL, fee=0.0),
        lit(1),
        lit(2),
        pool(3),
        lit(4, kind=VenueKind.ECN),
    )
    instruments = tuple(
        Instrument(
            instrument_idx=idx,
            symbol=f"TEST{idx}",
            increment_ticks=Ticks(100),
            adv_shares=Shares(2_000_000),
        )
        for idx in range(n_instruments)
    )
    return Universe(day=TradingDay(20260105), instruments=instruments, venues=venues[:n_venues])


def static_policy(universe: Universe, *steps: tuple[str, str]) -> StaticPolicy:
    """The waterfall of these (MIC, tactic) steps; the default one if there are none."""
    listed = [Step(venue=mic, tactic=tactic) for mic, tactic in steps]  # type: ignore[arg-type]
    return StaticPolicy(resolve_waterfall(listed, universe))


def small_engine(
    universe: Universe,
    policy: Policy | None = None,
    *,
    limits: RiskLimits | None = None,
    routing: RoutingConfig | None = None,
    config: EngineConfig | None = None,
    models: Mapping[str, Policy] | None = None,
) -> Engine:
    """An engine with the default waterfall as fall-back."""
    return build_engine(
        EngineParts(
            universe=universe,
            policy=policy,
            fallback=static_policy(universe),
            code_version="test",
            engine=config or EngineConfig(),
            routing=routing or RoutingConfig(),
            limits=limits or RiskLimits(),
            models=models or {},
        )
    )


def quote(
    venue: int,
    side: Side,
    at: int,
    shares: int,
    *,
    instrument: int = 0,
    now: int = START,
) -> Message:
    """Displayed size of a venue."""
    message = level(side, at, shares, venue=venue, now=now)
    return {**message, "instrument_idx": instrument}


def opening(universe: Universe, shares: int = 1_000) -> TapeArray:
    """The same quote, a cent wide, of every instrument at every lit venue."""
    return tape(
        [
            quote(venue.venue_idx, side, at, shares, instrument=instrument.instrument_idx)
            for venue in universe.venues
            if venue.kind.is_lit
            for instrument in universe.instruments
            for side, at in ((Side.BUY, BID), (Side.SELL, ASK))
        ]
    )


class Rig:
    """An engine with a clock of its own, every venue up and quoting, and its last answer."""

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        n_venues: int = 3,
        steps: Sequence[tuple[str, str]] = (),
        has_model: bool = True,
        shown_shares: int = 1_000,
        limits: RiskLimits | None = None,
        routing: RoutingConfig | None = None,
        models: Mapping[str, Policy] | None = None,
    ) -> None:
        self.universe = small_universe(n_venues)
        self.policy = policy or static_policy(self.universe, *steps)
        self.engine = small_engine(
            self.universe,
            self.policy if has_model else None,
            limits=limits,
            routing=routing,
            models=models,
        )
        self.now = START
        self.answer: list[Command] = []
        self._n_events = 0
        rows = opening(self.universe, shown_shares)
        self.engine.on_market(rows, 0, len(rows))
        for venue_idx in range(n_venues):
            self.give(VenueUp, venue_idx=venue_idx)

    def give(self, kind: Callable[..., Event], after_ns: int = 0, **fields: Any) -> list[Command]:
        """One event, so long after the last; `answer` is what it caused."""
        self.now = Ns(self.now + after_ns)
        self._n_events += 1
        stamps = {"seq": self._n_events, "event_ns": self.now, "recv_ns": self.now}
        self.answer = self.engine.on_event(kind(**stamps, **fields))
        return self.answer

    def show(self, *messages: Message) -> None:
        """Market data, received now."""
        rows = tape(
            [{**message, "event_ns": self.now, "recv_ns": self.now} for message in messages]
        )
        self.engine.on_market(rows, 0, len(rows))

    def order(
        self,
        shares: int,
        *,
        side: Side = Side.BUY,
        parent_id: int = 1,
        limit: int | None = None,
        horizon_ns: int = MINUTE_NS,
        instrument: int = 0,
        tif: ParentTif = ParentTif.DAY,
        identity: Identity | None = None,
    ) -> list[ChildOrder]:
        """A new parent; returns the children that it caused."""
        parent = ParentOrder(
            parent_id=parent_id,
            client="acme",
            instrument_idx=instrument,
            side=side,
            size_shares=Shares(shares),
            limit_ticks=None if limit is None else Ticks(limit),
            arrival_ns=self.now,
            horizon_ns=Ns(horizon_ns),
            tif=tif,
            identity=identity or Identity(),
        )
        self.give(NewParent, order=parent)
        return self.sent

    def fill(self, child: ChildOrder, shares: int, exec_id: str = "", **fields: Any) -> None:
        """An execution at the child's limit, a millisecond later."""
        event = {
            "child_id": child.child_id,
            "venue_idx": child.venue_idx,
            "exec_id": exec_id or f"x{self._n_events}",
            "price_ticks": child.limit_ticks,
            "size_shares": shares,
            "liquidity": Liquidity.TAKE,
            "fee_usd_micros": 3_000 * shares,
        }
        self.give(ChildFill, 1_000_000, **(event | fields))

    def report(self, kind: Callable[..., Event], child: ChildOrder, **fields: Any) -> None:
        """What a venue says about a child, a millisecond later."""
        self.give(kind, 1_000_000, child_id=child.child_id, venue_idx=child.venue_idx, **fields)

    def wake(self, timer: SetTimer) -> list[Command]:
        """Deliver a timer when it is due, or now if that has passed."""
        return self.give(Timer, max(0, timer.due_ns - self.now), timer_id=timer.timer_id)

    def timer_due_in(self, wait_ns: int) -> SetTimer:
        """The timer of the last answer that is due so long from now."""
        (timer,) = [t for t in self.all_of(SetTimer) if t.due_ns == self.now + wait_ns]
        return timer

    def all_of(self, kind: type[C]) -> list[C]:
        """Commands of one kind in the last answer."""
        return [command for command in self.answer if isinstance(command, kind)]

    @property
    def sent(self) -> list[ChildOrder]:
        """Children sent by the last answer."""
        return [command.order for command in self.all_of(SendChild)]

    @property
    def cancelled(self) -> list[int]:
        """Children whose cancel the last answer asks for."""
        return [command.child_id for command in self.all_of(CancelChild)]

    @property
    def alerts(self) -> list[str]:
        """Codes of the last answer's alerts."""
        return [command.code for command in self.all_of(Alert)]

    @property
    def texts(self) -> list[str]:
        """What the last answer tells the OMS."""
        return [command.text for command in self.all_of(ReportParent)]

    @property
    def fallbacks(self) -> list[str]:
        """Why the decisions of the last answer are the fall-back's; empty text if they are not."""
        return [command.decision.fallback for command in self.all_of(Record)]

    def parent(self, parent_id: int = 1) -> Parent:
        """As the engine sees it."""
        return self.engine.parents[parent_id]

    def child(self, order: ChildOrder) -> Child:
        """As the engine sees it."""
        return self.engine.children[order.child_id]


def is_take(order: ChildOrder) -> bool:
    """True for an order that takes what is displayed."""
    return order.tactic is Tactic.TAKE
