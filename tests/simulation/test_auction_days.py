"""Days with halts and auctions through the real engine: every share is accounted for."""

from __future__ import annotations

from pathlib import Path

import msgspec

from penstock.domain import NS_PER_S, ChildFill, Liquidity
from penstock.journal import RecordKind, read_journal
from penstock.routing import RoutingConfig, static_policy
from penstock.sim.scenario.phases import Auctions
from penstock.sim.scenario.tables import Halt
from penstock.trials import Day, Setting, run_day
from tests.support.small_days import small_scenario

# Short, because the engine soon takes back what rests at a venue that stands still.
HALTS = tuple(Halt(at_s=at_s, duration_s=0.2) for at_s in range(60, 560, 5))
SMALL = small_scenario()
SCENARIO = msgspec.structs.replace(
    SMALL,
    halts=HALTS,
    auctions=Auctions(venue="PNYA", opening_s=20.0, closing_s=20.0, reopening_s=0.5),
    parents=msgspec.structs.replace(SMALL.parents, n_per_day=40),
)


def run(seed: int, journal: Path) -> Day:
    """A day that posts as much as it can, so that orders rest when trading stops."""
    patient = msgspec.structs.replace(RoutingConfig(), post_share_frac=1.0, mid_share_frac=0.2)
    policy = static_policy(SCENARIO.universe(), patient)
    context = {"policy": "static"}
    return run_day(
        Setting(SCENARIO), seed, policy, policy, routing=patient, journal=journal,
        journal_context=context,
    )  # fmt: skip


def test_the_ledger_takes_fills_of_an_auction(tmp_path: Path) -> None:
    """
    Orders that rested before a halt fill while their venue still says halted: the engine hears of
    each as often as the market's own books say, and some of them are in an auction.
    """
    moments_s = {round(halt.at_s + 0.7, 6) for halt in HALTS}
    n_in_auction = 0
    for seed in (1, 2, 3):
        path = tmp_path / f"{seed}.journal"
        day = run(seed, path)
        told = [
            entry.event
            for entry in read_journal(path)
            if entry.kind is RecordKind.EVENT and isinstance(entry.event, ChildFill)
        ]
        assert sum(fill.size_shares for fill in told) == int(day.audit["size_shares"].sum())
        for row in day.audit:
            if round((int(row["time_ns"]) - SCENARIO.start_ns) / NS_PER_S, 6) in moments_s:
                n_in_auction += 1
                assert Liquidity.MAKE == row["liquidity"]
                assert row["permanent_ticks"] == row["transient_ticks"] == 0.0

    assert n_in_auction > 0


def test_a_day_with_auctions_is_the_same_day_again(tmp_path: Path) -> None:
    """Engine and market, to the bit."""
    hashes = {run(1, tmp_path / f"{k}.journal").state_hash for k in range(2)}

    assert 1 == len(hashes)
