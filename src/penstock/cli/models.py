"""`penstock models`: what is registered, and what a model's card says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from rich.table import Table

from penstock.cli.console import out, print_json
from penstock.cli.options import json_option, models_option
from penstock.models import read_card
from penstock.store import Registry


@click.group("models")
def command() -> None:
    """
    List and show registered models.

    \b
    Example:  penstock models show reference-day
    Exit status: 0 finished; 2 bad input.
    """


@command.command("list")
@models_option
@json_option
def list_models(models_dir: Path, as_json: bool) -> None:
    """Every version of every name."""
    models = Registry(models_dir).list()
    if as_json:
        print_json({"models": models})
        return
    for model in models:
        out.print(str(model), highlight=False)
    if not models:
        out.print(f"none in {models_dir}; `penstock train SCENARIO` makes one")


@command.command("show")
@click.argument("ref")
@models_option
@json_option
def show(ref: str, models_dir: Path, as_json: bool) -> None:
    """The card of one model: REF is a name, name@version or the first digits of its hash."""
    registry = Registry(models_dir)
    model_id = registry.resolve(ref)
    card = read_card(registry.load(ref))
    if as_json:
        print_json({"model": model_id, "card": card})
        return
    out.print(str(model_id), highlight=False)
    metrics = Table(box=None, pad_edge=False)
    metrics.add_column("part")
    for name in ("error", "of averages", "bias", "rows held out"):
        metrics.add_column(name, justify="right")
    for part, figures in card.metrics.items():
        metrics.add_row(
            part,
            *(_shown(figures, key) for key in ("rmse", "baseline_rmse", "bias")),
            _shown(figures, "n_rows", ",.0f"),
        )
    out.print(f"trained on  {card.trained_on}")
    out.print(f"features    {len(card.feature_names)}, version {card.features_version}")
    out.print(f"inference   format {card.inference}")
    out.print(metrics)
    out.print("The whole card: --json")


def _shown(figures: Mapping[str, float], key: str, form: str = ".3f") -> str:
    """A figure of the card; a dash for one that it does not have."""
    return format(figures[key], form) if key in figures else "-"
