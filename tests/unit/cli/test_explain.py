"""`penstock store` and `penstock explain`: what a trader reads, and how they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from penstock.cli.wording import BECAUSE, WHY_NOT, duration, price
from penstock.domain import ChildBust, ChildCancelled, Exclusion, Side
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.routing import RoutingConfig, make_policy
from tests.support.command_line import penstock, refusal
from tests.support.feedback_logs import JournaledRig, journal_of_small_day


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small day under the static waterfall."""
    folder = tmp_path_factory.mktemp("log")
    journal = journal_of_small_day(folder / "small-day.journal")
    ran = penstock("store", journal, "--database", folder / "store.db")
    assert 0 == ran.status, ran.err
    assert "decisions among them" in ran.out
    return folder / "store.db"


def explained(log: Path, child_id: int = 1, *options: object) -> str:
    """The text for a child."""
    ran = penstock("explain", "--child", child_id, "--store", log, *options)
    assert 0 == ran.status, ran.err
    return ran.out


def as_json(log: Path, child_id: int) -> dict[str, Any]:
    """The story for a program."""
    decoded: dict[str, Any] = msgspec.json.decode(explained(log, child_id, "--json"))
    return decoded


def log_of(rig: JournaledRig) -> Path:
    """The log of a rig's journal."""
    database = rig.journal.with_suffix(".db")
    assert 0 == penstock("store", rig.journal, "--database", database).status
    return database


def test_an_explanation_tells_order_market_candidates_reason_events_and_versions(
    log: Path,
) -> None:
    """In this order, because that is how a trader asks."""
    text = explained(log)

    parts = ("Child", "Order", "Market", "Policy", "Candidates", "Why", "What happened", "Result")
    at = [text.index(f"\n{part}") if part != "Child" else text.index(part) for part in parts]
    assert sorted(at) == at
    assert "Versions" in text
    assert "PNSK" in text
    assert "sent to the venue" in text


def test_every_row_of_the_decision_is_shown_once_usable_or_left_out(log: Path) -> None:
    """Five venues, three tactics: fifteen rows."""
    story = as_json(log, 5)
    text = explained(log, 5)

    assert 15 == len(story["decision"]["rows"])
    table = text[text.index("Candidates") : text.index("Why")]
    for row in story["decision"]["rows"]:
        tactic = {"mid": "midpoint"}.get(row["tactic"], row["tactic"])
        named = [line for line in table.splitlines() if f"{row['venue']} {tactic}" in line]
        if row["excluded"]:
            assert 1 == len(named)
            assert WHY_NOT[row["excluded"]] in named[0]
    usable = [row for row in story["decision"]["rows"] if not row["excluded"]]
    marked = [line for line in table.splitlines() if line.startswith("  >")]
    assert 1 == len(marked)
    assert len(usable) >= 1


def test_every_reason_for_leaving_a_row_out_has_words() -> None:
    """A new exclusion must not be shown as its code."""
    assert {e.label for e in Exclusion if e is not Exclusion.USABLE} == set(WHY_NOT)


def test_fills_and_their_sum_are_those_of_the_journal(log: Path) -> None:
    """Cost against the midpoint, fees included, for every fill and for the child."""
    stories = [as_json(log, child_id) for child_id in range(1, 20)]

    filled = [story for story in stories if story["outcome"]["n_fills"] > 1]
    assert filled
    for story in filled:
        fills = [m for m in story["moments"] if m["kind"] in ("fill", "late_fill")]
        shares = sum(fill["shares"] for fill in fills)
        cost = sum(fill["shares"] * fill["slippage_bps"] for fill in fills) / shares
        assert shares == story["outcome"]["filled_shares"]
        assert pytest.approx(cost) == story["outcome"]["slippage_bps"]
        assert f"{shares:,} of {story['size_shares']:,}" in explained(log, story["child_id"])


def test_a_learned_decision_is_argued_with_its_scores(tmp_path: Path) -> None:
    """Chosen against the next best, part by part; features of the row in the JSON."""
    model = synthetic_model(
        feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION, n_trees=5, n_leaves=7
    )
    rig = JournaledRig(tmp_path / "day.journal")
    policy = make_policy("supervised", rig.universe, RoutingConfig(), dump_model(model))
    learned = JournaledRig(tmp_path / "learned.journal", policy=policy)
    learned.order(1_500)
    story = as_json(log_of(learned), 1)

    assert set(FEATURE_NAMES) == set(story["decision"]["features"])
    assert story["decision"]["rows"][0]["score"] is not None
    text = explained(log_of(learned))
    assert "by score (" in text
    assert "this against that" in text
    assert f"supervised, model {story['decision']['versions']['model_sha256'][:12]}" in text


def test_a_fall_back_is_named_with_its_reason(tmp_path: Path) -> None:
    """Who should have decided, and why somebody else did."""
    rig = JournaledRig(tmp_path / "day.journal", has_model=False)
    rig.order(500)

    assert f"it stood in for static: {BECAUSE['no_model']}" in explained(log_of(rig))


def test_a_bust_is_told(tmp_path: Path) -> None:
    """With what it took back, and without it in the result."""
    rig = JournaledRig(tmp_path / "day.journal")
    child = rig.order(1_000, side=Side.SELL)[0]
    rig.fill(child, 100, "x1")
    rig.fill(child, 100, "x2")
    rig.report(ChildBust, child, exec_id="x1", corrected_shares=0, corrected_price_ticks=0)
    rig.report(ChildCancelled, child)
    text = explained(log_of(rig), child.child_id)

    assert "BUSTED" in text
    assert f"100 of {child.size_shares:,}" in text
    assert "in 1 fill at" in text


def test_a_child_number_of_several_runs_is_the_latest_run_s(tmp_path: Path) -> None:
    """The others are named by --run."""
    database = tmp_path / "both.db"
    for run in ("aaa", "bbb"):
        rig = JournaledRig(tmp_path / f"{run}.journal", run=run)
        rig.order(500)
        assert 0 == penstock("store", rig.journal, "--database", database).status

    assert "1 other run with a child 1" in explained(database)
    assert "run bbb" in explained(database, 1, "--run", "bbb")
    assert "one of aaa, bbb; found ccc" in refusal(
        "explain", "--child", 1, "--store", database, "--run", "ccc"
    )


def test_an_unknown_child_is_refused(log: Path) -> None:
    """With how much there is, and where numbers are found."""
    assert "child 99999" in refusal("explain", "--child", 99_999, "--store", log)
    assert "no child of that number" in refusal(
        "explain", "--child", 99_999, "--store", log, "--run", "small-day"
    )


def test_a_missing_or_foreign_database_is_refused(tmp_path: Path) -> None:
    """One error; nothing is made."""
    assert "no file" in refusal("explain", "--child", 1, "--store", tmp_path / "none.db")
    other = tmp_path / "other.txt"
    other.write_text("words " * 400, encoding="utf-8")
    assert "not a database" in refusal("explain", "--child", 1, "--store", other)
    assert [other] == list(tmp_path.iterdir())


def test_store_refuses_what_is_no_journal(tmp_path: Path) -> None:
    """And makes no database for it."""
    wrong = tmp_path / "wrong.journal"
    wrong.write_bytes(b"words")

    assert "no file" in refusal("store", tmp_path / "none", "--database", tmp_path / "a.db")
    assert "starts with PENJ" in refusal("store", wrong, "--database", tmp_path / "a.db")
    assert [wrong] == list(tmp_path.iterdir())


def test_storing_again_adds_nothing_and_anew_writes_all_again(tmp_path: Path) -> None:
    """As the report says."""
    rig = JournaledRig(tmp_path / "day.journal")
    rig.order(500)
    arguments = ("store", rig.journal, "--database", tmp_path / "log.db", "--json")
    first, second, third = (
        msgspec.json.decode(penstock(*arguments, *more).out) for more in ((), (), ("--anew",))
    )

    assert 0 == second["n_rows"]
    assert first == third
    assert first["n_rows"] > 0


@pytest.mark.parametrize(
    ("s", "text"),
    [
        (0, "0 s"), (0.00025, "250 µs"), (0.0125, "12.5 ms"),
        (2, "2 s"), (61.25, "61.2 s"), (150, "2.5 min"),
    ],
)  # fmt: skip
def test_durations_are_in_the_unit_a_person_would_take(s: float, text: str) -> None:
    """From a venue's answer to an order's horizon."""
    assert text == duration(s)


def test_prices_are_to_the_tick_and_half_of_it() -> None:
    """A midpoint may lie between two ticks."""
    assert ("85.0100", "85.01005", "1,234.5000") == (
        price(850_100), price(850_100.5), price(12_345_000),
    )  # fmt: skip
