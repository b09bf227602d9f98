"""When a venue may be sent to: never before everything that was live there is accounted for."""

from __future__ import annotations

from penstock.domain import Ns
from penstock.runtime.venue_links import (
    MAX_OUTSTANDING,
    MAX_ROUNDS,
    NOTHING,
    LinkState,
    LinkStep,
    VenueLink,
)

NOW = Ns(1_000)


def link() -> VenueLink:
    """A link whose questions are repeated after 100 ns."""
    return VenueLink(0, ask_again_ns=Ns(100))


def test_a_venue_with_nothing_live_comes_up_at_logon() -> None:
    """The usual morning."""
    venue = link()

    assert LinkStep(comes_up=True) == venue.on_logon([], NOW)
    assert LinkState.UP is venue.state
    assert venue.due_ns is None


def test_a_venue_comes_up_when_the_last_answer_is_there() -> None:
    """Answers come in any order."""
    venue = link()

    assert LinkStep(ask_about=(3, 5)) == venue.on_logon([3, 5], NOW)
    assert NOTHING == venue.on_answer(5)
    assert LinkState.RECONCILING is venue.state
    assert LinkStep(comes_up=True) == venue.on_answer(3)
    assert NOTHING == venue.on_answer(3)


def test_a_child_that_ended_by_a_report_needs_no_answer() -> None:
    """What was lost comes before the answer, and may be the end of the child."""
    venue = link()
    venue.on_logon([3, 5], NOW)

    assert NOTHING == venue.on_reports(lambda child: child == 5)
    assert LinkStep(comes_up=True) == venue.on_reports(lambda child: False)


def test_an_overdue_answer_is_asked_for_again_and_again() -> None:
    """The question may have been lost, and without the answer nothing can be sent there."""
    venue = link()
    venue.on_logon([3, 5], NOW)
    venue.on_answer(3)

    assert NOTHING == venue.wake(Ns(NOW + 99))
    assert LinkStep(ask_about=(5,), is_late=True) == venue.wake(Ns(NOW + 100))
    assert NOTHING == venue.wake(Ns(NOW + 150))
    assert LinkStep(ask_about=(5,)) == venue.wake(Ns(NOW + 300))


def test_a_venue_that_never_answers_is_a_persons_after_some_rounds() -> None:
    """Questions and alerts for ever would help nobody; the venue stays out until forced up."""
    venue = link()
    venue.on_logon([3], NOW)
    steps = []
    while venue.due_ns is not None:
        steps.append(venue.wake(venue.due_ns))

    assert MAX_ROUNDS + 1 == len(steps)
    assert LinkStep(is_stuck=True) == steps[-1]
    assert LinkState.RECONCILING is venue.state
    assert LinkStep(comes_up=True) == venue.force_up()


def test_questions_wait_for_answers() -> None:
    """A thousand open orders are no reason to flood a venue that has just come back."""
    venue = link()
    n_children = MAX_OUTSTANDING + 10
    asked = venue.on_logon(range(n_children), NOW).ask_about
    assert MAX_OUTSTANDING == len(asked)

    assert LinkStep(ask_about=(MAX_OUTSTANDING,)) == venue.on_answer(0)
    while venue.unanswered:
        step = venue.on_answer(venue.unanswered[0])
    assert LinkStep(comes_up=True) == step


def test_a_logout_while_up_takes_the_venue_down() -> None:
    """The reason is kept for who asks."""
    venue = link()
    venue.on_logon([], NOW)

    assert LinkStep(goes_down=True) == venue.on_logout("connection lost")
    assert (LinkState.DOWN, "connection lost") == (venue.state, venue.reason)


def test_a_logout_while_reconciling_drops_the_questions() -> None:
    """The next logon asks anew."""
    venue = link()
    venue.on_logon([3], NOW)

    assert LinkStep(goes_down=True) == venue.on_logout("refused")
    assert NOTHING == venue.on_logout("refused")
    assert venue.due_ns is None
    assert NOTHING == venue.on_answer(3)
    assert LinkStep(ask_about=(3,)) == venue.on_logon([3], NOW)


def test_a_lost_message_takes_the_venue_down_until_all_is_accounted_for() -> None:
    """An execution that our session rejected is known by its total alone."""
    venue = link()
    venue.on_logon([], NOW)

    step = venue.on_loss("rejected by our session", [7], NOW)
    assert LinkStep(ask_about=(7,), goes_down=True) == step
    assert LinkState.RECONCILING is venue.state
    assert LinkStep(comes_up=True) == venue.on_answer(7)
    assert NOTHING == link().on_loss("no session", [7], NOW)
