"""The benchmark over FIX measures what it says: every order comes out, both ways, and back."""

from __future__ import annotations

from pathlib import Path

from penstock.runtime.bench_fix import bench_fix


def test_every_order_is_measured_through_relay_and_router(tmp_path: Path) -> None:
    """A figure over fewer orders than it names, or over rejects, would be another figure."""
    said: list[str] = []
    figures = bench_fix(tmp_path, n_orders=20, fsync="never", policy="supervised", say=said.append)
    chain = figures.order_to_child.chain_us

    assert 20 == figures.n
    assert 120 == figures.decision_us["n"]  # warm-up included: one decision an order
    assert 0.0 < chain.p50 <= chain.p99 <= chain.p999
    assert "supervised, synthetic forest" in figures.workload
