"""`penstock bench load`: what rate the router sustains, and what it does beyond it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import msgspec

from penstock.cli.console import err, machine, out, print_json
from penstock.cli.options_plain import json_option


@click.command("load")
@click.option(
    "--seconds", type=click.FloatRange(2.0, 3_600.0), default=30.0, show_default=True,
    help="Length of the run at the sustained rate; the published figure has 300.",
)  # fmt: skip
@click.option(
    "--rate", type=click.FloatRange(1.0, 100_000.0), default=None,
    help="Orders a second to sustain; without it, the highest rate that trials find.",
)  # fmt: skip
@click.option(
    "--profile", type=click.Path(path_type=Path), default=None,
    help="Write where the engine thread spends its time at the sustained rate; costs some speed.",
)  # fmt: skip
@json_option
def load(seconds: float, rate: float | None, profile: Path | None, as_json: bool) -> None:
    """
    Load on the router: sustained, at twice that, a kill during it, and recovery.

    A client and ten venues that fill every order at once run as processes of this machine; the
    rate of a bare QuickFIX relay between them is measured in the same run. A rate is sustained
    when no order is refused and 99 % of the acknowledgements take at most 50 ms.
    """
    from penstock.runtime.bench_load import bench_load

    with tempfile.TemporaryDirectory(prefix="penstock-load-") as folder:
        figures = bench_load(
            Path(folder), seconds=seconds, rate=rate, profile=profile, say=err.print
        )
    if as_json:
        print_json({**msgspec.to_builtins(figures), "machine": machine()})
        return
    sustained, overload = figures.sustained, figures.overload
    ack = sustained.ack_us
    out.print(
        f"chain      {figures.chain_per_s:,.0f} orders/s through a bare QuickFIX relay\n"
        f"sustained  {sustained.children_per_s:,.0f} child orders/s for {sustained.seconds:,.0f} s "
        f"({100 * sustained.children_per_s / figures.chain_per_s:.0f} % of the chain); ack p50 "
        f"{ack['p50'] / 1e3:,.1f} ms, p99 {ack['p99'] / 1e3:,.1f} ms; "
        f"memory {sustained.rss_start_mb:,.0f} to {sustained.rss_mb:,.0f} MB\n"
        f"overload   at {overload.rate_per_s:,.0f} orders/s: {overload.shed:,} of "
        f"{overload.sent:,} rejected; kill effective in {overload.kill_ms:,.0f} ms; "
        f"idle {overload.recovery_s:,.2f} s after the burst\n"
        f"workload   {figures.workload}\n"
        f"machine    {machine()}"
    )
