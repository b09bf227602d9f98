"""`penstock status`: how the running router stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from penstock.cli.operating import ask, conf_argument
from penstock.cli.options_plain import json_option, print_json


@click.command("status")
@conf_argument
@json_option
def command(conf: Path, as_json: bool) -> None:
    """
    Ask the router that runs under CONF how it stands.

    CONF is conf/router.toml unless given.

    \b
    Example:  penstock status conf/router.toml
    Exit status: 0 it answered; 2 no router answers.
    """
    status = ask(conf, "status", shown="status")["status"]
    if as_json:
        print_json(status)
        return
    for line in _lines(status):
        click.echo(line)


def _lines(status: dict[str, Any]) -> Iterator[str]:
    readiness = "ready" if status["is_ready"] else "not ready"
    killed = ", KILLED" if status["is_killed"] else ""
    yield (
        f"router    {status['name']}, run {status['run']}, pid {status['pid']}, "
        f"{status['state']}, {readiness}{killed}, up {status['uptime_s']:,.0f} s"
    )
    fallback = status["fallback_reason"]
    decided = status["decided_by"] or "nothing yet"
    because = f" (fall-back: {fallback})" if fallback else ""
    yield f"policy    {status['policy']}; last decision by {decided}{because}"
    for mic, venue in status["venues"].items():
        fed = "fed" if venue["is_fed"] else "NOT FED"
        off = ", SWITCHED OFF" if venue["is_off"] else ""
        reason = f": {venue['reason']}" if venue["reason"] else ""
        yield f"venue     {mic} {venue['state']}{reason}, {fed}{off}"
    for name, client in status["clients"].items():
        session = "logged on" if client["is_logged_on"] else "logged off"
        yield f"client    {name} {session}, {client['n_reports']:,} reports"
    parents, children = status["parents"], status["children"]
    yield (
        f"orders    {parents['working']:,} at work, {parents['done']:,} done; "
        f"{children['live']:,} children live of {children['total']:,}; {status['n_fills']:,} fills"
    )
    yield f"decision  {_times(status['decision_us'])}"
    yield f"wire      {_times(status['wire_us'])} from the order to its first child"
    shed = f", {status['n_shed']:,} messages rejected for overload" if status["n_shed"] else ""
    counters = ", ".join(f"{value:,} {name[2:]}" for name, value in status["feed"].items() if value)
    yield f"feed      {counters or 'nothing yet'}; queue {status['queue_depth']:,}{shed}"
    size = f"{status['journal_bytes']:,} bytes"
    yield f"journal   {status['journal']}, {size}, fsync {status['fsync']}"
    writer = f"written by pid {status['store_pid']}" if status["store_pid"] else "not written now"
    yield f"store     {status['store']}, {writer}" if status["store"] else "store     none"
    yield from (f"alert     {alert}" for alert in status["alerts"])


def _times(times: dict[str, Any]) -> str:
    if times["n"] == 0:
        return "nothing measured yet"
    return f"p50 {times['p50']:,.0f} µs, p99 {times['p99']:,.0f} µs of {times['n']:,}"
