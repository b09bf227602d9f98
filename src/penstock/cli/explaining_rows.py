"""The candidates of a decision as a table, and what was left out with the reason in words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from penstock.cli.wording import TACTICS, WHY_NOT, aligned, bps, duration, optional, price
from penstock.store.feedback import ChildStory, RowStory


def candidates(story: ChildStory) -> Iterator[Text]:
    """Every row that could be used, in the order of the plan; the chosen one is marked."""
    head = [
        *("", "rank", "venue", "tactic", "limit", "could send", "there", "fee", "slippage"),
        *("fill", "time", "leakage", "waiting", "plan cost", "score", "sent now"),
    ]
    rows = [_cells(story, row) for row in story.decision.rows if not row.excluded]
    keep = [k for k, name in enumerate(head) if name in _ALWAYS or any(r[k] != "-" for r in rows)]
    if not rows:
        yield Text("  none: no row could be used")
        return
    yield from aligned([head[k] for k in keep], [[r[k] for k in keep] for r in rows], n_left=4)


_ALWAYS = ("", "rank", "venue", "tactic", "limit", "could send", "there", "fee", "sent now")


def _cells(story: ChildStory, row: RowStory) -> list[str]:
    slippage = optional(row.slippage_bps, "{:+.2f}")
    if row.slippage_bps is not None and row.slippage_bps_sd is not None:
        slippage = f"{bps(row.slippage_bps)} ±{row.slippage_bps_sd:.2f}"
    return [
        ">" if row.row_idx == story.row_idx else "",
        "-" if row.rank is None else str(row.rank + 1),
        row.venue,
        TACTICS[row.tactic],
        price(row.limit_ticks) if row.limit_ticks > 0 else "-",
        f"{row.size_shares:,}",
        _there(row),
        optional(row.fee_bps, "{:+.2f}"),
        slippage,
        optional(row.fill_frac, "{:.0%}"),
        "-" if row.time_to_fill_s is None else duration(row.time_to_fill_s),
        optional(row.leakage_bps, "{:+.2f}"),
        optional(row.wait_bps, "{:+.2f}"),
        optional(row.cost_bps, "{:+.2f}"),
        optional(row.score, "{:+.2f}"),
        f"{row.alloc_shares:,}" if row.stage == 0 and row.alloc_shares > 0 else "",
    ]


def _there(row: RowStory) -> str:
    """What the venue shows of it: to be taken, or standing in front of us."""
    if row.tactic == "mid":
        return "hidden"
    return f"{row.available_shares:,} {'shown' if row.tactic == 'take' else 'ahead'}"


def left_out(story: ChildStory) -> Iterator[Text]:
    """The rows that could not be used, by reason."""
    by_reason: dict[str, list[str]] = {}
    for row in sorted(story.decision.rows, key=lambda row: row.row_idx):
        if row.excluded:
            by_reason.setdefault(row.excluded, []).append(f"{row.venue} {TACTICS[row.tactic]}")
    for reason, names in by_reason.items():
        yield Text(f"  not used: {', '.join(names)}: {WHY_NOT.get(reason, reason)}")
