"""What the demo makes of the logs of a live session."""

from __future__ import annotations

from penstock.cli.live import _by_venue, _child_id


def fill(mic: str, shares: int, at_s: float) -> dict[str, object]:
    """A line of the venues' log."""
    return {"mic": mic, "shares": shares, "at_ns": round(at_s * 1e9)}


def test_fills_are_told_apart_by_venue_in_their_order() -> None:
    """The plot adds them up."""
    lines = [fill("B", 100, 1.0), fill("A", 200, 1.5), fill("B", 300, 2.0)]
    first, second = _by_venue(lines, 500_000_000)

    assert ("A", (1.0,), (200,)) == (first.mic, first.at_s, first.shares)
    assert ("B", (0.5, 1.5), (100, 300)) == (second.mic, second.at_s, second.shares)


def test_the_child_is_read_from_the_name_that_the_venue_saw() -> None:
    """`{run}-{child}`, and a run may hold a dash of its own one day."""
    assert 17 == _child_id("mwq2kxkc-17")
    assert 17 == _child_id("a-b-17")
