"""`penstock demo`: train, trade live over real sockets, compare and draw, in a few minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from penstock.cli.console import err, out, print_json
from penstock.cli.evaluating import compare, write_page
from penstock.cli.live import live_session
from penstock.cli.options import TUNED, json_option, models_option, workers_option
from penstock.cli.refusing import check_output
from penstock.cli.shipped import shipped
from penstock.cli.training import train_and_register
from penstock.learning import Rounds
from penstock.models import dump_model
from penstock.routing import LEARNED, SIMPLE
from penstock.trials import Comparison, LiveSession, comparison_tables, live_table, load_markets
from penstock.wire.sessions import require_quickfix

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
@click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("runs/store.db"),
    show_default=True,
    help="Write the feedback log here; earlier runs in it stay.",
)
@click.option(
    "--live/--no-live",
    "is_live",
    default=True,
    help="Trade over real FIX sessions for a minute; without, only train and compare.",
)
@models_option
@workers_option
@json_option
def command(
    page: Path, store: Path, is_live: bool, models_dir: Path, workers: int, as_json: bool
) -> None:
    """
    The whole loop on this machine: learn, trade live, compare, show.

    Trains a model in a generated market. Then starts simulated venues, the router and a client as
    processes that speak FIX over real sockets, static waterfall first, the model after that, and
    holds the venues' log against the client's. Then compares the model with four baselines, one of
    them searched, on other days, in this process: the claim comes from there. No account, no
    download, no recorded data.

    \b
    Exit status: 0 finished; 2 bad input; 3 the venues' books and the client's do not agree.
    """
    if is_live:
        require_quickfix()
    check_output(page, store, models_dir / "files" / "new")
    scenario = shipped(SCENARIO)
    markets = load_markets(scenario)
    model_id, model = train_and_register(
        markets, TRAIN, models_dir=models_dir, n_workers=workers, tuned_dir=TUNED
    )
    live = None
    if is_live:
        live = live_session(
            scenario, model_id, models_dir=models_dir, folder=Path("runs/demo"), store=store
        )
    models = {model_id.name: dump_model(model)}
    comparison = compare(
        markets,
        (*SIMPLE, "best_static", *LEARNED),
        models,
        n_seeds=N_SEEDS,
        n_baseline_seeds=N_BASELINE_SEEDS,
        n_workers=workers,
        tuned_dir=TUNED,
    )
    write_page(comparison, models, page, live)
    if as_json:
        print_json(_as_json(comparison, live, page))
    else:
        if live is not None:
            out.print(live_table(live))
        for table in comparison_tables(comparison):
            out.print(table)
    _say_where_to_look(live, page, str(model_id))
    if live is not None and not live.integrity.is_clean:
        raise SystemExit(3)


def _as_json(comparison: Comparison, live: LiveSession | None, page: Path) -> dict[str, Any]:
    result: dict[str, Any] = dict(msgspec.to_builtins(comparison))
    (scenario,) = comparison.scenarios.values()
    result |= {"policies": scenario.policies, "report": str(page)}
    if live is not None:
        result |= {
            "integrity": live.integrity,
            "decision_us": live.decision_us,
            "wire_us": live.wire_us,
            "store": live.store,
            "live": live,
        }
    return result


def _say_where_to_look(live: LiveSession | None, page: Path, model_id: str) -> None:
    err.print(f"\npage    {page}")
    err.print(f"model   {model_id}; its card: penstock models show {model_id.split('@', 1)[0]}")
    if live is not None:
        err.print(f"store   {live.store}: every decision, score and fill of the live session")
        err.print(f"journal {live.journal}; the same bits again: penstock replay {live.journal}")
        if live.example_child is not None:
            err.print(f"why     penstock explain --child {live.example_child} --store {live.store}")
    err.print(
        "next    penstock evaluate scenarios/reference-day.toml: against all nine baselines\n"
        "        docs/live.md to run router, venues and client by hand"
    )
