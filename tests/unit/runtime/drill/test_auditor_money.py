"""The auditor's laws of shares and prices: each holds for a right day and fails for a wrong one."""

from penstock.runtime.drill.audit import Law, Way
from tests.support.audits import CLIENT, OTHER, VENUE, Story, filled_order


def test_a_right_day_breaks_no_law() -> None:
    """An auditor that always complains is as useless as one that never does."""
    story = filled_order()
    story.finish()

    assert [] == story.broken


def test_more_than_the_order_may_not_be_sent() -> None:
    """The first law: what may trade in all never exceeds what the client wants."""
    story = Story()
    story.order()
    story.send("c-1", 60)
    story.send("c-2", 41)

    assert [Law.OVERFILL] == story.broken


def test_shares_of_an_ended_child_are_free() -> None:
    """A router may send again what its venue has given back."""
    story = Story()
    story.order()
    story.send("c-1")
    story.cancelled("c-1")
    story.send("c-2")

    assert [] == story.broken


def test_shares_that_a_total_counts_are_not_free() -> None:
    """The total of a report counts before its executions have come."""
    story = Story()
    story.order()
    story.send("c-1")
    story.trade("e1", "c-1", 60)
    story.cancelled("c-1", cum=60)
    story.send("c-2", 100)

    assert [Law.OVERFILL] == story.broken


def test_what_a_venue_hides_is_the_venues_fault() -> None:
    """A venue that says 0 and gives the shares later cannot be seen through."""
    story = Story()
    story.order()
    story.send("c-1")
    story.cancelled("c-1")
    story.trade("e1", "c-1", 60)
    story.send("c-2", 100)

    assert [] == story.broken


def test_a_known_child_that_its_venue_forgets_is_not_free() -> None:
    """What was acknowledged may have traded."""
    story = Story()
    story.order()
    story.send("c-1")
    story.venue("0", "0", "c-1", 0)
    story.trade("e1", "c-1", 60)
    story.auditor.closed(VENUE, "c-1")
    story.venue("I", "8", "c-1", 0, t103="5")
    story.send("c-2", 100)

    assert [Law.OVERFILL] == story.broken


def test_a_child_that_never_arrived_is_free() -> None:
    """Lost with its connection, and its venue says so."""
    story = Story()
    story.order()
    story.wire(Way.TO_VENUE, VENUE, {35: "D", 11: "c-1", 55: "S", 54: "1", 38: "100", 44: "10.00"})
    story.auditor.lost(VENUE, "c-1")
    story.venue("I", "8", "c-1", 0, t103="5")
    story.send("c-2", 100)

    assert [] == story.broken


def test_nothing_is_sent_for_an_order_that_has_ended() -> None:
    """The same order once more, after it was filled, is not an order."""
    story = filled_order()
    story.ask("D", "a", {97: "Y", 55: "S", 54: "1", 38: "100", 44: "10.00"})
    story.send("c-2")

    assert [Law.OVERFILL] == story.broken


def test_a_bust_reopens_a_filled_order() -> None:
    """Its shares are the client's again."""
    story = filled_order()
    story.auditor.undone(1, shares=0, price="10.0000")
    story.venue("H", "4", "c-1", 0, t19="e1")
    story.send("c-2")

    assert [] == story.broken


def test_a_bust_after_a_kill_reopens_nothing() -> None:
    """Killed means killed."""
    story = filled_order()
    story.stop("kill", "")
    story.auditor.asked_by_operator("resume", "")
    story.auditor.undone(1, shares=0, price="10.0000")
    story.venue("H", "4", "c-1", 0, t19="e1")
    story.send("c-2")

    assert [Law.OVERFILL] == story.broken


def test_a_larger_size_counts_once_it_is_asked_for() -> None:
    """The router may act on a replace before it has confirmed it."""
    story = Story()
    story.order()
    story.replace("b", "a", 150)
    story.send("c-1", 150)

    assert [] == story.broken


def test_a_smaller_size_is_not_confirmed_while_more_can_trade() -> None:
    """A client that was told 50 must not get 100."""
    story = Story()
    story.order()
    story.send("c-1", 100)
    story.replace("b", "a", 50)
    story.report("5", "0", "b", 50, 0, t41="a")

    assert Law.REPLACE in story.broken


def test_a_tighter_limit_is_not_confirmed_while_worse_can_trade() -> None:
    """The same for prices."""
    story = Story()
    story.order()
    story.send("c-1", 100)
    story.replace("b", "a", 100, "9.00")
    story.report("5", "0", "b", 100, 0, t41="a")

    assert [Law.REPLACE] == story.broken


def test_a_child_may_not_be_worse_than_its_client_wants() -> None:
    """A limit is a limit."""
    story = Story()
    story.order()
    story.send("c-1", limit="10.01")

    assert [Law.LIMIT] == story.broken


def test_an_execution_is_told_to_the_last_digit() -> None:
    """0.98765 is not 0.9876, and 10.00 is not 10.0001."""
    story = Story()
    story.order()
    story.send("c-1")
    story.trade("e1", "c-1", 40, price="9.99995")
    story.venue("F", "1", "c-1", 40, t17="e1", t31="9.99995", t32="40")
    story.tell("e1", 40, 40, t31="9.9999", t6="9.9999")

    assert [Law.TOLD_TRUE] == story.broken


def test_spelling_does_not_change_a_price() -> None:
    """FIX has many spellings of a number."""
    story = Story()
    story.order()
    story.send("c-1")
    story.trade("e1", "c-1", 40, price="0010.")
    story.venue("F", "1", "c-1", 40, t17="e1", t31="0010.", t32="40")
    story.tell("e1", 40, 40)

    assert [] == story.broken


def test_an_execution_that_never_was_may_not_be_told() -> None:
    """Nor one of another size."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 40, 40)
    story.tell("e1", 41, 41)

    assert [Law.TOLD_TRUE] == story.broken


def test_an_execution_is_news_once() -> None:
    """A second telling under another name would be booked a second time."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 40, 40)
    story.tell("e1", 40, 40)
    story.tell("e1", 40, 80, t17="other")

    assert [Law.TOLD_ONCE] == story.broken


def test_a_repetition_is_marked_and_says_the_same() -> None:
    """97=Y and the same content, or its client books it twice."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 40, 40)
    story.tell("e1", 40, 40)
    story.tell("e1", 40, 40, t97="Y")

    assert [] == story.broken

    story.tell("e1", 40, 40)

    assert [Law.TOLD_ONCE] == story.broken

    story.tell("e1", 30, 40, t97="Y")

    assert [Law.TOLD_ONCE, Law.TOLD_ONCE] == story.broken


def test_every_execution_is_told() -> None:
    """What the router was given readably reaches its client."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 40, 40)
    story.cancelled("c-1", 40)
    story.report("4", "4", "a", 100, 0)
    story.finish()

    assert Law.TOLD_ALL in story.broken
    assert Law.BOOKED in story.broken


def test_a_bust_that_the_router_has_is_told() -> None:
    """Else its client holds shares that it does not have."""
    story = filled_order()
    story.auditor.undone(1, shares=0, price="10.0000")
    story.venue("H", "4", "c-1", 0, t19="e1")
    story.finish()

    assert Law.BOOKED in story.broken


def test_a_bust_of_nothing_may_not_be_told() -> None:
    """A client can only lose what it was told of."""
    story = Story()
    story.order()
    story.report("H", "0", "a", 100, 0, t19="VA/e9")

    assert [Law.TOLD_TRUE] == story.broken


def test_an_unknown_order_has_no_children() -> None:
    """A router that has sent for an order cannot say that it does not know it."""
    story = Story()
    story.order()
    story.send("c-1")
    story.wire(
        Way.TO_CLIENT,
        CLIENT,
        {35: "8", 37: "NONE", 11: "a", 17: "q", 150: "I", 39: "8", 14: "0", 151: "0"},
    )

    assert [Law.TOLD_TRUE] == story.broken


def test_names_are_used_once_at_a_venue() -> None:
    """Across restarts too; another venue may have the same."""
    story = Story()
    story.order("a", 300)
    story.send("c-1")
    story.send("c-1", mic=OTHER)

    assert [] == story.broken

    story.send("c-1")

    assert Law.SENT_TWICE in story.broken
