"""`penstock train`: a model for a scenario, registered."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.console import out, print_json
from penstock.cli.options import (
    depth_option,
    json_option,
    models_option,
    scenarios_argument,
    tape_option,
    tuned_option,
    workers_option,
)
from penstock.cli.refusing import check_names, check_output
from penstock.cli.training import train_and_register
from penstock.domain import ConfigError
from penstock.learning import Rounds
from penstock.trials import load_markets

_INSIDERS = {None: None, "venue": "venue_insider", "all": "insider"}


@click.command("train")
@scenarios_argument
@click.option(
    "--kind",
    type=click.Choice(["lightgbm"]),
    default="lightgbm",
    show_default=True,
    help="Learner.",
)
@click.option(
    "--days",
    type=click.IntRange(4, 10_000),
    default=40,
    show_default=True,
    help="Days of experience per round and market.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="Rounds; after the first, the model so far decides for half of the parents.",
)
@click.option(
    "--privileged",
    type=click.Choice(["venue", "all"]),
    help="Train an insider instead: it knows the venues' hidden state, or the price's as well.",
)
@models_option
@tape_option
@depth_option
@tuned_option
@workers_option
@json_option
def command(
    scenario: tuple[Path, ...],
    kind: str,
    days: int,
    rounds: int,
    privileged: str | None,
    models_dir: Path,
    tape: Path | None,
    depth: str | None,
    tuned: Path,
    workers: int,
    as_json: bool,
) -> None:
    """
    Collect experience in a simulated market and train the outcome model on it.

    Half of the parents follow a plan, half a random one. The plan is the scenario's tuned one (the
    section of `supervised`, or else of `best_static`), where there is one. The days are never those
    of `evaluate`, except that a replay has only one: train on another tape than you judge on. The
    model is registered under the scenario's name; a replay is learned under all of its depth
    assumptions at once. The same arguments give the same model, bit for bit.

    With --privileged, the model of an insider of `penstock evaluate`: no router can load it.

    \b
    Example:  penstock train scenarios/reference-day.toml
    Exit status: 0 finished; 2 bad input.
    """
    check_output(models_dir / "files" / "new")
    markets = [market for path in scenario for market in load_markets(path, tape=tape, depth=depth)]
    check_names([market.name for market in markets])
    if len({market.scenario.scenario.name for market in markets}) > 1:
        raise ConfigError.one(
            where="SCENARIO",
            expected="one scenario: a model belongs to one market",
            found=", ".join(str(path) for path in scenario),
            fix="train them one after the other",
        )
    model_id, model = train_and_register(
        markets,
        Rounds(days, rounds),
        models_dir=models_dir,
        n_workers=workers,
        tuned_dir=tuned,
        insider=_INSIDERS[privileged],
    )
    metrics = {"kind": kind, "trained_on": model.card.trained_on, "parts": model.card.metrics}
    if as_json:
        print_json({"model": model_id, "metrics": metrics})
        return
    out.print(f"model   {model_id}")
    out.print(f"trained on {model.card.trained_on}")
    for part, figures in model.card.metrics.items():
        error, average_error = figures["rmse"], figures["baseline_rmse"]
        # Averages make no error where an outcome never differs: leakage in a replay is always 0.
        gain = 1 - error / average_error if average_error > 0 else 0.0
        less = f"{abs(gain):.1%} {'less' if gain > 0 else 'MORE'} than" if gain else "as have"
        out.print(
            f"  {part:16} error {error:.3f}, {less} venue averages; "
            f"{figures['n_rows']:,.0f} rows held out"
        )
