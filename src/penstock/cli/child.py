"""`penstock child`: book or end a child order that no venue settles."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.operating import conf_argument, order

_reason = click.option("--reason", required=True, help="Why, and who at the venue confirmed it.")


@click.group("child", no_args_is_help=True)
def command() -> None:
    """
    Settle a child order by hand, after the venue has confirmed it on another way.

    `penstock orders` lists the children that are live or in doubt. Every booking is checked by the
    engine, journalled with operator and reason, and visible in `penstock explain`.

    \b
    Example:  penstock child close 17 --filled 60 --reason "confirmed by the venue's desk"
    Exit status: 0 done; 2 bad input, or the router refuses it.
    """


@command.command("book")
@click.argument("child", type=click.IntRange(1))
@conf_argument
@click.option("--shares", type=click.IntRange(1), required=True, help="Shares that filled.")
@click.option("--price", required=True, help="Price in USD, exactly as the venue states it.")
@_reason
def book(child: int, conf: Path, shares: int, price: str, reason: str) -> None:
    """
    Book an execution of CHILD that no report of the venue tells of.

    \b
    Example:  penstock child book 17 --shares 60 --price 84.975 --reason "XNAS desk, call 14:02"
    Exit status: 0 done; 2 no router answers, or it refuses, and why.
    """
    details: dict[str, str | int | None] = {
        "child": child,
        "shares": shares,
        "price": price,
        "reason": reason,
    }
    order(conf, "child_book", details, shown=f"child book {child}")


@command.command("close")
@click.argument("child", type=click.IntRange(1))
@conf_argument
@click.option(
    "--filled", type=click.IntRange(0), required=True, help="Shares of it that filled, in all."
)
@_reason
def close(child: int, conf: Path, filled: int, reason: str) -> None:
    """
    End CHILD: so many of its shares have filled, the rest never will.

    What has filled must be booked first.

    \b
    Example:  penstock child close 17 --filled 60 --reason "XNAS desk, call 14:02"
    Exit status: 0 done; 2 no router answers, or it refuses, and why.
    """
    details: dict[str, str | int | None] = {"child": child, "shares": filled, "reason": reason}
    order(conf, "child_close", details, shown=f"child close {child}")
