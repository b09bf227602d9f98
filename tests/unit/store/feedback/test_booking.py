"""What the log says was executed is what the engine's ledger says: busts, late and repeated too."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import (
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildFill,
    ChildOrder,
    ChildReject,
    Control,
    ControlAction,
    Liquidity,
    NewParent,
    Ns,
    Record,
)
from penstock.engine import EngineConfig
from penstock.journal import JournaledEngine, JournalWriter, RecordKind, read_journal
from penstock.store.feedback import FeedbackReader
from tests.support.engines import Rig, small_engine, small_universe, static_policy
from tests.support.faulty_schedules import Schedule
from tests.support.feedback_logs import (
    JournaledRig,
    journal_of_small_day,
    live_context,
    rows,
    written,
)


@pytest.fixture
def rig(tmp_path: Path) -> JournaledRig:
    """Nothing ordered yet."""
    return JournaledRig(tmp_path / "day.journal")


def executions(rig: JournaledRig, tmp_path: Path) -> list[tuple[object, ...]]:
    """Execution, shares and price as they stand."""
    written(rig.journal, tmp_path / "log.db")
    return rows(
        tmp_path / "log.db", "SELECT exec_id, size_shares, price_ticks FROM executions ORDER BY 1"
    )


def kinds(rig: JournaledRig, tmp_path: Path, child: ChildOrder) -> list[str]:
    """What the story of a child tells."""
    written(rig.journal, tmp_path / "log.db")
    with FeedbackReader(tmp_path / "log.db") as reader:
        return [moment.kind for moment in reader.child(child.child_id).moments]


def bust(rig: Rig, child: ChildOrder, exec_id: str, shares: int = 0, ticks: int = 0) -> None:
    """A bust, or a correction to so many shares at another price."""
    corrected = {"corrected_shares": shares, "corrected_price_ticks": ticks}
    rig.report(ChildBust, child, exec_id=exec_id, **corrected)


def test_a_busted_execution_does_not_count(rig: JournaledRig, tmp_path: Path) -> None:
    """The fill stays on record, the view leaves it out; a second bust is no second row."""
    child = rig.order(1_000)[0]
    rig.fill(child, 100, "a")
    rig.fill(child, 100, "b")
    bust(rig, child, "a")
    bust(rig, child, "a")

    assert [("b", 100, child.limit_ticks)] == executions(rig, tmp_path)
    assert [(1,)] == rows(tmp_path / "log.db", "SELECT COUNT(*) FROM busts")
    assert ["fill", "fill", "bust", "repeated_bust"] == kinds(rig, tmp_path, child)[1:5]


def test_the_last_correction_counts(rig: JournaledRig, tmp_path: Path) -> None:
    """With its fee: the part of the fill's that is left."""
    child = rig.order(1_000)[0]
    rig.fill(child, 200, "a")
    bust(rig, child, "a", shares=150, ticks=child.limit_ticks - 100)
    bust(rig, child, "a", shares=50, ticks=child.limit_ticks - 200)

    assert [("a", 50, child.limit_ticks - 200)] == executions(rig, tmp_path)
    fee = rows(tmp_path / "log.db", "SELECT fees_usd_micros FROM child_outcomes LIMIT 1")
    assert [(50 * 3_000,)] == fee


def test_a_bust_that_came_before_its_fill_takes_it_back_at_once(
    rig: JournaledRig, tmp_path: Path
) -> None:
    """The engine holds it until the fill comes; in the log both come with the fill."""
    child = rig.order(1_000)[0]
    bust(rig, child, "a")
    rig.fill(child, 200, "a")

    assert [] == executions(rig, tmp_path)
    assert ["sent", "repeated_bust", "fill", "bust"] == kinds(rig, tmp_path, child)[:4]


def test_a_repeated_fill_counts_once(rig: JournaledRig, tmp_path: Path) -> None:
    """A resumed session may deliver it again."""
    child = rig.order(1_000)[0]
    rig.fill(child, 100, "a")
    rig.fill(child, 100, "a")

    assert [("a", 100, child.limit_ticks)] == executions(rig, tmp_path)
    assert ["sent", "fill", "repeated_fill"] == kinds(rig, tmp_path, child)


def test_a_late_fill_counts_and_says_that_it_was_late(rig: JournaledRig, tmp_path: Path) -> None:
    """It was booked after the child had ended."""
    child = rig.order(1_000)[0]
    rig.report(ChildCancelled, child)
    rig.fill(child, 100, "a")

    assert [("a", 100, child.limit_ticks)] == executions(rig, tmp_path)
    assert [(1,)] == rows(tmp_path / "log.db", "SELECT is_late FROM fills")
    with FeedbackReader(tmp_path / "log.db") as reader:
        assert "cancelled" == reader.child(child.child_id).outcome.state


def test_a_parent_number_that_came_twice_is_one_parent(rig: JournaledRig, tmp_path: Path) -> None:
    """The second is refused with an alert, and was never an order."""
    rig.order(200)
    rig.order(300)

    found = written(rig.journal, tmp_path / "log.db")
    assert 1 == len(found["parents"])
    assert "duplicate_parent" in str(found["alerts"])


def test_reports_of_strangers_are_kept_and_told_of_no_child(
    rig: JournaledRig, tmp_path: Path
) -> None:
    """The venue said it; it is not about our child there."""
    child = rig.order(1_000)[0]
    rig.give(ChildReject, child_id=77, venue_idx=1, reason="?")
    rig.give(ChildAck, child_id=child.child_id, venue_idx=(child.venue_idx + 1) % 3)

    assert 2 == len(written(rig.journal, tmp_path / "log.db")["child_reports"])
    assert ["sent"] == kinds(rig, tmp_path, child)


def test_what_operators_did_is_kept_with_their_names(rig: JournaledRig, tmp_path: Path) -> None:
    """Who, what, when."""
    rig.give(Control, action=ControlAction.VENUE_OFF, target_idx=2, operator="ann")

    found = written(rig.journal, tmp_path / "log.db")["controls"]
    assert [("venue_off", 2, "ann", None)] == [row[3:] for row in found]


def test_a_child_knows_its_decision_and_what_was_expected_of_it(tmp_path: Path) -> None:
    """A policy with scores; the record comes back bit for bit."""
    rig = JournaledRig(tmp_path / "day.journal")
    rig.order(1_500)
    written(rig.journal, tmp_path / "log.db")
    records = [
        command.decision
        for entry in read_journal(rig.journal)
        if entry.kind is RecordKind.COMMANDS
        for command in entry.commands
        if isinstance(command, Record)
    ]

    with FeedbackReader(tmp_path / "log.db") as reader:
        for record in records:
            assert record == reader.decision(record.decision_id, "k3f9")
        story = reader.child(1)
    assert story.row.rank == 0
    assert story.decision.is_intact
    assert story.decision.sha256 == records[0].sha256()


# Day 6 is killed before its first order.
@pytest.mark.parametrize("seed", [*range(6), *range(7, 13)])
def test_the_log_agrees_with_the_ledger_whatever_venues_say(seed: int, tmp_path: Path) -> None:
    """Random faulty days: per child, shares, money and fees are those of the engine."""
    universe = small_universe()
    config = EngineConfig(forget_after_ns=Ns(0))  # at the end every child is looked at
    engine = small_engine(universe, static_policy(universe), config=config)
    journal = tmp_path / "day.journal"
    with JournalWriter.create(journal, live_context("random")) as writer:
        schedule = Schedule(seed, universe, JournaledEngine(engine, writer))
        schedule.run(400)
        schedule.drain()
    found = written(journal, tmp_path / "log.db")

    assert len(engine.children) == len(found["children"]) > 0
    sums = {
        child_id: (shares, paid, fees)
        for child_id, shares, paid, fees in rows(
            tmp_path / "log.db",
            "SELECT child_id, filled_shares, paid_ticks_shares, fees_usd_micros "
            "FROM child_outcomes",
        )
    }
    for child_id, child in engine.children.items():
        fills = child.executions.values()
        paid = sum(fill.size_shares * fill.price_ticks for fill in fills)
        fees = sum(fill.fee_usd_micros for fill in fills)
        assert (child.filled_shares, paid, fees) == sums[child_id]
    with FeedbackReader(tmp_path / "log.db") as reader:
        for child_id, child in engine.children.items():
            state = reader.child(child_id).outcome.state
            assert child.state.is_terminal == (state != "open"), child_id


def test_the_slippage_of_a_fill_by_hand(rig: JournaledRig, tmp_path: Path) -> None:
    """Buy at the far touch: half the spread, and a fee of 0.003 USD, 30 ticks."""
    child = rig.order(1_000)[0]
    rig.fill(child, 200, "a")
    written(rig.journal, tmp_path / "log.db")

    with FeedbackReader(tmp_path / "log.db") as reader:
        story = reader.child(child.child_id)
    mid_ticks = story.decision.situation.mid_ticks
    assert mid_ticks is not None
    by_hand = 1e4 * (child.limit_ticks - mid_ticks + 30) / mid_ticks
    assert pytest.approx(by_hand) == story.outcome.slippage_bps
    assert pytest.approx(by_hand) == story.moments[1].slippage_bps


def test_a_whole_day_has_every_decision_and_every_fill(tmp_path: Path) -> None:
    """Counted in the journal and in the log."""
    journal = journal_of_small_day(tmp_path / "day.journal")
    found = written(journal, tmp_path / "log.db")
    events = [e.event for e in read_journal(journal) if e.kind is RecordKind.EVENT]

    assert sum(isinstance(event, NewParent) for event in events) == len(found["parents"])
    assert sum(isinstance(event, ChildFill) for event in events) == len(found["fills"]) > 100
    assert {liquidity.name.lower() for liquidity in Liquidity} >= {
        row[10] for row in found["fills"]
    }
