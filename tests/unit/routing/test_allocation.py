"""Stages and shares: what goes out now, with whom, and how much."""

import numpy as np

from penstock.domain import N_TACTICS, Tactic
from penstock.routing import Frame
from penstock.routing.allocation import clear_plan, send_in_order

TAKE, MID, POST = Tactic.TAKE, Tactic.MID, Tactic.POST


def sent(
    route_shares: int, *rows: tuple[Tactic, int], rests: bool = True, min_shares: int = 1
) -> tuple[list[int], list[int]]:
    """Stages and shares of rows with these tactics and sizes, ranked as given, one venue each."""
    frame = Frame(len(rows))
    frame.situation["route_shares"] = route_shares
    frame.work["min_shares"] = min_shares
    clear_plan(frame.rows)
    at = np.array([v * N_TACTICS + tactic for v, (tactic, _) in enumerate(rows)])
    for r, (tactic, size_shares) in zip(at, rows, strict=True):
        frame.rows["tactic"][r] = tactic
        frame.rows["size_shares"][r] = size_shares
        frame.rows["rest_ns"][r] = 1 if rests and tactic is not TAKE else 0
    send_in_order(frame.situation, frame.rows, frame.work, at, len(at))
    return frame.rows["stage"][at].tolist(), frame.rows["alloc_shares"][at].tolist()


def test_takes_go_out_together() -> None:
    """One after the other they would warn each other."""
    assert ([0, 0, 0], [300, 200, 100]) == sent(600, (TAKE, 300), (TAKE, 200), (TAKE, 400))


def test_a_row_takes_what_is_left_up_to_its_size() -> None:
    """The cheapest first, until there is nothing to place."""
    assert ([0, 0, 1], [300, 100, 0]) == sent(400, (TAKE, 300), (TAKE, 200), (TAKE, 400))


def test_takes_behind_a_pool_wait_for_its_answer() -> None:
    """What the pool fills need not be taken."""
    assert ([0, 1, 1], [200, 0, 0]) == sent(600, (MID, 200), (TAKE, 200), (TAKE, 400))


def test_what_rests_goes_out_together() -> None:
    """A queue loses nothing by a pool being asked at the same time."""
    assert ([0, 0, 1, 2], [200, 300, 0, 0]) == sent(
        900, (MID, 200), (POST, 300), (TAKE, 500), (MID, 100)
    )


def test_a_look_into_a_pool_does_not_wait_with_what_rests() -> None:
    """It is over at once; what rests comes after it."""
    assert ([0, 1], [200, 0]) == sent(900, (MID, 200), (TAKE, 300), rests=False)
    assert ([0, 0], [200, 300]) == sent(900, (MID, 200), (MID, 300), rests=False)


def test_rows_that_no_longer_fit_open_the_next_stage() -> None:
    """And push later stages back by one."""
    assert ([0, 1, 2], [200, 0, 0]) == sent(200, (MID, 200), (MID, 200), (TAKE, 200))


def test_less_than_the_venue_accepts_is_passed_on() -> None:
    """The next row may accept it, or it stays for the next decision."""
    assert ([0, 1], [150, 0]) == sent(200, (TAKE, 150), (TAKE, 300), min_shares=100)


def test_planned_shares_are_those_of_stage_0() -> None:
    """The engine checks this sum against what is free before anything is sent."""
    frame = Frame(2)
    frame.rows["stage"] = [0, 1, 0, -1, -1, -1]
    frame.rows["alloc_shares"] = [100, 50, 20, 0, 0, 0]

    assert 120 == frame.planned_shares()
