"""Options that several commands have, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from penstock.cli import options_plain
from penstock.cli.console import default_workers
from penstock.domain import ConfigError

TUNED: Final = Path("conf/baselines")

scenarios_argument = click.argument(
    "scenario", nargs=-1, required=True, type=click.Path(path_type=Path)
)
json_option = options_plain.json_option
tape_option = click.option(
    "--tape",
    type=click.Path(path_type=Path),
    help="Replay this recorded day instead of the one the scenario names.",
)
depth_option = click.option(
    "--depth", help="Replay under this depth assumption only; default is all of the scenario's."
)
one_depth_option = click.option(
    "--depth", help="Replay under this depth assumption; default is the scenario's first."
)
models_option = click.option(
    "--models",
    "models_dir",
    type=click.Path(path_type=Path),
    default=Path("runs/models"),
    show_default=True,
    help="Folder of the model registry.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=default_workers,
    show_default="one per core",
    help="Worker processes; the results do not depend on it.",
)


def _there(_context: click.Context, _parameter: click.Parameter, folder: Path) -> Path:
    """A mistyped name must not compare without any settings; the default ones are shipped."""
    if folder != TUNED and not folder.is_dir():
        raise ConfigError.one(
            where="--tuned",
            expected="a folder of tuned settings",
            found=f"no folder {folder}",
            fix=f"correct the name, or leave it away for those in {TUNED}",
        )
    return folder


tuned_option = click.option(
    "--tuned",
    type=click.Path(path_type=Path, file_okay=False),
    default=TUNED,
    callback=_there,
    show_default=True,
    help="Folder of tuned settings, one file a scenario, or generic.toml.",
)
