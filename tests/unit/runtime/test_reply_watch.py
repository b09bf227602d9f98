"""Answers that are overdue: the oldest first, each once."""

from __future__ import annotations

from penstock.domain import Ns
from penstock.runtime.reply_watch import ReplyWatch, Unanswered


def test_nothing_is_overdue_before_its_time() -> None:
    """And nothing at all where nothing was sent."""
    watch = ReplyWatch(Ns(100))
    assert (None, []) == (watch.due_ns, watch.overdue(Ns(10**12)))
    watch.note(7, Ns(50), is_cancel=False)

    assert 150 == watch.due_ns
    assert [] == watch.overdue(Ns(149))
    assert [Unanswered(7, is_cancel=False)] == watch.overdue(Ns(150))
    assert [] == watch.overdue(Ns(10**12))


def test_an_order_and_its_cancel_are_two_questions() -> None:
    """Each has a sign of its own that it was answered: an acknowledgement, an end."""
    watch = ReplyWatch(Ns(100))
    watch.note(7, Ns(1), is_cancel=False)
    watch.note(8, Ns(2), is_cancel=False)
    watch.note(7, Ns(3), is_cancel=True)
    watch.note(9, Ns(500), is_cancel=False)

    assert [(7, False), (8, False), (7, True)] == watch.overdue(Ns(200))
    assert 600 == watch.due_ns
