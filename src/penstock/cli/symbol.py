"""`penstock symbol`: trade no more in a symbol, or trade in it again."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import click

from penstock.cli.operating import conf_argument, order, reason_option

_DO: Final = {"restrict": "restrict", "allow": "unrestrict"}


@click.command("symbol")
@click.argument("switch", type=click.Choice(["restrict", "allow"]))
@click.argument("symbol")
@conf_argument
@reason_option
def command(switch: Literal["restrict", "allow"], symbol: str, conf: Path, reason: str) -> None:
    """
    Restrict trading in SYMBOL in the router that runs under CONF, or allow it again.

    A restriction cancels what is open in the symbol and refuses new orders in it. Working orders
    stay, and go on when it is lifted; `penstock kill --symbol` ends them. CONF is conf/router.toml
    unless given.

    \b
    Example:  penstock symbol restrict IBM --reason "news pending"
    Exit status: 0 done; 2 no router answers, or it refuses, and why.
    """
    details = {"symbol": symbol, "reason": reason}
    order(conf, _DO[switch], details, shown=f"symbol {switch} {symbol}")
