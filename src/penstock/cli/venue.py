"""`penstock venue`: send nothing more to a venue, or send to it again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from penstock.cli.operating import conf_argument, order


@click.command("venue")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.argument("mic")
@conf_argument
def command(switch: Literal["on", "off"], mic: str, conf: Path) -> None:
    """
    Switch the venue MIC on or off in the router that runs under CONF.

    Off cancels what is open there and routes around it; on lifts that, and a throttle that has
    latched. CONF is conf/router.toml unless given.

    \b
    Example:  penstock venue off PDRK conf/router.toml
    Exit status: 0 done; 2 no router answers, or it has no such venue.
    """
    order(conf, f"venue_{switch}", venue=mic)
