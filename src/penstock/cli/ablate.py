"""`penstock ablate`: what knowing each mechanism of a market is worth."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from penstock.cli.console import command_line, machine, out, print_json, progress_bar
from penstock.cli.evaluating import prepare, tuned_settings
from penstock.cli.options import json_option, scenarios_argument, tuned_option, workers_option
from penstock.cli.refusing import check_names
from penstock.domain import ConfigError
from penstock.learning import KeptTrainings, Rounds, TrainSettings, train_blind, train_insider
from penstock.routing import RoutingConfig
from penstock.trials import (
    ABLATED,
    GROUPS,
    NOTHING,
    TRAINING_SEED,
    Ablations,
    Bench,
    KeptDays,
    Market,
    MechanismValue,
    ablate_market,
    ablated_policies,
    blind_name,
    check_has_hidden_state,
    load_markets,
    plain_table,
    settings_of,
)


@click.command("ablate")
@scenarios_argument
@click.option(
    "--days",
    type=click.IntRange(4, 1_000),
    default=12,
    show_default=True,
    help="Days of experience per round of a training.",
)
@click.option(
    "--rounds", type=click.IntRange(1, 20), default=2, show_default=True, help="Rounds of training."
)
@click.option(
    "--trainings",
    type=click.IntRange(2, 50),
    default=8,
    show_default=True,
    help="Times that all of it is learned anew, from days of its own; intervals are over these.",
)
@click.option(
    "--seeds",
    type=click.IntRange(2, 99_999),
    default=24,
    show_default=True,
    help="Days to judge on, dealt out to the trainings; each is one seed.",
)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/days"),
    show_default=True,
    help="Finished trainings and days are kept here: an interrupted run goes on from them.",
)
@click.option("--fresh", is_flag=True, help="Train and run every day again, kept or not.")
@tuned_option
@workers_option
@json_option
def command(
    scenario: tuple[Path, ...],
    days: int,
    rounds: int,
    trainings: int,
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
    experience. All of it is repeated with experience and days of its own, and intervals are over
    these trainings, because the days of one share its luck. A mechanism that is not worth knowing
    is decoration: no policy can gain by it.

    \b
    Example:  penstock ablate scenarios/reference-day.toml
    Exit status: 0 finished; 2 bad input.
    """
    _check_days(trainings, seeds)
    markets = [market for path in scenario for market in load_markets(path)]
    check_names([market.name for market in markets])
    for market in markets:
        check_has_hidden_state(market)
    prepare(markets)
    found = {}
    for market in markets:
        benches = _benches(market, Rounds(days, rounds), trainings, workers, kept, tuned, fresh)
        with progress_bar(f"ablate {market.name}", seeds * len(ablated_policies())) as advance:
            found[market.name] = ablate_market(
                benches, n_seeds=seeds, n_workers=workers, on_done=advance
            )
    if as_json:
        print_json({"scenarios": found, "machine": machine(), "command": command_line()})
        return
    for name, ablations in found.items():
        out.print(_table(name, ablations))


def _check_days(n_trainings: int, n_seeds: int) -> None:
    """
    Refuse fewer days than trainings.

    Raises:
        ConfigError: some training would have no day that judges it.
    """
    if n_seeds < n_trainings:
        raise ConfigError.one(
            where="--seeds",
            expected=f"a day for each of {n_trainings} trainings, at least",
            found=str(n_seeds),
            fix=f"say --seeds {3 * n_trainings}, or fewer --trainings",
        )


def _benches(
    market: Market,
    rounds: Rounds,
    n_trainings: int,
    n_workers: int,
    kept: Path,
    tuned_dir: Path,
    is_fresh: bool,
) -> list[Bench]:
    """One for each training, with the insider and its blind ones."""
    settings = TrainSettings(name=ABLATED, n_threads=n_workers)
    tuned, _ = tuned_settings(market, tuned_dir)
    routing = settings_of(ABLATED, tuned, RoutingConfig())
    n_days = rounds.n_days * rounds.n_rounds
    kept_trainings = KeptTrainings(kept, market, routing, rounds, settings, is_fresh=is_fresh)
    trained = []
    with progress_bar(f"train on {market.name}", n_trainings * (n_days + len(GROUPS))) as advance:
        for i in range(n_trainings):
            first_seed = TRAINING_SEED + i * n_days
            models = kept_trainings.find(first_seed)
            if models is None:
                insider, experience = train_insider(
                    ABLATED,
                    [market],
                    rounds,
                    settings,
                    n_workers=n_workers,
                    routing=routing,
                    first_seed=first_seed,
                    on_day=advance,
                )
                models = train_blind(insider, experience, settings, advance)
                kept_trainings.keep(first_seed, models)
            else:
                for _ in range(n_days + len(GROUPS)):
                    advance()
            trained.append(models)
    for models, others in zip(trained, (*trained[1:], trained[0]), strict=True):
        models[blind_name(ABLATED, NOTHING)] = others[ABLATED]
    kept_days = KeptDays(kept, market, routing, is_fresh=is_fresh)
    return [Bench(market, routing, None, kept=kept_days, insiders=models) for models in trained]


def _table(name: str, found: Ablations) -> Table:
    table = plain_table(
        f"{name} · {found.n_trainings} trainings · {found.n_days} days · {found.insider} costs "
        f"{found.insider_cost_bps:.3f} bps against the reference price",
        f"intervals are over trainings; two that know the same are {found.luck_bps:.3f} bps apart "
        "on the days of one (root mean square)",
    )
    table.title_justify = table.caption_justify = "left"
    table.add_column("not knowing", no_wrap=True)
    for heading in ("costs it, bps", "95 % interval", "raw, bps", "worth knowing"):
        table.add_column(heading, justify="right", no_wrap=True)
    for mechanism, value in found.mechanisms.items():
        table.add_row(mechanism, *_cells(value))
    return table


def _cells(value: MechanismValue) -> tuple[str, ...]:
    interval = "not known"
    if value.ci95 is not None:
        interval = f"{value.ci95[0]:+.3f} to {value.ci95[1]:+.3f}"
    verdict = "not shown" if value.is_decoration else "yes"
    return f"{value.value_bps:+.3f}", interval, f"{value.raw_value_bps:+.3f}", verdict
