"""`penstock kill`: cancel everything, or what is of a client, a venue or a symbol; confirmed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import click

from penstock.cli.operating import ask, conf_argument, reason_option
from penstock.cli.options_plain import json_option, print_json

EXIT_UNCONFIRMED: Final = 3
_POLL_S: Final = 0.1
_SHOWN: Final = 50

_SCOPES: Final = (
    click.option("--client", default="", help="Only the orders of this client (comp id)."),
    click.option("--venue", default="", help="Only what is at this venue (MIC)."),
    click.option("--symbol", default="", help="Only the orders in this symbol."),
)


def scope_options(command: Any) -> Any:
    """--client, --venue and --symbol."""
    for option in reversed(_SCOPES):
        command = option(command)
    return command


@click.command("kill")
@conf_argument
@scope_options
@reason_option
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0.0, 3_600.0),
    default=10.0,
    show_default=True,
    help="Seconds to wait for the venues' answers.",
)
@json_option
def command(
    conf: Path, client: str, venue: str, symbol: str, reason: str, wait_s: float, as_json: bool
) -> None:
    """
    Throw the kill switch of the router that runs under CONF, and wait for the venues.

    Every open order is cancelled and new ones are refused, until `penstock resume`. A restart does
    not undo it. With a client, a venue or a symbol, only what is of it. From the first line on,
    nothing new leaves; then the venues' answers to the cancels are counted. CONF is
    conf/router.toml unless given.

    \b
    Example:  penstock kill conf/router.toml
              penstock kill --client OMS --reason "runaway algo"
    Exit status: 0 every cancel is acknowledged; 2 no router answers, or it refuses;
    3 not every cancel is acknowledged in time, or shares are in doubt: the children are listed.
    """
    started_s = time.monotonic()
    details = {"client": client, "venue": venue, "symbol": symbol, "reason": reason}
    answer = ask(conf, "kill", details, shown="kill")
    effective_ms = round(1e3 * (time.monotonic() - started_s), 1)
    click.echo(f"{answer['text']}: effective after {effective_ms:.0f} ms", err=as_json)
    answer = _follow(conf, answer, time.monotonic() + wait_s, is_quiet=as_json)
    if as_json:
        print_json(
            {
                **{key: answer[key] for key in ("cancels", "acknowledged", "in_doubt")},
                "effective_ms": effective_ms,
                "open": answer["open"],
            }
        )
    elif not answer["is_confirmed"]:
        for line in _open_lines(answer):
            click.echo(line)
    raise SystemExit(0 if answer["is_confirmed"] else EXIT_UNCONFIRMED)


def _follow(
    conf: Path, answer: dict[str, Any], until_s: float, *, is_quiet: bool
) -> dict[str, Any]:
    """Ask how far it is until all is confirmed, or the time is over; show each change."""
    shown = ""
    while True:
        line = (
            f"{answer['acknowledged']} of {answer['cancels']} cancels acknowledged, "
            f"{answer['in_doubt']} in doubt"
        )
        if line != shown and not is_quiet:
            click.echo(line)
            shown = line
        if answer["is_confirmed"] or time.monotonic() >= until_s:
            return answer
        time.sleep(_POLL_S)
        answer = ask(conf, "kill_progress", {"kill": answer["kill"]}, shown="kill")


def _open_lines(answer: dict[str, Any]) -> list[str]:
    lines = [
        f"child {row['child']} at {row['venue']}: {row['symbol']} {row['side']}, "
        f"{row['leaves']} open, {row['in_doubt']} in doubt ({row['state']}), of {row['client']}"
        for row in answer["open"][:_SHOWN]
    ]
    n_more = answer["cancels"] - answer["acknowledged"] - len(lines)
    if n_more > 0:
        lines.append(f"and {n_more} more: penstock orders")
    return [
        *lines,
        "Fix: call these venues; then penstock child book or penstock child close each of them",
    ]
