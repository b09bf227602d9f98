"""`penstock check`: whether a file can be used, without using it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import click

from penstock.cli.console import out
from penstock.cli.options import tape_option
from penstock.domain import ConfigError, InputError, Problem

# Any one of these tells: the section that names the file may be missing or misspelt.
_SCENARIO: Final = frozenset({"scenario", "instrument", "flow", "parents"})
_ROUTER: Final = frozenset({"router", "routing", "instruments", "engine"})


@click.command("check")
@click.argument("file", nargs=-1, required=True, type=click.Path(path_type=Path))
@tape_option
def command(file: tuple[Path, ...], tape: Path | None) -> None:
    """
    Check scenarios and configurations, and say all that is wrong in all of them.

    What a file is, its sections say: [scenario], [router], [oms] or [venues]. A replay's tape is
    read, a router's model is not looked up; nothing is started, sent or written.

    \b
    Example:  penstock check my-day.toml conf/router.toml
    Exit status: 0 all of them can be used; 2 bad input.
    """
    problems: list[Problem] = []
    for path in file:
        try:
            out.print(f"ok  {path}: {_what_it_is(path, tape)}")
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)


def _what_it_is(path: Path, tape: Path | None) -> str:
    """The file in words, once the reader that a command would use has taken it."""
    sections = _sections(path)
    if sections & _SCENARIO:
        return _scenario(path, tape)
    if sections & _ROUTER:
        from penstock.runtime import read_router_conf

        conf = read_router_conf(path)
        return f"router {conf.router.name}, {len(conf.venues)} venues, policy {conf.router.policy}"
    if "oms" in sections:
        from penstock.runtime import read_oms_conf

        return f"client {read_oms_conf(path).oms.comp_id}"
    if "venues" in sections:
        from penstock.runtime import read_venues_conf, scenario_of

        about = scenario_of(read_venues_conf(path)).scenario
        return f"venues of {about.name}"
    raise ConfigError.one(
        where=str(path),
        expected="a section [scenario], [router], [oms] or [venues]",
        found=", ".join(sorted(sections)) or "none",
        fix="docs/scenarios.md and docs/live.md say what a file may hold",
    )


def _sections(path: Path) -> set[str]:
    """Top-level names; of a file that is no TOML those of a scenario, whose reader says why."""
    try:
        return set(tomllib.loads(path.read_text(encoding="utf-8").removeprefix("\ufeff")))
    except (OSError, ValueError, RecursionError):
        return {"scenario"}


def _scenario(path: Path, tape: Path | None) -> str:
    from penstock.trials import load_markets

    markets = load_markets(path, tape=tape)
    scenario = markets[0].scenario
    about = scenario.scenario
    what = f"scenario {about.name}, {about.mode}, {len(scenario.venues)} venues"
    depths = f", {len(markets)} depth assumptions" if scenario.replay is not None else ""
    return f"{what}, {about.duration_s:,.0f} s, {scenario.parents.n_per_day} parents{depths}"
