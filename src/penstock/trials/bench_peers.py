"""The matching stream for other libraries: timed by a script, in an environment of their own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from penstock.domain import InputError
from penstock.sim.matching.commands import run_stream
from penstock.sim.matching.memory import (
    CANCEL,
    IOC,
    SLOT_MASK,
    SUBMIT,
    CommandArray,
    FillArray,
    ResultArray,
    empty_fills,
    empty_results,
)
from penstock.trials.bench_matching import MatchingWorkload, make_stream, market_for

TIMEOUT_S: Final = 900
ADD, GONE, LESS = 0, 1, 2
"""What a row of the feed says: an order rests, an order left, an order got smaller."""


class PeerFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One library on our stream: commands of it, or rows of its feed, per second."""

    version: str
    commands_per_s: float
    events_per_s: float | None = None  # of the feed, where the library follows one
    n_commands: int | None = None  # where it got only the beginning
    n_live: int | None = None
    n_fills: int | None = None


def bench_peers(python: Path, script: Path, workload: MatchingWorkload) -> dict[str, PeerFigure]:
    """
    Time the peers that the interpreter `python` can import, on the stream of `penstock bench sim`.

    Args:
        script: benchmarks/peer_books.py.
    Raises:
        InputError: no such interpreter, or the script failed; its last words are in the error.
    """
    commands, n_warm, n_live = make_stream(workload)
    market = market_for(workload)
    n_rows = len(commands)
    results, fills = empty_results(n_rows), empty_fills(n_rows + workload.capacity)
    run_stream(*market, commands, 0, n_rows, results, fills, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.npz"
        columns: dict[str, Any] = {
            "n_warm": n_warm,
            "kind": commands["kind"],
            "side": commands["side"].astype(np.int64),
            "ticks": commands["ticks"],
            "shares": commands["shares"],
            "is_ioc": commands["tif"] == IOC,
            "target": commands["target"],
        }
        np.savez(path, **columns, **feed_of(commands, results, fills))
        figures = _run(python, script, path)
    own = figures.get("sorted_dict")
    if own is not None and own.n_commands is not None:
        last = n_warm + own.n_commands - 1
        assert own.n_live == n_live[last], "the peer's book is another book"
        assert own.n_fills == int(results["n_fills"][n_warm : last + 1].sum())
    return figures


def feed_of(commands: CommandArray, results: ResultArray, fills: FillArray) -> dict[str, Any]:
    """
    What an exchange would have published order by order: columns `feed_…`, one row a change.

    `feed_order` is the row of the command that made the order.
    """
    row_of_slot: dict[int, int] = {}
    rows: list[tuple[int, int, int, int, int, int]] = []
    asked = zip(
        *(commands[name].tolist() for name in ("kind", "side", "ticks", "target")), strict=True
    )
    answers = zip(
        *(results[name].tolist() for name in ("handle", "resting_shares", "first_fill", "n_fills")),
        strict=True,
    )
    resting = [fills[name].tolist() for name in ("handle", "ticks", "leaves_shares")]
    for row, ((kind, side, ticks, target), (handle, shares, first, n_fills)) in enumerate(
        zip(asked, answers, strict=True)
    ):
        if kind == CANCEL:
            own = int(commands[target]["side"])
            rows.append((row, GONE, own, int(commands[target]["ticks"]), 0, target))
        for k in range(first, first + n_fills):
            slot, fill_ticks, leaves_shares = (int(column[k]) for column in resting)
            order = row_of_slot[slot & SLOT_MASK]
            what = LESS if leaves_shares else GONE
            rows.append((row, what, -side, fill_ticks, leaves_shares, order))
        if kind == SUBMIT and shares:
            row_of_slot[handle & SLOT_MASK] = row
            rows.append((row, ADD, side, ticks, shares, row))
    table = np.array(rows, dtype=np.int64)
    names = ("row", "what", "side", "ticks", "shares", "order")
    return {f"feed_{name}": table[:, idx] for idx, name in enumerate(names)}


def _run(python: Path, script: Path, stream: Path) -> dict[str, PeerFigure]:
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter that the user names, our own script
            [str(python), "-I", str(script), str(stream)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        words = str(getattr(error, "stderr", "") or error)
        raise InputError.one(
            where=f"--peers {python}",
            expected="a Python with the libraries to compare with",
            found=words.strip().splitlines()[-1],
            fix="make one with `make bench-peers`",
        ) from None
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, PeerFigure])
