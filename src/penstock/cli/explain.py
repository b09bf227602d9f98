"""`penstock explain`: why a child order went where it went, and what came of it."""

from __future__ import annotations

import click

from penstock.cli.console import out, print_json
from penstock.cli.options import json_option


@click.command("explain")
@click.option(
    "--child", "child_id", type=click.IntRange(min=1), required=True, help="Number of the child."
)
@click.option(
    "--store",
    "database",
    default="runs/store.db",
    show_default=True,
    help="The feedback log: a file, or a database URL.",
)
@click.option("--run", help="The run it belongs to; default is the latest that has such a child.")
@json_option
def command(child_id: int, database: str, run: str | None, as_json: bool) -> None:
    """
    Tell the story of one child order out of the feedback log.

    The client's order, the market at the decision, every candidate with what was expected of it,
    why this one was chosen, what happened to it, and the versions that decided. Costs are in bps of
    the midpoint at the decision, fees included; positive is what we pay.

    \b
    Example:  penstock explain --child 17
    Exit status: 0 explained; 2 no log, or no such child.
    """
    from penstock.cli.explaining import explanation
    from penstock.store.feedback import FeedbackReader

    with FeedbackReader(database) as reader:
        story = reader.child(child_id, run)
    if as_json:
        print_json(story)
        return
    for piece in explanation(story):
        out.print(piece, highlight=False, markup=False, crop=False, soft_wrap=True)
