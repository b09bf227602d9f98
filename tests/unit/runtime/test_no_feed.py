"""A pool that publishes no market data: routed to all the same, and no reason against others."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import NS_PER_S, ConfigError, FeedGap, FeedStale, Ns, SendChild, Side
from penstock.journal import RecordKind, read_journal
from penstock.runtime.config_check import parse_router_conf
from penstock.wire.feed import FeedReceiver
from tests.support.killable_routers import CONF, SmallWorld, small_conf

NO_FEED = ('kind = "dark"', 'kind = "dark"\nhas_feed = false')


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A dark pool without a feed beside two exchanges."""
    world = SmallWorld(tmp_path)
    world.conf = small_conf(tmp_path, NO_FEED)
    world.start()
    return world


def commands(world: SmallWorld) -> list[object]:
    """Every command of the journal."""
    assert world.process is not None
    return [
        command
        for entry in read_journal(world.process.opened.journal)
        if entry.kind is RecordKind.COMMANDS
        for command in entry.commands
    ]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_pool_without_market_data_is_routed_to(world: SmallWorld, is_restarted: bool) -> None:
    """Also after a restart, when every feed has to prove itself anew."""
    if is_restarted:
        world.kill()
        world.start()
    world.client.order("buy", Side.BUY, 900)
    for _ in range(3):
        world.round()
    assert world.process is not None
    sent = {c.order.venue_idx for c in commands(world) if isinstance(c, SendChild)}
    events = [
        entry.event
        for entry in read_journal(world.process.opened.journal)
        if entry.kind is RecordKind.EVENT
    ]

    assert 0 in sent
    assert 0 not in {event.venue_idx for event in events if isinstance(event, FeedGap)}
    assert world.process.router.status().is_ready


def test_a_venue_without_a_feed_is_never_stale(tmp_path: Path) -> None:
    """Its silence says nothing; the others' does."""
    universe = small_conf(tmp_path, NO_FEED).universe()
    receiver = FeedReceiver(universe, stale_after_ns=Ns(NS_PER_S))
    receiver.tick(Ns(NS_PER_S))
    first = receiver.take()
    receiver.tick(Ns(10 * NS_PER_S))
    later = receiver.take()

    assert {1, 2} == {event.venue_idx for event in later.events if isinstance(event, FeedStale)}
    assert {1, 2} == set(first.tape["venue_idx"].tolist())
    assert all(b"DRKA" not in request for request in first.requests)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([('kind = "exchange"\nprotected = true', 'kind = "ecn"\nhas_feed = false')], "kind ecn"),
        ([("protected = true", "protected = true\nhas_feed = false")], "protected NBBO"),
    ],
)
def test_capabilities_that_contradict_each_other_are_refused(
    tmp_path: Path, changes: list[tuple[str, str]], expected: str
) -> None:
    """One message for each venue, with what to write instead."""
    text = CONF.format(run_dir=tmp_path)
    for old, new in changes:
        text = text.replace(old, new)

    with pytest.raises(ConfigError, match=expected):
        parse_router_conf(text, file="test.toml")
