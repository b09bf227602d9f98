"""Why this row and not the next one: the argument of the policy, in words."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.cli.wording import TACTICS, bps, duration
from penstock.store.feedback import ChildStory, RowStory


def why(story: ChildStory) -> list[str]:
    """The rule that ranked it, where it stood, and what it was preferred to."""
    row = story.row
    plan = [other for other in story.decision.rows if other.rank is not None]
    lines = [_rule(story, plan)]
    if row.rank is not None and row.rank > 0:
        lines.append(_not_first(row, plan))
    lines += _size(story, row)
    behind = [other for other in plan if row.rank is not None and (other.rank or 0) > row.rank]
    if behind:
        lines += _against(row, behind[0])
    else:
        lines.append("nothing stood behind it in the plan")
    return lines


def _rule(story: ChildStory, plan: Sequence[RowStory]) -> str:
    if story.decision.situation.must_complete:
        return "the order had to be completed: take all that is displayed, the lowest fee first"
    scores = [row.score for row in plan if row.score is not None]
    if not scores:
        return (
            f"{story.decision.policy} tries the rows of its list from the top, and gives no scores"
        )
    if scores == sorted(scores):
        return (
            "rows go by score, lowest first: expected cost of a share filled there, with what "
            "waiting, missing and leaking would cost"
        )
    return (
        "rows go in the order of the static list: one passes another, joins the plan or leaves it "
        "only where scores differ by more than the margin"
    )


def _not_first(row: RowStory, plan: Sequence[RowStory]) -> str:
    before = [_name(other) for other in plan if (other.rank or 0) < (row.rank or 0)]
    return f"number {(row.rank or 0) + 1} of the plan: {', '.join(before)} could not carry it all"


def _size(story: ChildStory, row: RowStory) -> list[str]:
    if row.alloc_shares > story.size_shares:
        most = f"one order may carry {story.size_shares:,}"
        return [f"the plan gave it {row.alloc_shares:,} shares; {most}"]
    if row.alloc_shares < row.size_shares:
        return [f"it could have carried {row.size_shares:,}; {row.alloc_shares:,} were left for it"]
    return []


def _against(row: RowStory, other: RowStory) -> list[str]:
    name = _name(other)
    later = "in the same moment" if other.stage == 0 else "if this did not fill"
    if row.score is None or other.score is None:
        return [f"next in the list: {name}, {later}"]
    gap = other.score - row.score
    how = f"{abs(gap):.2f} bps {'dearer' if gap >= 0 else 'CHEAPER'}"
    lines = [f"next: {name}, {how} by score ({bps(row.score)} against {bps(other.score)}), {later}"]
    parts = list(_parts(row, other))
    if parts:
        lines.append(f"this against that: {'; '.join(parts)}")
    return lines


def _parts(row: RowStory, other: RowStory) -> list[str]:
    pairs = (
        ("slippage", row.slippage_bps, other.slippage_bps, lambda v: f"{v:+.2f}"),
        ("fill", row.fill_frac, other.fill_frac, lambda v: f"{v:.0%}"),
        ("time", row.time_to_fill_s, other.time_to_fill_s, duration),
        ("leakage", row.leakage_bps, other.leakage_bps, lambda v: f"{v:+.2f}"),
        ("waiting", row.wait_bps, other.wait_bps, lambda v: f"{v:+.2f}"),
    )
    return [
        f"{name} {shown(ours)} / {shown(theirs)}"
        for name, ours, theirs, shown in pairs
        if ours is not None and theirs is not None and shown(ours) != shown(theirs)
    ]


def _name(row: RowStory) -> str:
    return f"{row.venue} {TACTICS[row.tactic]}"
