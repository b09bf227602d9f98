"""`penstock drill`: fault-simulated days of the live router, held by an independent auditor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table

from penstock.cli.console import err, machine, out, print_json, progress_bar
from penstock.cli.options import json_option, workers_option

if TYPE_CHECKING:
    from penstock.runtime.drill import Broken, DayResult, DrillFigures, Script

EXIT_BROKEN: Final = 3
_MOST_SHRUNK: Final = 3
_LINES_WITHOUT_A_TERMINAL: Final = 20


@click.command("drill")
@click.option(
    "--days",
    type=click.IntRange(1, 1_000_000),
    default=200,
    show_default=True,
    help="Days to play.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31),
    default=1,
    show_default=True,
    help="Seed of all days; day K of a seed is always the same.",
)
@click.option("--day", type=click.IntRange(0), help="Play this day alone, and print its log.")
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Play the day of a trace file, and print its log.",
)
@click.option(
    "--traces",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/drill"),
    show_default=True,
    help="Write the shrunk trace of a broken day here.",
)
@workers_option
@json_option
def command(
    days: int,
    seed: int,
    day: int | None,
    trace: Path | None,
    traces: Path,
    workers: int,
    as_json: bool,
) -> None:
    """
    Play trading days full of faults through the live router, and hold it to its laws.

    One seed draws venues that reject, delay, repeat, reorder, lose, bust, correct and forget, links
    that drop, processes that die between journal and send, full disks, clients and operators who
    change their minds. The auditor imports nothing of the router: it has the wires alone, and what
    the simulated venues have truly done.

    A broken law ends its day. The first three are shrunk to the fewest acts that break the same
    law, and written as trace files.

    \b
    Example:  penstock drill --days 1000 --seed 7 --json | jq .violations
    Exit status: 0 every law was kept; 2 bad input; 3 a law was broken (the command is printed).
    """
    from penstock.runtime.drill import draw_day, drill, read_trace

    if day is not None or trace is not None:
        script = draw_day(seed, day or 0) if trace is None else read_trace(trace).script
        _one_day(script, traces, as_json=as_json)
        return
    started_s = time.monotonic()
    with _progress(days) as on_days:
        figures = drill(seed, days, n_workers=workers, on_days=on_days)
    took_s = time.monotonic() - started_s
    broken = [_shrunk(figures.seed, one, traces) for one in figures.broken[:_MOST_SHRUNK]]
    if as_json:
        print_json(_json_of(figures, broken, took_s))
    else:
        _show(figures, took_s)
    _complain(figures.broken, broken)


@contextmanager
def _progress(n_days: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, and a line now and then where there is none."""
    if not err.is_terminal:
        yield _Lines(n_days).on_days
        return
    with progress_bar("drill", n_days) as advance:

        def on_days(n: int) -> None:
            for _ in range(n):
                advance()

        yield on_days


class _Lines:
    """Progress as lines, some twenty in all."""

    def __init__(self, n_days: int) -> None:
        self._n_days, self._done, self._shown = n_days, 0, 0

    def on_days(self, n: int) -> None:
        """So many more days are done."""
        self._done += n
        step = max(1, self._n_days // _LINES_WITHOUT_A_TERMINAL)
        if self._done - self._shown >= step or self._done == self._n_days:
            self._shown = self._done
            err.print(f"drill: {self._done:,} of {self._n_days:,} days")


def _one_day(script: Script, traces: Path, *, as_json: bool) -> None:
    from penstock.runtime.drill import play

    lines: list[str] = []
    result = play(script, lines=lines)
    for line in lines:
        err.print(line)
    for law, text, at_ms in result.violations:
        err.print(f"BROKEN at {at_ms / 1_000:.3f} s  {law}: {text}")
    if as_json:
        print_json({"seed": script.seed, "days": 1, **_day_json(result)})
    else:
        out.print(
            f"seed {script.seed}, day {script.day}: {result.n_acts} acts, {result.n_events:,} "
            f"events, {result.n_executions} executions, {result.n_starts} starts of the router, "
            f"{len(result.violations)} violations"
        )
    if result.violations:
        path = _write(script, result.violations[0], traces)
        err.print(f"penstock: a law was broken; trace: {path}")
        raise SystemExit(EXIT_BROKEN)


def _day_json(result: DayResult) -> dict[str, Any]:
    return {
        "day": result.day,
        "events": result.n_events,
        "executions": result.n_executions,
        "router_starts": result.n_starts,
        "faults": result.faults,
        "laws": result.laws,
        "violations": len(result.violations),
        "broken": [
            {"law": law, "text": text, "at_ms": at_ms} for law, text, at_ms in result.violations
        ],
    }


def _shrunk(seed: int, broken: Broken, traces: Path) -> Path:
    from penstock.runtime.drill import draw_day

    err.print(f"day {broken.day}: {broken.law}: {broken.text}; shrinking …")
    return _write(draw_day(seed, broken.day), (broken.law, broken.text, broken.at_ms), traces)


def _write(script: Script, violation: tuple[str, str, int], traces: Path) -> Path:
    from penstock.runtime.drill import Trace, shrink, write_trace

    law, text, _ = violation
    path = traces / f"{script.seed}-{script.day}-{law}.json"
    write_trace(Trace(law=law, text=text, script=shrink(script, law)), path)
    return path


def _json_of(figures: DrillFigures, traces: list[Path], took_s: float) -> dict[str, Any]:
    import msgspec

    return {
        **msgspec.to_builtins(figures),
        "traces": [str(path) for path in traces],
        "days_per_s": round(figures.days / took_s, 1),
        "machine": machine(),
    }


def _show(figures: DrillFigures, took_s: float) -> None:
    out.print(
        f"{figures.days:,} days, {figures.events:,} events, {figures.executions:,} executions, "
        f"{figures.router_starts:,} starts of the router, seed {figures.seed}, {took_s:.0f} s"
    )
    _show_counts("faults", figures.faults)
    _show_counts("laws held", figures.laws)
    out.print(f"violations  {figures.violations}")


def _show_counts(title: str, counts: dict[str, int]) -> None:
    table = Table(title=title, title_justify="left", box=None, show_header=False)
    columns = 3
    for _ in range(columns):
        table.add_column()
        table.add_column(justify="right")
    cells: list[str] = [cell for name, n in counts.items() for cell in (name, f"{n:,}")]
    for at in range(0, len(cells), 2 * columns):
        table.add_row(*cells[at : at + 2 * columns])
    out.print(table)


def _complain(broken: list[Broken], traces: list[Path]) -> None:
    if not broken:
        return
    for path in traces:
        err.print(f"penstock: a law was broken; to see it again: penstock drill --trace {path}")
    left = len(broken) - len(traces)
    if left > 0:
        days = ", ".join(str(one.day) for one in broken[len(traces) :][:20])
        err.print(f"penstock: {left} more broken days: {days}{' …' if left > 20 else ''}")
    raise SystemExit(EXIT_BROKEN)
