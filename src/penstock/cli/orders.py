"""`penstock orders`: what is live, what is in doubt, what is at work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from penstock.cli.kill import scope_options
from penstock.cli.operating import ask, conf_argument
from penstock.cli.options_plain import json_option, print_json

_CHILD: Final = (
    "child", "venue", "symbol", "side", "shares", "filled", "leaves", "in_doubt", "state",
    "client", "client_order_id",
)  # fmt: skip
_PARENT: Final = (
    "parent", "client", "client_order_id", "symbol", "side", "shares", "filled", "leaves",
    "live", "in_doubt", "state",
)  # fmt: skip


@click.command("orders")
@conf_argument
@scope_options
@json_option
def command(conf: Path, client: str, venue: str, symbol: str, as_json: bool) -> None:
    """
    List what is open in the router that runs under CONF.

    First the child orders that a venue may still fill, or whose fills are in doubt; then the
    clients' orders at work. Shares in doubt are those that a venue states, or may state, as filled
    and that are not booked: `penstock child` settles them. At most 10,000 of each are listed. CONF
    is conf/router.toml unless given.

    \b
    Example:  penstock orders --venue PDRK
    Exit status: 0 it answered; 2 no router answers, or it refuses.
    """
    answer = ask(
        conf, "orders", {"client": client, "venue": venue, "symbol": symbol}, shown="orders"
    )
    if as_json:
        print_json({"orders": answer["orders"], "parents": answer["parents"]})
        return
    for title, columns, rows in (
        ("children", _CHILD, answer["orders"]),
        ("orders", _PARENT, answer["parents"]),
    ):
        click.echo(f"{title}: {len(rows):,}")
        for line in _table(columns, rows):
            click.echo(f"  {line}")


def _table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    cells = [[name.replace("_", " ") for name in columns]]
    cells += [[_cell(row[name]) for name in columns] for row in rows]
    widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
    is_number = [isinstance(rows[0][name], int) for name in columns]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in cells
    ]


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
