"""What the configuration of the simulated venues may say, and the scenario that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from penstock.domain import ConfigError, Mic, Ns, Problem, from_seconds, parse_toml, reason_of
from penstock.runtime.addresses import problems_of_addresses
from penstock.runtime.config import read_conf_text
from penstock.runtime.config_types import Address, CompId, Frac, Seconds, Table, Text
from penstock.sim import Scenario, check_scenario


class VenuesTable(Table, frozen=True, kw_only=True):
    """The program itself. Folders and the scenario are relative to the current directory."""

    scenario: Text  # a generated one: docs/scenarios.md
    run_dir: Text = "runs/venues"  # FIX session stores, log of orders and fills
    seed: Annotated[int, Meta(ge=0)] = 1
    speed: Annotated[float, Meta(gt=0.0, le=1_000.0)] = 1.0  # market seconds per wall second
    routers: tuple[CompId, ...] = ("PENSTOCK",)  # who may log on, at every venue
    fix: Address = "127.0.0.1:19801"
    tick_s: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.002  # the market moves at least so often


class VenuesFeedTable(Table, frozen=True, kw_only=True):
    """Market data, over UDP."""

    subscribers: tuple[Address, ...] = ("127.0.0.1:19803",)
    snapshot: Address = "127.0.0.1:19802"
    heartbeat_s: Seconds = 0.5


class FaultsTable(Table, frozen=True, kw_only=True):
    """What goes wrong on purpose, for tests and drills."""

    drop_feed_frac: Frac = 0.0  # datagrams that are never sent
    reject_logon: tuple[Mic, ...] = ()  # venues that refuse every logon


class VenuesConf(Table, frozen=True, kw_only=True):
    """The simulated venues, as their file says it."""

    venues: VenuesTable
    feed: VenuesFeedTable = VenuesFeedTable()
    faults: FaultsTable = FaultsTable()

    @property
    def run_dir(self) -> Path:
        """Where the program keeps its files."""
        return Path(self.venues.run_dir)

    @property
    def heartbeat_ns(self) -> Ns:
        """How often each venue says that it is there."""
        return from_seconds(self.feed.heartbeat_s)


def read_venues_conf(path: Path) -> VenuesConf:
    """
    The configuration in a file.

    Raises:
        ConfigError: no such file, or everything that is wrong in it.
    """
    conf = parse_toml(read_conf_text(path, example="conf/venues.toml"), VenuesConf, file=str(path))
    addresses = {
        "venues.fix": conf.venues.fix,
        "feed.snapshot": conf.feed.snapshot,
        **{f"feed.subscribers[{k}]": to for k, to in enumerate(conf.feed.subscribers)},
    }
    problems = list(problems_of_addresses(addresses, str(path)))
    if not conf.venues.routers:
        problems.append(
            Problem(
                where=f"{path}: venues.routers",
                expected="at least one comp id: nobody else may log on",
                found="none",
                fix="name the router's comp id, or leave the key away",
            )
        )
    if problems:
        raise ConfigError(problems)
    return conf


def scenario_of(conf: VenuesConf, *, file: str) -> Scenario:
    """
    The market to run: the scenario without its decision latency, because a live router has its own.

    Args:
        file: name of the configuration for the messages; nothing is opened.
    Raises:
        ConfigError: the scenario cannot be read or used, or replays a recorded day.
    """
    path, where = Path(conf.venues.scenario), f"{file}: venues.scenario"
    scenario = parse_toml(_text_of(path, where), Scenario, file=str(path))
    check_scenario(scenario, str(path))
    if scenario.replay is not None:
        raise ConfigError.one(
            where=where,
            expected="a generated scenario",
            found=f"{path} of mode replay, whose day is over",
            fix="replay recorded days with `penstock evaluate`",
        )
    unknown = sorted(set(conf.faults.reject_logon) - {venue.mic for venue in scenario.venues})
    if unknown:
        raise ConfigError.one(
            where=f"{file}: faults.reject_logon",
            expected=f"venues of {path}",
            found=", ".join(unknown),
            fix="name venues by their MIC",
        )
    about = msgspec.structs.replace(scenario.scenario, decision_latency_us=0.0)
    return msgspec.structs.replace(scenario, scenario=about)


def _text_of(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(
            where=where,
            expected="a scenario file, relative to the directory you start it in",
            found=f"{path}: {reason_of(error)}",
            fix="name one that is there, such as scenarios/reference-day.toml",
        ) from None
