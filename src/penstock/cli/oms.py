"""`penstock oms`: a scripted OMS that sends orders to a router."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from penstock.cli.console import print_json
from penstock.cli.options import json_option


@click.command("oms")
@click.argument("conf", type=click.Path(path_type=Path))
@click.option("--parents", type=click.IntRange(1, 1_000_000), help="Orders, instead of CONF's.")
@click.option("--seed", type=click.IntRange(0), help="Of sizes and sides, instead of CONF's.")
@json_option
def command(conf: Path, parents: int | None, seed: int | None, as_json: bool) -> None:
    """
    Send the orders that CONF describes to a router, and wait until all of them have ended.

    Every order and every report is a line of oms.jsonl in its folder.

    \b
    Example:  penstock oms conf/oms.toml --parents 10
    Exit status: 0 every order has ended; 2 bad configuration; 3 some are still open.
    """
    from penstock.runtime import operator_log, read_oms_conf, run_oms

    settings = read_oms_conf(conf)
    wanted = {name: n for name, n in (("parents", parents), ("seed", seed)) if n is not None}
    settings = msgspec.structs.replace(
        settings, oms=msgspec.structs.replace(settings.oms, **wanted)
    )
    with operator_log(settings.run_dir / "oms.log") as say:
        status, summary = run_oms(settings, say=say)
    if as_json:
        print_json(summary._asdict())
    raise SystemExit(status)
