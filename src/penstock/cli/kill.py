"""`penstock kill`: cancel everything, accept nothing."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.operating import conf_argument, order


@click.command("kill")
@conf_argument
def command(conf: Path) -> None:
    """
    Throw the kill switch of the router that runs under CONF.

    Every open order is cancelled and new ones are refused, until `penstock resume`. A restart does
    not undo it. CONF is conf/router.toml unless given.

    \b
    Example:  penstock kill conf/router.toml
    Exit status: 0 done; 2 no router answers.
    """
    order(conf, "kill")
