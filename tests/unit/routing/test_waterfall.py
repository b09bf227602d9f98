"""The static waterfall: which list, and where in it the next step is."""

import numpy as np
import pytest

from penstock.domain import ConfigError, Exclusion, Tactic, VenueKind
from penstock.routing import StaticPolicy, Step, default_waterfall, resolve_waterfall
from tests.support.routing_frames import NOW, Desk, ask, bid, lit, pool, row, universe

MID, POST, TAKE = Tactic.MID, Tactic.POST, Tactic.TAKE
LONG_AGO = NOW - 1_000_000_000
VENUES = universe(lit(0), lit(1, kind=VenueKind.ECN), pool(2), pool(3, kind=VenueKind.INTERNAL))
QUOTES = [q for v in (0, 1) for q in (bid(v, 9_900, 400), ask(v, 10_000, 500))]


def planned(desk: Desk) -> dict[tuple[int, Tactic], int]:
    """What the default list sends now."""
    StaticPolicy(resolve_waterfall((), VENUES)).plan(desk.frame)
    return desk.sent()


def test_the_default_list_goes_from_hidden_to_shown_and_from_cheap_to_dear() -> None:
    """Internal pool, dark pools, posting, taking; ECNs before exchanges."""
    steps = [(step.venue, step.tactic) for step in default_waterfall(VENUES)]

    assert [
        ("DRK3", "mid"),
        ("DRK2", "mid"),
        ("LIT1", "post"),
        ("LIT0", "post"),
        ("LIT1", "take"),
        ("LIT0", "take"),
    ] == steps


def test_a_configured_list_replaces_the_default() -> None:
    """Row index = venue · 3 + tactic."""
    steps = (Step(venue="LIT1", tactic="take"), Step(venue="DRK2", tactic="mid"))

    assert [row(1, TAKE), row(2, MID)] == resolve_waterfall(steps, VENUES).tolist()


def test_all_mistakes_in_a_list_are_told_at_once() -> None:
    """Where, what was expected, what is there, how to mend it."""
    steps = (
        Step(venue="XXXX", tactic="take"),
        Step(venue="DRK2", tactic="take"),
        Step(venue="LIT0", tactic="mid"),
        Step(venue="LIT0", tactic="post"),
        Step(venue="LIT0", tactic="post"),
    )

    with pytest.raises(ConfigError) as caught:
        resolve_waterfall(steps, VENUES, where="desk.toml: routing.waterfall")

    assert [
        "desk.toml: routing.waterfall[0].venue",
        "desk.toml: routing.waterfall[1].tactic",
        "desk.toml: routing.waterfall[2].tactic",
        "desk.toml: routing.waterfall[4]",
    ] == [problem.where for problem in caught.value.problems]
    assert "DRK2, DRK3, LIT0, LIT1" in str(caught.value)


def test_the_walk_starts_at_the_top() -> None:
    """Both pools at once, because each carries half."""
    desk = Desk(VENUES, QUOTES)
    desk.decide(route_shares=1_000)

    assert {(3, MID): 500, (2, MID): 500} == planned(desk)


def test_the_walk_goes_on_below_what_was_tried_last() -> None:
    """The pools have been tried: now the queues."""
    desk = Desk(VENUES, QUOTES)
    for venue in (2, 3):
        desk.rows["last_sent_ns"][row(venue, MID)] = LONG_AGO
    desk.decide(route_shares=400, parent_shares=1_000)

    assert {(1, POST): 200, (0, POST): 200} == planned(desk)


def test_the_walk_starts_again_after_the_last_step() -> None:
    """Everything has been tried once; what is left goes round again."""
    desk = Desk(VENUES, QUOTES)
    for r in resolve_waterfall((), VENUES):
        desk.rows["last_sent_ns"][r] = LONG_AGO
    desk.decide(route_shares=1_000)

    assert {(3, MID): 500, (2, MID): 500} == planned(desk)


def test_of_steps_tried_together_the_lowest_counts() -> None:
    """A stage sent at once is one step of the walk."""
    desk = Desk(VENUES, QUOTES)
    for r in (row(3, MID), row(1, POST), row(0, POST)):
        desk.rows["last_sent_ns"][r] = LONG_AGO
    desk.decide(route_shares=1_000)

    assert {(1, TAKE): 500, (0, TAKE): 500} == planned(desk)


def test_a_step_that_could_not_be_used_has_lost_its_turn() -> None:
    """Else a venue that comes back would be tried again and again until it has caught up."""
    desk = Desk(VENUES, QUOTES)
    desk.rows["last_sent_ns"][row(2, MID)] = LONG_AGO  # DRK3, above it, was down then
    desk.decide(route_shares=1_000)

    assert POST is next(iter(planned(desk)))[1]


def test_steps_out_of_use_are_skipped() -> None:
    """The next usable one is due."""
    desk = Desk(VENUES, QUOTES)
    desk.situate(route_shares=1_000)
    for venue in (2, 3):
        desk.mask(venue, MID, Exclusion.VENUE_DOWN)
    desk.build()

    assert {(1, POST), (0, POST)} == set(planned(desk))


def test_rows_outside_the_list_are_never_used() -> None:
    """A desk that lists one venue means one venue."""
    desk = Desk(VENUES, QUOTES)
    desk.decide(route_shares=1_000)

    StaticPolicy(np.array([row(0, TAKE)])).plan(desk.frame)

    assert {(0, TAKE): 500} == desk.sent()
    assert [row(0, TAKE)] == desk.ranked()


def test_state_hash_tells_lists_apart() -> None:
    """A replay with another list is another run."""
    ours = StaticPolicy(resolve_waterfall((), VENUES))
    theirs = StaticPolicy(resolve_waterfall((Step(venue="LIT0", tactic="take"),), VENUES))

    assert ours.state_hash() == StaticPolicy(resolve_waterfall((), VENUES)).state_hash()
    assert ours.state_hash() != theirs.state_hash()
