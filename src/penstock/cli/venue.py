"""`penstock venue`: send nothing more to a venue, or send to it again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from penstock.cli.operating import conf_argument, order, reason_option


@click.command("venue")
@click.argument("switch", type=click.Choice(["on", "off", "force-up"]))
@click.argument("mic")
@conf_argument
@reason_option
def command(switch: Literal["on", "off", "force-up"], mic: str, conf: Path, reason: str) -> None:
    """
    Switch the venue MIC on or off in the router that runs under CONF.

    Off cancels what is open there and routes around it; on lifts that, and a throttle that has
    latched. force-up ends the wait of a venue that reconciles and does not answer: what it has not
    accounted for stays live or in doubt until a person settles it with `penstock child`. CONF is
    conf/router.toml unless given.

    \b
    Example:  penstock venue off PDRK conf/router.toml
    Exit status: 0 done; 2 no router answers, or it refuses, and why.
    """
    do = f"venue_{switch.replace('-', '_')}"
    order(conf, do, {"venue": mic, "reason": reason}, shown=f"venue {switch} {mic}")
