"""`penstock evaluate`: policies side by side on the same days."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.console import err, out, print_json
from penstock.cli.evaluating import compare, find_insiders, find_models, write_page
from penstock.cli.options import (
    depth_option,
    json_option,
    models_option,
    scenarios_argument,
    tape_option,
    tuned_option,
    workers_option,
)
from penstock.cli.refusing import check_names, check_output, check_seeds
from penstock.routing import POLICIES, check_policy_names
from penstock.trials import INSIDERS, comparison_tables, load_markets


@click.command("evaluate")
@scenarios_argument
@click.option(
    "--policies",
    default=",".join(POLICIES),
    show_default=True,
    help="Policies to compare, with commas between them.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 99_999),
    default=10,
    show_default=True,
    help="Days to judge on; each is one seed.",
)
@click.option(
    "--first-seed",
    type=click.IntRange(1, 99_999),
    default=1,
    show_default=True,
    help="The first of them: days that nobody has looked at before are judges, others are not.",
)
@click.option(
    "--baseline-seeds",
    type=click.IntRange(0, 99_999),
    default=4,
    show_default=True,
    help="Other days, on which the strongest baseline is chosen.",
)
@click.option("--model", help="Model of the learned policy: a name, name@version or hash.")
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("runs/evaluate.html"),
    show_default=True,
    help="Write the page with the plots here.",
)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/days"),
    show_default=True,
    help="Finished days are kept here: an interrupted comparison goes on where it stopped.",
)
@tuned_option
@click.option("--fresh", is_flag=True, help="Run every day again, kept or not.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the journals of the first day here, one per policy, for `penstock replay`.",
)
@models_option
@tape_option
@depth_option
@workers_option
@json_option
def command(
    scenario: tuple[Path, ...],
    policies: str,
    seeds: int,
    first_seed: int,
    baseline_seeds: int,
    model: str | None,
    page: Path,
    kept: Path,
    tuned: Path,
    fresh: bool,
    journal: Path | None,
    models_dir: Path,
    tape: Path | None,
    depth: str | None,
    workers: int,
    as_json: bool,
) -> None:
    """
    Run the same days under every policy and report what the executions cost.

    Costs are in bps of the arrival midpoint, fees and unfilled shares included; positive is cost.
    Intervals are 95 %, over days; differences are paired by day. The same scenario, seeds, model
    and version give the same figures, to the bit, whatever the number of workers.

    Days that an earlier run of the same version finished are not run again: they would be the
    same, to the bit.

    A scenario of mode replay runs once per depth assumption.

    The insiders `venue_insider` and `insider` are compared where they are named; train their models
    first with `penstock train --privileged`. They say how much could be gained at most.

    \b
    Example:  penstock evaluate scenarios/reference-day.toml --policies static,sweep --json
    Exit status: 0 finished; 2 bad input.
    """
    names = tuple(name.strip() for name in policies.split(",") if name.strip())
    check_seeds(first_seed, seeds)
    check_policy_names(names, "--policies", also=INSIDERS)
    check_output(page, *(() if journal is None else (journal / "a.journal",)))
    markets = [market for path in scenario for market in load_markets(path, tape=tape, depth=depth)]
    check_names([market.name for market in markets])
    models = find_models(markets, names, model, models_dir)
    comparison = compare(
        markets,
        names,
        models,
        insiders=find_insiders(markets, names, models_dir),
        n_seeds=seeds,
        first_seed=first_seed,
        n_baseline_seeds=baseline_seeds,
        n_workers=workers,
        journal_dir=journal,
        kept_dir=kept,
        is_fresh=fresh,
        tuned_dir=tuned,
    )
    if as_json:
        print_json(comparison)
    else:
        for table in comparison_tables(comparison):
            out.print(table)
    write_page(comparison, models, page)
    if comparison.model is not None:
        err.print(f"model   {comparison.model}, trained on {comparison.model_trained_on}")
    err.print(f"page    {page}")
