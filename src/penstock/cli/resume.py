"""`penstock resume`: take orders again after a kill, and let the model decide again."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.kill import scope_options
from penstock.cli.operating import conf_argument, order, reason_option


@click.command("resume")
@conf_argument
@scope_options
@reason_option
def command(conf: Path, client: str, venue: str, symbol: str, reason: str) -> None:
    """
    Take the kill switch back, and let the configured policy decide again.

    With a client, a venue or a symbol, the kill of that alone. Orders that a kill stopped stay
    stopped. CONF is conf/router.toml unless given.

    \b
    Example:  penstock resume conf/router.toml
    Exit status: 0 done; 2 no router answers, or it refuses.
    """
    details = {"client": client, "venue": venue, "symbol": symbol, "reason": reason}
    order(conf, "resume", details, shown="resume")
