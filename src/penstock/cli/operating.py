"""What the commands share that speak to a running router."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

conf_argument = click.argument(
    "conf", type=click.Path(path_type=Path), default=Path("conf/router.toml")
)


def ask(conf: Path, do: str, **details: str) -> dict[str, Any]:
    """What the router of a configuration answers."""
    from penstock.runtime import ask_router, read_router_conf

    return ask_router(read_router_conf(conf).paths.run_dir, do, **details)  # type: ignore[arg-type]


def order(conf: Path, do: str, **details: str) -> None:
    """Have it do something, and say what it said."""
    click.echo(ask(conf, do, **details)["text"])
