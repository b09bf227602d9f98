"""`penstock bench`: how fast, on which workload, on which machine."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click
import msgspec

from penstock.cli.bench_load import load
from penstock.cli.console import err, machine, out, print_json
from penstock.cli.options import json_option
from penstock.cli.refusing import check_output
from penstock.cli.shipped import shipped

REFERENCE_DAY = Path("scenarios/reference-day.toml")
REFERENCE_POOL = "PDRK"
_QUEUE_DAYS = 3_000
PEER_SCRIPT = Path("benchmarks/peer_books.py")


@click.group("bench")
def command() -> None:
    """
    Measure speed, and what the simulated market costs its clients.

    Every figure names its workload, its machine and what it leaves out.

    \b
    Example:  penstock bench decision --json
    Exit status: 0 finished; 2 bad input.
    """


@command.command("decision")
@click.option(
    "--decisions", type=click.IntRange(100, 1_000_000), default=5_000, show_default=True,
    help="Decisions to measure.",
)  # fmt: skip
@json_option
def decision(decisions: int, as_json: bool) -> None:
    """One routing decision in the engine: order in, children and record out."""
    from penstock.trials.bench_decision import bench_decision

    figures = bench_decision(time.perf_counter_ns, decisions)
    if as_json:
        print_json({**_fields(figures), "machine": machine()})
        return
    for name in ("decision", "decision_gc_off", "features", "model", "market_batch"):
        latency = getattr(figures, name)
        out.print(
            f"{name:16} p50 {latency.p50_us:7.1f} us   p99 {latency.p99_us:7.1f} us   "
            f"p99.9 {latency.p999_us:7.1f} us   n {latency.n:,}"
        )
    out.print(f"workload  {figures.workload}")
    out.print(f"machine   {machine()}")


@command.command("sim")
@click.option(
    "--runs", type=click.IntRange(1, 100), default=5, show_default=True,
    help="Runs of each workload; the median counts.",
)  # fmt: skip
@click.option(
    "--peers", type=click.Path(path_type=Path),
    help="A Python that has other libraries: they get the same stream. `make bench-peers` has one.",
)  # fmt: skip
@json_option
def sim(runs: int, peers: Path | None, as_json: bool) -> None:
    """The simulator: matching alone, the whole market, the market with a quoting client."""
    from penstock.trials.bench_matching import MatchingFigure, MatchingWorkload, time_matching
    from penstock.trials.bench_peers import bench_peers
    from penstock.trials.bench_world import WorldFigure, bench_world
    from penstock.trials.markets import load_markets

    near = MatchingWorkload()
    deep = MatchingWorkload(live_orders=100_000, capacity=262_144, depth_increments=100.0)
    matching = time_matching(near, time.perf_counter_ns, runs)
    matching_deep = time_matching(deep, time.perf_counter_ns, runs)
    others = {} if peers is None else bench_peers(peers, shipped(PEER_SCRIPT), near)
    day = load_markets(shipped(REFERENCE_DAY))[0].scenario
    worlds = bench_world(time.perf_counter_ns, n_runs=runs, shipped=day)
    assert worlds.world_shipped is not None, "a day was given"
    figures: dict[str, MatchingFigure | WorldFigure] = {
        "matching": matching,
        "matching_deep": matching_deep,
        "world": worlds.world,
        "world_quoting": worlds.world_quoting,
        "world_shipped": worlds.world_shipped,
    }
    workload = {"matching": near, "matching_deep": deep, "world": worlds.workload}
    if as_json:
        more = {"peers": others} if others else {}
        print_json({**figures, **more, "workload": workload, "machine": machine()})
        return
    for name, figure in figures.items():
        rate, cost_ns = figure.events_per_s / 1e6, figure.ns_per_event
        out.print(f"{name:14} {rate:6.1f} M events/s   {cost_ns:6.1f} ns an event")
    for name, peer in others.items():
        rate = peer.commands_per_s / 1e6
        out.print(
            f"{name:14} {rate:6.1f} M commands/s {1e3 / rate:6.1f} ns a command, same stream; "
            f"{peer.version}"
        )
    out.print(
        f"workload  matching: {near.n_events:,} commands on one book of about "
        f"{near.live_orders:,} live orders ({matching.marketable_frac:.0%} marketable), deep: "
        f"{deep.live_orders:,} live; world: four lit venues, two pools, "
        f"{worlds.workload.duration_s:,.0f} s, no router; "
        "quoting: a compiled client posts and cancels every "
        f"{worlds.workload.quote_every_ns / 1e6:g} ms; shipped: {day.scenario.name}, "
        f"{day.scenario.duration_s:,.0f} s, with all its mechanisms. One process, "
        f"{_pinned()}; compiling left out."
    )
    out.print(f"machine   {machine()}")


@command.command("market")
@click.option(
    "--seeds", type=click.IntRange(2, 100), default=8, show_default=True,
    help="Days of each case, seeds 1, 2, 3, …",
)  # fmt: skip
@click.option("--page", type=click.Path(path_type=Path), help="Write plots here, as HTML.")
@json_option
def market(seeds: int, page: Path | None, as_json: bool) -> None:
    """What fading makers, a toxic pool, pings and a place in the queue mean to a client."""
    from penstock.trials.evidence import findings, market_page, queue_places, said
    from penstock.trials.markets import load_markets

    if page is not None:
        check_output(page)
    day = load_markets(shipped(REFERENCE_DAY))[0].scenario
    found = findings(day, REFERENCE_POOL, range(1, seeds + 1))
    places = queue_places(_QUEUE_DAYS)
    if page is not None:
        asked = f"penstock bench market --seeds {seeds} --page {page}"
        about = f"{day.scenario.name}, seeds 1 to {seeds}"
        text = market_page(found, places, about=about, command=asked, machine=machine())
        page.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"findings": found, "queue_places": places, "machine": machine()})
        return
    for one in found:
        out.print(f"{one.title}, {one.unit}")
        for name in one.by_case:
            case = one.case(name)
            out.print(f"  {name:22} {case.mean:6.2f} ± {case.half_width:.2f}")
        out.print(f"  {said(one)}")
    out.print(f"Chance of a fill within ten seconds, {_QUEUE_DAYS:,} days a place")
    for place in places:
        reach = (place.ci95[1] - place.ci95[0]) / 2
        measured = f"{place.filled_frac:6.3f} ± {reach:.3f}"
        expected = f"closed form {place.expected_prob:.3f}"
        out.print(f"  {place.n_ahead:2} orders ahead        {measured}, {expected}")
    out.print(
        f"workload  {day.scenario.name}, shortened; {seeds} seeds; intervals are 95 %, over seeds "
        "and over days a place"
    )
    out.print(f"machine   {machine()}")


@command.command("gym")
@click.option(
    "--steps", type=click.IntRange(100, 10_000_000), default=100_000, show_default=True,
    help="Steps of each run.",
)  # fmt: skip
@click.option(
    "--runs", type=click.IntRange(1, 100), default=5, show_default=True,
    help="Runs of each workload; the median counts.",
)  # fmt: skip
@json_option
def gym(steps: int, runs: int, as_json: bool) -> None:
    """The environments: steps of the bare market, alone and in a vector, and of the router."""
    from penstock.trials.bench_gym import GymWorkload, bench_gym

    figures = bench_gym(time.perf_counter_ns, GymWorkload(n_steps=steps), runs)
    if as_json:
        print_json({**_fields(figures), "machine": machine()})
        return
    for name in ("bare", "bare_vector", "router"):
        figure = getattr(figures, name)
        out.print(
            f"{name:12} {figure.steps_per_s:10,.0f} steps/s   {figure.us_per_step:8.2f} us a step"
        )
    workload = figures.workload
    out.print(
        f"workload  the market of `penstock bench sim`; a step is {workload.events_per_step} "
        f"events of its loop, one in {1 / workload.act_frac:.0f} with an order or cancel by lot; "
        f"vector: {workload.n_envs} markets in one call; router: a step is a decision of the "
        f"engine, {figures.router.events_per_step:.0f} events apart, "
        f"{_beside_events(figures.router.added_us_per_step)}. One core; compiling, any "
        "agent left out."
    )
    out.print(f"machine   {machine()}")


command.add_command(load)


@command.command("fix")
@click.option(
    "--orders", type=click.IntRange(100, 100_000), default=1_000, show_default=True,
    help="Orders each way.",
)  # fmt: skip
@click.option(
    "--policy", type=click.Choice(["supervised", "static"]), default="supervised",
    show_default=True, help="Who decides in the router.",
)  # fmt: skip
@click.option(
    "--fsync", type=click.Choice(["never", "always"]), default="never", show_default=True,
    help="When the disk must have the router's journal.",
)  # fmt: skip
@json_option
def fix(orders: int, policy: str, fsync: str, as_json: bool) -> None:
    """What the router adds to an order's way, against a bare QuickFIX relay in the same run."""
    from penstock.runtime.bench_fix import bench_fix

    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        figures = bench_fix(
            Path(folder), n_orders=orders, fsync=fsync, policy=policy,
            say=err.print,
        )  # fmt: skip
    ways = {"order to child": figures.order_to_child, "round trip": figures.round_trip}
    if as_json:
        first = msgspec.to_builtins(figures.order_to_child)
        print_json({**first, **_fields(figures), "machine": machine()})
        return
    for name, way in ways.items():
        for part in ("chain_us", "router_us", "added_us"):
            us = getattr(way, part)
            out.print(
                f"{name:14} {part[:-3]:7} p50 {us.p50:8.1f} us   p99 {us.p99:8.1f} us   "
                f"p99.9 {us.p999:8.1f} us"
            )
    out.print(
        f"decision       in the router p50 {figures.decision_us['p50']:.1f} us   "
        f"p99 {figures.decision_us['p99']:.1f} us"
    )
    out.print(f"workload  {figures.workload}")
    out.print(f"machine   {machine()}")


def _fields(figures: object) -> dict[str, object]:
    return dict(msgspec.to_builtins(figures))


def _pinned() -> str:
    n_cores = len(os.sched_getaffinity(0))
    return "pinned to one core" if n_cores == 1 else "not pinned (`taskset -c 1` would)"


def _beside_events(added_us: float) -> str:
    if added_us <= 0.0:  # two runs are compared, and another load took more of one than of both
        return "what is not these events cannot be told on a machine this busy"
    return f"all but these events takes {added_us:.0f} us"
