"""Progress of the first start: who waits is told why."""

from __future__ import annotations

from itertools import count

import pytest

from penstock.runtime import warming
from penstock.runtime.warming import told_progress


def test_compiling_is_told_at_once_and_then_every_other_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some lines, not hundreds; without a terminal too."""
    tells: list[object] = []
    seconds = count()
    said: list[str] = []

    class Watched:
        def __init__(self, tell: object) -> None:
            tells.append(tell)

        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(warming, "watched_compiling", Watched)
    with told_progress(said.append, lambda: next(seconds) / 4):
        for n in range(1, 31):
            tells[0](n, "plan")  # type: ignore[operator]

    assert said[0].startswith("compiling kernel 1 (plan)")
    assert 2 <= len(said) <= 6


def test_nothing_is_said_where_nothing_is_compiled() -> None:
    """Every later start."""
    said: list[str] = []
    with told_progress(said.append):
        pass

    assert [] == said
