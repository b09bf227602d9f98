"""Reading a router's configuration file: what its values must agree on, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from penstock.domain import TICKS_PER_USD, ConfigError, InputError, Problem, parse_toml
from penstock.routing import LEARNED, check_policy_names, check_routing, resolve_waterfall
from penstock.runtime.addresses import problems_of_addresses
from penstock.runtime.config import RouterConf, VenueTable, read_conf_text
from penstock.runtime.config_clients_check import problems_of_clients
from penstock.runtime.config_venues_check import problems_of_venues


def read_router_conf(path: Path) -> RouterConf:
    """
    The configuration in a file.

    Raises:
        ConfigError: no such file, or everything that is wrong in it.
    """
    text = read_conf_text(path, example="conf/router.toml")
    return parse_router_conf(text, file=str(path))


def parse_router_conf(text: str, *, file: str) -> RouterConf:
    """
    The configuration in a text.

    Raises:
        ConfigError: all problems of form; or, if there are none, all contradictions.
    """
    conf = parse_toml(text, RouterConf, file=file)
    problems = [*_problems(conf, file), *_problems_of_parts(conf, file)]
    if problems:
        raise ConfigError(problems)
    return conf


def _problems(conf: RouterConf, file: str) -> Iterator[Problem]:
    lists: tuple[tuple[str, str, Sequence[str]], ...] = (
        ("instruments", "symbol", [table.symbol for table in conf.instruments]),
        ("venues", "mic", [table.mic for table in conf.venues]),
        (
            "oms.clients",
            "comp id",
            conf.client_ids if conf.oms.clients is None else conf.oms.clients,
        ),
    )
    taken = {conf.router.comp_id: "router.comp_id"} | {
        table.mic: "a venue" for table in conf.venues
    }
    for position, client in enumerate(conf.client_ids):
        if client in taken:
            is_listed = client in (conf.oms.clients or ())
            yield Problem(
                where=f"{file}: oms.clients[{position}]"
                if is_listed
                else f"{file}: clients ({client})",
                expected="a comp id of its own",
                found=f"{client}, which is that of {taken[client]}",
                fix="give the client another comp id",
            )
    for key, what, names in lists:
        if not names and not (key == "oms.clients" and conf.clients):
            yield Problem(
                where=f"{file}: {key}", expected="at least one", found="none", fix="add one"
            )
        for position, name in enumerate(names):
            if name in names[:position]:
                yield Problem(
                    where=f"{file}: {key}[{position}]",
                    expected=f"each {what} once",
                    found=f"{name} again",
                    fix="remove one of them",
                )
    addresses = {
        "feed.listen": conf.feed.listen,
        "feed.snapshot": conf.feed.snapshot,
        **{f"venues[{k}] ({table.mic}).fix": table.fix for k, table in enumerate(conf.venues)},
    }
    yield from problems_of_addresses(addresses, file)
    if conf.feed.listen == conf.feed.snapshot:
        yield Problem(
            where=f"{file}: feed.listen",
            expected="another address than that of feed.snapshot: updates come to the one, "
            "requests go to the other",
            found=f"{conf.feed.listen} twice",
            fix="give it a port of its own, one that the venues name in feed.subscribers",
        )
    yield from _problems_of_days(conf, file)
    yield from problems_of_clients(conf, file)
    yield from problems_of_venues(conf, file)
    for position, table in enumerate(conf.instruments):
        if round(table.increment_usd * TICKS_PER_USD, 6) % 1 != 0:
            yield Problem(
                where=f"{file}: instruments[{position}].increment_usd",
                expected="a whole number of 0.0001 USD",
                found=str(table.increment_usd),
                fix="0.01 for stocks above one dollar",
            )
    if conf.router.policy in LEARNED and not conf.router.model:
        yield Problem(
            where=f"{file}: router.model",
            expected=f"a model of the registry, for the policy {conf.router.policy}",
            found="nothing",
            fix="name one that `penstock models list` shows, or set policy = 'static'",
        )


def _problems_of_days(conf: RouterConf, file: str) -> Iterator[Problem]:
    if conf.router.day is not None and not _is_date(conf.router.day):
        yield _no_date(f"{file}: router.day", conf.router.day)
    for position, venue in enumerate(conf.venues):
        where = f"{file}: venues[{position}] ({venue.mic}).fees"
        yield from _problems_of_fees(venue, conf.router.day, where)


def _problems_of_fees(venue: VenueTable, day: int | None, where: str) -> Iterator[Problem]:
    for fees in venue.schedules:
        if not _is_date(fees.effective_day):
            yield _no_date(f"{where}.effective_day", fees.effective_day)
    first = min((fees.effective_day for fees in venue.schedules), default=99_991_231)
    if first > (99_991_230 if day is None else day):
        yield Problem(
            where=where,
            expected="fees that are in force on the trading day",
            found=f"none before {first}" if venue.schedules else "none",
            fix="add the schedule of that time, or leave effective_day away",
        )


def _problems_of_parts(conf: RouterConf, file: str) -> Iterator[Problem]:
    """What the parts themselves refuse, under the names that the file gives them."""
    universe = conf.on_day(0).universe()
    steps = conf.routing.waterfall
    checks: list[Callable[[], object]] = [
        lambda: check_policy_names((conf.router.policy,), f"{file}: router.policy"),
        lambda: check_routing(conf.routing, where=f"{file}: routing"),
    ]
    if len({venue.mic for venue in conf.venues}) == len(conf.venues) > 0:
        checks.append(
            lambda: resolve_waterfall(steps, universe, where=f"{file}: routing.waterfall")
        )
    for check in checks:
        try:
            check()
        except InputError as error:
            yield from error.problems
    if conf.risk.clients:
        yield Problem(
            where=f"{file}: risk.clients",
            expected="nothing: limits of single clients stand in [[clients]]",
            found=f"{len(conf.risk.clients)} of them",
            fix="move them to [[clients]]",
        )
    for position, instrument_idx in enumerate(conf.risk.restricted):
        if not 0 <= instrument_idx < len(conf.instruments):
            yield Problem(
                where=f"{file}: risk.restricted[{position}]",
                expected=f"the position of an instrument, 0 to {len(conf.instruments) - 1}",
                found=str(instrument_idx),
                fix="count [[instruments]] from 0",
            )
    engine = conf.engine
    for key, is_sound, expected in (
        ("retry_ns", engine.retry_ns > 0, "a positive duration in ns"),
        ("completion_window_ns", engine.completion_window_ns >= 0, "a duration of 0 ns or more"),
        ("markout_ns", engine.markout_ns >= 0, "a duration of 0 ns or more"),
        ("latency_budget_ns", engine.latency_budget_ns > 0, "a positive duration in ns"),
        ("latency_strikes", engine.latency_strikes > 0, "at least 1"),
    ):
        if not is_sound:
            found = str(getattr(engine, key))
            where = f"{file}: engine.{key}"
            yield Problem(where=where, expected=expected, found=found, fix="leave the key away")


def _is_date(day: int) -> bool:
    try:
        date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError:
        return False
    return True


def _no_date(where: str, found: int) -> Problem:
    return Problem(
        where=where, expected="a date as YYYYMMDD", found=str(found), fix="write 20260302"
    )
