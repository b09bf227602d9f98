"""The scripted OMS without its session: what it sends, what it believes, what it writes down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from penstock.domain import NS_PER_S, Ns, Side
from penstock.runtime import OmsConf, read_lines, read_oms_conf
from penstock.runtime.lines_log import LinesLog
from penstock.runtime.oms_client import ASK_AGAIN_NS, OmsClient, OmsSummary, script_of
from penstock.wire.fix import FixMessage, Incoming
from tests.tidy.rules import ROOT

NOW = Ns(1_800_000_000 * NS_PER_S)
SHIPPED = read_oms_conf(ROOT / "conf" / "oms.toml")


def conf(**changes: Any) -> OmsConf:
    """Three orders at two a second, with keys changed."""
    settings: dict[str, Any] = {"parents": 3, "rate_per_s": 2.0} | changes
    return msgspec.structs.replace(SHIPPED, oms=msgspec.structs.replace(SHIPPED.oms, **settings))


class Desk:
    """A client, what it has sent, and a router that says what the test wants."""

    def __init__(self, folder: Path, settings: OmsConf) -> None:
        self.log = folder / "oms.jsonl"
        self._lines = LinesLog(self.log)
        self.sent: list[FixMessage] = []
        self.logged_when_sent: list[list[dict[str, Any]]] = []
        self.client = OmsClient(settings, "run", self._lines, self._send)

    def _send(self, message: FixMessage) -> None:
        self.sent.append(message)
        self.logged_when_sent.append(list(read_lines(self.log)))

    def sent_types(self) -> list[str]:
        """D and H."""
        return [message.msg_type for message in self.sent]

    def said(self, msg_type: str, fields: dict[int, str]) -> None:
        """A message of the router."""
        self.client.on_message(Incoming("PENSTOCK", msg_type, 1, False, fields, NOW))

    def report(self, order: str, exec_id: str, exec_type: str, status: str, **tags: str) -> None:
        """An execution report on the order of that number, with more tags: `t32="100"`."""
        more = {int(key[1:]): value for key, value in tags.items()}
        standing = {37: "R-P1", 11: f"run-{order}", 17: exec_id, 150: exec_type, 39: status}
        self.said("8", standing | {55: "PNSK", 54: "1", 14: "0", 151: "0"} | more)

    def fill(self, order: str, exec_id: str, shares: int, status: str = "1") -> None:
        """An execution."""
        self.report(
            order, f"PNYA/{exec_id}", "F", status,
            t32=str(shares), t31="85.0000", t30="PNYA", t527=exec_id,
        )  # fmt: skip

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Lines of a kind in the log."""
        return [line for line in read_lines(self.log) if line["what"] == what]

    def summary(self) -> OmsSummary:
        """Counts."""
        return self.client.summary()

    def close(self) -> None:
        self._lines.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A client that has sent its three orders, of which nothing has been heard."""
    one = Desk(tmp_path, conf())
    one.client.send_due(NS_PER_S, NOW)
    return one


def test_orders_are_sent_when_they_are_due(tmp_path: Path) -> None:
    """At the rate of the configuration, not all at once and none twice."""
    desk = Desk(tmp_path, conf())
    n_sent = []
    for after_ns in (0, 0, NS_PER_S // 2 - 1, NS_PER_S // 2, 10 * NS_PER_S, 11 * NS_PER_S):
        desk.client.send_due(after_ns, NOW)
        n_sent.append(len(desk.sent))

    assert [1, 1, 1, 2, 3, 3] == n_sent
    assert desk.client.next_after_ns() is None


def test_an_order_says_what_the_configuration_wants(desk: Desk) -> None:
    """Names are unique among all runs, because they begin with the run's."""
    fields = [dict(message.fields) for message in desk.sent]

    assert ["run-1", "run-2", "run-3"] == [one[11] for one in fields]
    assert {"PNSK"} == {one[55] for one in fields}
    assert {"8000"} == {one[9001] for one in fields}


def test_an_order_is_in_the_log_before_it_leaves(desk: Desk) -> None:
    """Whatever a killed client has sent, its log knows of."""
    for idx, logged in enumerate(desk.logged_when_sent):
        assert idx + 1 == len(logged)
        assert dict(desk.sent[idx].fields)[11] == logged[idx]["cl_ord_id"]
        assert dict(desk.sent[idx].fields)[38] == str(logged[idx]["shares"])


def test_after_a_logon_every_open_order_is_asked_about(desk: Desk) -> None:
    """Nothing is sent twice: only the router can say which orders it has."""
    desk.fill("2", "e1", 100, status="2")
    desk.client.on_logon(NOW)

    assert ["D", "D", "D", "H", "H"] == desk.sent_types()
    assert ["run-1", "run-3"] == [dict(message.fields)[11] for message in desk.sent[3:]]


def test_a_question_that_nobody_answers_is_asked_again(desk: Desk) -> None:
    """Right after a logon it may be skipped with what was missed before, without a word."""
    desk.client.on_logon(NOW)
    desk.fill("1", "e1", 100)  # sent before the router could have been asked
    desk.report("2", "S1", "I", "0")
    desk.sent.clear()
    desk.client.ask_again(Ns(NOW + ASK_AGAIN_NS - 1))
    assert not desk.sent
    desk.client.ask_again(Ns(NOW + ASK_AGAIN_NS))

    assert ["H", "H"] == desk.sent_types()
    assert ["run-1", "run-3"] == [dict(message.fields)[11] for message in desk.sent]
    desk.client.ask_again(Ns(NOW + ASK_AGAIN_NS + 1))
    assert ["H", "H"] == desk.sent_types()


def test_an_order_that_nobody_mentions_is_asked_about(desk: Desk) -> None:
    """It may never have arrived; a report of any kind is enough to know that it has."""
    desk.report("1", "R1", "0", "0")
    desk.sent.clear()
    desk.client.ask_again(Ns(NOW + ASK_AGAIN_NS))

    assert ["run-2", "run-3"] == [dict(message.fields)[11] for message in desk.sent]


def test_a_first_logon_asks_nothing(tmp_path: Path) -> None:
    """There is nothing to ask about."""
    desk = Desk(tmp_path, conf())
    desk.client.on_logon(NOW)

    assert not desk.sent


def test_an_order_that_the_router_does_not_know_was_never_taken(desk: Desk) -> None:
    """Lost on the way: it is closed, and not sent again."""
    desk.report("1", "R1", "I", "8", t103="5", t37="NONE", t58="unknown order")

    assert (1, 2) == (desk.summary().rejected, desk.summary().open)
    assert ["D", "D", "D"] == desk.sent_types()


def test_a_repeated_exec_id_counts_once(desk: Desk) -> None:
    """A router that was killed tells again what it may not have told."""
    desk.fill("1", "e1", 100)
    desk.fill("1", "e1", 100)
    desk.fill("1", "e2", 100)
    summary = desk.summary()

    assert (2, 200, 1) == (summary.fills, summary.filled_shares, summary.repeated_reports)
    assert [False, True, False] == [line["is_repeated"] for line in desk.lines("report")]


def test_an_exec_id_of_another_venue_is_another_execution(desk: Desk) -> None:
    """Venues number without asking each other."""
    desk.fill("1", "e1", 100)
    desk.report(
        "1", "PNYB/e1", "F", "1", t32="100", t31="85.0000", t30="PNYB", t527="e1"
    )  # fmt: skip

    assert 200 == desk.summary().filled_shares


def test_a_reject_of_a_duplicate_name_closes_nothing(desk: Desk) -> None:
    """It is about another message; the order with this name goes on."""
    desk.report("1", "R1", "0", "0")
    desk.report("1", "R2", "8", "8", t103="6", t37="NONE", t58="11 ClOrdID: used before")

    assert (0, 3) == (desk.summary().rejected, desk.summary().open)
    desk.fill("1", "e1", 100, status="2")
    assert (1, 2) == (desk.summary().filled, desk.summary().open)


def test_an_order_that_is_refused_at_once_is_closed(desk: Desk) -> None:
    """A router that could not read it gives it no number; waiting for more would be for ever."""
    desk.report("1", "R1", "8", "8", t103="99", t37="NONE", t58="55 Symbol: expected PNSK")

    assert (1, 2) == (desk.summary().rejected, desk.summary().open)


@pytest.mark.parametrize(
    ("exec_type", "status", "is_open"),
    [("0", "0", True), ("6", "6", True), ("4", "4", False), ("8", "8", False), ("I", "2", False)],
)
def test_an_order_is_open_until_a_report_ends_it(
    desk: Desk, exec_type: str, status: str, is_open: bool
) -> None:
    """Accepted and stopping are not ends; cancelled, rejected and filled are."""
    desk.report("1", "R1", exec_type, status)

    assert (3 if is_open else 2) == desk.summary().open


def test_the_client_is_done_when_all_is_sent_and_all_has_ended(tmp_path: Path) -> None:
    """Not before the last order, and not before the last report."""
    desk = Desk(tmp_path, conf(parents=2))
    desk.client.send_due(0, NOW)
    desk.fill("1", "e1", 100, status="2")
    assert not desk.client.is_done
    desk.client.send_due(NS_PER_S, NOW)
    assert not desk.client.is_done
    desk.report("2", "R1", "4", "4")
    assert desk.client.is_done


@pytest.mark.parametrize(
    "say",
    [
        lambda desk: desk.said("0", {}),
        lambda desk: desk.said("3", {45: "2", 58: "what?"}),
        lambda desk: desk.said("j", {45: "2", 379: "run-1", 58: "what?"}),
        lambda desk: desk.said("8", {}),
        lambda desk: desk.said("8", {150: "F", 11: "run-1", 17: "x", 39: "1", 32: "many"}),
        lambda desk: desk.report("77", "R1", "4", "4"),
    ],
)
def test_nothing_that_the_router_says_breaks_the_client(
    desk: Desk, say: Callable[[Desk], None]
) -> None:
    """Other messages, nonsense, and orders of somebody else: no order is closed by them."""
    say(desk)

    assert (3, 0) == (desk.summary().open, desk.summary().filled_shares)


def test_a_summary_is_of_reports_alone(desk: Desk) -> None:
    """What was hoped for is not what was got."""
    desk.fill("1", "e1", 300)
    desk.fill("1", "e2", 200, status="2")
    desk.report("2", "R1", "8", "8", t58="killed")
    summary = desk.summary()

    assert (3, 1, 1, 1) == (summary.sent, summary.open, summary.filled, summary.rejected)
    assert (2, 500) == (summary.fills, summary.filled_shares)
    assert sum(line["shares"] for line in desk.lines("order")) == summary.asked_shares


def test_a_script_is_the_same_for_the_same_seed_only() -> None:
    """Two runs are compared order by order."""
    assert script_of(conf(parents=50)) == script_of(conf(parents=50))
    assert script_of(conf(parents=50)) != script_of(conf(parents=50, seed=2))


def test_a_longer_script_begins_as_the_shorter_one() -> None:
    """`--parents` cuts a script, it does not deal another."""
    assert script_of(conf(parents=5)) == script_of(conf(parents=50))[:5]


def test_sizes_are_round_lots_within_the_bounds_and_sides_are_both() -> None:
    """As the configuration says, and neither end is beyond reach."""
    bounds = {"size_min_shares": 500, "size_max_shares": 3_000}
    script = script_of(conf(parents=500, side="both", **bounds))
    sizes = {wish.size_shares for wish in script}

    assert (500, 3_000) == (min(sizes), max(sizes))
    assert all(size % 100 == 0 for size in sizes)
    assert {Side.BUY, Side.SELL} == {wish.side for wish in script}


@pytest.mark.parametrize(("side", "expected"), [("buy", Side.BUY), ("sell", Side.SELL)])
def test_a_client_may_have_one_side_only(side: str, expected: Side) -> None:
    """And the sizes are then those of the client with both."""
    script = script_of(conf(parents=20, side=side))

    assert {expected} == {wish.side for wish in script}
    assert [wish.size_shares for wish in script_of(conf(parents=20, side="both"))] == [
        wish.size_shares for wish in script
    ]


@pytest.mark.parametrize(("low", "high"), [(1, 1), (150, 180), (510, 590), (500, 550)])
def test_no_size_is_outside_the_bounds(low: int, high: int) -> None:
    """Bounds that hold no round lot are kept all the same: the size is then no round lot."""
    script = script_of(conf(parents=50, size_min_shares=low, size_max_shares=high))

    assert all(low <= wish.size_shares <= high for wish in script)
