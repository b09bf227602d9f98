"""`penstock ingest`: recorded market data into a normalised tape."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec

from penstock.cli.console import out, print_json
from penstock.cli.options import json_option
from penstock.cli.refusing import check_output
from penstock.domain import ConfigError, TradingDay
from penstock.wire import ingest_consolidated, write_tape


@click.command("ingest")
@click.argument("format", type=click.Choice(["tape"]))
@click.argument("file", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--symbol", help="Stock; taken from the files' names where they say it.")
@click.option("--day", help="Day as YYYYMMDD; taken from the files' names where they say it.")
@click.option(
    "--out",
    "out_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tape to write.  [default: SYMBOL-DAY.tape in the folder of the scenarios]",
)
@json_option
def command(
    format: str,  # noqa: A002 - the argument's name on the command line
    file: tuple[Path, ...],
    symbol: str | None,
    day: str | None,
    out_path: Path | None,
    as_json: bool,
) -> None:
    """
    Read one day of one stock from a consolidated tape: its quote file and its trade file.

    Everything that is cleaned or left out is counted and shown. docs/data.md has the format.

    \b
    Example:  penstock ingest tape ibm_20131007_quote.zip ibm_20131007_trade.zip
    Exit status: 0 finished; 2 bad input.
    """
    symbol, trading_day = _symbol_and_day(file, symbol, day)
    path = out_path or Path("scenarios") / f"{symbol.lower()}-{trading_day}.tape"
    check_output(path)
    result = ingest_consolidated(file, symbol, trading_day)
    write_tape(path, result.file)
    context = result.context
    if as_json:
        print_json({"tape": str(path), "format": format, **msgspec.to_builtins(context)})
        return
    out.print(f"tape      {path}")
    for name, count in context.counts.items():
        out.print(f"  {count:>9,}  {name.replace('_', ' ')}")
    out.print("cleaning")
    for step in context.cleaning:
        out.print(f"  {step.n:>9,}  {step.rule}: {step.treatment}")


def _symbol_and_day(
    files: tuple[Path, ...], symbol: str | None, day: str | None
) -> tuple[str, TradingDay]:
    named = [re.match(r"([A-Za-z.]+)_(\d{8})_", file.name) for file in files]
    symbol = symbol or next((match[1] for match in named if match), None)
    day = day or next((match[2] for match in named if match), None)
    if symbol is None or day is None or not re.fullmatch(r"\d{8}", day):
        raise ConfigError.one(
            where="--symbol, --day",
            expected="a stock and a day as YYYYMMDD, there or in the files' names",
            found=f"symbol {symbol}, day {day}",
            fix="pass --symbol IBM --day 20131007",
        )
    return symbol.upper(), TradingDay(int(day))
