"""`penstock session`: start the sequence numbers of a FIX session again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from penstock.cli.operating import conf_argument, order, reason_option

_WAIT_S: Final = 15.0  # the session is logged out first


@click.command("session")
@click.argument("action", type=click.Choice(["reset"]))
@click.argument("comp_id")
@conf_argument
@reason_option
def command(action: str, comp_id: str, conf: Path, reason: str) -> None:
    """
    Reset the FIX session with COMP_ID, a client or a venue, in the router that runs under CONF.

    Both sequence numbers start again at 1. Agree on it with the counterparty first: it has to do
    the same. What was sent and had not arrived never does, so open orders at a venue are reconciled
    after the next logon. CONF is conf/router.toml unless given.

    \b
    Example:  penstock session reset PDRK --reason "their numbers fell back"
    Exit status: 0 done; 2 no router answers, or it refuses, and why.
    """
    order(
        conf,
        "session_reset",
        {"session": comp_id, "reason": reason},
        shown=f"session {action} {comp_id}",
        timeout_s=_WAIT_S,
    )
