"""`penstock limits`: what is used up of the day's limits, and starting them again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from penstock.cli.operating import ask, conf_argument, order, reason_option
from penstock.cli.options_plain import json_option, print_json


@click.command("limits")
@click.argument("action", type=click.Choice(["show", "reset"]))
@conf_argument
@click.option("--client", default="", help="Only this client (comp id).")
@reason_option
@json_option
def command(
    action: Literal["show", "reset"], conf: Path, client: str, reason: str, as_json: bool
) -> None:
    """
    Show what clients have used up of their day's limits, or count from zero again.

    What is used up is what has traded today plus what is live. A reset forgets what has traded, of
    one client or of all; what is live still counts. CONF is conf/router.toml unless given.

    \b
    Example:  penstock limits show
              penstock limits reset --client OMS --reason "raised by the desk head"
    Exit status: 0 done; 2 no router answers, or it refuses, and why.
    """
    if action == "reset":
        details = {"client": client, "reason": reason}
        order(conf, "reset_limits", details, shown="limits reset")
        return
    answer = ask(conf, "limits", {"client": client}, shown="limits show")
    if as_json:
        print_json(answer)
        return
    for name, used in {**answer["clients"], "open, all clients": answer["open"]}.items():
        used_frac = used["used_usd"] / used["allowed_usd"]
        click.echo(
            f"{name}: {used['used_usd']:,.0f} of {used['allowed_usd']:,.0f} USD used "
            f"({100 * used_frac:.1f} %)"
        )
