"""`penstock ablate`: what knowing each mechanism of a market is worth."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from penstock.cli.console import command_line, machine, out, print_json, progress_bar
from penstock.cli.evaluating import prepare, tuned_settings
from penstock.cli.options import json_option, scenarios_argument, tuned_option, workers_option
from penstock.cli.refusing import check_names
from penstock.learning import Rounds, TrainSettings, train_draws, train_insider
from penstock.routing import RoutingConfig
from penstock.trials import (
    ABLATED,
    N_DRAWS,
    Ablations,
    Bench,
    KeptDays,
    Market,
    MechanismValue,
    ablate_market,
    ablated_policies,
    check_has_hidden_state,
    load_markets,
    plain_table,
    settings_of,
)


@click.command("ablate")
@scenarios_argument
@click.option(
    "--days",
    type=click.IntRange(9, 10_000),
    default=24,
    show_default=True,
    help="Days of experience per round.",
)
@click.option(
    "--rounds", type=click.IntRange(1, 20), default=2, show_default=True, help="Rounds of training."
)
@click.option(
    "--seeds",
    type=click.IntRange(2, 99_999),
    default=10,
    show_default=True,
    help="Days to judge on; each is one seed.",
)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/days"),
    show_default=True,
    help="Finished days are kept here: an interrupted run goes on where it stopped.",
)
@click.option("--fresh", is_flag=True, help="Run every day again, kept or not.")
@tuned_option
@workers_option
@json_option
def command(
    scenario: tuple[Path, ...],
    days: int,
    rounds: int,
    seeds: int,
    kept: Path,
    fresh: bool,
    tuned: Path,
    workers: int,
    as_json: bool,
) -> None:
    """
    Blind the venue insider to one mechanism at a time, and see what that costs it.

    The insider is trained anew without the columns that tell the mechanism's state, on the same
    experience, four times with another quarter of the days left out. A mechanism that is not worth
    knowing is decoration: no policy can gain by it.

    \b
    Example:  penstock ablate scenarios/reference-day.toml
    Exit status: 0 finished; 2 bad input.
    """
    markets = [market for path in scenario for market in load_markets(path)]
    check_names([market.name for market in markets])
    for market in markets:
        check_has_hidden_state(market)
    prepare(markets)
    found = {}
    for market in markets:
        benches = _benches(market, Rounds(days, rounds), workers, kept, tuned, fresh)
        with progress_bar(f"ablate {market.name}", seeds * len(ablated_policies())) as advance:
            found[market.name] = ablate_market(
                benches, n_seeds=seeds, n_workers=workers, on_done=advance
            )
    if as_json:
        print_json({"scenarios": found, "machine": machine(), "command": command_line()})
        return
    for name, ablations in found.items():
        out.print(_table(name, ablations))


def _benches(
    market: Market, rounds: Rounds, n_workers: int, kept: Path, tuned_dir: Path, is_fresh: bool
) -> list[Bench]:
    """One for each draw of experience, with the insider and its blind ones trained on it."""
    settings = TrainSettings(name=ABLATED, n_threads=n_workers)
    tuned, _ = tuned_settings(market, tuned_dir)
    routing = settings_of(ABLATED, tuned, RoutingConfig())
    with progress_bar(f"train on {market.name}", rounds.n_days * rounds.n_rounds) as advance:
        _, experience = train_insider(
            ABLATED,
            [market],
            rounds,
            settings,
            n_workers=n_workers,
            routing=routing,
            on_day=advance,
        )
    with progress_bar("blind it", N_DRAWS * (len(ablated_policies()) - 1)) as advance:
        draws = train_draws(experience, settings, advance)
    kept_days = KeptDays(kept, market, routing, is_fresh=is_fresh)
    return [Bench(market, routing, None, kept=kept_days, insiders=models) for models in draws]


def _table(name: str, found: Ablations) -> Table:
    table = plain_table(
        f"{name} · {found.n_days} days · {found.insider} costs "
        f"{found.insider_cost_bps:.3f} bps against the reference price",
        f"each in {N_DRAWS} trainings; (training): the same columns from other days",
    )
    table.title_justify = table.caption_justify = "left"
    table.add_column("not knowing", no_wrap=True)
    for heading in ("costs it, bps", "95 % interval", "raw, bps", "worth knowing"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = {**found.mechanisms, "(training)": found.nothing}
    for mechanism, value in rows.items():
        table.add_row(mechanism, *_cells(value))
    return table


def _cells(value: MechanismValue) -> tuple[str, ...]:
    interval = "not known"
    if value.ci95 is not None:
        interval = f"{value.ci95[0]:+.3f} to {value.ci95[1]:+.3f}"
    verdict = "not shown" if value.is_decoration else "yes"
    if not value.columns:
        verdict = ""
    return f"{value.value_bps:+.3f}", interval, f"{value.raw_value_bps:+.3f}", verdict
