"""`penstock resume`: take orders again after a kill, and let the model decide again."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.operating import conf_argument, order


@click.command("resume")
@conf_argument
def command(conf: Path) -> None:
    """
    Take the kill switch back, and let the configured policy decide again.

    Orders that the kill stopped stay stopped. CONF is conf/router.toml unless given.

    \b
    Example:  penstock resume conf/router.toml
    Exit status: 0 done; 2 no router answers.
    """
    order(conf, "resume")
