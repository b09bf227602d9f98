"""`penstock tune`: search the settings of a policy, and write them to a file."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from penstock.cli.console import command_line, err, out, print_json
from penstock.cli.evaluating import base_name, find_models, prepare
from penstock.cli.options import json_option, models_option, workers_option
from penstock.cli.refusing import check_output
from penstock.routing import LEARNED
from penstock.trials import (
    TUNABLE,
    Search,
    TunedBaselines,
    Tuner,
    known_of,
    load_markets,
    read_tuned,
    settings_of,
    start_of,
    tuned_text,
)


@click.command("tune")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--policy",
    type=click.Choice(TUNABLE),
    required=True,
    help="Policy whose settings are searched; a learned one needs its model.",
)
@click.option(
    "--seeds",
    type=click.IntRange(2, 10_000),
    default=8,
    show_default=True,
    help="Days to search on; never those of `evaluate` or `train`.",
)
@click.option(
    "--starts",
    type=click.IntRange(1, 10_000),
    default=64,
    show_default=True,
    help="Settings in the race at the beginning: the usual ones, and the rest drawn by chance.",
)
@click.option(
    "--generations",
    type=click.IntRange(0, 1_000),
    default=6,
    show_default=True,
    help="Generations of settings near the best ones, half as many each as there are starts.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="Passes over all parameters; one without a gain ends the search.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("conf/baselines"),
    show_default=True,
    help="Folder of the file, which is named after the scenario; other policies in it are kept.",
)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/days"),
    show_default=True,
    help="Finished days are kept here: an interrupted search goes on where it stopped.",
)
@models_option
@workers_option
@json_option
def command(
    scenario: Path,
    policy: str,
    seeds: int,
    starts: int,
    generations: int,
    rounds: int,
    folder: Path,
    kept: Path,
    models_dir: Path,
    workers: int,
    as_json: bool,
) -> None:
    """
    Search a policy's settings in a simulated market, so that it is as strong as it can be.

    A race of settings drawn by chance, the better half of them on twice as many days each time;
    generations near the best; then one setting after the other; by the cost with the least noise.
    `train` and `evaluate` use the file for its scenario. A learned policy starts from the settings
    that its model was trained with; any other takes what an earlier search found for it, and the
    plan of `best_static`, into the race. The same arguments and file find the same settings,
    whatever the number of workers.

    \b
    Example:  penstock tune scenarios/reference-day.toml --policy best_static
    Exit status: 0 finished; 2 bad input.
    """
    market = load_markets(scenario)[0]
    path = folder / f"{base_name(market)}.toml"
    check_output(path)
    universe = market.scenario.universe()
    before = read_tuned(path, universe) if path.is_file() else TunedBaselines()
    prepare([market])
    search = Search(seeds, starts, generations, rounds, workers, kept)
    start, model = start_of(policy, before.policies), None
    known = known_of(policy, before.policies)
    if policy in LEARNED:
        known = ()
        start = settings_of(policy, before.policies, start)
        model = find_models([market], [policy], None, models_dir)[base_name(market)]
    tuner = Tuner(market, policy, search, model=model, on_step=err.print)
    err.print(f"tune    {policy} on {base_name(market)}, {seeds} days")
    found = tuner.run(start, command_line(), known)
    tuned = TunedBaselines(
        policies={**before.policies, policy: found.config},
        provenance={**before.provenance, policy: found.provenance},
    )
    path.write_text(tuned_text(tuned), encoding="utf-8")
    if as_json:
        print_json({"policy": policy, "file": str(path), **msgspec.to_builtins(found.provenance)})
        return
    origin = found.provenance
    out.print(f"cost    {origin.cost_bps:.3f} bps, untuned {origin.untuned_cost_bps:.3f}")
    if origin.gain_ci95_bps:
        low, high = origin.gain_ci95_bps
        out.print(f"change  {low:+.3f} to {high:+.3f} bps (95 %), on the days it was chosen by")
    out.print(f"tried   {origin.n_candidates} candidates on {len(origin.seeds)} days")
    err.print(f"file    {path}")
