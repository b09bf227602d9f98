"""`penstock check`: whether a file can be used, without using it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from penstock.cli.console import out
from penstock.cli.options import tape_option
from penstock.domain import (
    ConfigError,
    InputError,
    Problem,
    TradingDay,
    Universe,
    Venue,
    VenueKind,
    parse_toml,
)

if TYPE_CHECKING:
    from penstock.trials import TunedBaselines

# Any one of these tells where the section that names the file is missing or misspelt.
_SCENARIO: Final = frozenset({"instrument", "flow", "parents"})
_ROUTER: Final = frozenset({"routing", "instruments", "engine"})
_TUNED: Final = frozenset({"policies", "provenance"})


@click.command("check")
@click.argument("file", nargs=-1, required=True, type=click.Path(path_type=Path))
@tape_option
def command(file: tuple[Path, ...], tape: Path | None) -> None:
    """
    Check scenarios and configurations, and say all that is wrong in all of them.

    What a file is, its sections say: [scenario], [router], [oms], [venues], or [policies] of what
    `penstock tune` writes. A replay's tape is read, a router's model is not looked up, nor whether
    a scenario has the venues that tuned settings name; nothing is started, sent or written.

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
    by_name = sections & {"scenario", "router"}
    if by_name == {"scenario"} or (not by_name and sections & _SCENARIO):
        return _scenario(path, tape)
    if by_name or sections & _ROUTER:
        from penstock.runtime import read_router_conf

        conf = read_router_conf(path)
        return f"router {conf.router.name}, {len(conf.venues)} venues, policy {conf.router.policy}"
    if "oms" in sections:
        from penstock.runtime import read_oms_conf

        return f"client {read_oms_conf(path).oms.comp_id}"
    if "venues" in sections:
        from penstock.runtime import read_venues_conf, scenario_of

        about = scenario_of(read_venues_conf(path), file=str(path)).scenario
        return f"venues of {about.name}"
    if sections & _TUNED:
        return _tuned(path)
    raise ConfigError.one(
        where=str(path),
        expected="a section [scenario], [router], [oms], [venues] or [policies]",
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


def _tuned(path: Path) -> str:
    from penstock.trials import TunedBaselines, read_tuned

    text = path.read_text(encoding="utf-8")
    tuned = read_tuned(path, _venues_named(parse_toml(text, TunedBaselines, file=str(path))))
    scenarios = ", ".join(sorted({found.scenario for found in tuned.provenance.values()}))
    of = f" of scenario {scenarios}" if scenarios else ""
    return f"tuned settings{of}: {', '.join(tuned.policies) or 'none'}"


def _venues_named(tuned: TunedBaselines) -> Universe:
    """Stands in for the scenario's venues, which only who uses the settings knows."""
    kinds = {
        step.venue: VenueKind.DARK if step.tactic == "mid" else VenueKind.EXCHANGE
        for config in tuned.policies.values()
        for step in config.waterfall
    }
    venues = tuple(
        Venue(venue_idx=idx, mic=mic, name=mic, kind=kind, fees=(), is_protected=kind.is_lit)
        for idx, (mic, kind) in enumerate(kinds.items())
    )
    return Universe(day=TradingDay(19_700_101), instruments=(), venues=venues)
