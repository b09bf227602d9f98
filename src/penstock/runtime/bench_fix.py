"""What the router adds to a FIX message's way: against a bare QuickFIX relay, in the same run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    ConfigError,
    Ns,
    Shares,
    Side,
    Ticks,
)
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.risk import RiskLimits
from penstock.runtime.bench_ends import (
    BID_TICKS,
    CLIENT,
    RELAY,
    ROUTER,
    Client,
    Quotes,
    Samples,
    ScriptedVenues,
)
from penstock.runtime.clock import AnchoredClock, in_base_36
from penstock.runtime.config import (
    FeedTable,
    FeeTable,
    InstrumentTable,
    OmsTable,
    RouterConf,
    RouterTable,
    StoreTable,
    VenueTable,
)
from penstock.runtime.control import RouterUnreachableError, ask_router
from penstock.runtime.leash import start_leashed
from penstock.runtime.local import free_ports, write_conf
from penstock.runtime.venues import SWITCH_INTERVAL_S
from penstock.runtime.venues_config import VenuesConf, VenuesFeedTable, VenuesTable
from penstock.store import Registry
from penstock.wire.fix import (
    FixMessage,
    new_order,
)

TIME_IN_FORCE: Final = 59
SYMBOL: Final = "BNCH"
N_VENUES: Final = 12
N_WARM: Final = 100
ORDER_SHARES: Final = 100
PAUSE_S: Final = 0.002
START_S: Final = 180.0


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """Of one measured way, microseconds."""

    p50: float
    p99: float
    p999: float


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The same way without and with the router; `added_us` is of the differences, pair by pair."""

    chain_us: Quantiles
    router_us: Quantiles
    added_us: Quantiles


class FixFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What `penstock bench fix` reports."""

    order_to_child: Way  # the client's order handed to QuickFIX, until the venue has its child
    round_trip: Way  # until the client has the fill
    decision_us: dict[str, float]  # inside the router: from the queue to the commands
    n: int
    workload: str


def bench_fix(
    folder: Path, *, n_orders: int, fsync: str, policy: str, say: Callable[[str], None]
) -> FixFigures:
    """
    Send orders in turn through a bare QuickFIX relay and through the router, one at a time.

    Client and venues live in this process, the relay and the router in one each; all keep their
    session stores on disk, as they would on a desk.

    Raises:
        ConfigError: a program did not start, or an order went missing.
    """
    oms_port, fix_port, snapshot_port, feed_port, relay_port = free_ports(5)
    clock = AnchoredClock()
    conf = _router_conf(folder, policy, fsync, oms_port, fix_port, snapshot_port, feed_port)
    conf = conf.on_day(clock())
    model = synthetic_model(feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION)
    Registry(folder / "models").add(dump_model(model), "bench")
    write_conf(conf, folder / "router.toml")
    venues_conf = VenuesConf(
        venues=VenuesTable(scenario="none"),
        feed=VenuesFeedTable(
            subscribers=(f"127.0.0.1:{feed_port}",), snapshot=f"127.0.0.1:{snapshot_port}"
        ),
    )
    with ExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        venues = ScriptedVenues(conf, fix_port, folder / "venues", clock)
        stack.callback(venues.stop)
        venues.start()
        quotes = Quotes(conf.universe(), venues_conf, clock)
        stack.callback(quotes.stop)
        for module, arguments, name in (
            (
                "penstock.wire.sessions.bare_relay",
                [str(relay_port), str(fix_port), conf.venues[0].mic, str(folder / "relay")],
                "relay",
            ),
            ("penstock.cli", ["run", str(folder / "router.toml")], "router"),
        ):
            program = start_leashed(arguments, folder / f"{name}.log", module=module)
            stack.callback(program.wait)
            stack.callback(program.terminate)
        client = Client(relay_port, oms_port, folder / "client", clock)
        stack.callback(client.stop)
        client.start()
        say("starting the relay and the router")
        _wait_until_ready(conf, client, folder)
        chain, router = Samples([], []), Samples([], [])
        say(f"{N_WARM} orders to warm up, then {n_orders} each way")
        _trade(client, venues, N_WARM, Samples([], []), Samples([], []), clock)
        _trade(client, venues, n_orders, chain, router, clock)
        status = ask_router(conf.paths.run_dir, "status")["status"]
    return FixFigures(
        order_to_child=_way(chain.order_to_child, router.order_to_child),
        round_trip=_way(chain.round_trip, router.round_trip),
        decision_us=status["decision_us"],
        n=n_orders,
        workload=(
            f"{n_orders} orders of {ORDER_SHARES} shares each way, in turn, one at a time; "
            f"{N_VENUES} lit venues that quote without moving and fill at once; policy {policy}"
            f"{', synthetic forest' if policy != 'static' else ''}; persistent session stores; "
            f"journal with fsync {fsync}; client and venues share a process, relay and router have "
            "one each; market data beside heartbeats is left out"
        ),
    )


def _trade(
    client: Client,
    venues: ScriptedVenues,
    n_orders: int,
    chain: Samples,
    router: Samples,
    clock: AnchoredClock,
) -> None:
    run = in_base_36(clock() // 1_000)
    for k in range(n_orders):
        side = Side.BUY if k % 2 else Side.SELL
        client.trade(RELAY, child_message(f"{run}-c{k}", side, clock()), venues, chain)
        time.sleep(PAUSE_S)
        order = new_order(
            cl_ord_id=f"{run}-p{k}",
            symbol=SYMBOL,
            side=side,
            size_shares=Shares(ORDER_SHARES),
            now_ns=clock(),
        )
        client.trade(ROUTER, order, venues, router)
        time.sleep(PAUSE_S)


def child_message(cl_ord_id: str, side: Side, now_ns: Ns, symbol: str = SYMBOL) -> FixMessage:
    """An order as the router would send it, for the relay to pass on: to the venue, the same."""
    order = new_order(
        cl_ord_id=cl_ord_id,
        symbol=symbol,
        side=side,
        size_shares=Shares(ORDER_SHARES),
        now_ns=now_ns,
        limit_ticks=Ticks(BID_TICKS + 100 if side is Side.BUY else BID_TICKS),
    )
    fields = tuple((tag, "3" if tag == TIME_IN_FORCE else value) for tag, value in order.fields)
    return FixMessage(order.msg_type, fields)


def _wait_until_ready(conf: RouterConf, client: Client, folder: Path) -> None:
    give_up_s = time.monotonic() + START_S
    while True:
        try:
            is_ready = ask_router(conf.paths.run_dir, "status")["status"]["is_ready"]
        except RouterUnreachableError:
            is_ready = False
        if is_ready and client.is_logged_on:
            return
        if time.monotonic() > give_up_s:
            raise ConfigError.one(
                where="the relay or the router",
                expected="a program that starts",
                found=(folder / "router.log").read_text(encoding="utf-8")[-1_500:],
                fix=f"see the logs in {folder}",
            )
        time.sleep(0.05)


def _way(chain_ns: list[int], router_ns: list[int]) -> Way:
    chain, router = np.asarray(chain_ns, np.float64), np.asarray(router_ns, np.float64)
    return Way(
        chain_us=_quantiles(chain),
        router_us=_quantiles(router),
        added_us=_quantiles(router - chain),
    )


def _quantiles(values_ns: NDArray[np.float64]) -> Quantiles:
    p50, p99, p999 = (round(float(q) / 1e3, 1) for q in np.quantile(values_ns, [0.5, 0.99, 0.999]))
    return Quantiles(p50=p50, p99=p99, p999=p999)


def _router_conf(
    folder: Path,
    policy: str,
    fsync: str,
    oms_port: int,
    fix_port: int,
    snapshot_port: int,
    feed_port: int,
) -> RouterConf:
    return RouterConf(
        router=RouterTable(
            name="bench",
            comp_id=ROUTER,
            run_dir=str(folder / "router"),
            fsync="always" if fsync == "always" else "never",
            policy=policy,
            model="bench" if policy != "static" else "",
            models_dir=str(folder / "models"),
        ),
        oms=OmsTable(port=oms_port, clients=(CLIENT,), default_horizon_s=60.0),
        feed=FeedTable(listen=f"127.0.0.1:{feed_port}", snapshot=f"127.0.0.1:{snapshot_port}"),
        store=StoreTable(path=""),
        instruments=(InstrumentTable(symbol=SYMBOL, increment_usd=0.01, adv_shares=5_000_000),),
        venues=tuple(
            VenueTable(
                mic=f"X{k:03}",
                name=f"venue {k}",
                kind="exchange",
                protected=True,
                fees=FeeTable(take_usd=0.003, make_usd=-0.002, midpoint_usd=0.001),
                fix=f"127.0.0.1:{fix_port}",
            )
            for k in range(N_VENUES)
        ),
        risk=RiskLimits(client_day_usd=10_000_000_000),
    )
