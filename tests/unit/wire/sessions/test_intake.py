"""What becomes of the texts of a session: delivered once and in order, or told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from penstock.domain import NS_PER_S, Ns
from penstock.wire.fix import SOH
from penstock.wire.sessions.intake import Intake, Reject
from penstock.wire.sessions.setup import SessionName
from tests.support.fix_sessions import CLIENT, ROUTER, Notebook


@dataclass
class Counter:
    """A session's numbers, as QuickFIX counts them."""

    next_num: int = 2
    is_on: bool = True
    rejects: list[tuple[int, str]] = field(default_factory=list)
    n_hung_up: int = 0

    def expected(self) -> int:
        return self.next_num

    def is_logged_on(self) -> bool:
        return self.is_on

    def advance_to(self, seq_num: int) -> None:
        self.next_num = seq_num

    def reject(self, seq_num: int, msg_type: str, text: str) -> None:
        self.rejects.append((seq_num, msg_type))

    def disconnect(self) -> None:
        self.n_hung_up += 1


class Desk:
    """An intake and all around it."""

    def __init__(self) -> None:
        self.sink, self.numbers, self.now = Notebook(), Counter(), Ns(0)
        name = SessionName(ROUTER, CLIENT)
        self.intake = Intake(name, self.sink, lambda: self.now, self.numbers)

    def rejects(self, number: int, reason: str = "13", tag: str = "9802") -> bool:
        """Whether a reject that QuickFIX makes of a message is stopped; it has counted it."""
        if number == self.numbers.next_num:
            self.numbers.next_num += 1
        return self.intake.rejected(Reject(number, "D", reason, tag, "why"))


def text(number: int, *body: str, msg_type: str = "D", checksum: str = "") -> str:
    """A message of the client."""
    fields = [f"35={msg_type}", f"34={number}", f"49={CLIENT}", "52=20260302-14:00:00"]
    content = "".join(f"{part}{SOH}" for part in (*fields, f"56={ROUTER}", *body))
    start = f"8=FIX.4.4{SOH}9={len(content)}{SOH}{content}"
    return f"{start}10={checksum or format(sum(start.encode()) % 256, '03d')}{SOH}"


@pytest.fixture
def desk() -> Desk:
    """A client's session that is up and expects number 2."""
    return Desk()


def test_a_text_that_quickfix_delivers_is_taken_once(desk: Desk) -> None:
    """The text itself, not QuickFIX's rendering of it."""
    desk.intake.arrived(text(2, "58=a"))
    taken = desk.intake.take()

    assert taken is not None
    assert "a" == taken.body[58]
    desk.numbers.next_num = 3
    assert desk.intake.take() is None


def test_a_text_that_came_before_its_turn_is_found_when_its_turn_comes(desk: Desk) -> None:
    """QuickFIX keeps such messages and delivers them after the gap is filled."""
    desk.intake.arrived(text(4, "58=four"))
    desk.intake.arrived(text(3, "58=three"))
    desk.intake.arrived(text(2, "58=two"))
    found = []
    for number in (2, 3, 4):
        desk.numbers.next_num = number
        taken = desk.intake.take()
        found.append(None if taken is None else taken.body[58])

    assert ["two", "three", "four"] == found


def test_a_well_formed_message_is_delivered_instead_of_its_reject(desk: Desk) -> None:
    """Once: the same number again is a repetition."""
    desk.intake.arrived(text(2, "9802=a", "9802=b", "58=x"))
    assert desk.rejects(2)
    desk.intake.arrived(text(2, "43=Y", "9802=a", "9802=b", "58=x"))
    assert desk.rejects(2)

    assert ["x"] == desk.sink.texts
    assert [] == desk.sink.rejects


def test_a_message_ahead_of_its_turn_is_neither_rejected_nor_delivered(desk: Desk) -> None:
    """It comes again when the gap is filled."""
    desk.intake.arrived(text(5, "9802=a", "9802=b"))

    assert desk.rejects(5)
    assert [] == desk.sink.incoming


@pytest.mark.parametrize(
    ("body", "reason", "tag"),
    [
        (("31=1", "31=2"), "13", "31"),
        (("354=9", "355=AB"), "13", "355"),
        (("58=x",), "9", ""),
        (("58=x",), "10", ""),
        (("43=Y", "58=x"), "1", "122"),
    ],
)
def test_a_reject_that_is_deserved_goes_out_and_is_told(
    desk: Desk, body: tuple[str, ...], reason: str, tag: str
) -> None:
    """A tag that says two things, a false length, a wrong name or clock, a copy of nothing."""
    desk.intake.arrived(text(2, *body))

    assert not desk.rejects(2, reason, tag)
    assert [(CLIENT, 2, "D", "why")] == desk.sink.rejects
    assert [] == desk.sink.incoming


def test_what_quickfix_cannot_read_is_delivered_if_it_is_well_formed(desk: Desk) -> None:
    """Data with SOH in it."""
    desk.intake.arrived(text(2, "354=8", f"355=AB{SOH}CDEF!", "58=x"))
    desk.intake.unreadable("Field tag is invalid")

    assert ["x"] == desk.sink.texts
    assert 3 == desk.numbers.next_num


def test_noise_is_passed_over_when_it_comes_again(desk: Desk) -> None:
    """Once may be the line; the same number again is the message itself."""
    for _ in range(2):
        assert [] == desk.numbers.rejects
        desk.intake.arrived(text(2, "58=x", checksum="999"))
        desk.intake.unreadable("Expected CheckSum=1")

    assert [(2, "D")] == desk.numbers.rejects
    assert 3 == desk.numbers.next_num
    assert [] == desk.sink.incoming


def test_noise_before_a_logon_moves_no_number(desk: Desk) -> None:
    """Whoever has not logged on must not make us forget a message."""
    desk.numbers.is_on = False
    for _ in range(9):
        desk.intake.arrived(text(2, "58=x", checksum="999"))
        desk.intake.unreadable("Expected CheckSum=1")

    assert 2 == desk.numbers.next_num
    assert [] == desk.numbers.rejects
    assert 1 == len(desk.sink.stuck)


def test_a_resend_that_never_comes_is_told_once(desk: Desk) -> None:
    """Everything after the gap waits for it."""
    for second in range(30):
        desk.now = Ns(second * NS_PER_S)
        desk.intake.waits_for_resend("FROM: 2 TO: 5")

    ((counterparty, why),) = desk.sink.stuck
    assert CLIENT == counterparty
    assert "FROM: 2 TO: 5" in why


def test_progress_is_no_standstill(desk: Desk) -> None:
    """A long resend is slow, and not stuck."""
    for second in range(30):
        desk.now = Ns(second * NS_PER_S)
        desk.intake.waits_for_resend("FROM: 2 TO: 500")
        desk.numbers.next_num += 1
        desk.intake.arrived(text(desk.numbers.next_num))
        desk.intake.take()

    assert [] == desk.sink.stuck
