"""`penstock fix`: what a counterparty needs to connect."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("fix")
def command() -> None:
    """
    Write what a counterparty needs to connect over FIX.

    \b
    Example:  penstock fix dictionary --out penstock-fix44.xml
    Exit status: 0 written; 2 bad input.
    """


@command.command("dictionary")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here; without it, on stdout.",
)
def dictionary(out: Path | None) -> None:
    """
    Write the data dictionary of the router's FIX 4.4 for a counterparty's engine.

    It names every message and field that the router sends and takes, with our own tags 9001 to
    9004. QuickFIX loads it as DataDictionary=FILE; an engine that uses its own FIX 4.4 dictionary
    needs these four tags only where `custom_tags` is on for its client.

    \b
    Example:  penstock fix dictionary --out penstock-fix44.xml
    Exit status: 0 written; 2 the file cannot be written.
    """
    from penstock.domain import ConfigError, reason_of
    from penstock.wire.fix import data_dictionary

    text = data_dictionary()
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="ascii")
    except OSError as error:
        raise ConfigError.one(
            where=f"--out {out}",
            expected="a file that can be written",
            found=reason_of(error),
            fix="choose a folder that exists and that you may write to",
        ) from None
    click.echo(f"wrote {out}", err=True)
