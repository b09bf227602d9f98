"""The load benchmark runs to its end by itself and counts every order; it measures nothing here."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.runtime.bench_load import bench_load

pytest.importorskip("quickfix", reason='quickfix is not installed: pip install "penstock[fix]"')


def test_a_short_load_accounts_for_every_order(tmp_path: Path) -> None:
    """Whatever the machine can do today: each order has an answer, and the kill is confirmed."""
    said: list[str] = []
    figures = bench_load(tmp_path, seconds=2.0, rate=20.0, profile=None, say=said.append)
    sustained, overload = figures.sustained, figures.overload

    assert figures.chain_per_s > 0
    assert sustained.orders == int(sustained.rate_per_s * 2.0)
    assert 0 == sustained.unanswered == overload.unanswered
    assert overload.sent == overload.shed + overload.accepted
    assert 0 < overload.kill_ms <= overload.confirmed_ms
    assert sustained.rss_mb > 0
    assert any("kill" in line for line in said)
