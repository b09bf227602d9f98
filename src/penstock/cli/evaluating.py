"""Comparing policies in several markets: shared by `evaluate` and `demo`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock.cli.console import command_line, err, machine, progress_bar, waiting
from penstock.cli.shipped import shipped
from penstock.domain import ConfigError
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import ModelCard, load_model, read_card
from penstock.routing import LEARNED, RoutingConfig
from penstock.store import Registry
from penstock.trials import (
    GENERIC,
    INSIDERS,
    TUNABLE,
    UNTUNED_NOTE,
    Bench,
    Comparison,
    KeptDays,
    LiveSession,
    Market,
    check_has_hidden_state,
    comparison_page,
    corrected,
    days_to_run,
    evaluate_market,
    kept_day,
    load_insider,
    tuned_for,
    warm_up,
)


def base_name(market: Market) -> str:
    """Name of the scenario, without the depth assumption: what its model is registered under."""
    return market.scenario.scenario.name


def find_models(
    markets: Sequence[Market], policies: Sequence[str], ref: str | None, models_dir: Path
) -> dict[str, bytes]:
    """
    The model of each scenario: the one asked for, or the latest that was trained on it.

    Raises:
        ConfigError: a learned policy is wanted and there is no model.
        ModelFileError: the model was made for other features, or is damaged.
    """
    if not any(policy in LEARNED for policy in policies):
        return {}
    registry = Registry(models_dir)
    known = {model.name for model in registry.list()}
    found = {}
    for name in sorted({base_name(market) for market in markets}):
        if ref is None and name not in known:
            raise ConfigError.one(
                where=f"model for {name}",
                expected=f"a model registered in {models_dir} under the name {name}",
                found=", ".join(sorted(known)) or "an empty registry",
                fix="train one with `penstock train SCENARIO`, or name one with --model",
            )
        data = registry.load(ref or name)
        load_model(
            data,
            feature_names=FEATURE_NAMES,
            features_version=FEATURES_VERSION,
            where=f"model {registry.resolve(ref or name)}",
        )
        found[name] = data
    return found


def insider_model_name(scenario: str, insider: str) -> str:
    """What an insider's model is registered under."""
    return f"{scenario}.{insider}"


def find_insiders(
    markets: Sequence[Market], policies: Sequence[str], models_dir: Path
) -> dict[str, dict[str, bytes]]:
    """
    The latest model of each insider that is compared, by scenario and policy.

    Raises:
        ConfigError: an insider is wanted and has no model, or the scenario is a replay.
        ModelFileError: the model was made for other columns, or is damaged.
    """
    wanted = [policy for policy in policies if policy in INSIDERS]
    if not wanted:
        return {}
    registry = Registry(models_dir)
    known = {model.name for model in registry.list()}
    found: dict[str, dict[str, bytes]] = {}
    for market in markets:
        check_has_hidden_state(market)
        name = base_name(market)
        for insider in wanted:
            model_name = insider_model_name(name, insider)
            if model_name not in known:
                knows = "venue" if insider == "venue_insider" else "all"
                raise ConfigError.one(
                    where=f"model of {insider} for {name}",
                    expected=f"a model registered in {models_dir} under the name {model_name}",
                    found=", ".join(sorted(known)) or "an empty registry",
                    fix=f"train it with `penstock train SCENARIO --privileged {knows}`",
                )
            data = registry.load(model_name)
            load_insider(data)
            found.setdefault(name, {})[insider] = data
    return found


def compare(
    markets: Sequence[Market],
    policies: Sequence[str],
    models: Mapping[str, bytes],
    *,
    n_seeds: int,
    n_baseline_seeds: int,
    n_workers: int,
    first_seed: int = 1,
    insiders: Mapping[str, Mapping[str, bytes]] | None = None,
    journal_dir: Path | None = None,
    kept_dir: Path | None = None,
    is_fresh: bool = False,
    tuned_dir: Path | None = None,
) -> Comparison:
    """
    Run every market, with progress on stderr.

    Args:
        insiders: models of insiders by scenario and policy.
        kept_dir: where finished days are found and kept; None runs every day.
        is_fresh: run every day, and keep it anew.
        tuned_dir: where tuned settings are; None compares without any.
    """
    tasks = days_to_run(policies, n_seeds, n_baseline_seeds, first_seed)
    results = {}
    prepare(markets)
    for market in markets:
        routing = RoutingConfig()
        tuned, tuned_notes = tuned_settings(market, tuned_dir, compared=policies)
        for note in tuned_notes:
            err.print(f"settings {market.name}: {note}")
        kept = None
        if kept_dir is not None:
            kept = KeptDays(kept_dir, market, routing, tuned=tuned, is_fresh=is_fresh)
        name = base_name(market)
        bench = Bench(
            market,
            routing,
            models.get(name),
            journal_dir,
            kept,
            tuned,
            tuned_notes,
            (insiders or {}).get(name, {}),
        )
        n_found = sum(kept_day(bench, task) is not None for task in tasks)
        if n_found:
            err.print(f"kept    {n_found} of {len(tasks)} days of {market.name}, in {kept_dir}")
        with progress_bar(f"evaluate {market.name}", len(tasks)) as advance:
            results[market.name] = evaluate_market(
                bench,
                policies,
                n_seeds=n_seeds,
                first_seed=first_seed,
                n_baseline_seeds=n_baseline_seeds,
                n_workers=n_workers,
                on_done=advance,
            )
    cards = _cards_of(models)
    return Comparison(
        scenarios=corrected(results),
        model=", ".join(cards) or None,
        model_trained_on="; ".join(card.trained_on for card in cards.values()) or None,
        machine=machine(),
        command=command_line(),
    )


def tuned_settings(
    market: Market, folder: Path | None, *, compared: Sequence[str] = TUNABLE
) -> tuple[dict[str, RoutingConfig], tuple[str, ...]]:
    """Tuned settings by policy for a market, and what to say about those that are compared."""
    if folder is None:
        return {}, (UNTUNED_NOTE,)
    # Without a folder of one's own, those that came with the package.
    known = folder if folder.is_dir() else shipped(folder / f"{GENERIC}.toml").parent
    return tuned_for(base_name(market), market.scenario, known, compared=compared)


def prepare(markets: Sequence[Market]) -> None:
    """Compile the kernels in one process before several need them."""
    with waiting("compiling the kernels (the first run takes a minute, later ones a second)"):
        warm_up(markets[0])


def _cards_of(models: Mapping[str, bytes]) -> dict[str, ModelCard]:
    """The card of each model, by the first digits of what the registry calls its file."""
    return {hashlib.sha256(m).hexdigest()[:12]: read_card(m) for m in models.values()}


def write_page(
    comparison: Comparison,
    models: Mapping[str, bytes],
    path: Path,
    live: LiveSession | None = None,
) -> None:
    """The comparison, and a live session if there was one, as one HTML file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(comparison_page(comparison, _cards_of(models), live), encoding="utf-8")
