"""Timers that are out: in order, each once, the same after a restart."""

from __future__ import annotations

from penstock.domain import Ns, SetTimer, Timer, VenueUp
from penstock.runtime.timer_queue import TimerQueue

ANYTHING = VenueUp(seq=1, event_ns=Ns(0), recv_ns=Ns(0), venue_idx=0)


def a_timer(timer_id: int, due: int) -> SetTimer:
    """A command of the core."""
    return SetTimer(at_ns=Ns(0), timer_id=timer_id, due_ns=Ns(due))


def fire(queue: TimerQueue, now: int) -> list[int]:
    """Deliver everything that is due, as the loop does."""
    fired = []
    while (timer := queue.next_due(Ns(now))) is not None:
        queue.on_step(timer, [])
        fired.append(timer.timer_id)
    return fired


def test_timers_come_in_order_of_time_then_of_setting() -> None:
    """The core relies on it, and so does replay."""
    queue = TimerQueue()
    queue.on_step(ANYTHING, [a_timer(1, 50), a_timer(2, 20), a_timer(3, 20), a_timer(4, 90)])

    assert 20 == queue.due_ns
    assert [2, 3, 1] == fire(queue, 60)
    assert 90 == queue.due_ns
    assert 1 == len(queue)


def test_a_timer_is_offered_until_its_step_is_noted() -> None:
    """A router that is killed in between has not delivered it."""
    queue = TimerQueue()
    queue.on_step(ANYTHING, [a_timer(1, 50)])

    assert queue.next_due(Ns(50)) == queue.next_due(Ns(50))
    assert 1 == len(queue)


def test_a_rebuilt_queue_has_exactly_what_a_living_one_would_have() -> None:
    """Steps are all it knows: the journal has them."""
    queue = TimerQueue()
    queue.on_step(ANYTHING, [a_timer(1, 50), a_timer(2, 20)])
    queue.on_step(Timer(seq=2, event_ns=Ns(20), recv_ns=Ns(21), timer_id=2), [a_timer(3, 30)])

    assert [3, 1] == fire(queue, 10_000)
    assert queue.due_ns is None


def test_the_draft_says_when_it_was_due_and_when_it_comes() -> None:
    """A late timer is visible in the journal."""
    queue = TimerQueue()
    queue.on_step(ANYTHING, [a_timer(7, 20)])

    assert Timer(seq=0, event_ns=Ns(20), recv_ns=Ns(33), timer_id=7) == queue.next_due(Ns(33))
