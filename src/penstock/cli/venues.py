"""`penstock venues`: the simulated exchanges as a process."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("venues")
@click.argument("conf", type=click.Path(path_type=Path))
def command(conf: Path) -> None:
    """
    Run the simulated venues that CONF describes: FIX order entry and a UDP feed, in wall time.

    They end with the scenario's session, or on SIGTERM. Every order and every fill is a line of
    fills.jsonl in their folder, written before its report leaves. Orders of a router that has lost
    its session go on working.

    \b
    Example:  penstock venues conf/venues.toml
    Exit status: 0 ended in good order; 2 bad configuration, or a port in use; 3 fatal.
    """
    from penstock.runtime import operator_log, read_venues_conf, run_venues

    settings = read_venues_conf(conf)
    with operator_log(settings.run_dir / "venues.log") as say:
        status = run_venues(settings, say=say, file=str(conf))
    raise SystemExit(status)
