"""The frozen corpus: days that once broke a law, each under the name of its rule."""

from pathlib import Path

import pytest

from penstock.runtime.drill import play, read_trace

TRACES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.mark.parametrize("path", TRACES, ids=[path.stem for path in TRACES])
def test_a_day_that_was_mended_stays_mended(path: Path) -> None:
    """A trace is a bug that cost shares in a simulation; it may not come back."""
    trace = read_trace(path)

    first, second = play(trace.script), play(trace.script)

    assert [] == first.violations, trace.note
    assert first == second
