"""A live session as a table on the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from penstock.trials.live import LiveSession


def live_table(live: LiveSession) -> Table:
    """Counts by policy; under them whether the books agree, and how fast it was."""
    checked = live.integrity
    table = Table(
        title=Text(
            f"live over FIX · {live.duration_s:.0f} s · {checked.parents} parents · "
            f"{checked.children:,} children · {checked.fills:,} fills",
            style="bold",
        ),
        title_justify="left",
        caption=Text(_caption(live)),
        caption_justify="left",
        caption_style="default",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        min_width=80,
    )
    table.add_column("policy")
    for name in ("parents", "filled", "shares", "fills"):
        table.add_column(name, justify="right")
    for phase in live.phases:
        table.add_row(
            phase.policy,
            f"{phase.parents:,}",
            f"{phase.filled:,}",
            f"{phase.filled_shares:,}/{phase.asked_shares:,}",
            f"{phase.fills:,}",
        )
    return table


def _caption(live: LiveSession) -> str:
    checked = live.integrity
    verdict = "agree to the share" if checked.is_clean else "DO NOT AGREE"
    return (
        f"Venues' log against client's log: {verdict} ({checked.overfills} overfills, "
        f"{checked.lost_shares} lost shares, {checked.duplicate_fills} duplicate fills).\n"
        f"Decision p50 {live.decision_us.p50:,.0f} µs, p99 {live.decision_us.p99:,.0f} µs; order "
        f"in to child out p50 {live.wire_us.p50:,.0f} µs, p99 {live.wire_us.p99:,.0f} µs; "
        f"journal fsync {live.fsync}."
    )
