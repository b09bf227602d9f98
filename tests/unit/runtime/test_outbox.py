"""A large step leaves in pieces, and nothing of it is lost or out of order."""

from __future__ import annotations

from itertools import pairwise

from penstock.domain import CancelChild, Ns, QueryChild, VenueCommand
from penstock.runtime.outbox import Outbox
from penstock.wire.fix import FixMessage, Outgoing


def cancel(child_id: int) -> CancelChild:
    """A cancel."""
    return CancelChild(at_ns=Ns(0), child_id=child_id, venue_idx=0)


def report(number: int) -> Outgoing:
    """A report."""
    return Outgoing("OMS", FixMessage("8", ((17, str(number)),)))


def test_a_small_step_leaves_at_once() -> None:
    """An order's way is not longer than it was."""
    sent: list[VenueCommand | QueryChild | Outgoing] = []
    outbox = Outbox(sent.append, sent.append)
    for _ in range(10):
        outbox.begin_step()
        outbox.venue(cancel(1))
        outbox.report(report(1))

    assert 20 == len(sent)
    assert not outbox.send_some(lambda _child_id: True)


def test_a_large_step_leaves_in_pieces_cancels_first() -> None:
    """A kill of thousands lets the venues' answers in between."""
    cancels: list[VenueCommand | QueryChild] = []
    reports: list[Outgoing] = []
    outbox = Outbox(cancels.append, reports.append)
    outbox.begin_step()
    for k in range(100):
        outbox.venue(cancel(k))
    for k in range(100):
        outbox.report(report(k))
    sizes = [(len(cancels), len(reports))]
    while outbox.send_some(lambda _child_id: True):
        sizes.append((len(cancels), len(reports)))

    assert [cancel(k) for k in range(100)] == cancels
    assert [report(k) for k in range(100)] == reports
    assert (32, 0) == sizes[0]
    assert max(b[0] - a[0] for a, b in pairwise(sizes)) <= 16
    assert (100, 12) in sizes


def test_later_reports_wait_behind_those_that_wait() -> None:
    """A client sees the reports of its order in their order."""
    reports: list[Outgoing] = []
    outbox = Outbox(lambda _command: None, reports.append)
    outbox.begin_step()
    for k in range(40):
        outbox.report(report(k))
    outbox.begin_step()
    outbox.report(report(40))
    while outbox.send_some(lambda _child_id: True):
        pass

    assert [report(k) for k in range(41)] == reports


def test_a_cancel_of_a_child_that_has_ended_meanwhile_does_not_leave() -> None:
    """The venue would only refuse it."""
    cancels: list[VenueCommand | QueryChild] = []
    outbox = Outbox(cancels.append, lambda _report: None)
    outbox.begin_step()
    for k in range(40):
        outbox.venue(cancel(k))
    while outbox.send_some(lambda child_id: child_id != 35):
        pass

    assert [cancel(k) for k in range(40) if k != 35] == cancels
