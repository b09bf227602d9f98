"""`penstock calibrate`: a scenario from recorded data, and how far the two are apart."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from penstock.cli.calibrating import Sources, heading_of, read_evidence
from penstock.cli.console import command_line, err, machine, out, print_json, progress_bar
from penstock.cli.options import json_option
from penstock.cli.refusing import check_output


@click.command("calibrate")
@click.argument("tape", required=False, type=click.Path(path_type=Path))
@click.option("--mbo", type=click.Path(path_type=Path), help="Orders: Databento's mbo, as CSV.")
@click.option("--lobster", type=click.Path(path_type=Path), help="Orders: LOBSTER's message file.")
@click.option("--borrow", is_flag=True, help="Orders may be of another stock; the file says so.")
@click.option("--shares", type=click.Path(path_type=Path), help="JSON: exchanges' shares by year.")
@click.option("--ats", type=click.Path(path_type=Path), help="JSON: shares of ATSs by week.")
@click.option(
    "--ats-part", type=click.Path(path_type=Path), help="JSON: ATSs' part of off-exchange volume."
)
@click.option("--rule605", type=click.Path(path_type=Path), help="A Rule 605 report.")
@click.option(
    "--out",
    "out_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Scenario to write.  [default: scenarios/SYMBOL-DAY-calibrated.toml]",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("runs/calibrate.html"),
    show_default=True,
    help="Write the page with the plots here.",
)
@click.option(
    "--rounds", type=click.IntRange(0, 50), default=10, show_default=True,
    help="Rounds of moment matching; 0 takes what can be read off.",
)  # fmt: skip
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=5, show_default=True,
    help="Simulated days that the distances are measured on.",
)  # fmt: skip
@json_option
def command(
    tape: Path | None,
    mbo: Path | None,
    lobster: Path | None,
    borrow: bool,
    shares: Path | None,
    ats: Path | None,
    ats_part: Path | None,
    rule605: Path | None,
    out_path: Path | None,
    page: Path,
    rounds: int,
    seeds: int,
    as_json: bool,
) -> None:
    """
    Fit a scenario to one recorded day and report distances, statistic by statistic.

    TAPE is a normalised tape from `penstock ingest tape`. Without one, the market is the one venue
    of the --mbo or --lobster file. Every number of the scenario has its origin beside it; nothing
    of it is a claim of realism. docs/calibration.md has the estimators and their limits.

    \b
    Example:  penstock calibrate scenarios/ibm-20131007.tape --out ibm.toml --json
    Exit status: 0 finished; 2 bad input.
    """
    from penstock.trials.calibration import (
        calibrate,
        calibration_page,
        calibration_tables,
        n_steps,
        scenario_text,
    )

    sources = Sources(tape, mbo, lobster, shares, ats, ats_part, rule605)
    evidence = read_evidence(sources, may_borrow=borrow)
    sample = evidence.sample
    name = f"{sample.symbol.lower()}-{sample.day}-calibrated"
    path = out_path or Path("scenarios") / f"{name}.toml"
    check_output(path, page)
    with progress_bar(f"calibrate {sample.symbol}", n_steps(rounds, seeds)) as advance:
        found = calibrate(
            evidence,
            name,
            sources.names,
            n_rounds=rounds,
            seeds=tuple(range(1, seeds + 1)),
            on_step=advance,
        )
    report = msgspec.structs.replace(found.report, machine=machine(), command=command_line())
    found = found._replace(report=report)
    page.write_text(calibration_page(found), encoding="utf-8")
    path.write_text(scenario_text(found.draft, heading_of(report)), encoding="utf-8")
    if as_json:
        print_json(report)
    else:
        for table in calibration_tables(report):
            out.print(table)
    err.print(f"fit       {' → '.join(f'{one.misfit:.3f}' for one in report.rounds)}")
    err.print(f"scenario  {path}")
    err.print(f"page      {page}")
