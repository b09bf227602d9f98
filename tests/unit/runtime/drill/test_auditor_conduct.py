"""The auditor's laws of conduct: switches, sessions, statuses, arithmetic, answers, alerts."""

from penstock.runtime.drill.audit import Law, Way, Wire
from tests.support.audits import CLIENT, OTHER, VENUE, Story, filled_order


def test_nothing_is_sent_after_a_kill_until_resume() -> None:
    """The kill counts from its confirmation, the resume from its request."""
    story = Story()
    story.order("a", 300)
    asked = story.auditor.asked_by_operator("kill", "")
    story.send("c-1")

    assert [] == story.broken

    story.auditor.confirmed_to_operator("kill", "", asked)
    story.send("c-2")

    assert [Law.KILLED] == story.broken

    story.auditor.asked_by_operator("resume", "")
    story.send("c-3")

    assert [Law.KILLED] == story.broken


def test_a_kill_of_one_client_or_symbol_stops_that_one() -> None:
    """Scopes: others go on."""
    for action, target in (("kill_client", CLIENT), ("kill_symbol", "S"), ("restrict", "S")):
        story = Story()
        story.order()
        story.stop(action, "another")
        story.send("c-1", 10)

        assert [] == story.broken

        story.stop(action, target)
        story.send("c-2", 10)

        assert [Law.KILLED] == story.broken


def test_nothing_is_sent_to_a_venue_that_is_off_or_away() -> None:
    """Not even if the session would take it."""
    story = Story()
    story.order("a", 300)
    story.stop("venue_off", OTHER)
    story.send("c-1")

    assert [] == story.broken

    story.send("c-2", mic=OTHER)

    assert [Law.CLOSED_VENUE] == story.broken

    story.auditor.disconnected(VENUE)
    story.send("c-3")

    assert [Law.CLOSED_VENUE, Law.CLOSED_VENUE] == story.broken


def test_nothing_new_is_sent_before_live_children_are_accounted_for() -> None:
    """After a lost connection the venue is asked first; another venue goes on."""
    story = Story()
    story.order("a", 400)
    story.send("c-1")
    story.auditor.disconnected(VENUE)
    story.auditor.connected(VENUE)
    story.send("c-2", mic=OTHER)

    assert [] == story.broken

    story.send("c-3")

    assert [Law.UNRECONCILED] == story.broken


def test_an_answer_accounts_for_a_child() -> None:
    """Or a report that ends it; an old report, sent once more, does not."""
    story = Story()
    story.order("a", 400)
    story.send("c-1")
    story.venue("0", "0", "c-1", 0)
    story.auditor.connected(VENUE)
    story.venue("0", "0", "c-1", 0, is_dup=True)
    story.send("c-2")

    assert [Law.UNRECONCILED] == story.broken

    story.venue("I", "0", "c-1", 0)
    story.send("c-3")

    assert [Law.UNRECONCILED] == story.broken


def test_what_is_left_is_size_less_fills_while_active() -> None:
    """151 = 38 − 14, and nothing at the end."""
    for more in ({"t151": "99"}, {"t38": "99"}, {"t14": "1"}):
        story = Story()
        story.order(accepted="no")
        story.report("0", "0", "a", 100, 0, **more)

        assert {Law.ARITHMETIC, Law.BOOKED, Law.STATUS} & set(story.broken)


def test_an_average_price_is_the_average() -> None:
    """To the eighth decimal."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 40, 40)
    story.tell("e1", 40, 40, t6="10.0001")

    assert [Law.ARITHMETIC] == story.broken


def test_a_total_is_the_sum_of_what_was_told() -> None:
    """14 counts executions that the client has, and no others."""
    story = Story()
    story.order()
    story.report("I", "1", "a", 100, 40)

    assert Law.BOOKED in story.broken


def test_status_and_kind_of_a_report_go_together() -> None:
    """150=4 ends an order; 150=0 does not."""
    story = Story()
    story.order(accepted="no")
    story.report("4", "0", "a", 100, 0)

    assert [Law.STATUS] == story.broken


def test_a_filled_order_is_filled_and_no_other_is() -> None:
    """39=2 means that 14 has reached 38."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 100, 100)
    story.tell("e1", 100, 100, status="1", t151="0")

    assert Law.STATUS in story.broken


def test_after_its_end_an_order_has_no_other_status() -> None:
    """Late fills, busts and corrections excepted."""
    story = Story()
    story.order()
    story.report("4", "4", "a", 100, 0)
    story.report("0", "0", "a", 100, 0)

    assert Law.STATUS in story.broken


def test_a_late_fill_is_told_after_the_end() -> None:
    """It is a true execution, whatever the order's state."""
    story = Story()
    story.order()
    story.send("c-1")
    story.cancelled("c-1")
    story.report("4", "4", "a", 100, 0)
    story.trade("e1", "c-1", 40)
    story.venue("F", "1", "c-1", 40, t17="e1", t31="10.0000", t32="40")
    story.tell("e1", 40, 40, status="4", t151="0")

    assert [] == story.broken


def test_every_request_is_answered() -> None:
    """An order without an answer is an order that nobody knows the state of."""
    story = Story()
    story.ask("D", "a", {55: "S", 54: "1", 38: "100", 44: "10.00"})
    story.finish()

    assert [Law.ANSWERED] == story.broken


def test_what_died_with_the_router_needs_no_answer() -> None:
    """Its client asks again."""
    story = Story()
    fields = {35: "D", 34: "1", 11: "a", 55: "S", 54: "1", 38: "100", 44: "10.00"}
    story.auditor.on_wire(story_wire(fields))
    story.auditor.died()
    story.finish()

    assert [] == story.broken


def test_a_change_is_refused_or_carried_out() -> None:
    """Pending is no end."""
    story = filled_order()
    story.order("b", 100)
    story.ask("F", "b2", {41: "b", 55: "S", 54: "1"})
    story.report("6", "6", "b2", 100, 0, t41="b")
    story.finish()

    assert Law.ANSWERED in story.broken


def test_at_the_end_everything_is_terminal() -> None:
    """An order that still works although nothing of it is in doubt was forgotten."""
    story = Story()
    story.order()
    story.send("c-1")
    story.cancelled("c-1")
    story.finish()

    assert [Law.ENDED] == story.broken


def test_what_is_in_doubt_is_alerted_by_its_number() -> None:
    """A person must be able to act on it."""
    for line, broken in (
        ("14:00 critical doubt: child 1 at VA", []),
        ("14:00 critical doubt: children [7, 1]", []),
        ("14:00 critical doubt: child 11 at VA", [Law.ALERTED] * 2),
        ("14:00 warning  doubt: child 1 at VA", [Law.ALERTED] * 2),
    ):
        story = Story()
        story.order()
        story.send("c-1")
        story.trade("e1", "c-1", 60)
        story.cancelled("c-1", 60)
        story.auditor.said(line)
        story.finish()

        assert broken == story.broken


def test_an_order_in_doubt_may_not_end() -> None:
    """Cancelled with nothing, although its venue says 60."""
    story = Story()
    story.order()
    story.send("c-1")
    story.trade("e1", "c-1", 60)
    story.cancelled("c-1", 60)
    story.report("4", "4", "a", 100, 0)
    story.finish()

    assert [Law.BOOKED] == story.broken


def test_questions_end() -> None:
    """After a bounded number of tries it is a person's."""
    story = Story()
    story.order()
    story.send("c-1")
    for n in range(1, 100):
        story.wire(Way.TO_VENUE, VENUE, {35: "F", 11: f"c-1-c{n}", 41: "c-1"})

    assert [Law.BOUNDED] == story.broken


def test_a_router_may_not_end_by_its_own_error() -> None:
    """Full disks and kills are the world's doing; an exception is the router's."""
    story = Story()
    story.auditor.raised("KeyError: 7")

    assert [Law.ALIVE] == story.broken


def test_after_a_lost_journal_names_are_still_held() -> None:
    """A machine that stops may forget what it told; it may not use a name again."""
    story = Story()
    story.order()
    story.send("c-1")
    story.auditor.machine_stopped()
    story.auditor.connected(VENUE)
    story.send("c-2")

    assert [] == story.broken

    story.send("c-1")

    assert [Law.SENT_TWICE] == story.broken


def story_wire(fields: dict[int, str]) -> Wire:
    """A client's message."""
    return Wire(1, Way.FROM_CLIENT, CLIENT, fields)


def test_an_execution_worse_than_its_limit_is_alerted() -> None:
    """It is booked, because it is true, and a person must call the venue."""
    for line, broken in (("14:00 critical worse: child 1", []), ("", [Law.ALERTED])):
        story = Story()
        story.order()
        story.send("c-1", 40)
        story.trade("e1", "c-1", 40, price="10.01")
        story.auditor.closed(VENUE, "c-1")
        story.venue("F", "2", "c-1", 40, t17="e1", t31="10.01", t32="40")
        story.tell("e1", 40, 40, t31="10.01", t6="10.01")
        story.auditor.said(line)
        story.report("4", "4", "a", 100, 40, t6="10.01")
        story.finish()

        assert broken == story.broken


def test_an_execution_may_not_be_told_to_another_client() -> None:
    """Under whatever name."""
    story = Story()
    story.order()
    fields = {35: "8", 37: "P1", 11: "a", 17: "VA/e1", 150: "F", 39: "1"}
    story.wire(Way.TO_CLIENT, "another", fields)

    assert [Law.TOLD_WRONG_CLIENT] == story.broken


def test_a_kill_that_is_confirmed_after_its_resume_was_asked_for_is_over() -> None:
    """A busy router confirms both, one after the other."""
    story = Story()
    story.order()
    asked = story.auditor.asked_by_operator("kill", "")
    story.auditor.asked_by_operator("resume", "")
    story.auditor.confirmed_to_operator("kill", "", asked)
    story.send("c-1")

    assert [] == story.broken
