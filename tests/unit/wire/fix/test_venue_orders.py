"""What a venue hears from us: orders, cancels, replaces and questions, tag by tag."""

import pytest

from penstock.domain import (
    CancelChild,
    Command,
    PegKind,
    ReplaceChild,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
)
from penstock.wire.fix import VenueDesk
from tests.support.fix_messages import (
    NOW,
    UNIVERSE,
    child,
    desk_with,
    fields_of,
    new_parent,
    send,
    venue_desk,
)

CANCEL = CancelChild(at_ns=NOW, child_id=5, venue_idx=1)
REPLACE = ReplaceChild(
    at_ns=NOW, child_id=5, venue_idx=1, size_shares=Shares(200), limit_ticks=Ticks(1_000_000)
)
TIME = "20260105-14:30:00.123456"


def test_a_resting_order_is_a_limit_order_for_the_day() -> None:
    """Every tag of the dialect, and no other."""
    outgoing = desk_with(child()).on_command(send(child()), NOW)

    assert ("LIT1", "D") == (outgoing.counterparty, outgoing.message.msg_type)
    assert {
        11: "k3f9-5",
        21: "1",
        55: "TEST0",
        54: "1",
        38: "300",
        40: "2",
        44: "100.0100",
        59: "0",
        100: "LIT1",
        60: TIME,
    } == fields_of(outgoing)


def test_an_order_that_takes_is_immediate_or_cancel() -> None:
    """59=3, sell side 2."""
    taker = child(tactic=Tactic.TAKE, tif=Tif.IOC, side=Side.SELL)
    fields = fields_of(desk_with(taker).on_command(send(taker), NOW))

    assert ("3", "2") == (fields[59], fields[54])


def test_a_midpoint_order_is_pegged_with_its_worst_price_and_minimum() -> None:
    """40=P, 18=M; 44 is the limit that the peg may not pass."""
    peg = child(
        venue_idx=0, tactic=Tactic.MID, peg=PegKind.MIDPOINT, min_shares=Shares(100), tif=Tif.IOC
    )
    outgoing = desk_with(peg).on_command(send(peg), NOW)
    fields = fields_of(outgoing)

    assert "DRK0" == outgoing.counterparty
    assert ("P", "M", "100.0100", "100") == tuple(fields[tag] for tag in (40, 18, 44, 110))


def test_a_cancel_names_the_original_order() -> None:
    """41 is the first ClOrdID, whatever has been replaced since."""
    desk = desk_with(child())
    desk.note(new_parent(), [CANCEL])
    outgoing = desk.on_command(CANCEL, NOW)

    assert ("LIT1", "F") == (outgoing.counterparty, outgoing.message.msg_type)
    assert {
        11: "k3f9-5-c1",
        41: "k3f9-5",
        55: "TEST0",
        54: "1",
        38: "300",
        60: TIME,
    } == fields_of(outgoing)


def test_a_replace_has_the_new_size_and_limit() -> None:
    """The rest of the order is repeated."""
    desk = desk_with(child())
    desk.note(new_parent(), [REPLACE])
    outgoing = desk.on_command(REPLACE, NOW)

    assert "G" == outgoing.message.msg_type
    assert {
        11: "k3f9-5-r1",
        41: "k3f9-5",
        21: "1",
        55: "TEST0",
        54: "1",
        38: "200",
        40: "2",
        44: "100.0000",
        59: "0",
        60: TIME,
    } == fields_of(outgoing)


def test_each_change_has_a_name_of_its_own() -> None:
    """A cancel that was refused is asked for again under another name."""
    desk = desk_with(child())
    names = []
    for command in (CANCEL, REPLACE, CANCEL, REPLACE):
        desk.note(new_parent(), [command])
        names.append(fields_of(desk.on_command(command, NOW))[11])

    assert ["k3f9-5-c1", "k3f9-5-r1", "k3f9-5-c2", "k3f9-5-r2"] == names


def test_after_a_restart_no_name_is_used_again() -> None:
    """The recovered steps count, though their messages are not sent again."""
    recovered = desk_with(child())
    recovered.note(new_parent(), [CANCEL])
    recovered.note(new_parent(), [CANCEL])

    assert "k3f9-5-c2" == fields_of(recovered.on_command(CANCEL, NOW))[11]


def test_a_status_request_names_the_original_order() -> None:
    """11 is the order's own ClOrdID."""
    outgoing = desk_with(child()).status_request(5, NOW)

    assert ("LIT1", "H") == (outgoing.counterparty, outgoing.message.msg_type)
    assert {11: "k3f9-5", 790: f"q{NOW}", 55: "TEST0", 54: "1"} == fields_of(outgoing)


def test_a_change_of_a_child_that_was_never_noted_is_our_own_bug() -> None:
    """It must not leave as a cancel of nothing."""
    with pytest.raises(AssertionError, match="never noted"):
        venue_desk().on_command(CANCEL, NOW)


def test_a_run_is_letters_and_digits() -> None:
    """A dash in it would make the numbers of children ambiguous."""
    with pytest.raises(AssertionError, match="letters and digits"):
        VenueDesk(UNIVERSE, "a-1")


def test_the_hash_follows_what_was_sent() -> None:
    """Two desks with equal hashes go on alike."""
    commands: list[Command] = [CANCEL]
    first, second = desk_with(child()), desk_with(child())
    hashes = [first.state_hash()]
    first.note(new_parent(), commands)
    hashes.append(first.state_hash())
    second.note(new_parent(), commands)

    assert 2 == len(set(hashes))
    assert first.state_hash() == second.state_hash()
