"""Other libraries on our stream: they must do the same work, or the comparison is none."""

import sys
from pathlib import Path

import numpy as np
import pytest

from penstock.domain import InputError
from penstock.sim.matching.commands import run_stream
from penstock.sim.matching.memory import empty_fills, empty_results
from penstock.trials.bench_matching import MatchingWorkload, make_stream, market_for
from penstock.trials.bench_peers import ADD, GONE, LESS, bench_peers, feed_of
from tests.tidy.rules import ROOT

SCRIPT = ROOT / "benchmarks" / "peer_books.py"
SMALL = MatchingWorkload(n_events=3_000, live_orders=100)


def test_a_book_of_sorted_prices_ends_as_ours_does() -> None:
    """`bench_peers` itself asserts the same number of live orders and of fills."""
    figure = bench_peers(Path(sys.executable), SCRIPT, SMALL)["sorted_dict"]

    assert 3_000 == figure.n_commands
    assert figure.commands_per_s > 0


def test_the_feed_tells_the_same_book() -> None:
    """Whoever follows it order by order has at the end what rests in ours."""
    commands, _, n_live = make_stream(SMALL)
    market = market_for(SMALL)
    results, fills = empty_results(len(commands)), empty_fills(2 * len(commands))
    run_stream(*market, commands, 0, len(commands), results, fills, 0)
    feed = feed_of(commands, results, fills)
    open_shares: dict[int, int] = {}
    for what, order, shares in zip(
        *(feed[f"feed_{name}"].tolist() for name in ("what", "order", "shares")), strict=True
    ):
        if what == ADD:
            assert order not in open_shares
            open_shares[order] = shares
        elif what == LESS:
            assert 0 < shares < open_shares[order]
            open_shares[order] = shares
        else:
            assert GONE == what
            del open_shares[order]

    live = market.orders[market.orders["generation"] % 2 == 1]
    assert int(n_live[-1]) == len(open_shares)
    assert sorted(open_shares.values()) == sorted(live["shares"].tolist())
    assert np.all(np.diff(feed["feed_row"]) >= 0)


def test_a_python_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    """And says how to make one."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such library >&2\nexit 1\n")
    broken.chmod(0o755)
    for path, said in ((tmp_path / "nowhere", "No such file"), (broken, "no such library")):
        with pytest.raises(InputError, match="make bench-peers") as caught:
            bench_peers(path, SCRIPT, SMALL)

        assert said in str(caught.value)
