"""`--json` for commands that load nothing: no numbers, no tables, no compiler."""

from __future__ import annotations

import json

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on stdout; progress goes to stderr."
)


def print_json(value: object) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
