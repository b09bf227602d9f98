"""Training with progress on the terminal: shared by `train` and `demo`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.cli.console import progress_bar
from penstock.cli.evaluating import base_name, insider_model_name, prepare, tuned_settings
from penstock.learning import Rounds, TrainSettings, train_in_markets, train_insider
from penstock.models import ForestModel, dump_model
from penstock.routing import LEARNED, RoutingConfig
from penstock.store import ModelId, Registry
from penstock.trials import Market, settings_of


def train_and_register(
    markets: Sequence[Market],
    rounds: Rounds,
    *,
    models_dir: Path,
    n_workers: int,
    tuned_dir: Path | None = None,
    insider: str | None = None,
) -> tuple[ModelId, ForestModel]:
    """
    Collect, fit, register under the scenario's name; an insider's model under its own.

    Args:
        tuned_dir: where the settings are found that the policy will have; None is the default ones.
    """
    name = base_name(markets[0])
    if insider is not None:
        name = insider_model_name(name, insider)
    registry = Registry(models_dir)
    n_days = rounds.n_days * rounds.n_rounds * len(markets)
    settings = TrainSettings(name=name, n_threads=n_workers)
    tuned, _ = tuned_settings(markets[0], tuned_dir)
    routing = settings_of(LEARNED[0], tuned, RoutingConfig())
    prepare(markets)
    with progress_bar(f"train on {name}", n_days) as advance:
        if insider is None:
            model = train_in_markets(
                markets, rounds, settings, n_workers=n_workers, routing=routing, on_day=advance
            )
        else:
            model, _ = train_insider(
                insider,
                markets,
                rounds,
                settings,
                n_workers=n_workers,
                routing=routing,
                on_day=advance,
            )
    return registry.add(dump_model(model), name), model
