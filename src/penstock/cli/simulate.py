"""`penstock simulate`: one day of a market without us, to look at."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.console import command_line, err, machine, out, print_json, waiting
from penstock.cli.options import json_option, one_depth_option, tape_option
from penstock.cli.refusing import check_output
from penstock.trials import load_markets


@click.command("simulate")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Of the day."
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("runs/simulate.html"),
    show_default=True,
    help="Write the page with the plots here.",
)
@click.option(
    "--prints", type=click.Path(path_type=Path, dir_okay=False), help="Write every print, as CSV."
)
@click.option(
    "--quotes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every state of the best bid and offer, as CSV.",
)
@tape_option
@one_depth_option
@json_option
def command(
    scenario: Path,
    seed: int,
    page: Path,
    prints: Path | None,
    quotes: Path | None,
    tape: Path | None,
    depth: str | None,
    as_json: bool,
) -> None:
    """
    Run one day of a scenario without an order of ours, and show what its venues do.

    Spread, depth, prices and volume by venue, as a listener to all feeds hears them. A replay runs
    under its first depth assumption unless --depth names another.

    \b
    Example:  penstock simulate scenarios/reference-day.toml --prints runs/prints.csv
    Exit status: 0 finished; 2 bad input.
    """
    from penstock.trials.calibration import simulated_sample
    from penstock.trials.portrait import (
        portrait_page,
        portrait_tables,
        portray,
        prints_csv,
        quotes_csv,
    )

    market = load_markets(scenario, tape=tape, depth=depth)[0]
    check_output(page, *(path for path in (prints, quotes) if path is not None))
    with waiting(f"a day of {market.name}"):
        sample = simulated_sample(
            market.scenario, seed, clock_ns=1, has_depth=True, warm_up_s=0.0, script=market.script
        )
    found = portray(sample, market.scenario, market.name, seed)
    midnight_ns = market.scenario.midnight_ns
    if prints is not None:
        prints_csv(sample, midnight_ns, prints)
    if quotes is not None:
        quotes_csv(sample, midnight_ns, quotes)
    text = portrait_page(found, command=command_line(), machine=machine())
    page.write_text(text, encoding="utf-8")
    if as_json:
        print_json(found)
    else:
        for table in portrait_tables(found):
            out.print(table)
    for name, path in (("prints", prints), ("quotes", quotes), ("page", page)):
        if path is not None:
            err.print(f"{name:<7} {path}")
