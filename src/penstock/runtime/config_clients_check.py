"""Contradictions in what a router's file says about its clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from penstock.domain import Problem
from penstock.risk import AccountLimits
from penstock.runtime.config import RouterConf
from penstock.runtime.config_clients import ClientTable, DropCopyTable
from penstock.wire.fix import may_be_ignored


def problems_of_clients(conf: RouterConf, file: str) -> Iterator[Problem]:
    """Everything in [[clients]] and [[drop_copies]] that cannot be meant."""
    ids = [table.comp_id for table in conf.clients]
    yield from _repeated(ids, f"{file}: clients", "comp_id")
    for position, table in enumerate(conf.clients):
        where = f"{file}: clients[{position}] ({table.comp_id})"
        yield from _problems_of_client(conf, table, where)
    for client in conf.client_ids:
        if client not in ids:
            where = f"{file}: oms.clients ({client})"
            yield from _problems_of_identity(conf, ClientTable(comp_id=client), where)
    copies = [table.comp_id for table in conf.drop_copies]
    yield from _repeated(copies, f"{file}: drop_copies", "comp_id")
    for position, copy in enumerate(conf.drop_copies):
        where = f"{file}: drop_copies[{position}] ({copy.comp_id})"
        yield from _problems_of_copy(conf, copy, where)


def _problems_of_client(conf: RouterConf, table: ClientTable, where: str) -> Iterator[Problem]:
    symbols = [instrument.symbol for instrument in conf.instruments]
    for key, listed in (
        ("symbols", table.symbols or ()),
        ("restricted_symbols", table.restricted_symbols),
    ):
        yield from _repeated(listed, f"{where}.{key}", "symbol")
        for symbol in listed:
            if symbol not in symbols:
                yield _problem(
                    f"{where}.{key}", "symbols of [[instruments]]", symbol, "check the symbol"
                )
    if table.symbols is not None:
        for symbol in (*table.symbols, *table.restricted_symbols):
            if symbol in table.symbols and symbol in table.restricted_symbols:
                expected = "a symbol in one of symbols and restricted_symbols"
                yield _problem(f"{where}.symbols", expected, symbol, "remove one of them")
                break
        if not table.symbols:
            fix = "leave the key out to allow all symbols"
            yield _problem(f"{where}.symbols", "at least one symbol", "none", fix)
    yield from _problems_of_limits(conf, table, where)
    yield from _problems_of_identity(conf, table, where)


def _problems_of_limits(conf: RouterConf, table: ClientTable, where: str) -> Iterator[Problem]:
    """A limit of one client that is wider than the one that holds for all can never hold."""
    of_accounts = [(f".accounts ({a.account})", a) for a in table.accounts]
    yield from _repeated([a.account for a in table.accounts], f"{where}.accounts", "account")
    holders: list[tuple[str, ClientTable | AccountLimits]] = [("", table), *of_accounts]
    for part, limits in holders:
        for key, most, of_all, name in (
            ("max_order_usd", limits.max_order_usd, conf.risk.parent_usd, "risk.parent_usd"),
            ("day_usd", limits.day_usd, conf.risk.client_day_usd, "risk.client_day_usd"),
        ):
            if most is not None and most > of_all:
                expected = f"at most {name}, {of_all}"
                fix = f"lower it, or raise {name}"
                yield _problem(f"{where}{part}.{key}", expected, str(most), fix)
    for name, account in of_accounts:
        for key in ("max_order_usd", "day_usd", "open_orders"):
            of_client, of_account = getattr(table, key), getattr(account, key)
            if of_client is not None and of_account is not None and of_account > of_client:
                expected = f"at most the client's, {of_client}"
                yield _problem(f"{where}{name}.{key}", expected, str(of_account), "lower it")


def _problems_of_identity(conf: RouterConf, table: ClientTable, where: str) -> Iterator[Problem]:
    for part in table.carries:
        refusing = [venue.mic for venue in conf.venues if part not in venue.carries]
        if refusing:
            yield _problem(
                f"{where}.carries",
                "parts of an order's identity that every venue carries",
                f"{part}, which {', '.join(refusing)} {'does' if len(refusing) == 1 else 'do'} not",
                f"add '{part}' to carries of the venue, or move it to the client's keeps",
            )
        if part in table.keeps:
            yield _problem(
                f"{where}.keeps", "parts that are not in carries", str(part), "remove one of them"
            )
    if table.accounts and "account" not in (*table.carries, *table.keeps):
        fix = "add 'account' to carries or keeps"
        yield _problem(f"{where}.accounts", "a client that may send accounts", "none of it", fix)
    for tag in table.ignored_tags:
        if not may_be_ignored(tag):
            expected = "tags that change nothing about an order"
            yield _problem(f"{where}.ignored_tags", expected, str(tag), "remove it")


def _problems_of_copy(conf: RouterConf, copy: DropCopyTable, where: str) -> Iterator[Problem]:
    others = {conf.router.comp_id, *conf.client_ids, *(venue.mic for venue in conf.venues)}
    if copy.comp_id in others:
        fix = "give the session another comp id: one that sends orders receives no copies"
        yield _problem(f"{where}.comp_id", "a comp id of its own", copy.comp_id, fix)
    if not copy.clients:
        yield _problem(f"{where}.clients", "at least one client", "none", "name one")
    yield from _repeated(copy.clients, f"{where}.clients", "client")
    for client in copy.clients:
        if client not in conf.client_ids:
            fix = "name a client of oms.clients or [[clients]]"
            yield _problem(f"{where}.clients", "clients of this router", client, fix)


def _repeated(names: Sequence[str], where: str, what: str) -> Iterator[Problem]:
    for position, name in enumerate(names):
        if name in names[:position]:
            yield _problem(where, f"each {what} once", f"{name} again", "remove one of them")


def _problem(where: str, expected: str, found: str, fix: str) -> Problem:
    return Problem(where=where, expected=expected, found=found, fix=fix)
