"""`penstock demo`: train, compare and draw on a generated market, in a few minutes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from penstock.cli.console import err, out, print_json
from penstock.cli.evaluating import compare, write_page
from penstock.cli.options import json_option, models_option, workers_option
from penstock.cli.training import train_and_register
from penstock.learning import Rounds
from penstock.models import dump_model
from penstock.routing import BASELINES, LEARNED
from penstock.trials import comparison_tables, load_markets

SCENARIO = Path("scenarios/reference-day.toml")
TRAIN = Rounds(n_days=12, n_rounds=2)
N_SEEDS = 10
N_BASELINE_SEEDS = 4


@click.command("demo")
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("runs/demo.html"),
    show_default=True,
    help="Write the page with the plots here.",
)
@models_option
@workers_option
@json_option
def command(page: Path, models_dir: Path, workers: int, as_json: bool) -> None:
    """
    Train a model in a generated market, then compare it with three baselines on other days.

    Everything is made on this machine: no account, no download, no recorded data.

    \b
    Exit status: 0 finished; 2 bad input.
    """
    markets = load_markets(shipped(SCENARIO))
    model_id, model = train_and_register(markets, TRAIN, models_dir=models_dir, n_workers=workers)
    models = {model_id.name: dump_model(model)}
    comparison = compare(
        markets,
        (*BASELINES, *LEARNED),
        models,
        n_seeds=N_SEEDS,
        n_baseline_seeds=N_BASELINE_SEEDS,
        n_workers=workers,
    )
    write_page(comparison, models, page)
    if as_json:
        print_json(comparison)
    else:
        for table in comparison_tables(comparison):
            out.print(table)
    err.print(f"\npage    {page}")
    err.print(f"model   {model_id}; its card: penstock models show {model_id.name}")
    err.print(
        "next    penstock evaluate scenarios/reference-day.toml --seeds 40\n"
        "        penstock evaluate --help; docs/scenarios.md to write your own market"
    )


def shipped(path: Path) -> Path:
    """A scenario or configuration: of the current folder, or the one that came with the package."""
    return path if path.is_file() else Path(str(files("penstock"))) / "shipped" / path
