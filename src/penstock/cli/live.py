"""The live part of the demo: venues, router and client as processes, static first, then learned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock.cli.console import progress_bar, waiting
from penstock.cli.shipped import shipped
from penstock.domain import seconds
from penstock.runtime import (
    LocalDesk,
    read_lines,
    read_oms_conf,
    read_router_conf,
    read_venues_conf,
)
from penstock.store import ModelId
from penstock.trials import LiveIntegrity, LivePhase, LiveQuantiles, LiveSession, VenueFills

N_PARENTS: Final = 120  # half of them by each policy
POLL_S: Final = 0.25


def live_session(
    scenario: Path, model_id: ModelId, *, models_dir: Path, folder: Path, store: Path
) -> LiveSession:
    """
    Run the whole loop over real sockets for about a minute.

    Raises:
        ConfigError: a program did not start; its last words are in the error.
    """
    folder = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with _desk(scenario, models_dir, folder, store) as desk:
        with waiting("live: starting venues and router"):
            desk.start()
        started_s = time.monotonic()
        with progress_bar("live: orders over FIX", N_PARENTS) as advance:
            summaries = [_run_half(desk, 1, advance)]
            desk.ask("use_model", model=model_id.sha256)
            summaries.append(_run_half(desk, 2, advance))
        duration_s = time.monotonic() - started_s
        status = desk.status()
        desk.stop()
        return _session(desk, summaries, status, duration_s, store)


@contextmanager
def _desk(scenario: Path, models_dir: Path, folder: Path, store: Path) -> Iterator[LocalDesk]:
    replace = msgspec.structs.replace
    router = read_router_conf(shipped(Path("conf/router.toml")))
    venues = read_venues_conf(shipped(Path("conf/venues.toml")))
    router = replace(
        router,
        router=replace(router.router, policy="static", models_dir=str(models_dir)),
        store=replace(router.store, path=str(store)),
    )
    venues = replace(venues, venues=replace(venues.venues, scenario=str(scenario)))
    oms = read_oms_conf(shipped(Path("conf/oms.toml")))
    with LocalDesk(folder, router, venues, oms) as desk:
        yield desk


def _run_half(desk: LocalDesk, seed: int, advance: Callable[[], None]) -> dict[str, Any]:
    """Half of the orders, with the bar moved by what the router says is done."""
    n_before = desk.status()["parents"]["done"]
    n_shown = 0
    program = desk.start_oms("--parents", str(N_PARENTS // 2), "--seed", str(seed))
    while program.poll() is None:
        time.sleep(POLL_S)
        n_done = desk.status()["parents"]["done"] - n_before
        for _ in range(n_done - n_shown):
            advance()
        n_shown = max(n_shown, n_done)
    for _ in range(N_PARENTS // 2 - n_shown):
        advance()
    return desk.oms_summary()


def _session(
    desk: LocalDesk,
    summaries: list[dict[str, Any]],
    status: dict[str, Any],
    duration_s: float,
    store: Path,
) -> LiveSession:
    orders_ns = [line["at_ns"] for line in read_lines(desk.oms_log) if line["what"] == "order"]
    first_ns = min(orders_ns)
    fills = [line for line in read_lines(desk.fills_log) if line["what"] == "fill"]
    starts_s = (0.0, seconds(orders_ns[summaries[0]["sent"]] - first_ns))
    phases = tuple(
        LivePhase(
            policy=policy,
            started_s=start_s,
            parents=summary["sent"],
            filled=summary["filled"],
            asked_shares=summary["asked_shares"],
            filled_shares=summary["filled_shares"],
            fills=summary["fills"],
        )
        for policy, start_s, summary in zip(
            ("static", "supervised"), starts_s, summaries, strict=True
        )
    )
    return LiveSession(
        phases=phases,
        integrity=msgspec.convert(msgspec.to_builtins(desk.check()), LiveIntegrity),
        decision_us=msgspec.convert(status["decision_us"], LiveQuantiles),
        wire_us=msgspec.convert(status["wire_us"], LiveQuantiles),
        n_decisions=status["n_decisions"],
        fsync=desk.router_conf.router.fsync,
        duration_s=duration_s,
        store=str(store),
        journal=status["journal"],
        example_child=_child_id(fills[-1]["cl_ord_id"]) if fills else None,
        fills_by_venue=tuple(_by_venue(fills, first_ns)),
    )


def _by_venue(fills: list[dict[str, Any]], first_ns: int) -> Iterator[VenueFills]:
    for mic in sorted({fill["mic"] for fill in fills}):
        own = [fill for fill in fills if fill["mic"] == mic]
        yield VenueFills(
            mic=mic,
            at_s=tuple(seconds(fill["at_ns"] - first_ns) for fill in own),
            shares=tuple(fill["shares"] for fill in own),
        )


def _child_id(cl_ord_id: str) -> int:
    """Of `{run}-{child}`."""
    return int(cl_ord_id.rpartition("-")[2])
