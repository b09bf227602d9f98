"""What the venues wrote down against what the client did: every planted fault is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runtime import Integrity, check_integrity
from penstock.runtime.integrity import compare

Line = dict[str, Any]
MICS = ["PDRK", "PNYA", "PNYB"]


class Logs(NamedTuple):
    """One session as both sides wrote it down."""

    venues: list[Line]
    oms: list[Line]

    def check(self) -> Integrity:
        """The comparison."""
        return compare(self.venues, self.oms)

    def fills_of_venues(self) -> list[Line]:
        """Executions in the venues' log."""
        return [line for line in self.venues if line["what"] == "fill"]

    def fills_of_oms(self) -> list[Line]:
        """Executions in the client's log."""
        return [line for line in self.oms if line.get("kind") == "fill"]


def report(cl_ord_id: str, kind: str, exec_id: str, **changes: Any) -> Line:
    """A report as the client writes it down."""
    line: Line = {
        "what": "report",
        "kind": kind,
        "cl_ord_id": cl_ord_id,
        "order_id": f"P-{cl_ord_id}",
        "exec_id": exec_id,
        "state": "working",
        "is_known": True,
        "last_shares": 0,
        "last_price_ticks": None,
        "mic": "",
        "venue_exec_id": "",
        "fee_usd_micros": 0,
        "is_repeated": False,
    }
    return line | changes


def told(order: Line, fill: Line) -> Line:
    """The report of an execution to the client that has ordered."""
    return report(
        order["cl_ord_id"],
        "fill",
        f"{fill['mic']}/{fill['exec_id']}",
        mic=fill["mic"],
        venue_exec_id=fill["exec_id"],
        last_shares=fill["shares"],
        last_price_ticks=fill["price_ticks"],
        fee_usd_micros=fill["fee_usd_micros"],
    )


@st.composite
def sessions(draw: st.DrawFn) -> Logs:
    """Orders of a client, their children at venues, and executions; at least one of each."""
    logs = Logs([], [])
    shares = st.integers(1, 1_000)
    number = 0
    for k in range(draw(st.integers(1, 4))):
        order: Line = {"what": "order", "cl_ord_id": f"c-{k}"}
        logs.oms.append(order)
        filled_shares = 0
        for j in range(draw(st.integers(0 if k else 1, 3))):
            mic, sizes = draw(st.sampled_from(MICS)), draw(st.lists(shares, min_size=1, max_size=3))
            child = {"what": "order", "mic": mic, "cl_ord_id": f"r-{k}-{j}"}
            logs.venues.append(child | {"shares": sum(sizes) + draw(st.integers(0, 100))})
            for size in sizes:
                number += 1
                # Venues number without asking each other: ids meet across venues.
                fill = child | {
                    "what": "fill",
                    "exec_id": f"x-{number // 2}" if mic == "PDRK" else f"x-{number}",
                    "shares": size,
                    "price_ticks": draw(st.integers(840_000, 860_000)),
                    "fee_usd_micros": draw(st.integers(-5_000, 5_000)),
                }
                if any(
                    (one["mic"], one["exec_id"]) == (mic, fill["exec_id"])
                    for one in logs.fills_of_venues()
                ):
                    fill["exec_id"] = f"y-{number}"
                logs.venues.append(fill)
                filled_shares += size
                logs.oms.append(told(order, fill))
                if draw(st.booleans()):  # told again after a restart
                    logs.oms.append(told(order, fill) | {"is_repeated": True})
        order["shares"] = filled_shares + draw(st.integers(0 if filled_shares else 1, 100))
        is_full = order["shares"] == filled_shares
        end = {"state": "filled" if is_full else "cancelled"}
        logs.oms.append(report(order["cl_ord_id"], "ended", f"R-{k}") | end)
    return logs


Planted = tuple[str, int]
"""Name of the count that must tell it, and what it must say."""


def lose_a_fill(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The client never hears of it."""
    lost = pick(logs.fills_of_oms())
    key = (lost["mic"], lost["venue_exec_id"])
    logs.oms[:] = [line for line in logs.oms if (line.get("mic"), line.get("venue_exec_id")) != key]
    return "lost_shares", lost["last_shares"]


def lose_a_share(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The client hears of one share less."""
    pick(_heard(logs))["last_shares"] -= 1
    return "lost_shares", 1


def invent_a_fill(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The client hears of one that no venue made."""
    invented = pick(logs.fills_of_oms()) | {
        "exec_id": "PNYA/never",
        "mic": "PNYA",
        "venue_exec_id": "never",
        "is_repeated": False,
    }
    logs.oms.append(invented)
    return "phantom_shares", invented["last_shares"]


def forget_a_fill(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The venue did not write it down."""
    forgotten = pick(logs.fills_of_venues())
    logs.venues.remove(forgotten)
    return "phantom_shares", forgotten["shares"]


def tell_a_fill_twice(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The same execution under another ExecID: the client cannot know, and counts it again."""
    logs.oms.append(pick(_heard(logs)) | {"exec_id": "another"})
    return "duplicate_fills", 1


def overfill_a_child(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """A venue fills more than it was asked for."""
    fill = pick(logs.fills_of_venues())
    child = next(
        line
        for line in logs.venues
        if line["what"] == "order" and line["cl_ord_id"] == fill["cl_ord_id"]
    )
    child["shares"] = (
        sum(
            line["shares"]
            for line in logs.fills_of_venues()
            if line["cl_ord_id"] == fill["cl_ord_id"]
        )
        - 1
    )
    return "overfills", 1


def overfill_an_order(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The client gets more than it ordered, though every venue kept to its child."""
    name = pick(logs.fills_of_oms())["cl_ord_id"]
    order = next(line for line in logs.oms if line["cl_ord_id"] == name)
    order["shares"] = (
        sum(line["last_shares"] for line in _heard(logs) if line["cl_ord_id"] == name) - 1
    )
    return "overfills", 1


def fill_what_nobody_ordered(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """A venue fills an order that it never had."""
    pick(logs.fills_of_venues())["cl_ord_id"] = "nobody's"
    return "overfills", 1


def use_an_exec_id_twice(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The router takes the second execution for a repetition: its shares are lost."""
    first = pick(logs.fills_of_venues())
    logs.venues.append(first | {"cl_ord_id": "r-more", "shares": 7})
    logs.venues.append(first | {"what": "order", "cl_ord_id": "r-more", "shares": 7})
    return "lost_shares", 7


def change_a_price(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """By the smallest amount there is."""
    pick(_heard(logs))["last_price_ticks"] += 1
    return "price_differences", 1


def change_a_fee(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """A rebate taken for a fee, or a rounding."""
    pick(_heard(logs))["fee_usd_micros"] -= 1
    return "fee_differences", 1


def leave_an_order_open(logs: Logs, pick: Callable[[list[Line]], Line]) -> Planted:
    """The client waits for ever."""
    name = pick([line for line in logs.oms if line.get("kind") == "ended"])["cl_ord_id"]
    logs.oms[:] = [
        line for line in logs.oms if (line.get("kind"), line["cl_ord_id"]) != ("ended", name)
    ]
    return "unfinished", 1


def _heard(logs: Logs) -> list[Line]:
    return [line for line in logs.fills_of_oms() if not line["is_repeated"]]


FAULTS = [
    lose_a_fill,
    lose_a_share,
    invent_a_fill,
    forget_a_fill,
    tell_a_fill_twice,
    overfill_a_child,
    overfill_an_order,
    fill_what_nobody_ordered,
    use_an_exec_id_twice,
    change_a_price,
    change_a_fee,
    leave_an_order_open,
]


@given(sessions())
def test_a_clean_session_is_clean(logs: Logs) -> None:
    """Whatever was traded, repeated and left over: nothing is found where nothing is."""
    integrity = logs.check()

    assert integrity.is_clean
    assert len(logs.fills_of_venues()) == integrity.fills
    assert sum(line["shares"] for line in logs.fills_of_venues()) == integrity.filled_shares
    assert integrity.parents == sum(line["what"] == "order" for line in logs.oms)
    assert integrity.children == sum(line["what"] == "order" for line in logs.venues)


@pytest.mark.parametrize("plant", FAULTS)
@given(logs=sessions(), data=st.data())
def test_a_planted_fault_is_found(
    plant: Callable[[Logs, Callable[[list[Line]], Line]], Planted],
    logs: Logs,
    data: st.DataObject,
) -> None:
    """One fault in an otherwise clean session, anywhere in it: found, counted, not clean."""
    faulty = copy.deepcopy(logs)
    count, expected = plant(faulty, lambda lines: data.draw(st.sampled_from(lines)))
    integrity = faulty.check()

    assert expected == getattr(integrity, count), integrity
    assert not integrity.is_clean


@given(logs=sessions(), data=st.data())
def test_the_order_of_lines_between_the_programs_is_nobodys_business(
    logs: Logs, data: st.DataObject
) -> None:
    """A venue's lines may be in any order: two venues write one log, and clocks differ."""
    shuffled = Logs(data.draw(st.permutations(logs.venues)), logs.oms)

    assert logs.check() == shuffled.check()


def test_a_fill_that_two_orders_are_told_of_counts_twice() -> None:
    """One execution belongs to one order."""
    fill = {
        "what": "fill", "mic": "PNYA", "cl_ord_id": "r-1", "exec_id": "x",
        "shares": 10, "price_ticks": 850_000, "fee_usd_micros": 0,
    }  # fmt: skip
    child = {"what": "order", "mic": "PNYA", "cl_ord_id": "r-1", "shares": 10}
    orders = [{"what": "order", "cl_ord_id": name, "shares": 10} for name in ("a", "b")]
    heard = [told(order, fill) for order in orders]
    heard[1]["exec_id"] = "another"
    ends = [report(name, "ended", f"R-{name}", state="filled") for name in ("a", "b")]
    integrity = compare([child, fill], [*orders, *heard, *ends])

    assert 1 == integrity.duplicate_fills


@pytest.mark.parametrize(
    ("changes", "unfinished"),
    [
        ({"kind": "rejected", "state": "rejected"}, 0),
        ({"kind": "rejected", "state": "rejected", "order_id": "NONE"}, 0),
        ({"kind": "status", "state": "rejected", "is_known": False, "order_id": "NONE"}, 0),
        ({"kind": "accepted"}, 1),
        ({"kind": "stopping", "state": "cancelling"}, 1),
        ({"kind": "ended", "state": "cancelled", "is_repeated": True}, 1),
    ],
)
def test_an_order_has_ended_when_the_client_was_told_so(
    changes: dict[str, Any], unfinished: int
) -> None:
    """Refused, unknown to the router, or ended; not by a copy of something that was not heard."""
    order = {"what": "order", "cl_ord_id": "a", "shares": 10}

    assert unfinished == compare([], [order, report("a", "", "R1") | changes]).unfinished


def test_a_reject_of_a_duplicate_name_ends_no_order() -> None:
    """The order with that name was accepted, and goes on."""
    order = {"what": "order", "cl_ord_id": "a", "shares": 10}
    duplicate = report("a", "rejected", "R2", state="rejected", order_id="NONE")

    assert 1 == compare([], [order, report("a", "accepted", "R1"), duplicate]).unfinished


def test_a_torn_last_line_is_left_out_of_either_log(tmp_path: Path) -> None:
    """A kill cuts where it likes; the rest of the log is as good as before."""
    fill = {
        "what": "fill", "mic": "PNYA", "cl_ord_id": "r-1", "exec_id": "x",
        "shares": 10, "price_ticks": 850_000, "fee_usd_micros": 0,
    }  # fmt: skip
    child = {"what": "order", "mic": "PNYA", "cl_ord_id": "r-1", "shares": 10}
    order = {"what": "order", "cl_ord_id": "a", "shares": 10}
    end = report("a", "ended", "R1", state="filled")
    venues, oms = tmp_path / "fills.jsonl", tmp_path / "oms.jsonl"
    for path, lines in ((venues, [child, fill]), (oms, [order, told(order, fill), end])):
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        path.write_bytes(text + text[:17])

    assert check_integrity(venues, oms).is_clean
    oms.write_bytes(oms.read_bytes()[: -17 - 5])
    assert 1 == check_integrity(venues, oms).unfinished
    venues.write_bytes(venues.read_bytes()[: -17 - 5])
    assert 10 == check_integrity(venues, oms).phantom_shares
