"""What a router's configuration file may say: one frozen struct per table, a unit in every name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from penstock.domain import (
    TICKS_PER_USD,
    ConfigError,
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
    from_seconds,
    reason_of,
)
from penstock.engine import EngineConfig
from penstock.risk import RiskLimits
from penstock.routing import RoutingConfig
from penstock.runtime.config_clients import ClientTable, DropCopyTable, rules_of
from penstock.runtime.config_types import (
    Address,
    CompId,
    Count,
    Frac,
    Port,
    Seconds,
    Symbol,
    Table,
    Text,
    UsdPerShare,
)
from penstock.runtime.day_config import DayTable
from penstock.wire.fix import USUAL_IDENTITY, DeskRules, IdentityPart

_MICROS_PER_USD = 1_000_000
# New York is five hours behind in winter and four in summer: the hour in which this is wrong is
# the middle of the night there, and no time-zone data needs to be installed.
_NEW_YORK = timedelta(hours=-5)


class RouterTable(Table, frozen=True, kw_only=True):
    """The program itself. Folders are relative to the directory that it is started in."""

    name: Text = "router"
    comp_id: CompId = "PENSTOCK"  # our name in every FIX session
    run_dir: Text = "runs/live"  # journals, session stores, marks, control socket
    fsync: Literal["never", "always"] = "never"  # of the journal: after each record, or left to it
    policy: Text = "static"
    model: str = ""  # reference in the registry, for a learned policy
    models_dir: Text = "runs/models"
    day: int | None = None  # YYYYMMDD; without it, today in New York
    switch_interval_s: Annotated[float, Meta(ge=1e-6, le=1.0)] = 1e-4
    drain_s: Annotated[float, Meta(ge=0.0, le=600.0)] = 5.0  # for cancels to be answered at the end
    heartbeat_s: Annotated[int, Meta(ge=1, le=3_600)] = 30
    max_waiting_orders: Count = 500  # new orders that may wait; beyond, they are rejected at once
    max_waiting_per_client: Count = 250  # of one client
    max_wait_s: Seconds = 1.0  # a new order that has waited for longer is rejected


class OmsTable(Table, frozen=True, kw_only=True):
    """Where clients connect, and what an order that does not say otherwise means."""

    host: Text = "127.0.0.1"
    port: Port = 19_800
    clients: tuple[CompId, ...] | None = None  # beside [[clients]]; "OMS" if there are none at all
    default_horizon_s: Seconds = 120.0
    default_urgency_frac: Frac = 0.5


class FeedTable(Table, frozen=True, kw_only=True):
    """Market data: where datagrams arrive, and who answers requests for a snapshot."""

    listen: Address = "127.0.0.1:19803"
    snapshot: Address = "127.0.0.1:19802"
    stale_after_s: Seconds = 3.0


class LogTable(Table, frozen=True, kw_only=True):
    """The log file, `router.log` in the router's folder: when it is rotated, how much is kept."""

    max_bytes: Annotated[int, Meta(ge=10_000, le=10_000_000_000)] = 10_000_000
    files: Annotated[int, Meta(ge=1, le=1_000)] = 10


class StoreTable(Table, frozen=True, kw_only=True):
    """The feedback log, written by a process of its own."""

    path: str = "runs/store.db"  # empty: none is written


class InstrumentTable(Table, frozen=True, kw_only=True):
    """A security that may be ordered."""

    symbol: Symbol
    increment_usd: Annotated[float, Meta(gt=0.0, le=1_000.0)]  # smallest quoting step
    adv_shares: Annotated[int, Meta(ge=100, le=10**12)]  # 20-day average daily volume
    round_lot_shares: Count = 100


class FeeTable(Table, frozen=True, kw_only=True):
    """What a fill costs from a day on, USD per share; negative is a rebate."""

    take_usd: UsdPerShare
    make_usd: UsdPerShare
    midpoint_usd: UsdPerShare
    effective_day: int = 19_700_101  # YYYYMMDD


class VenueTable(Table, frozen=True, kw_only=True):
    """One destination: what it is, what it charges, where its FIX port is."""

    mic: Mic  # its comp id too
    name: Text
    kind: Literal["internal", "dark", "ecn", "exchange"]
    fees: FeeTable | tuple[FeeTable, ...]
    fix: Address
    protected: bool = False  # its quotes count in the protected NBBO
    min_shares: Count = 1  # smallest order it takes
    has_feed: bool = True  # it publishes market data
    answers_status: bool = True  # it answers OrderStatusRequests; else a cancel asks
    cancels_on_disconnect: bool = False  # it cancels our orders when the session is lost
    exec_id_scope: Literal["order", "venue"] = "order"  # within what an ExecID is unique
    carries: tuple[IdentityPart, ...] = USUAL_IDENTITY  # of an order's identity, to this venue

    @property
    def schedules(self) -> tuple[FeeTable, ...]:
        """All of its fee tables."""
        return (self.fees,) if isinstance(self.fees, FeeTable) else self.fees


class RunPaths(NamedTuple):
    """Everything that a router keeps under its folder."""

    run_dir: Path

    @property
    def control_socket(self) -> Path:
        """Where `penstock status` and its like speak to it."""
        return self.run_dir / "control.sock"

    @property
    def lock(self) -> Path:
        """Held for as long as a router runs here."""
        return self.run_dir / "router.lock"

    @property
    def marks(self) -> Path:
        """How far each session has been dealt with."""
        return self.run_dir / "marks"

    @property
    def trading_days(self) -> Path:
        """The trading calendar, as it was computed last."""
        return self.run_dir / "trading-days.json"

    @property
    def epoch(self) -> Path:
        """How many times a router was started here."""
        return self.run_dir / "epoch"

    @property
    def sessions(self) -> Path:
        """What QuickFIX keeps: sequence numbers and sent messages."""
        return self.run_dir / "sessions"

    @property
    def log(self) -> Path:
        """The latest lines of what operators are told."""
        return self.run_dir / "router.log"

    @property
    def journals(self) -> Path:
        """One journal per run."""
        return self.run_dir / "journals"


class RouterConf(Table, frozen=True, kw_only=True):
    """A router's whole configuration, as its file says it."""

    router: RouterTable
    oms: OmsTable
    feed: FeedTable
    instruments: tuple[InstrumentTable, ...]
    venues: tuple[VenueTable, ...]
    store: StoreTable = StoreTable()
    log: LogTable = LogTable()
    day: DayTable = DayTable()
    routing: RoutingConfig = RoutingConfig()
    risk: RiskLimits = RiskLimits()
    engine: EngineConfig = EngineConfig()
    clients: tuple[ClientTable, ...] = ()
    drop_copies: tuple[DropCopyTable, ...] = ()

    @property
    def client_ids(self) -> tuple[str, ...]:
        """Every client: of `oms.clients` and of [[clients]]; "OMS" if neither names one."""
        listed, tables = self.oms.clients, [table.comp_id for table in self.clients]
        if listed is None and not tables:
            return ("OMS",)
        return tuple(dict.fromkeys((*(listed or ()), *tables)))

    @property
    def oms_sessions(self) -> tuple[str, ...]:
        """Every comp id that may log on on the clients' side: clients, and receivers of copies."""
        return (*self.client_ids, *(table.comp_id for table in self.drop_copies))

    @property
    def desk_rules(self) -> DeskRules:
        """What has been agreed with each client about its messages."""
        return rules_of(self.clients, self.drop_copies)

    @property
    def limits(self) -> RiskLimits:
        """The risk limits of all clients, and those of single clients."""
        symbols = [table.symbol for table in self.instruments]
        clients = tuple(table.limits(symbols) for table in self.clients)
        return msgspec.structs.replace(self.risk, clients=clients)

    def cancels_on_disconnect(self, client: str) -> bool:
        """Whether the orders of a client end with its session."""
        return any(t.cancel_on_disconnect for t in self.clients if t.comp_id == client)

    @property
    def paths(self) -> RunPaths:
        """The files of this router."""
        return RunPaths(Path(self.router.run_dir))

    @property
    def stale_after_ns(self) -> Ns:
        """How long a venue's feed may be silent."""
        return from_seconds(self.feed.stale_after_s)

    def on_day(self, now_ns: int) -> RouterConf:
        """The same with the trading day filled in: today in New York, unless the file names one."""
        if self.router.day is not None:
            return self
        today = datetime.fromtimestamp(now_ns / 1e9, UTC) + _NEW_YORK
        return self.for_day(int(today.strftime("%Y%m%d")))

    def for_day(self, day: int) -> RouterConf:
        """The same on another trading day, YYYYMMDD."""
        return msgspec.structs.replace(self, router=msgspec.structs.replace(self.router, day=day))

    def universe(self) -> Universe:
        """Instruments and venues in the house's words; the day must be filled in."""
        assert self.router.day is not None, "which day's fees?"
        return Universe(
            day=TradingDay(self.router.day),
            instruments=tuple(
                Instrument(
                    instrument_idx=idx,
                    symbol=table.symbol,
                    increment_ticks=Ticks(round(table.increment_usd * TICKS_PER_USD)),
                    adv_shares=Shares(table.adv_shares),
                    round_lot_shares=Shares(table.round_lot_shares),
                )
                for idx, table in enumerate(self.instruments)
            ),
            venues=tuple(
                Venue(
                    venue_idx=idx,
                    mic=table.mic,
                    name=table.name,
                    kind=VenueKind[table.kind.upper()],
                    fees=tuple(_schedule(fees) for fees in table.schedules),
                    is_protected=table.protected,
                    min_shares=Shares(table.min_shares),
                    has_feed=table.has_feed,
                    answers_status=table.answers_status,
                    cancels_on_disconnect=table.cancels_on_disconnect,
                    exec_id_scope=table.exec_id_scope,
                    carries=tuple(map(str, table.carries)),
                )
                for idx, table in enumerate(self.venues)
            ),
        )


def split_address(address: str) -> tuple[str, int]:
    """Host and port of "host:port"."""
    host, _, port = address.rpartition(":")
    return host, int(port)


def _schedule(fees: FeeTable) -> FeeSchedule:
    return FeeSchedule(
        effective_day=TradingDay(fees.effective_day),
        take_usd_micros=round(fees.take_usd * _MICROS_PER_USD, 6),
        make_usd_micros=round(fees.make_usd * _MICROS_PER_USD, 6),
        midpoint_usd_micros=round(fees.midpoint_usd * _MICROS_PER_USD, 6),
    )


def read_conf_text(path: Path, *, example: str) -> str:
    """
    A configuration file as text.

    Raises:
        ConfigError: it cannot be read; `example` is one to start from.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(
            where=str(path),
            expected="a configuration, a TOML file",
            found=reason_of(error),
            fix=f"start from {example}",
        ) from None
