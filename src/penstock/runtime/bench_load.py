"""Load on a router with scripted clients and venues: sustained rate, overload, brake, recovery."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock.domain import ConfigError
from penstock.risk import RiskLimits
from penstock.runtime.bench_ends import CLIENT, ROUTER
from penstock.runtime.bench_load_client import Sent, symbols
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

N_VENUES: Final = 10
N_SYMBOLS: Final = 100
ACK_P99_US: Final = 50_000.0
CHAIN_ORDERS: Final = 3_000
CHAIN_WINDOW: Final = 50
TRIAL_S: Final = 4.0
OVERLOAD_S: Final = 10.0
GROWTH: Final = 1.3
START_S: Final = 240.0
IDLE_S: Final = 60.0
_TRIES: Final = 4
_MISSES: Final = 3  # of one rate: other work on the machine costs some trials


class Sustained(msgspec.Struct, frozen=True, kw_only=True):
    """A run at a rate that the router keeps up with."""

    children_per_s: float
    ack_us: dict[str, float]  # p50, p99: from the client's order to its 150=0
    rss_start_mb: float
    rss_mb: float
    rate_per_s: float
    seconds: float
    orders: int
    shed: int
    refused: int
    unanswered: int


class Overload(msgspec.Struct, frozen=True, kw_only=True):
    """Runs at twice that rate: one to its end, one with a kill in the middle."""

    rate_per_s: float
    sent: int
    shed: int
    accepted: int
    unanswered: int
    kill_ms: float  # until the answer: from then on nothing new leaves
    confirmed_ms: float  # until the venues had answered every cancel
    recovery_s: float  # from the last order until all are answered and nothing waits


class LoadFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What `penstock bench load` reports."""

    chain_per_s: float
    sustained: Sustained
    overload: Overload
    workload: str


class Load:
    """A router, its venues and its client as processes, until `close`."""

    def __init__(self, folder: Path, profile: Path | None, stack: ExitStack) -> None:
        oms_port, fix_port, snapshot_port, feed_port, relay_port = free_ports(5)
        self.conf = _router_conf(folder, oms_port, fix_port, snapshot_port, feed_port)
        self._folder = folder
        conf_file = folder / "router.toml"
        write_conf(self.conf, conf_file)
        run, run_by = ["run", str(conf_file)], "penstock.cli"
        if profile is not None:
            run, run_by = (
                [str(conf_file), str(profile.resolve())],
                "penstock.runtime.sampled_router",
            )
        snapshot = f"127.0.0.1:{snapshot_port}"
        mic = self.conf.venues[0].mic
        for name, module, arguments in (
            (
                "venues",
                "penstock.runtime.bench_load_venues",
                [str(conf_file), str(fix_port), snapshot, str(folder / "venues")],
            ),
            (
                "relay",
                "penstock.wire.sessions.bare_relay",
                [str(relay_port), str(fix_port), mic, str(folder / "relay")],
            ),
            ("router", run_by, run),
        ):
            program = start_leashed(arguments, folder / f"{name}.log", module=module)
            stack.callback(program.wait)
            stack.callback(program.terminate)
        with (folder / "client.log").open("ab") as client_log:
            self._client = subprocess.Popen(  # noqa: S603 - our own program
                [
                    *(sys.executable, "-m", "penstock.runtime.bench_load_client"),
                    *(str(relay_port), str(oms_port), str(folder / "client"), str(N_SYMBOLS)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=client_log,
            )
        stack.push(self._client)  # closes its pipes and waits for it

    def wait_until_ready(self) -> None:
        """
        Until the router takes orders and the client is logged on.

        Raises:
            ConfigError: not within the time that a first start with compiling takes.
        """
        until_s = time.monotonic() + START_S
        while not self._is_router_ready():
            if time.monotonic() > until_s:
                raise self._broken("the router", "a router that is ready", "not ready")
            time.sleep(0.1)
        self._answer()

    def client(self, do: str, **details: float) -> dict[str, Any]:
        """Have the client do something, and wait for what came of it."""
        assert self._client.stdin is not None, "a pipe was asked for"
        self._client.stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
        self._client.stdin.flush()
        return self._answer()

    def run(self, rate_per_s: float, seconds: float) -> Sent:
        """Send orders at a rate."""
        return msgspec.convert(self.client("run", rate_per_s=rate_per_s, seconds=seconds), Sent)

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """The router's answer to an operator."""
        return ask_router(self.conf.paths.run_dir, do, timeout_s=30.0, **details)

    def status(self) -> dict[str, Any]:
        """How the router stands."""
        status: dict[str, Any] = self.ask("status")["status"]
        return status

    def rss_mb(self) -> float:
        """Memory of the router's process."""
        text = Path(f"/proc/{self.status()['pid']}/status").read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
        return round(int(line.split()[1]) / 1_024, 1)

    def seconds_until_idle(self) -> float:
        """How long from now until nothing waits and nothing is at work."""
        started_s = time.monotonic()
        while time.monotonic() < started_s + IDLE_S:
            status = self.status()
            if status["queue_depth"] == 0 and status["children"]["live"] == 0:
                break
            time.sleep(0.02)
        return time.monotonic() - started_s

    def _is_router_ready(self) -> bool:
        try:
            return bool(self.status()["is_ready"])
        except RouterUnreachableError:
            return False

    def _answer(self) -> dict[str, Any]:
        assert self._client.stdout is not None, "a pipe was asked for"
        line = self._client.stdout.readline()
        if not line:
            raise self._broken("the client", "a client that answers", "it ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _broken(self, where: str, expected: str, found: str) -> ConfigError:
        logs = [self._folder / f"{name}.log" for name in ("router", "venues", "relay", "client")]
        said = ""
        for log in logs:
            with suppress(OSError):
                said += f"\n--- {log.name}\n{log.read_text(encoding='utf-8')[-800:]}"
        return ConfigError.one(
            where=where, expected=expected, found=found + said, fix="see the logs above"
        )


def bench_load(
    folder: Path,
    *,
    seconds: float,
    rate: float | None,
    profile: Path | None,
    say: Callable[[str], None],
) -> LoadFigures:
    """
    Measure the chain, find a rate that is sustained, hold it, then send twice as much.

    Args:
        rate: orders a second to sustain; None tries rising ones.
        profile: file for a profile of the engine thread.
    Raises:
        ConfigError: a program did not start, or ended.
    """
    with ExitStack() as stack:
        load = Load(folder, profile, stack)
        say("starting venues, relay, router and client")
        load.wait_until_ready()
        load.client("chain", n_orders=500, window=10)  # warm
        chain_per_s = load.client("chain", n_orders=CHAIN_ORDERS, window=CHAIN_WINDOW)[
            "orders_per_s"
        ]
        say(f"bare chain: {chain_per_s:,.0f} orders/s")
        load.run(20.0, 3.0)  # warm
        sustained = _sustain(load, rate or _find_rate(load, chain_per_s, say), seconds, say)
        overload = _overload(load, 2 * sustained.rate_per_s, min(OVERLOAD_S, seconds), say)
    return LoadFigures(
        chain_per_s=round(chain_per_s, 1),
        sustained=sustained,
        overload=overload,
        workload=(
            f"{N_SYMBOLS} symbols, {N_VENUES} lit venues that quote without moving and fill at "
            "once, one client, orders of 100 shares that become one child each; policy static; "
            "persistent session stores, journal with fsync never; client, venues, relay and router "
            f"have a process each on this machine; the chain with {CHAIN_WINDOW} orders on their "
            "way; market data beside heartbeats is left out"
        ),
    )


def _is_kept_up(sent: Sent) -> bool:
    return (
        sent.shed == sent.refused == sent.unanswered == 0
        and sent.ack_p99_us is not None
        and sent.ack_p99_us <= ACK_P99_US
    )


def _find_rate(load: Load, chain_per_s: float, say: Callable[[str], None]) -> float:
    """The highest of some rising rates that a short run keeps up with, less a margin."""
    rate = best = max(10.0, chain_per_s / 10)
    n_misses = 0
    while rate < chain_per_s and n_misses < _MISSES:
        sent = load.run(rate, TRIAL_S)
        load.seconds_until_idle()
        p99_ms = (sent.ack_p99_us or 0.0) / 1e3
        say(f"trial at {rate:,.0f} orders/s: ack p99 {p99_ms:,.1f} ms, {sent.shed} rejected")
        if _is_kept_up(sent):
            best, rate, n_misses = rate, rate * GROWTH, 0
        else:
            n_misses += 1
    return 0.9 * best


def _sustain(load: Load, rate: float, seconds: float, say: Callable[[str], None]) -> Sustained:
    """Hold a rate; if it cannot be held, a lower one."""
    for attempt in range(_TRIES):
        say(f"{seconds:g} s at {rate:,.0f} orders/s")
        before, rss_start_mb = load.status(), load.rss_mb()
        sent = load.run(rate, seconds)
        after, rss_mb = load.status(), load.rss_mb()
        say(
            f"ack p99 {(sent.ack_p99_us or 0.0) / 1e3:,.1f} ms, {sent.shed} rejected, "
            f"{sent.refused} refused {sent.last_refusal}, {sent.unanswered} unanswered"
        )
        if _is_kept_up(sent) or attempt == _TRIES - 1:
            break
        load.seconds_until_idle()
        rate *= 0.8
    n_children = after["children"]["total"] - before["children"]["total"]
    return Sustained(
        children_per_s=round(n_children / max(sent.sending_s, 1e-9), 1),
        ack_us={"p50": sent.ack_p50_us or 0.0, "p99": sent.ack_p99_us or 0.0},
        rss_start_mb=rss_start_mb,
        rss_mb=rss_mb,
        rate_per_s=round(rate, 1),
        seconds=round(sent.sending_s, 1),
        orders=sent.sent,
        shed=sent.shed,
        refused=sent.refused,
        unanswered=sent.unanswered,
    )


def _overload(load: Load, rate: float, seconds: float, say: Callable[[str], None]) -> Overload:
    say(f"{seconds:g} s at {rate:,.0f} orders/s")
    sent = load.run(rate, seconds)
    recovery_s = sent.answered_after_s + load.seconds_until_idle()
    say("the same with a kill in the middle")
    brake = _Brake(load)
    timer = threading.Timer(seconds / 2, brake.kill)
    timer.start()
    load.run(rate, seconds)
    timer.join()
    load.ask("resume")
    return Overload(
        rate_per_s=round(rate, 1),
        sent=sent.sent,
        shed=sent.shed,
        accepted=sent.accepted,
        unanswered=sent.unanswered,
        kill_ms=brake.effective_ms,
        confirmed_ms=brake.confirmed_ms,
        recovery_s=round(recovery_s, 2),
    )


class _Brake:
    """A kill from another thread than the one that waits for the client."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.effective_ms = self.confirmed_ms = -1.0

    def kill(self) -> None:
        """Throw the switch, and wait until the venues have confirmed it."""
        started_s = time.monotonic()
        answer = self._load.ask("kill")
        self.effective_ms = round(1e3 * (time.monotonic() - started_s), 1)
        while not answer["is_confirmed"] and time.monotonic() < started_s + IDLE_S:
            time.sleep(0.01)
            answer = self._load.ask("kill_progress", kill=answer["kill"])
        self.confirmed_ms = round(1e3 * (time.monotonic() - started_s), 1)


def _router_conf(
    folder: Path, oms_port: int, fix_port: int, snapshot_port: int, feed_port: int
) -> RouterConf:
    return RouterConf(
        router=RouterTable(
            name="bench", comp_id=ROUTER, run_dir=str(folder / "router"), policy="static"
        ),
        oms=OmsTable(port=oms_port, clients=(CLIENT,), default_horizon_s=60.0),
        feed=FeedTable(listen=f"127.0.0.1:{feed_port}", snapshot=f"127.0.0.1:{snapshot_port}"),
        store=StoreTable(path=""),
        instruments=tuple(
            InstrumentTable(symbol=symbol, increment_usd=0.01, adv_shares=5_000_000)
            for symbol in symbols(N_SYMBOLS)
        ),
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
        risk=RiskLimits(client_day_usd=10_000_000_000, messages_per_s=1_000_000),
    )
