"""Training with progress on the terminal: shared by `train` and `demo`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.cli.console import progress_bar
from penstock.cli.evaluating import base_name, prepare
from penstock.learning import Rounds, TrainSettings, train_in_markets
from penstock.models import ForestModel, dump_model
from penstock.store import ModelId, Registry
from penstock.trials import Market


def train_and_register(
    markets: Sequence[Market], rounds: Rounds, *, models_dir: Path, n_workers: int
) -> tuple[ModelId, ForestModel]:
    """Collect, fit, register under the scenario's name."""
    name = base_name(markets[0])
    registry = Registry(models_dir)
    n_days = rounds.n_days * rounds.n_rounds * len(markets)
    settings = TrainSettings(name=name, n_threads=n_workers)
    prepare(markets)
    with progress_bar(f"train on {name}", n_days) as advance:
        model = train_in_markets(markets, rounds, settings, n_workers=n_workers, on_day=advance)
    return registry.add(dump_model(model), name), model
