"""A live session on the page and the terminal: the verdict is the books', and names are text."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from penstock.trials import (
    LiveIntegrity,
    LivePhase,
    LiveQuantiles,
    LiveSession,
    VenueFills,
    live_table,
)
from penstock.trials.page_live import live_section

INTEGRITY = LiveIntegrity(
    overfills=0,
    lost_shares=0,
    phantom_shares=0,
    duplicate_fills=0,
    price_differences=0,
    fee_differences=0,
    unfinished=0,
    parents=120,
    children=991,
    fills=1_315,
    filled_shares=177_100,
)
FAULTS = [
    "overfills", "lost_shares", "phantom_shares", "duplicate_fills", "price_differences",
    "fee_differences", "unfinished",
]  # fmt: skip


def session(integrity: LiveIntegrity = INTEGRITY, mic: str = "PNYA") -> LiveSession:
    """Two phases, two fills."""
    phase = LivePhase(
        policy="static", started_s=0.0, parents=60, filled=60, asked_shares=93_500,
        filled_shares=93_500, fills=601,
    )  # fmt: skip
    return LiveSession(
        phases=(phase, msgspec.structs.replace(phase, policy="supervised", started_s=33.0)),
        integrity=integrity,
        decision_us=LiveQuantiles(p50=160.0, p99=900.0, n=539),
        wire_us=LiveQuantiles(p50=700.0, p99=2_000.0, n=119),
        n_decisions=539,
        fsync="never",
        duration_s=64.0,
        store="runs/store.db",
        journal="a.journal",
        example_child=7,
        fills_by_venue=(VenueFills(mic=mic, at_s=(1.0, 2.0), shares=(100, 200)),),
    )


def shown(live: LiveSession) -> str:
    """The table as a terminal shows it."""
    console = Console(file=io.StringIO(), width=200, markup=False)
    console.print(live_table(live))
    file = console.file
    assert isinstance(file, io.StringIO)
    return " ".join(file.getvalue().split())


def test_books_that_agree_are_said_to_agree() -> None:
    """In both places."""
    assert "The books agree to the share." in live_section(session())
    assert "agree to the share (0 overfills" in shown(session())


@pytest.mark.parametrize("fault", FAULTS)
def test_any_single_difference_changes_the_verdict(fault: str) -> None:
    """A verdict that overlooks one kind of fault is worth nothing."""
    live = session(msgspec.structs.replace(INTEGRITY, **{fault: 3}))

    assert not live.integrity.is_clean
    assert "The books do not agree." in live_section(live)
    assert "DO NOT AGREE" in shown(live)


def test_the_policies_and_their_counts_are_shown() -> None:
    """Who worked how many orders."""
    text = shown(session())

    assert "static" in text
    assert "supervised" in text
    assert "93,500/93,500" in text


def test_a_name_with_markup_stays_text() -> None:
    """A venue's name is the configuration's, and the page is read in a browser."""
    page = live_section(session(mic="<script>"))

    assert "<script>alert" not in page
    assert "\\u003cscript\\u003e" in page or "&lt;script&gt;" in page
