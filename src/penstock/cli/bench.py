"""`penstock bench`: how fast, on which workload, on which machine."""

from __future__ import annotations

import time

import click

from penstock.cli.console import machine, out, print_json
from penstock.cli.options import json_option


@click.group("bench")
def command() -> None:
    """Measure speed. Every figure names its workload, its machine and what it leaves out."""


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


def _fields(figures: object) -> dict[str, object]:
    import msgspec

    return dict(msgspec.to_builtins(figures))
