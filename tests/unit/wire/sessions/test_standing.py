"""What a person is told of sessions that come and go."""

from __future__ import annotations

import pytest

from penstock.domain import NS_PER_S, Ns
from penstock.wire.fix import Incoming
from penstock.wire.sessions.setup import SessionName
from penstock.wire.sessions.standing import Standing

NAME = SessionName("ROUTER", "VENUE")


class Told:
    """A sink that keeps what it is told, as lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def on_message(self, incoming: Incoming) -> None:
        """Not the standing's business."""

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        how = "on, reset" if was_reset else "on"
        self.lines.append(f"{our_comp_id}-{counterparty} {how}")

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        self.lines.append(f"{our_comp_id}-{counterparty} off: {reason}")

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        """Not the standing's business."""

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        self.lines.append(f"{our_comp_id}-{counterparty} stuck: {text}")

    def on_fatal(self, where: str, error: Exception) -> None:
        """Not the standing's business."""


@pytest.fixture
def told() -> Told:
    """Who is told."""
    return Told()


@pytest.fixture
def standing(told: Told) -> Standing:
    """Of an initiator with one session."""
    return Standing(told, {NAME: "no answer"}, lambda: Ns(0))


def test_a_lost_connection_is_told_each_time(standing: Standing, told: Told) -> None:
    """Twice in a row is twice as interesting."""
    for _ in range(2):
        standing.logged_on(NAME)
        assert standing.is_logged_on(NAME)
        standing.logged_out(NAME)
        assert not standing.is_anyone

    assert ["ROUTER-VENUE on", "ROUTER-VENUE off: connection lost"] * 2 == told.lines


def test_the_logout_that_came_first_is_the_reason(standing: Standing, told: Told) -> None:
    """Each is answered by one without a text."""
    standing.logged_on(NAME)
    standing.they_logged_out(NAME, "going home")
    standing.we_logged_out(NAME, "")
    standing.logged_out(NAME)
    standing.logged_on(NAME)
    standing.we_logged_out(NAME, "stopping")
    standing.they_logged_out(NAME, "")
    standing.logged_out(NAME)

    assert ["ROUTER-VENUE off: going home", "ROUTER-VENUE off: stopping"] == told.lines[1::2]


def test_a_reject_explains_the_logout_that_follows_it(standing: Standing, told: Told) -> None:
    """QuickFIX logs out without a word after some rejects, such as a clock that is wrong."""
    standing.logged_on(NAME)
    standing.we_rejected(NAME, "SendingTime accuracy problem")
    standing.we_logged_out(NAME, "")
    standing.logged_out(NAME)

    assert "ROUTER-VENUE off: SendingTime accuracy problem" == told.lines[-1]


def test_a_refusal_is_told_once_and_again_when_its_reason_changes(
    standing: Standing, told: Told
) -> None:
    """Attempts go on every second, some of them into nowhere."""
    for reason in ("closed", "", "closed", "", "open at 8", ""):
        if reason:
            standing.they_logged_out(NAME, reason)
        standing.logged_out(NAME)

    assert [
        "ROUTER-VENUE off: logon refused: closed",
        "ROUTER-VENUE off: logon refused: open at 8",
    ] == told.lines


def test_nobody_answering_is_told_once(standing: Standing, told: Told) -> None:
    """Only if there is no better reason yet."""
    for _ in range(3):
        standing.logged_out(NAME)
    standing.logged_on(NAME)
    standing.logged_out(NAME)
    standing.logged_out(NAME)

    assert [
        "ROUTER-VENUE off: no answer",
        "ROUTER-VENUE on",
        "ROUTER-VENUE off: connection lost",
    ] == told.lines


def test_our_refusal_of_a_logon_is_told_on_our_side_too(standing: Standing, told: Told) -> None:
    """A client that cannot log on will call and ask why."""
    for _ in range(2):
        standing.we_logged_out(NAME, "MsgSeqNum too low")

    assert ["ROUTER-VENUE off: logon refused by us: MsgSeqNum too low"] == told.lines


def test_five_failures_in_a_row_are_told_once_and_attempts_become_rarer(told: Told) -> None:
    """A logon every second, for ever, tells nobody anything."""
    waits: list[float] = []
    held = Standing(told, {}, lambda: Ns(0), lambda _name, wait_s: waits.append(wait_s))
    for number in range(12):
        held.we_logged_out(NAME, f"MsgSeqNum too low, expecting {number} but received 1")
        held.logged_out(NAME)

    assert [2, 4, 8, 16, 32, 60, 60, 60] == waits
    stuck = [line for line in told.lines if "stuck" in line]
    assert 1 == len(stuck)
    assert "5 logons in a row have failed" in stuck[0]


def test_a_session_that_lasts_forgets_the_failures_before_it(told: Told) -> None:
    """Four refusals at night and one in the morning are no row of five."""
    now = Ns(0)
    standing = Standing(told, {}, lambda: now)
    for _ in range(3):
        for _ in range(4):
            standing.they_logged_out(NAME, "closed")
            standing.logged_out(NAME)
        standing.logged_on(NAME)
        now = Ns(now + 60 * NS_PER_S)
        standing.logged_out(NAME)

    assert not [line for line in told.lines if "stuck" in line]


def test_a_reset_ends_a_session_and_the_next_one_says_so(standing: Standing, told: Told) -> None:
    """What was on its way is lost: whoever follows has to know at which logon."""
    standing.logged_on(NAME)
    standing.was_reset(NAME)
    standing.logged_on(NAME)
    standing.logged_out(NAME)
    standing.logged_on(NAME)

    assert [
        "ROUTER-VENUE on",
        "ROUTER-VENUE off: the counterparty reset the session's numbers",
        "ROUTER-VENUE on, reset",
        "ROUTER-VENUE off: connection lost",
        "ROUTER-VENUE on",
    ] == told.lines
