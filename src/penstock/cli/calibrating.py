"""The files of a calibration, read and held against each other before anything is fitted."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from penstock.domain import NS_PER_S, ConfigError, TapeError, TapeKind, TradingDay
from penstock.trials.calibration import (
    SHORTEST_S,
    Calibration,
    Evidence,
    OrderFigures,
    Sample,
    evidence_of,
    figures_and_sample,
    sample_of_tape,
)
from penstock.wire import (
    NamedBytes,
    OrderLog,
    read_ats_part,
    read_ats_shares,
    read_bytes,
    read_exchange_shares,
    read_tape,
)
from penstock.wire.databento_csv import read_mbo_csv
from penstock.wire.lobster import read_lobster
from penstock.wire.rule605 import read_rule605

_MARGIN_NS = 300 * NS_PER_S


class Sources(NamedTuple):
    """Files of one calibration; None where there is none of the kind."""

    tape: Path | None
    mbo: Path | None
    lobster: Path | None
    shares: Path | None
    ats: Path | None
    ats_part: Path | None
    rule605: Path | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, without their folders."""
        return tuple(path.name for path in self if path is not None)


def read_evidence(sources: Sources, *, may_borrow: bool) -> Evidence:
    """
    Everything that the files say about one stock and day.

    Raises:
        ConfigError: neither a tape nor orders, or two files of orders.
        TapeError: a file that is damaged, of another format or of another stock.
    """
    log = _order_log(sources)
    if sources.tape is not None:
        file = read_tape(sources.tape)
        sample = sample_of_tape(file)
        trades = file.tape[file.tape["kind"] == TapeKind.TRADE]
        day_shares = int(trades["shares"].sum())
        orders = None if log is None else _of_stretch(log)[0]
    elif log is not None:
        orders, sample = _of_stretch(log)
        day_shares = int(sample.prints.shares.sum())
    else:
        raise ConfigError.one(
            where="TAPE, --mbo, --lobster",
            expected="a tape, or a file of orders",
            found="none of them",
            fix="make a tape with `penstock ingest tape`; docs/calibration.md says what is read",
        )
    borrowed = _borrowed_from(sample, log, may_borrow=may_borrow)
    return _with_public_files(sources, sample, day_shares, orders, borrowed)


def _with_public_files(
    sources: Sources,
    sample: Sample,
    day_shares: int,
    orders: OrderFigures | None,
    borrowed: str | None,
) -> Evidence:
    day = TradingDay(sample.day)
    shares, ats, part, rule = (_named(path) for path in sources[3:])
    return evidence_of(
        sample,
        day_shares,
        order_figures=orders,
        orders_borrowed_from=borrowed,
        exchange_shares=None if shares is None else read_exchange_shares(shares, day),
        ats_shares=None if ats is None else read_ats_shares(ats, day),
        ats_part=None if part is None else read_ats_part(part, day),
        rule605=None if rule is None else read_rule605(rule, sample.symbol),
    )


def _named(path: Path | None) -> NamedBytes | None:
    return None if path is None else NamedBytes(str(path), read_bytes(path))


def _order_log(sources: Sources) -> OrderLog | None:
    mbo, lobster = _named(sources.mbo), _named(sources.lobster)
    if mbo is not None and lobster is not None:
        raise ConfigError.one(
            where="--mbo, --lobster",
            expected="one file of orders",
            found="two",
            fix="leave one out",
        )
    if mbo is not None:
        return read_mbo_csv(mbo)
    return None if lobster is None else read_lobster(lobster)


def _of_stretch(log: OrderLog) -> tuple[OrderFigures, Sample]:
    """The session less five minutes at both ends, or what the file has of it."""
    times_ns = log.orders["event_ns"]
    first_ns, last_ns = int(times_ns[0]), int(times_ns[-1])
    start_ns = max(int(log.session_start_ns) + _MARGIN_NS, first_ns)
    end_ns = min(int(log.session_end_ns) - _MARGIN_NS, last_ns)
    if end_ns - start_ns < _MARGIN_NS:  # an extract of the opening: all that there is
        start_ns, end_ns = first_ns, last_ns
    if end_ns - start_ns < SHORTEST_S * NS_PER_S:
        raise TapeError.one(
            where=log.source,
            expected=f"orders of {SHORTEST_S:g} s or more",
            found=f"{(end_ns - start_ns) / NS_PER_S:.1f} s",
            fix="pass a longer extract: a scenario made of this one has no room for orders of ours",
        )
    return figures_and_sample(log, start_ns, end_ns)


def _borrowed_from(sample: Sample, log: OrderLog | None, *, may_borrow: bool) -> str | None:
    if log is None or log.symbol.upper() == sample.symbol.upper():
        return None
    if not may_borrow:
        raise TapeError.one(
            where=log.source,
            expected=f"orders of {sample.symbol}, as the tape",
            found=f"orders of {log.symbol}",
            fix="pass the right file, or say --borrow: the scenario will name whose orders it has",
        )
    return f"{log.symbol} {log.day}"


def heading_of(report: Calibration) -> str:
    """What stands above everything else in the scenario's file."""
    fit = " → ".join(f"{one.misfit:.3f}" for one in report.rounds)
    lines = [
        f"{report.symbol} on {report.day}, calibrated from {', '.join(report.sources)}.",
        f"Made by: {report.command}",
        f"Misfit of the moments, round by round: {fit}",
        *report.limits,
        "Behind each number: where it comes from. Units: docs/scenarios.md.",
    ]
    return "\n".join(lines)
