"""Drawing days, shrinking them, and keeping them in files."""

from pathlib import Path

import msgspec
import pytest

from penstock.runtime.drill import (
    Act,
    Script,
    Trace,
    TraceError,
    draw_day,
    drill,
    read_trace,
    shrink,
    write_trace,
)


def has_both(script: Script, law: str) -> bool:
    """A law that two acts break together."""
    assert "together" == law
    return {"bust", "kill"} <= {act.verb for act in script.acts}


def test_a_day_depends_on_its_seed_and_number_alone() -> None:
    """Day 7 is day 7, however many are played and by whom."""
    assert draw_day(5, 7) == draw_day(5, 7)
    assert draw_day(5, 7) != draw_day(5, 8)
    assert draw_day(5, 7) != draw_day(6, 7)


def test_a_kind_can_be_left_out() -> None:
    """What cannot be survived yet may be switched off by its name."""
    days = [draw_day(5, day, without=("kill", "bust")) for day in range(40)]

    assert not {"kill", "bust"} & {act.verb for day in days for act in day.acts}


def test_shrinking_leaves_only_what_breaks_the_law() -> None:
    """Two acts of many, in their order."""
    noise = [Act(at_ms=k, verb="quote") for k in range(37)]
    acts = [*noise[:11], Act(at_ms=11, verb="kill"), *noise[11:], Act(at_ms=50, verb="bust")]
    script = msgspec.structs.replace(draw_day(1, 1), acts=tuple(acts))

    small = shrink(script, "together", breaks=has_both)

    assert ["kill", "bust"] == [act.verb for act in small.acts]


def test_shrinking_a_day_that_needs_all_leaves_all() -> None:
    """Nothing is dropped that changes the breach."""
    script = msgspec.structs.replace(
        draw_day(1, 1), acts=(Act(at_ms=1, verb="kill"), Act(at_ms=2, verb="bust"))
    )

    assert script == shrink(script, "together", breaks=has_both)


def test_a_trace_file_gives_back_the_day(tmp_path: Path) -> None:
    """And a person can read it: an act a line."""
    trace = Trace(law="overfill", text="too much", script=draw_day(3, 4), note="why")
    path = tmp_path / "deep" / "trace.json"

    write_trace(trace, path)

    assert trace == read_trace(path)
    lines = path.read_text().splitlines()
    assert len(trace.script.acts) == sum('"verb"' in line for line in lines)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 99}'])
def test_a_file_that_is_no_trace_is_refused(tmp_path: Path, text: str) -> None:
    """With its name and what to give instead."""
    path = tmp_path / "trace.json"
    path.write_text(text)

    with pytest.raises(TraceError, match=r"trace\.json"):
        read_trace(path)


def test_figures_do_not_depend_on_the_workers() -> None:
    """Every day has its own streams and its own folder."""
    done: list[int] = []

    one = drill(9, 12, n_workers=1, on_days=done.append)
    two = drill(9, 12, n_workers=2)

    assert one == two
    assert [10, 2] == done
    assert 12 == one.days
